import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { responseCalls } from '../support/ipc';

/** Any number of poweropti behind one port, a path each: `/<number>/value`. */

export interface MetersOptions {
  /** ms until a response */
  delay: number;
}

export interface MetersCounters {
  requests: number;
  connections: number;
}

const counters: MetersCounters = { requests: 0, connections: 0 };
let delay = 0;
/** Each response is a new measurement, so that none is held back as a repeat. */
let second = Math.floor(Date.now() / 1000) - 1_000_000;

function respond(response: http.ServerResponse): void {
  const values = [
    { obis: '1.7.0', value: 400 + (second % 1000) },
    { obis: '1.8.0', value: 17_784_955 },
    { obis: '1.8.1', value: 17_784_955 },
    { obis: '1.8.2', value: 0 },
    { obis: '2.8.0', value: 181 },
  ];
  const body = JSON.stringify({ timestamp: second++, values });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

const server = http.createServer((request, response) => {
  counters.requests++;
  request.resume();
  if (delay > 0) setTimeout(respond, delay, response);
  else respond(response);
});
server.on('connection', () => counters.connections++);
// A device that closes idle connections would be counted as ours.
server.keepAliveTimeout = 60_000;

responseCalls({
  listen: (options: MetersOptions): Promise<number> => {
    delay = options.delay;
    return new Promise((resolve) => {
      server.listen(0, '0.0.0.0', () => resolve((server.address() as AddressInfo).port));
    });
  },
  counters: () => counters,
});
process.on('disconnect', () => process.exit(1));
