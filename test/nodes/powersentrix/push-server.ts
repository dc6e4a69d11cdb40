import http from 'node:http';
import type { AddressInfo } from 'node:net';

import express, { type Express } from 'express';
import type { NodeAPI, NodeInitializer } from 'node-red';

/** A web server over the runtime of the test helper, with the editor and the flows at one root as by default. */
export interface PushServer {
  url: string;
  red: NodeAPI;
  root: Express;
  post: (
    path: string,
    body: string | Buffer,
    headers?: http.OutgoingHttpHeaders,
    method?: string,
  ) => Promise<Reply>;
  close: () => Promise<void>;
}

export interface Reply {
  status: number;
  text: string;
}

/** A runtime as nodes see it, and the application that its two are mounted in before any node is made. */
interface Caught {
  red: NodeAPI;
  root: Express;
}

/** Catches the API object that nodes get. */
export function catchRed(): { probe: NodeInitializer; caught: () => Caught } {
  let last: Caught | undefined;
  return {
    probe: (red) => {
      const root = express();
      root.use(red.httpAdmin);
      root.use(red.httpNode);
      last = { red, root };
    },
    caught: () => {
      if (!last) throw new Error('no runtime has been started');
      return last;
    },
  };
}

export async function startPushServer({ red, root }: Caught): Promise<PushServer> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const server = http.createServer(root);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    red,
    root,
    post: (path, body, headers = { 'content-type': 'application/json' }, method = 'POST') =>
      new Promise((resolve, reject) => {
        const request = http.request(
          { port, host: '127.0.0.1', path, method, headers, agent },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () =>
              resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
            );
            response.on('error', reject);
          },
        );
        request.on('error', reject);
        request.end(body);
      }),
    close: () => {
      agent.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
