import http, { type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A record of the UPS's log as it went through. */
export interface PushedLog {
  at: number;
  text: string;
  /** what the UPS was answered; 0: nothing */
  status: number;
}

/** ms; the UPS itself waits for 3 s */
const PATIENCE = 2500;

/**
 * What stands in front of several Node-REDs: hands each request to the next of those that take connections. A request
 * that may have arrived is not handed to another.
 */
export class Balancer {
  readonly logs: PushedLog[] = [];
  url = '';
  private turn = 0;
  private readonly server: Server;

  /** @param targets the ports of what runs at the moment */
  constructor(private readonly targets: () => readonly number[]) {
    this.server = http.createServer((request, response) => {
      void this.pass(request).then(({ status, body }) => {
        response.writeHead(status === 0 ? 502 : status).end(body);
      });
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(request: IncomingMessage): Promise<{ status: number; body: Buffer }> {
    const at = Date.now();
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const answer = await this.forward(request.url ?? '/', body);
    if (request.url?.includes('setUpsLog')) {
      const { description } = JSON.parse(body.toString()) as { description: string };
      this.logs.push({ at, text: description, status: answer.status });
    }
    return answer;
  }

  private async forward(path: string, body: Buffer): Promise<{ status: number; body: Buffer }> {
    const ports = this.targets();
    const first = this.turn++;
    for (const [index] of ports.entries()) {
      const answer = await post(ports[(first + index) % ports.length] ?? 0, path, body);
      if (answer !== 'refused') return answer;
    }
    return { status: 0, body: Buffer.alloc(0) };
  }
}

function post(
  port: number,
  path: string,
  body: Buffer,
): Promise<{ status: number; body: Buffer } | 'refused'> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const request = http.request(
      { ...{ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false } },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('close', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
      },
    );
    const timer = setTimeout(() => request.destroy(), PATIENCE);
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : { status: 0, body: Buffer.alloc(0) });
    });
    request.on('close', () => clearTimeout(timer));
    request.end(body);
  });
}
