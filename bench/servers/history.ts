import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { startPowercontroller } from '../../simulators/powercontroller';
import { responseCalls } from '../support/ipc';

/** The Automate Green cloud with a year of history, whose answers all take the same time. */

export interface HistoryServer {
  port: number;
  device: string;
  token: string;
}

let inFlight = 0;
let most = 0;

async function listen(delay: number): Promise<HistoryServer> {
  const simulator = await startPowercontroller({ historyDays: 400, samplePeriod: 900 });
  const known = new Map<string, { status: number; body: string }>();
  const fetched = async (path: string, authorization: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(`${simulator.http.url}${path}`, { headers: { authorization } });
    return { status: response.status, body: await response.text() };
  };
  const server = http.createServer((request, response) => {
    const path = request.url ?? '/';
    most = Math.max(most, ++inFlight);
    const begun = performance.now();
    void (async () => {
      let reply = known.get(path);
      // Only the first response to a question has to be made.
      if (!reply) known.set(path, (reply = await fetched(path, request.headers.authorization ?? '')));
      const { status, body } = reply;
      setTimeout(
        () => {
          inFlight--;
          response.writeHead(status, { 'content-type': 'application/json' }).end(body);
        },
        Math.max(0, delay - (performance.now() - begun)),
      );
    })();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, device: simulator.deviceId, token: simulator.token };
}

responseCalls({ listen, most: () => most });
process.on('disconnect', () => process.exit(1));
