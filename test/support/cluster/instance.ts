import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type FlowNode, type Runtime, startRuntime } from '../runtime';
import { clusterCredentials } from './flow';
import { Link } from './link';
import { type Note, readNotes } from './notes';

/** s; the least there is */
const TAKEOVER = 4;
/** ms; for how long a lease is */
export const LEASE = TAKEOVER * 1000;
/** ms after the last renewal that was confirmed in which an owner acts */
export const FENCE = 0.7 * LEASE;
/** ms that flows have to run before they may own anything */
export const NEWCOMER = LEASE + 1500;

export interface InstanceOptions {
  name: string;
  folder: string;
  /** where the package was installed */
  installed: string;
  enginePort: () => number;
  mqttPort: () => number;
  /** addresses of the devices as this instance knows them, by the names of their variables */
  devices: Record<string, string>;
  apiKeys: Record<string, string>;
  spread: 'none' | 'flow';
  isCluster: boolean;
}

/** One of several Node-REDs with the same flow file, a way to the engine and one to the broker of its own. */
export class Instance {
  readonly name: string;
  readonly engine: Link;
  readonly broker: Link;
  runtime: Runtime | undefined;
  isFrozen = false;
  /** epoch ms at which its flows last began */
  begun = 0;
  private readonly userDir: string;
  private readonly file: string;

  constructor(private readonly options: InstanceOptions) {
    this.name = options.name;
    this.engine = new Link(options.enginePort);
    this.broker = new Link(options.mqttPort);
    this.userDir = join(options.folder, `user-${options.name}`);
    this.file = join(options.folder, `notes-${options.name}`);
    mkdirSync(this.userDir);
    for (const name of ['node_modules', 'package.json']) {
      cpSync(join(options.installed, name), join(this.userDir, name), { recursive: true });
    }
    writeFileSync(this.file, '');
  }

  get isRunning(): boolean {
    return this.runtime !== undefined;
  }

  notes(): Note[] {
    return readNotes(this.file, this.name);
  }

  async open(): Promise<void> {
    await this.engine.open();
    await this.broker.open();
  }

  async start(flows: FlowNode[]): Promise<void> {
    const { apiKeys, devices, spread, isCluster } = this.options;
    const cluster = {
      ENERGY_DEVICES_CLUSTER: `redis://127.0.0.1:${this.engine.port}`,
      ENERGY_DEVICES_CLUSTER_NAME: 'test',
      ENERGY_DEVICES_CLUSTER_TAKEOVER: String(TAKEOVER),
      ENERGY_DEVICES_CLUSTER_SPREAD: spread,
      ENERGY_DEVICES_CLUSTER_INSTANCE: this.name,
    };
    const runtime = await startRuntime({
      userDir: this.userDir,
      packageFrom: 'none',
      flows,
      credentials: clusterCredentials(apiKeys, this.broker.port),
      settingsCode: "{ functionGlobalContext: { fs: require('fs') } }",
      env: {
        ...devices,
        NOTES: this.file,
        ...(isCluster ? cluster : {}),
      },
    });
    this.begun = Date.now();
    this.runtime = runtime;
  }

  /** Another flow file. */
  async deploy(flows: FlowNode[]): Promise<void> {
    if (!this.runtime) throw new Error(`${this.name} does not run`);
    await this.runtime.deploy(flows);
    this.begun = Date.now();
  }

  /** As a service manager ends it. @returns when it was told to, and when it had ended */
  async leave(): Promise<void> {
    const { runtime } = this;
    await runtime?.stop();
    this.runtime = undefined;
  }

  async kill(): Promise<void> {
    const { runtime } = this;
    this.runtime = undefined;
    await runtime?.kill();
  }

  freeze(): void {
    this.isFrozen = true;
    process.kill(this.runtime?.pid ?? 0, 'SIGSTOP');
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    process.kill(this.runtime?.pid ?? 0, 'SIGCONT');
  }

  async close(): Promise<void> {
    if (this.isFrozen) this.thaw();
    await this.kill();
    await this.engine.close();
    await this.broker.close();
  }
}
