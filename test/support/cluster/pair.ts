import { setTimeout as pause } from 'node:timers/promises';

import type { RedisServer } from '../redis';
import { type Runtime, startRuntime } from '../runtime';
import type { FlowNode } from '../user-dir';

/** s; the least there is */
const TAKEOVER = 4;
const NAMES = ['pi-1', 'pi-2'] as const;

interface Report {
  instance: string;
  /** that this instance owns: the one there is, or none */
  partitions: number;
  members: { name: string; ready: boolean }[];
}

export interface PairOptions {
  redis: RedisServer;
  /** the same at both */
  flows: FlowNode[];
  credentials?: Record<string, Record<string, string>>;
}

/** Two real Node-REDs with the same flows, of which one owns everything. */
export class Pair {
  private readonly running = new Map<string, Runtime>();
  private current: Runtime | undefined;

  private constructor(private readonly options: PairOptions) {}

  /** Resolves when one owns everything and the other may take over. */
  static async start(options: PairOptions): Promise<Pair> {
    const pair = new Pair(options);
    try {
      await Promise.all(NAMES.map((name) => pair.begin(name)));
      await pair.settled();
      return pair;
    } catch (thrown) {
      await pair.stop();
      throw thrown;
    }
  }

  get all(): Runtime[] {
    return [...this.running.values()];
  }

  /** As far as is known: the one that has come to own everything last. */
  get owner(): Runtime {
    if (!this.current) throw new Error('nobody owns anything');
    return this.current;
  }

  get other(): Runtime {
    const found = this.all.find((one) => one !== this.current);
    if (!found) throw new Error('there is no other one');
    return found;
  }

  nameOf(runtime: Runtime): string {
    return [...this.running].find(([, one]) => one === runtime)?.[0] ?? '';
  }

  /** Ends one without its goodbyes. */
  async kill(runtime: Runtime): Promise<void> {
    this.forget(runtime);
    await runtime.kill();
  }

  /** Ends one as a service manager does. */
  async leave(runtime: Runtime): Promise<void> {
    this.forget(runtime);
    await runtime.stop();
  }

  /** Starts the one that is missing; it may take over when it has run for a while. */
  async rejoin(): Promise<Runtime> {
    const missing = NAMES.find((name) => !this.running.has(name));
    if (missing === undefined) throw new Error('both run');
    return this.begin(missing);
  }

  /** Resolves when this one owns everything. */
  async takenOver(by: Runtime): Promise<void> {
    while ((await this.report(by)).partitions !== 1) await pause(50);
    this.current = by;
  }

  /** Resolves when one owns everything and the other may take over. */
  async settled(): Promise<void> {
    for (;;) {
      const reports = await Promise.all(this.all.map(async (one) => ({ one, is: await this.report(one) })));
      const owner = reports.find(({ is }) => is.partitions === 1);
      if (owner && reports.every(({ is }) => is.members.filter(({ ready }) => ready).length === 2)) {
        this.current = owner.one;
        return;
      }
      await pause(100);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((runtime) => runtime.kill()));
  }

  private async begin(name: string): Promise<Runtime> {
    const { flows, credentials = {}, redis } = this.options;
    const runtime = await startRuntime({
      flows,
      credentials,
      env: {
        ENERGY_DEVICES_CLUSTER: redis.url,
        ENERGY_DEVICES_CLUSTER_TAKEOVER: String(TAKEOVER),
        ENERGY_DEVICES_CLUSTER_INSTANCE: name,
      },
    });
    this.running.set(name, runtime);
    return runtime;
  }

  private forget(runtime: Runtime): void {
    this.running.delete(this.nameOf(runtime));
    if (this.current === runtime) this.current = undefined;
  }

  private async report(runtime: Runtime): Promise<Report> {
    return (await runtime.request('energy-devices/cluster')).json() as Report;
  }
}

/** What a node has kept for whoever owns it next, as the engine has it; resolves when it fits. */
export async function kept(redis: RedisServer, node: string, fits: (text: string) => boolean): Promise<void> {
  for (;;) {
    const text = await redis.ask('GET', `{energy-devices:node-red}:kept:node:${node}`);
    if (typeof text === 'string' && fits(text)) return;
    await pause(50);
  }
}
