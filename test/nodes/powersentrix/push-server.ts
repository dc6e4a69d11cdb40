import http from 'node:http';
import type { AddressInfo } from 'node:net';

import type { NodeAPI, NodeInitializer } from 'node-red';

/** A web server over the runtime of the test helper, with the editor and the flows at one root as by default. */
export interface PushServer {
  url: string;
  red: NodeAPI;
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

type App = (request: http.IncomingMessage, response: http.ServerResponse, next: () => void) => void;

/** Catches the API object that nodes get. */
export function catchRed(): { probe: NodeInitializer; red: () => NodeAPI } {
  let caught: NodeAPI | undefined;
  return {
    probe: (RED) => void (caught = RED),
    red: () => {
      if (!caught) throw new Error('no runtime has been started');
      return caught;
    },
  };
}

export async function startPushServer(red: NodeAPI): Promise<PushServer> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const server = http.createServer((request, response) => {
    const notFound = (): void => void response.writeHead(404).end('not found');
    (red.httpAdmin as unknown as App)(request, response, () =>
      (red.httpNode as unknown as App)(request, response, notFound),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    red,
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
