import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';

import { findNodeRed, nodeRedScript } from '../../test/support/find-node-red';
import { type FlowNode, prepareUserDir, type UserDirOptions } from '../../test/support/user-dir';
import { Peer } from './ipc';

export interface BenchRuntimeOptions extends Pick<UserDirOptions, 'flows' | 'credentials' | 'packageFrom'> {
  /** further packages to link into the user folder, by path */
  links?: string[];
  /** whether the bench's own node types are there; default true */
  benchNodes?: boolean;
  /** MB; default Node's own */
  heapLimit?: number;
  /** compiled file that is loaded before Node-RED and answers calls; default the bench's own */
  probe?: string;
  env?: Record<string, string>;
}

/** CPU time spent by a process so far, and the time of the reading, both µs. */
export interface CpuReading {
  cpu: number;
  time: number;
}

/** ms that the event loop was late. */
export interface LoopDelay {
  p99: number;
  p999: number;
  max: number;
}

const PORT = /http:\/\/127\.0\.0\.1:(\d+)/;
const START_TIMEOUT = 120_000;

/**
 * A real Node-RED in a process of its own, with no editor connected, that answers the bench's questions about itself
 * (`probe.ts`).
 */
export class BenchRuntime {
  url = '';
  readonly log: string[] = [];
  /** ms from the start of the process to the moment its flows run */
  startTime = 0;
  private readonly peer: Peer;

  private constructor(
    private readonly child: ChildProcess,
    private readonly userDir: string,
  ) {
    this.peer = new Peer(child);
  }

  static async start(options: BenchRuntimeOptions = {}): Promise<BenchRuntime> {
    const userDir = await prepareUserDir({ packageFrom: 'link', ...options });
    if (options.benchNodes !== false) writeBenchNodes(userDir);
    for (const path of options.links ?? []) {
      symlinkSync(path, join(userDir, 'node_modules', basename(path)), 'junction');
    }
    const begun = performance.now();
    const child = spawn(
      process.execPath,
      [
        '--expose-gc',
        ...(options.heapLimit ? [`--max-old-space-size=${options.heapLimit}`] : []),
        '--require',
        options.probe ?? join(__dirname, 'probe.js'),
        nodeRedScript(findNodeRed()),
        '--userDir',
        userDir,
      ],
      { cwd: userDir, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    const runtime = new BenchRuntime(child, userDir);
    try {
      await runtime.started();
      runtime.startTime = performance.now() - begun;
      return runtime;
    } catch (error) {
      await runtime.stop();
      throw error;
    }
  }

  call: Peer['call'] = (method, argument) => this.peer.call(method, argument);

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.userDir, { recursive: true, force: true });
  }

  private started(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => {
        clearTimeout(timer);
        reject(new NodeRedFailed(`Node-RED ${reason}:\n${this.log.slice(-20).join('\n')}`));
      };
      const timer = setTimeout(() => fail('did not start'), START_TIMEOUT);
      let hasFlows = false;
      // Not `exit`: its last words may still be under way then.
      this.child.once('close', (code) => fail(`ended with ${String(code)}`));
      for (const stream of [this.child.stdout, this.child.stderr]) {
        if (!stream) continue;
        createInterface(stream).on('line', (line) => {
          this.log.push(line);
          const port = PORT.exec(line)?.[1];
          if (port !== undefined) this.url = `http://127.0.0.1:${port}`;
          // It would wait for them for good. They are named in the lines that follow, which come with this one.
          if (line.includes('Waiting for missing types')) setTimeout(fail, 200, 'misses node types');
          hasFlows ||= line.includes('[info] Started flows');
          // Which of the two comes first is not said.
          if (!hasFlows || this.url === '') return;
          clearTimeout(timer);
          resolve();
        });
      }
    });
  }
}

/** A Node-RED did not come up: no other row of the bench would have one either. */
export class NodeRedFailed extends Error {}

/** Node types of the bench, loaded by Node-RED from the user folder. */
const BENCH_NODES = ['sink', 'raw-meter', 'thin-meter', 'whole-json'];

function writeBenchNodes(userDir: string): void {
  const folder = join(userDir, 'nodes');
  mkdirSync(folder, { recursive: true });
  for (const name of BENCH_NODES) {
    const type = `bench-${name}`;
    const compiled = join(__dirname, '..', 'nodes', `${name}.js`);
    writeFileSync(join(folder, `${type}.js`), `module.exports = require(${JSON.stringify(compiled)});\n`);
    writeFileSync(
      join(folder, `${type}.html`),
      `<script type="text/javascript">RED.nodes.registerType('${type}', { category: 'bench', defaults: {}, inputs: 1, outputs: 1 });</script>\n` +
        `<script type="text/html" data-template-name="${type}"></script>\n`,
    );
  }
}

export type { FlowNode };
