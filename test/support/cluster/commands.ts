import assert from 'node:assert/strict';

import { Cluster } from '../../../lib/cluster/cluster';
import type { Answer } from '../../../lib/cluster/forward';
import type { CommandPermit } from '../../../lib/cluster/permit';
import type { Shared } from '../../../lib/cluster/work';
import { toDeviceError } from '../../../lib/core/errors';
import { Process, Store, WorldClock, WorldEngine } from '../cluster-world';
import { Seeded } from '../seeded';

export const LEASE = 4000;
export const NODE = 'port';
export const DEVICE = `${NODE} `;

export interface Instance {
  process: Process;
  cluster: Cluster;
  engine: WorldEngine;
}

/** Instances of one flow, each of which comes when a test says so. */
export class World {
  readonly clock = new WorldClock();
  readonly store: Store;
  private readonly seeded = new Seeded(1);
  private count = 0;

  constructor(private readonly lease = LEASE) {
    this.store = new Store(lease);
  }

  /** @param lease ms, where it is another one than that of most */
  join(whenLost: 'stop' | 'alone' = 'stop', lease = this.lease): Instance {
    const process = new Process(this.clock, this.seeded);
    const holder = `holder ${this.count++}`;
    const { store, seeded } = this;
    const faults = { lost: 0, late: 0 };
    const engine = new WorldEngine({ world: this.clock, store, process, seeded, holder, faults, lease });
    const settings = {
      ...{ url: '', username: undefined, password: () => Promise.resolve(undefined), name: 'test' },
      ...{ lease, spread: 'none' as const, whenLost, instance: holder },
    };
    const cluster = new Cluster(engine, settings, holder, { changed: () => undefined }, process.clock);
    cluster.lease.setDigest('d');
    cluster.start();
    cluster.lease.setStarted();
    return { process, cluster, engine };
  }

  /** An instance that owns everything. */
  async owner(whenLost?: 'stop' | 'alone'): Promise<Instance> {
    const instance = this.join(whenLost);
    await this.after(5 * this.lease);
    assert.ok(instance.cluster.lease.owns(0));
    return instance;
  }

  after(ms: number): Promise<void> {
    return this.clock.runUntil(this.clock.now + ms, () => undefined);
  }
}

export interface Given {
  commandId?: string;
  run: (permit: CommandPermit) => Promise<Answer>;
}

export const NOTHING: Answer = { sends: [], status: undefined };
const work = ({ engine }: Instance, { commandId, run }: Given) => ({
  ...{ node: NODE, partition: 0, commandId, arrived: engine.time(), print: 'p', run },
  outcome: (answer: Answer) => JSON.stringify(answer),
});
export const ask = (instance: Instance, given: Given): Promise<Answer> =>
  instance.cluster.forward.ask(work(instance, given), () => ({}));
export const share = (instance: Instance, given: Given): Promise<Shared<Answer>> =>
  instance.cluster.commands.shared(work(instance, given));
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (thrown: unknown) => toDeviceError(thrown).code,
  );
