import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Comms, type DebugMessage, type NodeStatus } from './comms';
import { Feed, type WaitOptions } from './feed';
import { findNodeRed, nodeRedScript } from './find-node-red';
import { send, type Reply, type RequestOptions } from './http';
import { passwordOf, prepareUserDir, type FlowNode, type User, type UserDirOptions } from './user-dir';

export type { DebugMessage, FlowNode, Reply };

/** Which Node-RED to start, on what, and with which content. */
export interface RuntimeOptions extends UserDirOptions {
  env?: Record<string, string>;
  /** The folder of a node-red package; that of `findNodeRed` where not given. */
  nodeRed?: string;
  /** A node binary; TEST_NODE, or else the one of the test run, where not given. */
  node?: string;
}

/** How a runtime ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const START_TIMEOUT = 90_000;
const STOP_TIMEOUT = 20_000;
const running = new Set<Runtime>();
process.on('exit', () => running.forEach((runtime) => runtime.abandon()));

/** Starts a real Node-RED in a process of its own and waits until its flows run, or cannot. */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const node = options.node ?? process.env.TEST_NODE ?? process.execPath;
  const script = nodeRedScript(options.nodeRed ?? findNodeRed());
  const userDir = await prepareUserDir(options, node);
  const child = spawn(node, [script, '--userDir', userDir], {
    cwd: userDir,
    env: childEnv(options.env),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const runtime = new Runtime(child, userDir, options.userDir === undefined);
  try {
    await runtime.ready(options.adminAuth === true);
    return runtime;
  } catch (error) {
    const log = runtime.log.map((line) => `\n  ${line}`).join('');
    await runtime.kill();
    throw new Error(
      `Node-RED did not start: ${error instanceof Error ? error.message : String(error)}${log}`,
      {
        cause: error,
      },
    );
  }
}

/** A running Node-RED. Whatever waits on it fails at once if its process ends. */
export class Runtime {
  readonly pid: number;
  readonly userDir: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  /** of the editor and its routes, without a slash at the end */
  url = '';
  port = 0;
  /** The admin's access token where `adminAuth` is on; sent with every request that names no other. */
  token: string | undefined;
  private readonly lines = new Feed<string>();
  private readonly child: ChildProcess;
  private readonly ownsUserDir: boolean;
  private comms: Comms | undefined;
  private ended: Exit | undefined;
  private askedToEnd = false;

  /** Use `startRuntime`. */
  constructor(child: ChildProcess, userDir: string, ownsUserDir: boolean) {
    this.child = child;
    this.pid = child.pid ?? 0;
    this.userDir = userDir;
    this.ownsUserDir = ownsUserDir;
    running.add(this);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => this.lines.push(line));
    }
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.lines.push(error.message);
        resolve({ code: null, signal: null });
      });
      // 'close' and not 'exit': it comes when the last line of the log has been read.
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    void this.exited.then((exit) => this.onEnd(exit));
  }

  /** Every line the process has written so far, errors included. */
  get log(): readonly string[] {
    return this.lines.items;
  }

  /** Everything the debug nodes have sent so far. */
  get debug(): readonly DebugMessage[] {
    return this.connected().debug.items;
  }

  /** Waits for a line of the log; `from: runtime.log.length` skips those already there. */
  async waitForLog(pattern: RegExp | string, options: WaitOptions = {}): Promise<string> {
    const matches = (line: string): boolean =>
      typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line);
    return this.lines.waitFor(matches, `log line like ${String(pattern)}`, options);
  }

  /** Waits until a node shows a matching status, also one that it shows already. */
  async waitForStatus(
    nodeId: string,
    matches: (status: NodeStatus) => boolean,
    options: WaitOptions = {},
  ): Promise<NodeStatus> {
    return this.connected().waitForStatus(nodeId, matches, options);
  }

  /** The status a node shows at the moment. */
  statusOf(nodeId: string): NodeStatus | undefined {
    return this.connected().statusOf(nodeId);
  }

  /** Waits for a debug message; `from: runtime.debug.length` skips those already there. */
  async waitForDebug(
    matches: (message: DebugMessage) => boolean,
    options: WaitOptions = {},
  ): Promise<DebugMessage> {
    return this.connected().debug.waitFor(matches, 'matching debug message', options);
  }

  /** Sends a request to the runtime; `path` starts without a slash. */
  async request(path: string, options: RequestOptions = {}): Promise<Reply> {
    const token = options.token === undefined ? (this.token ?? null) : options.token;
    return send(`${this.url}/${path}`, { ...options, token });
  }

  /** GET a path. */
  async get(path: string, options: RequestOptions = {}): Promise<Reply> {
    return this.request(path, options);
  }

  /** POST an object as JSON, or a text as it is. */
  async post(path: string, body: unknown, options: RequestOptions = {}): Promise<Reply> {
    return this.request(path, { ...options, method: 'POST', body });
  }

  /** The flows as the runtime holds them. */
  async flows(): Promise<FlowNode[]> {
    return (await this.get('flows')).json() as FlowNode[];
  }

  /** Deploys flows, with `credentials` in their nodes, and waits until they have been started. */
  async deploy(flows: FlowNode[], options: { type?: 'full' | 'nodes' | 'flows' } = {}): Promise<void> {
    const { messages } = this.connected();
    const from = messages.items.length;
    const reply = await this.post(
      'flows',
      { flows },
      { headers: { 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': options.type ?? 'full' } },
    );
    if (reply.status !== 200) throw new Error(`deploy refused: ${reply.status} ${reply.text}`);
    const { rev } = reply.json() as { rev: string };
    await messages.waitFor(
      ({ topic, data }) =>
        topic === 'notification/runtime-deploy' && (data as { revision: string }).revision === rev,
      'notification of the deploy',
      { from, timeout: START_TIMEOUT },
    );
  }

  /** An access token for one of the users of `adminAuth`. */
  async login(user: User): Promise<string> {
    const grant = {
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope: { admin: '*', editor: '', reader: 'read' }[user],
    };
    const reply = await this.post('auth/token', { ...grant, username: user, password: passwordOf(user) });
    if (reply.status !== 200) throw new Error(`login refused: ${reply.status} ${reply.text}`);
    return (reply.json() as { access_token: string }).access_token;
  }

  /**
   * Ends Node-RED as a service manager does and removes its folder. Rejects if the process had ended
   * before by itself, since a test must not pass over a crash; one that expects it awaits `exited`.
   */
  async stop(): Promise<Exit> {
    const crashed = this.ended !== undefined && !this.askedToEnd;
    this.askedToEnd = true;
    if (!this.ended) {
      this.child.kill('SIGTERM');
      const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT);
      await this.exited;
      clearTimeout(timer);
    }
    const exit = await this.exited;
    this.removeUserDir();
    if (crashed) throw this.endError(exit);
    return exit;
  }

  /** Ends Node-RED at once, without its goodbyes. */
  async kill(): Promise<Exit> {
    this.askedToEnd = true;
    if (!this.ended) this.child.kill('SIGKILL');
    const exit = await this.exited;
    this.removeUserDir();
    return exit;
  }

  /** Leaves nothing behind of a runtime that a test run ends without having stopped. */
  abandon(): void {
    this.child.kill('SIGKILL');
    this.removeUserDir();
  }

  /** Waits until the editor answers and the flows have been started. */
  async ready(withAuth: boolean): Promise<void> {
    // Only this line is information; the one that says that it cannot listen there is an error.
    const listening = /\[info\].*(https?):\/\/127\.0\.0\.1:(\d+)(\/\S*)?/;
    const line = await this.waitForLog(listening, { timeout: START_TIMEOUT });
    const [, scheme = 'http', port, adminRoot = '/'] = listening.exec(line) ?? [];
    this.port = Number(port);
    this.url = `${scheme}://127.0.0.1:${this.port}${adminRoot.replace(/\/$/, '')}`;
    if (withAuth) this.token = await this.login('admin');
    this.comms = await Comms.connect(this.url, this.token);
    await this.comms.messages.waitFor(
      // One without a word of the state comes when the flows have only been read.
      ({ topic, data }) =>
        topic === 'notification/runtime-state' &&
        typeof data === 'object' &&
        data !== null &&
        ('state' in data || 'error' in data),
      'notification that the flows were started',
      { timeout: START_TIMEOUT },
    );
  }

  private connected(): Comms {
    if (!this.comms) throw new Error('the runtime is not ready');
    return this.comms;
  }

  private onEnd(exit: Exit): void {
    this.ended = exit;
    running.delete(this);
    const reason = this.endError(exit);
    this.lines.close(reason);
    this.comms?.close(reason);
  }

  private endError(exit: Exit): Error {
    const last = this.log.slice(-20).map((line) => `\n  ${line}`);
    return new Error(
      `Node-RED ended (code ${String(exit.code)}, signal ${String(exit.signal)})${last.join('')}`,
    );
  }

  private removeUserDir(): void {
    if (this.ownsUserDir) rmSync(this.userDir, { recursive: true, force: true });
  }
}

function childEnv(own: Record<string, string> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_RED_|PORT$|FORCE_COLOR$)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...own };
}
