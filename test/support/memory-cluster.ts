import { DeviceError } from '../../lib/core/errors';
import type {
  Beginning,
  Begun,
  CommandRecord,
  Engine,
  Letter,
  OwnState,
  Renewal,
} from '../../lib/cluster/engine';
import * as redis from '../../lib/cluster/redis';
import type { RedisOptions } from '../../lib/cluster/redis';
import { Sightings } from '../../lib/cluster/sightings';
import { Store, taken } from './cluster-world';

/** ms */
const LEASE = 4000;
/** The other member, which a test plays. */
const OTHER = 'other';
const VARIABLES = {
  ENERGY_DEVICES_CLUSTER: 'redis://in-memory:1',
  ENERGY_DEVICES_CLUSTER_TAKEOVER: String(LEASE / 1000),
  ENERGY_DEVICES_CLUSTER_INSTANCE: 'pi-1',
};

/**
 * A cluster of the Node-RED in this process and of one other member, which a test plays, around an engine in memory. Flows
 * that are loaded while it stands are an instance of it; loaded anew, they are another instance.
 */
export class MemoryCluster {
  /** ms by which the engine's clock is ahead */
  ahead = 0;
  readonly store: Store;
  private isVacant = false;
  /** the engines that were made, the newest last */
  private readonly engines: MemoryEngine[] = [];
  private readonly before: Readonly<Record<string, string | undefined>>;
  private readonly own = redis.RedisEngine;

  /** @param more variables of the environment, such as `ENERGY_DEVICES_CLUSTER_LOST` */
  constructor(more: Readonly<Record<string, string>> = {}) {
    const world = {
      now: () => Date.now() + this.ahead,
      grants: () => !this.isVacant,
    };
    this.store = new Store(LEASE);
    const variables = { ...VARIABLES, ...more };
    this.before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
    Object.assign(process.env, variables);
    const { engines, store } = this;
    Object.assign(redis, {
      RedisEngine: class extends MemoryEngine {
        constructor(options: RedisOptions) {
          super(options, store, world);
          engines.push(this);
        }
      },
    });
    this.store.settle();
  }

  /**
   * The other member owns everything from now on, and shows itself as `pi-2`.
   *
   * @param digest of its flow file
   */
  takeAll(digest = this.digest): void {
    const ready = { name: 'pi-2', digest, ready: true };
    // It was there first, so its flow file is in force where this instance has another.
    this.store.members.delete(OTHER);
    this.store.renew(OTHER, 1, ready, []);
    this.store.members.set(OTHER, { ...ready, call: Infinity, lease: Infinity });
    this.store.owners.set(0, OTHER);
    this.tell();
  }

  /** Nobody owns anything, and nobody gets anything until somebody leaves. */
  vacate(): void {
    this.isVacant = true;
    this.store.owners.delete(0);
    this.tell();
  }

  /** The other member has gone, and everything is free. */
  leave(): void {
    this.isVacant = false;
    this.store.members.delete(OTHER);
    this.store.owners.delete(0);
    this.tell();
  }

  /** Resolves when this instance owns everything, or the other one does. */
  async owned(by: 'this' | 'other' = 'this'): Promise<void> {
    for (;;) {
      const owner = this.store.owners.get(0);
      if (owner !== undefined && (owner === OTHER) === (by === 'other')) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Nodes whose memory has been read by this instance. */
  get read(): ReadonlySet<string> {
    return this.engines.at(-1)?.read ?? new Set();
  }

  /** Times that this instance could not keep something. */
  get unkept(): number {
    return this.engines.reduce((sum, { unkept }) => sum + unkept, 0);
  }

  /** What nodes have kept, by the node's id. */
  keptOf(node: string): Record<string, unknown> | undefined {
    const text = this.store.kept.get(`node:${node}`);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  /** The way of this instance to the engine: cut, nothing is answered. */
  cut(isCut: boolean): void {
    const engine = this.engines.at(-1);
    if (!engine) throw new Error('no instance has begun');
    engine.setCut(isCut);
  }

  /** A letter of the other member to this instance. */
  letter(content: Record<string, unknown>): void {
    this.engines.at(-1)?.hear({ at: Date.now() + this.ahead, text: JSON.stringify(content) });
  }

  close(): void {
    Object.assign(redis, { RedisEngine: this.own });
    for (const [name, value] of Object.entries(this.before)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }

  private get digest(): string {
    return [...this.store.members.values()].at(-1)?.digest ?? '';
  }

  /** Whoever is told looks at once. */
  private tell(): void {
    this.letter({ t: 'freed' });
  }
}

/** One instance's way to the store. */
class MemoryEngine implements Engine {
  connected = false;
  unkept = 0;
  readonly read = new Set<string>();
  private calls = 0;
  private readonly sightings: Sightings;
  private heard: (letter: Letter) => void = () => undefined;

  constructor(
    private readonly options: RedisOptions,
    private readonly store: Store,
    private readonly world: { now: () => number; grants: () => boolean },
  ) {
    this.sightings = new Sightings(options.holder, store.lease, () => performance.now());
  }

  time(): number {
    return this.world.now();
  }

  start(heard: (letter: Letter) => void): void {
    this.heard = heard;
    this.store.inboxes.set(this.options.holder, (letter) => this.hear(letter));
    this.connected = true;
    this.options.onReady?.();
  }

  hear(letter: Letter): void {
    setImmediate(() => this.heard(letter));
  }

  setCut(isCut: boolean): void {
    this.connected = !isCut;
    if (isCut) this.options.onLost(unreachable());
    else this.options.onReady?.();
  }

  renew(own: OwnState, held: readonly number[]): Promise<Renewal> {
    const call = ++this.calls;
    return this.ask((store, holder) => {
      // The other member has the same flow file as this one, unless a test gives it another.
      const other = store.members.get(OTHER);
      if (other?.digest === '') other.digest = own.digest;
      return store.renew(holder, call, own, held, this.sightings);
    }).then((told) => taken(this.sightings, told));
  }

  claim(partitions: readonly number[]): Promise<number[]> {
    const call = ++this.calls;
    return this.ask((store, holder) => (this.world.grants() ? store.claim(holder, call, partitions) : []));
  }

  release(partitions: readonly number[], leaving: boolean): Promise<void> {
    const call = ++this.calls;
    return this.ask((store, holder) => store.release(holder, call, partitions, leaving));
  }

  begin(beginning: Beginning): Promise<Begun> {
    return this.ask((store, holder) => store.begin(holder, beginning));
  }

  finish(device: string, record: CommandRecord): Promise<void> {
    return this.ask((store) => store.finish(device, record));
  }

  remember(device: string, record: CommandRecord): Promise<void> {
    return this.ask((store, holder) => store.remember(holder, device, record));
  }

  recent(device: string): Promise<CommandRecord[]> {
    return this.ask((store) => store.recent(device));
  }

  send(holder: string, text: string): Promise<void> {
    return this.ask((store) => store.send(holder, { at: this.time(), text }));
  }

  sent(to: string): Promise<Letter[]> {
    return this.ask((store) => store.streams.get(to) ?? []);
  }

  keep(partition: number, name: string, text: string): Promise<boolean> {
    return this.ask((store, holder) => {
      if (store.owners.get(partition) !== holder) return false;
      store.kept.set(name, text);
      return true;
    }).catch((thrown: unknown) => {
      this.unkept++;
      throw thrown;
    });
  }

  kept(name: string): Promise<string | undefined> {
    return this.ask((store) => {
      this.read.add(name.replace(/^node:/, ''));
      return store.kept.get(name);
    });
  }

  close(): Promise<void> {
    this.connected = false;
    this.store.inboxes.delete(this.options.holder);
    return Promise.resolve();
  }

  /** As over a socket: nothing is answered in the same turn. */
  private ask<T>(work: (store: Store, holder: string) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          if (!this.connected) throw unreachable();
          resolve(work(this.store, this.options.holder));
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error('odd'));
        }
      });
    });
  }
}

function unreachable(): DeviceError {
  return new DeviceError('UNREACHABLE', 'The engine is cut off.', {
    reason: 'clusterUnreachable',
    sent: false,
  });
}
