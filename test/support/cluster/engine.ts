import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../../../scripts/support/project-root';
import { withSbin } from '../avahi';
import { freePort } from '../mosquitto';

/** A server program that speaks Redis' protocol. */
export interface EngineProgram {
  path: string;
  version: string;
}

function programAt(path: string): EngineProgram | undefined {
  try {
    const said = execFileSync(path, ['--version'], { env: withSbin(), stdio: ['ignore', 'pipe', 'ignore'] });
    return { path, version: said.toString().trim().slice(0, 40) };
  } catch {
    return undefined;
  }
}

/** Debian's redis-server. @returns why it is not there */
export function findRedis(): EngineProgram | string {
  return programAt('redis-server') ?? 'redis-server is not installed (apt-get install redis-server)';
}

/**
 * A Valkey: the system's, or the one that a package of PyPI carries, unpacked into a folder.
 *
 * @returns why it cannot be had
 */
export function findValkey(folder: string): EngineProgram | string {
  const installed = programAt('valkey-server');
  if (installed) return installed;
  const requirements = join(projectRoot(), 'test', 'cluster', 'requirements.txt');
  try {
    const run = (args: string[]): void =>
      void execFileSync('python3', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
    run([
      ...'-m pip download --quiet --no-deps --only-binary :all: -d'.split(' '),
      folder,
      '-r',
      requirements,
    ]);
    for (const wheel of readdirSync(folder).filter((name) => name.endsWith('.whl'))) {
      run(['-m', 'zipfile', '-e', join(folder, wheel), folder]);
    }
  } catch (error) {
    const said = (error as { stderr?: Buffer }).stderr?.toString().trim().split('\n').at(-1);
    return `no Valkey on this machine and none from PyPI: ${said ?? String(error)}`;
  }
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && entry.name === 'valkey-server',
  );
  if (!found) return 'the package of PyPI carries no valkey-server for this machine';
  const path = join(found.parentPath, found.name);
  chmodSync(path, 0o755);
  return programAt(path) ?? 'the valkey-server of PyPI does not run on this machine';
}

/** A Redis or Valkey of our own on loopback, which a test kills and starts again. */
export class Engine {
  port = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), 'cluster-engine-'));
  private child: ChildProcess | undefined;

  constructor(private readonly program: EngineProgram) {}

  /** @param keeps whether it has an append-only file; without one it knows nothing after its death */
  async start(keeps = true): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    const args = [
      ...['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.folder, '--save', ''],
      ...['--appendonly', keeps ? 'yes' : 'no', '--maxmemory-policy', 'noeviction'],
    ];
    const child = spawn(this.program.path, args, { env: withSbin(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4000);
        if (/ready to accept connections/i.test(said)) resolve();
      });
      child.stderr.resume();
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`${this.program.path} ended: ${said}`)));
    });
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Without append-only file from now on, or with one again. */
  async keep(on: boolean): Promise<void> {
    await this.ask(`CONFIG SET appendonly ${on ? 'yes' : 'no'}`);
    // The file of the past must not come back with the next start.
    if (!on) rmSync(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
  }

  /** The calls of each command so far, by name. */
  async calls(): Promise<Map<string, number>> {
    const text = await this.ask('INFO commandstats');
    return new Map(
      [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [
        name,
        Number(calls),
      ]),
    );
  }

  /** An inline command; the answer as it is on the wire. */
  ask(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1', () => socket.end(`${line}\r\nQUIT\r\n`));
      let text = '';
      socket.setEncoding('utf8').on('data', (part: string) => (text += part));
      socket.on('error', reject).on('close', () => resolve(text));
    });
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
