import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import os from 'node:os';
import path from 'node:path';

import { freePort } from '../../simulators/support/free-port';

/** The environment of a NUT program that finds and leaves everything in one folder. */
export const nutEnvironment = (folder: string): NodeJS.ProcessEnv => ({
  ...process.env,
  NUT_CONFPATH: folder,
  NUT_STATEPATH: folder,
  NUT_ALTPIDPATH: folder,
  NUT_PIDPATH: folder,
});

/** A client that sends lines one after the other and collects the whole reply to each. */
export class LineClient {
  private received = '';
  private isClosed = false;
  private arrived: () => void = () => undefined;
  socket: net.Socket;

  private constructor(port: number, host: string) {
    this.socket = net.connect({ port, host });
    this.hear();
  }

  private hear(): void {
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk: string) => {
      this.received += chunk;
      this.arrived();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
      this.arrived();
    });
  }

  /** Goes on over TLS, once the server has said that it may. */
  async secure(options: tls.ConnectionOptions): Promise<void> {
    const plain = this.socket;
    for (const event of ['data', 'close']) plain.removeAllListeners(event);
    const secured = tls.connect({ socket: plain, ...options });
    this.socket = secured;
    this.hear();
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
      secured.once('close', () => reject(new Error('closed before it was secure')));
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<LineClient> {
    const client = new LineClient(port, host);
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  /** Resolves with the whole reply: a line, or all from BEGIN to END; with what there was when the connection closes. */
  async ask(line: string): Promise<string> {
    this.socket.write(`${line}\n`, 'latin1');
    const isWhole = (): boolean => {
      const isList = this.received.startsWith('BEGIN ');
      return this.received.endsWith('\n') && (!isList || /^END [^\n]*\n$/m.test(this.received));
    };
    while (!isWhole() && !this.isClosed) await new Promise<void>((resolve) => (this.arrived = resolve));
    const reply = this.received;
    this.received = '';
    return reply;
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => (this.arrived = resolve));
  }

  close(): void {
    this.socket.destroy();
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('close', () => resolve());
  });
}

export interface UpsdUser {
  name: string;
  password: string;
  /** lines below the user's name */
  rights: string[];
}

/** Debian's own `upsd` with its driver `dummy-ups`, in a folder and on a port of their own. */
export class Upsd {
  port = 0;
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nut-'));
  private readonly children: ChildProcess[] = [];

  /**
   * @param variables of the UPS called `ups`, as `dummy-ups` takes them
   */
  async start(description: string, variables: ReadonlyMap<string, string>, users: UpsdUser[]): Promise<void> {
    this.port = await freePort();
    const file = (name: string, text: string): void =>
      writeFileSync(path.join(this.folder, name), text, { mode: 0o600 });
    file(
      'ups.conf',
      `[ups]\ndriver = dummy-ups\nport = ups.dev\nmode = dummy-once\ndesc = "${description}"\n`,
    );
    file('ups.dev', [...variables].map(([name, value]) => `${name}: ${value}\n`).join(''));
    file('upsd.conf', `LISTEN 127.0.0.1 ${this.port}\n`);
    file('nut.conf', 'MODE=standalone\n');
    file(
      'upsd.users',
      users
        .map(({ name, password, rights }) => `[${name}]\n password = "${password}"\n ${rights.join('\n ')}\n`)
        .join(''),
    );
    await this.run(['/lib/nut/dummy-ups', '/usr/lib/nut/dummy-ups'], ['-a', 'ups'], /dstate_init|dstate/);
    await this.run(['/lib/nut/upsd', '/usr/lib/nut/upsd', '/usr/sbin/upsd'], [], /listening on/);
    // upsd has the values and commands once its driver has told them all.
    for (;;) {
      const client = await LineClient.connect(this.port);
      const replies = [await client.ask('GET VAR ups ups.status'), await client.ask('LIST CMD ups')];
      client.close();
      if (!replies[0]?.includes('WAIT') && replies[1]?.includes('CMD ups ')) return;
    }
  }

  private async run(places: string[], args: string[], ready: RegExp): Promise<void> {
    const command = places.find((place) => existsSync(place));
    if (command === undefined) throw new Error('nut-server is not installed (apt-get install nut-server).');
    const user = os.userInfo().username;
    const child = spawn(command, [...args, '-DD', '-u', user], {
      env: nutEnvironment(this.folder),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.children.push(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        if (ready.test(said)) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('close', () => reject(new Error(`${command} ended: ${said}`)));
    });
  }

  async close(): Promise<void> {
    for (const child of this.children.reverse()) {
      child.kill('SIGTERM');
      await ended(child);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
