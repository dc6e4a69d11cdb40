import { toDeviceError } from '../core/errors';
import { Known, Matchings, SKEW } from './copies';
import type { CommandRecord, Engine } from './engine';
import {
  alreadyKnown,
  begunElsewhere,
  isAway,
  isNotOwner,
  isPassedBy,
  noOwner,
  notOwner,
  passedBy,
  tooMany,
  tooOld,
} from './errors';
import type { Lease } from './lease';
import { Line, type Place } from './line';
import { Past } from './past';
import { NEWCOMER } from './newcomer';
import type { LeaseClock } from './lease-clock';
import { CommandPermit } from './permit';
import { deviceOf, keyOf, KnownCommand, placeOf, type Shared, type Work } from './work';

/** ms for which a command waits for an owner where only one instance got it */
export const LONGEST_ASKED = 10_000;
/** ms for which a copy is kept while nobody owns anything */
const LONGEST_KEPT = 30_000;
/** ms after which no command begins any more */
const LONGEST_AGE = 5 * 60_000;
/** messages that wait for an owner */
const MOST_WAITING = 1000;
/** ms between two looks whether there is an owner */
const LOOK_EVERY = 250;
/** characters of an outcome that is kept for who asks again */
const LONGEST_OUTCOME = 8192;

export interface CommandsOptions {
  engine: Pick<Engine, 'begin' | 'finish' | 'remember' | 'recent' | 'time'>;
  lease: Lease;
  clock: LeaseClock;
  holder: string;
}

interface Running {
  partition: number;
  permit: CommandPermit;
  ended: Promise<unknown>;
}

/** It cannot begin here now, and has not left. */
const AGAIN = Symbol('again');

/** The commands of a cluster: which of them are carried out here, when, and which were carried out elsewhere. */
export class Commands {
  /** copies that were left to another instance */
  dropped = 0;
  private readonly running = new Map<string, Running>();
  private readonly waiters = new Set<() => void>();
  private readonly matchings: Matchings;
  private readonly past: Past;
  private readonly line = new Line(() => this.wake());
  private waiting = 0;
  private closed = false;

  get isClosed(): boolean {
    return this.closed;
  }

  constructor(private readonly options: CommandsOptions) {
    const { engine, clock, holder } = options;
    this.matchings = new Matchings({ engine, holder, keeps: () => LONGEST_KEPT + this.lingers });
    this.past = new Past({ engine, now: () => clock.now() });
  }

  /** The engine answers, and something may be owned that was not, or the other way about. */
  changed(): void {
    if (!this.options.lease.problem) void this.past.tell();
    for (const { partition, permit } of [...this.running.values()]) {
      if (!this.options.lease.owns(partition)) permit.end();
    }
    this.wake();
  }

  /** Resolves when nothing runs in these partitions. */
  async ended(partitions: readonly number[]): Promise<void> {
    for (;;) {
      const there = [...this.running.values()].filter(({ partition }) => partitions.includes(partition));
      if (there.length === 0) return;
      await Promise.all(there.map(({ ended }) => ended));
    }
  }

  /** The engine is back, and may have lost what has been carried out here lately. */
  async remember(): Promise<void> {
    this.past.doubt();
    await this.past.tell();
  }

  /** This instance ends: what waits for an owner, or for its answer, does so no longer. */
  close(): void {
    this.closed = true;
    this.wake();
  }

  /**
   * Carries a command out that every instance gets, if this one owns the device or comes to own it while it may still be that
   * nobody has taken care of it.
   *
   * @throws DeviceError what `run` throws; UNREACHABLE when nobody owned it
   */
  async shared<R>(work: Work<R>): Promise<Shared<R>> {
    const { lease, clock } = this.options;
    const came = clock.now();
    const key = keyOf(work);
    const place = this.line.enter(placeOf(work));
    const known = new Known(work);
    try {
      for (let waited = false; ; waited = true) {
        if (lease.mayBegin(work.partition) && this.line.isNext(place)) {
          const result = await this.attemptShared(work, key, { waited, place, known });
          if (result !== AGAIN) return result;
        }
        const verdict = this.verdict(work.partition, clock.now() - came);
        // Others have their copies of it.
        if (verdict === 'drop' || this.closed) {
          this.dropped++;
          return { dropped: true };
        }
        if (verdict === 'fail') throw noOwner();
        await this.wait();
      }
    } finally {
      this.line.leave(place);
    }
  }

  /**
   * Carries a command out here that only one instance got.
   *
   * @returns `undefined`: it cannot begin here now
   * @throws DeviceError what `run` throws; KnownCommand
   */
  async single<R>(work: Work<R>, key: string): Promise<{ result: R } | undefined> {
    const { lease } = this.options;
    if (!lease.mayBegin(work.partition)) return undefined;
    const place = this.line.enter(placeOf(work));
    try {
      while (!this.line.isNext(place)) {
        if (!(await this.wait()) || !lease.mayBegin(work.partition)) return undefined;
      }
      const result = await this.attempt(work, key, { single: true, place });
      return result === AGAIN ? undefined : { result };
    } finally {
      this.line.leave(place);
    }
  }

  /** @returns when something has changed, or soon: whether this instance goes on. @throws DeviceError BUSY */
  async wait(): Promise<boolean> {
    if (this.closed) return false;
    if (this.waiting >= MOST_WAITING) throw tooMany(MOST_WAITING);
    this.waiting++;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        cancel();
        this.waiters.delete(wake);
        resolve();
      };
      const cancel = this.options.clock.after(LOOK_EVERY, wake);
      this.waiters.add(wake);
    });
    this.waiting--;
    return !this.closed;
  }

  private wake(): void {
    for (const wake of [...this.waiters]) wake();
  }

  /** ms for which a copy of a message may be needed: until an owner that has died is replaced. */
  get lingers(): number {
    return this.options.lease.longest + NEWCOMER;
  }

  /** ms for which a copy is kept while nobody owns anything. */
  get waits(): number {
    return Math.max(LONGEST_KEPT, this.lingers);
  }

  /** What is to become of a copy that has been here for so many ms. */
  private verdict(partition: number, age: number): 'keep' | 'drop' | 'fail' {
    const { lease, holder } = this.options;
    if (age < this.lingers) return 'keep';
    const owner = lease.ownerOf(partition)?.holder ?? holder;
    // What has been granted here, and is not known here yet, is nobody's.
    if (!lease.problem && !lease.owns(partition) && owner !== holder) return 'drop';
    return age < this.waits ? 'keep' : 'fail';
  }

  private async attemptShared<R>(
    work: Work<R>,
    key: string,
    { waited, place, known }: { waited: boolean; place: Place; known: Known },
  ): Promise<Shared<R> | typeof AGAIN> {
    const { lease, clock } = this.options;
    let found: CommandRecord | undefined;
    // The owner before may have had it a moment earlier.
    const isNew = lease.ownedFor(work.partition) < this.lingers + SKEW;
    // Without an engine there is nobody else to ask, and who waits for its answer keeps all behind it from beginning.
    if (!lease.actsAlone && work.commandId === undefined && (waited || isNew)) {
      const now = clock.now();
      const since = now - lease.ownedFor(work.partition);
      const matching = await this.matchings.of(deviceOf(work), since, now).catch((thrown: unknown) => {
        if (isAway(toDeviceError(thrown))) return undefined;
        throw thrown;
      });
      if (!matching) return AGAIN;
      found = known.of(matching);
      if (found && found.state !== 'begun') {
        this.dropped++;
        return { dropped: true };
      }
    }
    try {
      const result = await this.attempt(work, found?.key ?? key, { single: false, place });
      return result === AGAIN ? AGAIN : { dropped: false, result };
    } catch (thrown) {
      // The owner before may have sent it.
      if (found && isPassedBy(thrown)) throw begunElsewhere();
      if (!(thrown instanceof KnownCommand)) throw thrown;
      if (thrown.record?.state === 'begun') throw begunElsewhere();
      this.dropped++;
      return { dropped: true };
    }
  }

  private async attempt<R>(
    work: Work<R>,
    key: string,
    { single, place }: { single: boolean; place: Place },
  ): Promise<R | typeof AGAIN> {
    if (this.running.has(key)) throw new KnownCommand(undefined);
    // The engine may not know of it: it was away when it ended.
    const before = this.past.of(key);
    if (before) throw new KnownCommand(before);
    const { holder } = this.options;
    const record: CommandRecord = {
      ...{ key, print: work.print, at: work.arrived, by: holder, single },
      ...{ state: 'begun', goal: '', outcome: '' },
    };
    const permit: CommandPermit = new CommandPermit({
      begin: (goal) => this.begin(work, { ...record, goal }, permit),
      refusal: () => (this.options.lease.owns(work.partition) ? undefined : notOwner()),
    });
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.running.set(key, { partition: work.partition, permit, ended });
    const finish = async (state: CommandRecord['state'], outcome = ''): Promise<void> => {
      await this.past.ended(deviceOf(work), { ...record, state, goal: permit.goal, outcome });
    };
    try {
      const running = work.run(permit);
      // It stands in the device's own queue now.
      this.line.leave(place);
      const result = await running;
      const outcome = work.outcome?.(result) ?? '';
      await finish('done', outcome.length > LONGEST_OUTCOME ? '' : outcome);
      return result;
    } catch (thrown) {
      if (permit.known) throw new KnownCommand(permit.known);
      const error = toDeviceError(thrown);
      // What waited for its turn when the device was lost has not begun either.
      if (isNotOwner(error) || (permit.signal.aborted && !error.sent)) {
        this.line.enter(placeOf(work), place);
        return AGAIN;
      }
      // Who owns it next goes on with it.
      const isLeft =
        permit.signal.aborted || error.code === 'CANCELLED' || error.reason === 'stoppedWhileSwitching';
      if (!isLeft || (error.sent && permit.goal === ''))
        await finish(error.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'failed');
      else if (error.sent) this.past.left(deviceOf(work), { ...record, goal: permit.goal });
      throw thrown;
    } finally {
      this.running.delete(key);
      end();
    }
  }

  private async begin<R>(work: Work<R>, record: CommandRecord, permit: CommandPermit): Promise<string> {
    const { engine, lease } = this.options;
    if (!lease.owns(work.partition)) throw notOwner();
    if (engine.time() - work.arrived > LONGEST_AGE) throw tooOld(LONGEST_AGE / 1000);
    // Without an engine there is nobody else to ask.
    if (lease.actsAlone) return record.goal;
    const { partition } = work;
    const begun = await engine
      .begin({ partition, device: deviceOf(work), record })
      .catch((thrown: unknown) => {
        const error = toDeviceError(thrown);
        throw isAway(error) ? notOwner() : error;
      });
    switch (begun.kind) {
      case 'begun':
        return begun.goal;
      case 'notOwner':
        throw notOwner();
      case 'older':
        throw passedBy();
      case 'known':
        permit.known = begun.record;
        throw begun.record.state === 'begun' ? begunElsewhere() : alreadyKnown();
    }
  }
}
