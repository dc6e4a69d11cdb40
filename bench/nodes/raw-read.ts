import http from 'node:http';

import type { PoweroptiResponse } from '../../lib/poweropti/client';
import { parseReading } from '../../lib/poweropti/reading';

/** The least that reading a meter over HTTP can cost: `node:http` with kept connections, and nothing else. */
export function rawReader(): (
  url: string,
  done: (error: Error | null, response?: PoweroptiResponse) => void,
) => void {
  const agent = new http.Agent({ keepAlive: true });
  return (url, done) => {
    const { hostname, port, pathname } = new URL(url);
    const headers = { 'x-api-key': 'abcdefgh1234', accept: 'application/json' };
    const request = http.get({ host: hostname, port, path: pathname, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        try {
          const raw = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
          done(null, { reading: parseReading(raw), raw, age: () => 0 });
        } catch (error) {
          done(error as Error);
        }
      });
    });
    request.on('error', done);
  };
}
