import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { createClient } from '@redis/client';

import { freePort } from '../../simulators/support/free-port';

export interface RedisOptions {
  /** further arguments of the server */
  args?: readonly string[];
  /** of the administration's own connection */
  password?: string;
  /** certificate, key and authority as files; the port then speaks TLS alone */
  tls?: { cert: string; key: string; ca: string };
}

/** A real redis-server on a free port, with a folder of its own. */
export class RedisServer {
  private constructor(
    private child: ChildProcess,
    readonly port: number,
    readonly folder: string,
    private readonly options: RedisOptions,
  ) {}

  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'energy-redis-'));
    const port = await freePort();
    const server = new RedisServer(run(port, folder, options), port, folder, options);
    if (!options.tls) await server.answers();
    else await pause(500);
    return server;
  }

  get url(): string {
    return `${this.options.tls ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`;
  }

  /** Asks the server as its administrator. */
  async ask(...args: string[]): Promise<unknown> {
    const { password } = this.options;
    const client = createClient({
      url: this.url,
      RESP: 2,
      ...(password === undefined ? {} : { password }),
      socket: { reconnectStrategy: false },
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  /** Kills it at once, and starts it again on the same port. */
  async restart(): Promise<void> {
    await this.end('SIGKILL');
    this.child = run(this.port, this.folder, this.options);
    await this.answers();
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  private async answers(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await this.ask('PING');
        return;
      } catch (thrown) {
        if (tries > 100) throw thrown;
        await pause(50);
      }
    }
  }
}

function run(port: number, folder: string, { args = [], password, tls }: RedisOptions): ChildProcess {
  const listen = tls
    ? ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'].concat(
        ['--tls-cert-file', tls.cert, '--tls-key-file', tls.key],
        ['--tls-ca-cert-file', tls.ca],
      )
    : ['--port', String(port)];
  const secret = password === undefined ? [] : ['--requirepass', password];
  return spawn(
    process.env.REDIS_SERVER ?? 'redis-server',
    [...listen, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...secret, ...args],
    { stdio: 'ignore' },
  );
}
