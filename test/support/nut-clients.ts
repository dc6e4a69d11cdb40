import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { nutEnvironment } from './nut';

const where = (name: string): string => {
  // What Debian has in /usr/sbin looks into its own configuration first.
  const found = ['/lib/nut', '/usr/lib/nut', '/usr/bin', '/usr/sbin', '/bin']
    .map((folder) => path.join(folder, name))
    .find(existsSync);
  if (found === undefined) throw new Error(`${name} is not installed (apt-get install nut-client).`);
  return found;
};

/** What a client of Debian printed, and how it ended. */
export interface Printed {
  code: number;
  out: string;
  err: string;
}

/** Runs `upsc` or `upscmd`. */
export function runClient(name: 'upsc' | 'upscmd', args: readonly string[]): Promise<Printed> {
  return new Promise((resolve) => {
    execFile(where(name), args, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 1 : 0;
      resolve({ code, out, err });
    });
  });
}

/** The user and group of this name. */
const NOBODY = 65_534;

export interface UpsmonOptions {
  port: number;
  /** name of the UPS; default `ups` */
  ups?: string;
  user: string;
  password: string;
  role: 'primary' | 'secondary';
  /** it insists on TLS, with a certificate of this name that this authority (PEM) has signed */
  tls?: { ca: string; name: string };
}

/** Whether certificates can be given to Debian's clients, which keep them in databases of NSS. */
export const hasCertutil = (): boolean => existsSync('/usr/bin/certutil');

/** Makes a database of NSS that trusts one authority. @returns the lines of `upsmon.conf` for it */
function trusting(folder: string, { ca, name }: { ca: string; name: string }): string[] {
  const database = path.join(folder, 'cert');
  mkdirSync(database);
  const file = path.join(folder, 'ca.pem');
  writeFileSync(file, ca);
  const at = ['-d', `sql:${database}`];
  execFileSync('certutil', ['-N', ...at, '--empty-password']);
  execFileSync('certutil', ['-A', ...at, '-n', 'ca', '-t', 'C,,', '-i', file]);
  return [`CERTPATH ${database}`, `CERTHOST 127.0.0.1 "${name}" 1 1`, 'CERTVERIFY 1', 'FORCESSL 1'];
}

/**
 * Debian's own `upsmon`, whose shutdown command writes a file and does nothing else. It runs as one process of the user who
 * runs the tests, or of nobody's where that is root: several may run then, since none can note itself as the machine's own.
 */
export class Upsmon {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'upsmon-'));
  private readonly marker = path.join(this.folder, 'down');
  private readonly child: ChildProcess;
  private said = '';
  private heard: () => void = () => undefined;

  constructor({ port, ups = 'ups', user, password, role, tls }: UpsmonOptions) {
    const lines = [
      `MONITOR ${ups}@127.0.0.1:${port} 1 ${user} ${password} ${role}`,
      'MINSUPPLIES 1',
      `SHUTDOWNCMD "/bin/touch ${this.marker}"`,
      `POWERDOWNFLAG ${path.join(this.folder, 'killpower')}`,
      'POLLFREQ 1',
      'POLLFREQALERT 1',
      'HOSTSYNC 15',
      'DEADTIME 6',
      'FINALDELAY 0',
      'RBWARNTIME 43200',
      'NOCOMMWARNTIME 300',
      ...(tls ? trusting(this.folder, tls) : []),
    ];
    writeFileSync(path.join(this.folder, 'upsmon.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
    writeFileSync(path.join(this.folder, 'nut.conf'), 'MODE=netclient\n');
    const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    if ('uid' in owner) {
      const files = readdirSync(this.folder, { recursive: true, encoding: 'utf8' });
      for (const file of ['', ...files]) chownSync(path.join(this.folder, file), NOBODY, NOBODY);
    }
    this.child = spawn(where('upsmon'), ['-p', '-F', '-DD'], {
      env: nutEnvironment(this.folder),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...owner,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.said += chunk.toString();
        this.heard();
      });
    }
    this.child.once('close', () => this.heard());
  }

  /** All that it has printed. */
  get log(): string {
    return this.said;
  }

  get hasShutDown(): boolean {
    return existsSync(this.marker);
  }

  /** Resolves when it has printed something like this. */
  async says(what: RegExp): Promise<void> {
    while (!what.test(this.said)) {
      if (this.child.exitCode !== null) throw new Error(`upsmon has ended: ${this.said}`);
      await new Promise<void>((resolve) => (this.heard = resolve));
    }
  }

  /** Resolves when its shutdown command has run. */
  shutDown(): Promise<void> {
    return new Promise((resolve) => {
      const watcher = watch(this.folder, () => look());
      const look = (): void => {
        if (!this.hasShutDown) return;
        watcher.close();
        resolve();
      };
      look();
    });
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('close', resolve));
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
