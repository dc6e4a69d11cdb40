import http from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Seeded } from '../support/seeded';
import { type Attack, drawAttack } from './attacks';

/** Answers of a login stay as they are, or nothing would be asked for after it; so do those of the simulator's buttons. */
const SPARED = /login|signin|\/_sim\//i;

/** What went through a proxy. */
export interface Traffic {
  responses: number;
  attacks: Map<string, number>;
  /** the last attacks, newest last: one of them is to blame for a block */
  last: string[];
}

/** Stands between the package and a simulator, and changes what the simulator answers. */
export class Proxy {
  /** 0 to 1: how many answers are changed */
  rate = 0;
  readonly traffic: Traffic = { responses: 0, attacks: new Map(), last: [] };
  private readonly server = http.createServer((request, response) => {
    this.serve(request, response).catch(() => response.destroy());
  });

  constructor(
    private readonly upstream: string,
    private readonly random: Seeded,
  ) {}

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = { ...request.headers };
    delete headers.host;
    delete headers.connection;
    const path = request.url ?? '/';
    const reply = await ask(this.upstream + path, request.method ?? 'GET', headers, Buffer.concat(chunks));
    this.traffic.responses++;
    if (SPARED.test(path) || !this.random.chance(this.rate)) {
      response.writeHead(reply.status, reply.headers).end(reply.body);
      return;
    }
    const attack = drawAttack(reply.body.toString('utf8'), this.random);
    this.note(attack.name, path);
    await carryOut(attack, response);
  }

  private note(name: string, path: string): void {
    const { attacks, last } = this.traffic;
    attacks.set(name, (attacks.get(name) ?? 0) + 1);
    last.push(`${name} for ${path.slice(0, 60)}`);
    if (last.length > 6) last.shift();
  }
}

interface Reply {
  status: number;
  headers: http.OutgoingHttpHeaders;
  body: Buffer;
}

function ask(url: string, method: string, headers: http.OutgoingHttpHeaders, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { 'content-type': type = 'application/json' } = response.headers;
        resolve({
          status: response.statusCode ?? 500,
          headers: { 'content-type': type },
          body: Buffer.concat(chunks),
        });
      });
    });
    request.on('error', reject).end(body);
  });
}

async function carryOut(attack: Attack, response: http.ServerResponse): Promise<void> {
  const { status = 200, headers = { 'content-type': 'application/json' }, body, pieces } = attack;
  response.writeHead(status, headers);
  if (!pieces) {
    response.end(body);
    return;
  }
  if (body) response.write(body);
  for (let sent = 0; sent < pieces.most && !response.destroyed; sent++) {
    response.write(pieces.piece());
    await new Promise((resolve) => setTimeout(resolve, pieces.every));
  }
  response.destroy();
}
