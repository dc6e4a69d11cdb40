import { DeviceError } from '../../lib/core/errors';
import type {
  Beginning,
  Begun,
  CommandRecord,
  Engine,
  Letter,
  Member,
  OwnState,
  Renewal,
} from '../../lib/cluster/engine';
import type { LeaseClock } from '../../lib/cluster/lease-clock';
import { type Sighting, Sightings } from '../../lib/cluster/sightings';
import type { Seeded } from './seeded';

/** ms after which a call is given up */
const LONGEST_CALL = 2000;

interface Timer {
  at: number;
  order: number;
  fn: () => void;
}

/** Time of several processes on one host, moved by a test. */
export class WorldClock {
  private timers: Timer[] = [];
  private count = 0;
  now = 0;

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.now + Math.max(ms, 0), order: this.count++, fn };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  /** Runs what is due until then, and `look` after each. */
  async runUntil(end: number, look: () => void): Promise<void> {
    for (;;) {
      let next: Timer | undefined;
      for (const one of this.timers) {
        if (one.at <= end && (!next || one.at < next.at || (one.at === next.at && one.order < next.order)))
          next = one;
      }
      if (!next) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.at);
      next.fn();
      await settled();
      look();
    }
    this.now = end;
  }
}

/** Lets promises settle: everything here runs in microtasks. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** One process: it may stand still, or be gone. */
export class Process {
  paused = false;
  dead = false;
  /** its way to the engine swallows everything */
  cut = false;
  private readonly late: (() => void)[] = [];
  readonly clock: LeaseClock;

  constructor(world: WorldClock, seeded: Seeded) {
    this.clock = {
      now: () => world.now,
      random: () => seeded.next(),
      after: (ms, fn) => world.after(ms, () => this.run(fn)),
    };
  }

  /** Does something in this process: later where it stands still, and never where it is gone. */
  run(fn: () => void): void {
    if (this.dead) return;
    if (this.paused) this.late.push(fn);
    else fn();
  }

  resume(): void {
    this.paused = false;
    for (const fn of this.late.splice(0)) this.run(fn);
  }
}

/** What a renewal tells, and what is seen by it. */
export interface Told extends Omit<Renewal, 'rest'> {
  run: string;
  seen: Sighting[];
}

/** What is told, as the process that asked takes it. */
export function taken(sightings: Sightings, { run, seen, ...told }: Told): Renewal {
  sightings.saw(run, seen);
  return { ...told, rest: sightings.rest };
}

/** What an engine holds, with the rules of the scripts for Redis. */
export class Store {
  readonly members = new Map<string, OwnState & Omit<Sighting, 'holder'>>();
  readonly owners = new Map<number, string>();
  readonly commands = new Map<string, CommandRecord>();
  readonly devices = new Map<string, Map<string, number>>();
  readonly kept = new Map<string, string>();
  readonly inboxes = new Map<string, (letter: Letter) => void>();
  /** sent to names that are no members' */
  readonly streams = new Map<string, Letter[]>();
  private digest: string | undefined;
  private born = 0;
  private runs = 0;
  /** the run from before which no lease can hold */
  private settled: string | undefined;
  /** ms by which the clock of its host is ahead: no lease may run by it */
  ahead = 0;

  constructor(readonly lease: number) {}

  /** @param forgets it had no append-only file */
  restart(forgets: boolean): void {
    this.runs++;
    if (!forgets) return;
    for (const map of [this.members, this.owners, this.commands, this.devices, this.kept]) map.clear();
    this.born++;
    this.digest = undefined;
  }

  /** It has run for long. */
  settle(): void {
    this.settled = this.run;
  }

  renew(
    holder: string,
    call: number,
    own: OwnState,
    held: readonly number[],
    { gone, settled }: Pick<Sightings, 'gone' | 'settled'> = { gone: [], settled: '' },
    lease = this.lease,
  ): Told {
    const before = this.members.get(holder);
    if (before && before.call >= call) throw new DeviceError('BAD_RESPONSE', 'stale');
    if (settled === this.run) this.settle();
    for (const one of gone) {
      if (this.members.get(one.holder)?.call === one.call && one.holder !== holder)
        this.members.delete(one.holder);
    }
    this.members.set(holder, { ...own, call, lease });
    if (![...this.members.values()].some(({ digest }) => digest === this.digest)) this.digest = own.digest;
    const lost = new Set(held);
    for (const [partition, owner] of [...this.owners]) {
      if ((owner === holder && (!held.includes(partition) || !before)) || !this.members.has(owner))
        this.owners.delete(partition);
      else if (owner === holder) lost.delete(partition);
    }
    const members: Member[] = [...this.members].map(([of, { name, digest, ready, lease: its }]) => ({
      ...{ holder: of, name, digest, ready },
      lease: its,
    }));
    return {
      ...{ epoch: String(this.born), digest: this.digest ?? '', members, run: this.run },
      ...{ owners: new Map(this.owners), lost: [...lost] },
      seen: [...this.members].map(([of, one]) => ({ holder: of, call: one.call, lease: one.lease })),
    };
  }

  claim(holder: string, call: number, partitions: readonly number[]): number[] {
    const own = this.members.get(holder);
    if (!own || own.call >= call) return [];
    own.call = call;
    if (this.settled !== this.run) return [];
    if (own.digest !== this.digest) return [];
    return partitions.filter((one) => {
      if (this.members.has(this.owners.get(one) ?? '')) return false;
      this.owners.set(one, holder);
      return true;
    });
  }

  release(holder: string, call: number, partitions: readonly number[], leaving: boolean): void {
    const own = this.members.get(holder);
    if (!own || own.call >= call) return;
    own.call = call;
    if (leaving) this.members.delete(holder);
    for (const one of partitions) if (this.owners.get(one) === holder) this.owners.delete(one);
  }

  begin(holder: string, { partition, device, record }: Beginning): Begun {
    if (this.owners.get(partition) !== holder || !this.members.has(holder)) return { kind: 'notOwner' };
    const known = this.commands.get(record.key);
    if (known) {
      if (known.state !== 'begun' || (known.by !== holder && known.goal === ''))
        return { kind: 'known', record: known };
      if ([...(this.devices.get(device)?.values() ?? [])].some((at) => at > known.at))
        return known.by === holder ? { kind: 'older' } : { kind: 'known', record: known };
      this.commands.set(record.key, { ...known, by: holder });
      return { kind: 'begun', goal: known.goal };
    }
    const last = Math.max(-Infinity, ...(this.devices.get(device)?.values() ?? []));
    if (last > record.at + 2000) return { kind: 'older' };
    this.finish(device, record);
    return { kind: 'begun', goal: record.goal };
  }

  finish(device: string, record: CommandRecord): void {
    this.commands.set(record.key, record);
    const list = this.devices.get(device) ?? new Map<string, number>();
    this.devices.set(device, list.set(record.key, record.at));
  }

  remember(holder: string, device: string, record: CommandRecord): void {
    const known = this.commands.get(record.key);
    if (!known || (known.state === 'begun' && known.by === holder)) this.finish(device, record);
  }

  recent(device: string): CommandRecord[] {
    const keys = [...(this.devices.get(device) ?? [])].sort((a, b) => a[1] - b[1]).map(([key]) => key);
    return keys.map((key) => this.commands.get(key)).filter((record) => record !== undefined);
  }

  send(to: string, letter: Letter): void {
    const inbox = this.inboxes.get(to);
    if (inbox) inbox(letter);
    else this.streams.set(to, [...(this.streams.get(to) ?? []), letter].slice(-500));
  }

  private get run(): string {
    return `${this.born} ${this.runs}`;
  }
}

/** How often what goes wrong with a call. */
export interface Faults {
  lost: number;
  late: number;
}

/** One process's way to the store: what is asked and what is answered may come late, or never. */
export class WorldEngine implements Engine {
  readonly connected = true;
  private calls = 0;
  private readonly sightings: Sightings;

  constructor(
    private readonly options: {
      world: WorldClock;
      store: Store;
      process: Process;
      seeded: Seeded;
      holder: string;
      faults: Faults;
      /** ms, where it is another one than the store's */
      lease?: number;
    },
  ) {
    const { holder, store, world } = options;
    this.sightings = new Sightings(holder, options.lease ?? store.lease, () => world.now);
  }

  start(heard: (letter: Letter) => void): void {
    const { store, holder, process } = this.options;
    store.inboxes.set(holder, (letter) => process.run(() => heard(letter)));
  }

  time(): number {
    return this.options.world.now + this.options.store.ahead;
  }

  renew(own: OwnState, held: readonly number[]): Promise<Renewal> {
    const call = ++this.calls;
    const { gone, settled } = this.sightings;
    return this.call((store, holder) =>
      store.renew(holder, call, own, held, { gone, settled }, this.options.lease),
    ).then((told) => taken(this.sightings, told));
  }

  claim(partitions: readonly number[]): Promise<number[]> {
    const call = ++this.calls;
    return this.call((store, holder) => store.claim(holder, call, partitions));
  }

  release(partitions: readonly number[], leaving: boolean): Promise<void> {
    const call = ++this.calls;
    return this.call((store, holder) => store.release(holder, call, partitions, leaving));
  }

  begin(beginning: Beginning): Promise<Begun> {
    return this.call((store, holder) => store.begin(holder, beginning));
  }

  finish(device: string, record: CommandRecord): Promise<void> {
    return this.call((store) => store.finish(device, record));
  }

  remember(device: string, record: CommandRecord): Promise<void> {
    return this.call((store, holder) => store.remember(holder, device, record));
  }

  recent(device: string): Promise<CommandRecord[]> {
    return this.call((store) => store.recent(device));
  }

  send(holder: string, text: string): Promise<void> {
    return this.call((store) => store.send(holder, { at: this.time(), text }));
  }

  sent(to: string): Promise<Letter[]> {
    return this.call((store) => store.streams.get(to) ?? []);
  }

  keep(partition: number, name: string, text: string): Promise<boolean> {
    return this.call((store, holder) => {
      if (store.owners.get(partition) !== holder) return false;
      store.kept.set(name, text);
      return true;
    });
  }

  kept(name: string): Promise<string | undefined> {
    return this.call((store) => store.kept.get(name));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private call<T>(work: (store: Store, holder: string) => T): Promise<T> {
    const { store, process, holder } = this.options;
    return new Promise<T>((resolve, reject) => {
      const cancel = process.clock.after(LONGEST_CALL, () =>
        reject(new DeviceError('TIMEOUT', 'no answer', { reason: 'clusterTimeout' })),
      );
      const settle = (answer: () => void): void => {
        cancel();
        answer();
      };
      this.pass(() => {
        let answer: () => void;
        try {
          const value = work(store, holder);
          answer = () => resolve(value);
        } catch (thrown) {
          answer = () => reject(thrown instanceof Error ? thrown : new Error('odd'));
        }
        this.pass(() => process.run(() => settle(answer)));
      });
    });
  }

  /** What is on its way arrives soon, or late, or never. */
  private pass(arrive: () => void): void {
    const { seeded, world, process, faults } = this.options;
    if (process.cut || seeded.chance(faults.lost)) return;
    const ms = seeded.chance(faults.late) ? seeded.next() * 8000 : seeded.next() * 20;
    world.after(ms, arrive);
  }
}
