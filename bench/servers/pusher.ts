import http from 'node:http';

import { UpsModel } from '../../simulators/powersentrix/model';
import { responseCalls } from '../support/ipc';

/** UPSes that push their status, as fast as they are answered. */

export interface PushOptions {
  url: string;
  count: number;
  connections: number;
}

const body = Buffer.from(JSON.stringify(new UpsModel({ cmm: 'ups-01' }).complex()));

function post(url: string, agent: http.Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}

responseCalls({
  /** @returns how many were answered with 200 */
  push: async ({ url, count, connections }: PushOptions): Promise<number> => {
    let begun = 0;
    let good = 0;
    // Between two rounds Node's server ends what idles, on a slow machine at the moment in which it is taken up again.
    const agent = new http.Agent({ keepAlive: true });
    const one = async (): Promise<void> => {
      while (begun++ < count) if ((await post(url, agent)) === 200) good++;
    };
    await Promise.all(Array.from({ length: connections }, one));
    agent.destroy();
    return good;
  },
  size: () => body.length,
});
process.on('disconnect', () => process.exit(1));
