import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { startPowercontroller } from '../../simulators/powercontroller';
import { responseCalls } from '../support/ipc';

/** The Automate Green cloud with one controller, whose answers cost nothing to make. */

export interface CloudServer {
  port: number;
  device: string;
  token: string;
}

let requests = 0;

async function listen(): Promise<CloudServer> {
  const simulator = await startPowercontroller();
  const { deviceId: device, token } = simulator;
  const path = `/v1/devices/${device}`;
  const response = await fetch(`${simulator.http.url}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const body = Buffer.from(await response.arrayBuffer());
  const status = response.status;
  await simulator.close();
  const server = http.createServer((request, reply) => {
    requests++;
    request.resume();
    reply.writeHead(request.url === path ? status : 404, {
      'content-type': 'application/json',
      'content-length': body.length,
    });
    reply.end(body);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, device, token };
}

responseCalls({ listen, requests: () => requests });
process.on('disconnect', () => process.exit(1));
