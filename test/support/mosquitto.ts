import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** A free port of this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function openssl(folder: string, ...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function makeAuthority(folder: string, name: string): void {
  openssl(
    folder,
    'req',
    '-x509',
    ...KEY,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  );
}

function makeSigned(folder: string, name: string, host: string, authority: string): void {
  writeFileSync(path.join(folder, `${name}.ext`), `subjectAltName=DNS:${host}\n`);
  openssl(
    folder,
    'req',
    '-new',
    ...KEY,
    '-subj',
    `/CN=${host}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  );
  openssl(
    folder,
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`],
    ...['-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
  );
}

/** Where mosquitto is; distributions put it where ordinary users do not look. */
function mosquittoPath(): string {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const candidate = path.join(folder, 'mosquitto');
    try {
      execFileSync(candidate, ['-h'], { stdio: 'ignore' });
      return candidate;
    } catch (error) {
      // It exits with 3 after its help.
      if ((error as { status?: number }).status === 3) return candidate;
    }
  }
  throw new Error('mosquitto is not installed (apt-get install mosquitto).');
}

export interface MosquittoLines {
  broker?: readonly string[];
  certificates?: readonly string[];
}

/**
 * A mosquitto on loopback with certificates of its own: a plain port for an observer, and a TLS port that demands a
 * client certificate and whose own names a host that does not exist.
 */
export class Mosquitto {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'mosquitto-'));
  plainPort = 0;
  tlsPort = 0;
  private child: ChildProcess | undefined;
  private readonly binary = mosquittoPath();

  pem(name: 'ca' | 'other' | 'device'): { cert: string; key: string } {
    const read = (ending: string): string =>
      readFileSync(path.join(this.folder, `${name}.${ending}`), 'utf8');
    return { cert: read('pem'), key: read('key') };
  }

  /**
   * Makes certificates and configuration.
   *
   * @param more lines of the configuration: for the whole broker, and in place of those about certificates
   */
  async prepare({ broker = [], certificates }: MosquittoLines = {}): Promise<void> {
    makeAuthority(this.folder, 'ca');
    makeAuthority(this.folder, 'other');
    makeSigned(this.folder, 'server', 'broker.invalid', 'ca');
    makeSigned(this.folder, 'device', 'device.invalid', 'ca');
    this.plainPort = await freePort();
    this.tlsPort = await freePort();
    const file = (name: string): string => path.join(this.folder, name);
    const lines = [
      `user ${os.userInfo().username}`,
      'per_listener_settings true',
      ...broker,
      `listener ${this.plainPort} 127.0.0.1`,
      'allow_anonymous true',
      `listener ${this.tlsPort} 127.0.0.1`,
      'allow_anonymous true',
      ...(certificates ?? [
        `cafile ${file('ca.pem')}`,
        `certfile ${file('server.pem')}`,
        `keyfile ${file('server.key')}`,
      ]),
      'require_certificate true',
    ];
    writeFileSync(file('mosquitto.conf'), `${lines.join('\n')}\n`);
  }

  async start(): Promise<void> {
    const child = spawn(this.binary, ['-c', path.join(this.folder, 'mosquitto.conf'), '-v'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      const listen = (chunk: Buffer): void => {
        said += chunk.toString();
        if (/mosquitto version \S+ running/.test(said)) resolve();
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('exit', () => reject(new Error(`mosquitto ended: ${said}`)));
    });
  }

  /** SIGKILL: no goodbye to anyone. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * A door in front of a port. While it is shut nobody gets in, so that an observer can be inside before the one who is
 * observed.
 */
export class Gate {
  port = 0;
  connections = 0;
  private server: net.Server | undefined;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly target: number) {}

  get open(): number {
    return this.sockets.size;
  }

  async unlock(): Promise<void> {
    const server = net.createServer((socket) => {
      this.connections++;
      const upstream = net.connect(this.target, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const [end, other] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        end.on('error', () => other.destroy());
        end.on('close', () => other.destroy());
      }
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async lock(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
