import { type DeviceError, toDeviceError } from '../core/errors';
import type { Engine, Member, Renewal } from './engine';
import { leaseClock, type LeaseClock } from './lease-clock';
import { givenBy, wantedBy } from './heirs';
import { Term } from './lease-term';
import { Turns } from './lease-turns';
import { Newcomer } from './newcomer';
import { PARTITIONS } from './partitions';
import type { ClusterSettings } from './settings';

/** ms that running commands get to end at a hand-over */
const LONGEST_END = 30_000;

export interface LeaseOptions {
  engine: Pick<Engine, 'renew' | 'claim' | 'release'>;
  settings: Pick<ClusterSettings, 'lease' | 'spread' | 'whenLost' | 'instance'>;
  holder: string;
  clock?: LeaseClock;
  listeners: LeaseListeners;
}

export interface LeaseListeners {
  /** something is owned that was not, or the other way about, or the engine is lost or back */
  changed?: () => void;
  /** What is under way in these partitions is to end: resolves when it has. */
  ending?: (partitions: readonly number[]) => Promise<void>;
  /** Others may have something to claim now. */
  freed?: (members: readonly Member[]) => Promise<void>;
  /** The engine is back, and may have lost what was written. */
  forgotten?: () => Promise<void>;
}

/** Counts for diagnostics. */
export interface LeaseCounts {
  /** partitions that became ours */
  gained: number;
  /** given to another member */
  handedOver: number;
  /** lost to time, because no renewal was confirmed */
  fenced: number;
}

/**
 * What this process owns of a cluster. It owns a partition while the engine says so and a renewal that *began* less than a
 * fence ago was confirmed; after that it has stopped by itself, and others may claim when the whole lease is over.
 */
export class Lease {
  readonly counts: LeaseCounts = { gained: 0, handedOver: 0, fenced: 0 };
  private readonly clock: LeaseClock;
  private readonly all: readonly number[];
  /** partitions, and since when */
  private readonly held = new Map<number, number>();
  /** given away as soon as what runs there has ended */
  private readonly ending = new Set<number>();
  /** what was owned last, by the loss of the engine */
  private lastOwned: ReadonlySet<number> = new Set();
  private last: Renewal | undefined;
  private failure: DeviceError | undefined;
  private digest = '';
  /** by the last renewal the engine knows of that digest */
  private isTold = false;
  private readonly term: Term;
  private readonly turns: Turns;
  private readonly newcomer: Newcomer;
  private leaving = false;
  private alone = false;
  private lost = false;
  /** nothing has told the engine yet that what was owned last is not owned any more */
  private isLastWord = false;

  constructor(private readonly options: LeaseOptions) {
    this.clock = options.clock ?? leaseClock();
    const { lease, spread, whenLost } = options.settings;
    this.all = spread === 'none' ? [0] : Array.from({ length: PARTITIONS }, (_, i) => i);
    this.term = new Term(this.clock, {
      lease,
      acts: whenLost === 'alone',
      over: () => this.fall(),
      alone: () => this.actAlone(),
    });
    this.newcomer = new Newcomer(this.clock, () => this.longest, this.term.fence);
    this.turns = new Turns(this.clock, {
      lease,
      look: () => this.look(),
      failed: (thrown) => {
        this.failure = toDeviceError(thrown);
        this.term.failed();
      },
      begins: (due) => this.newcomer.watchStandstill(due),
    });
  }

  start(): void {
    this.term.start();
    this.turns.start();
  }

  /** @param digest of the units in the flow file */
  setDigest(digest: string): void {
    if (digest === this.digest) return;
    this.digest = digest;
    this.isTold = false;
    this.turn();
  }

  /** All flows have begun: from now on a copy of each message comes here as well. */
  setStarted(): void {
    this.newcomer.started();
  }

  /** Whether something may be done there. */
  owns(partition: number): boolean {
    if (this.alone) return true;
    if (!this.held.has(partition)) return false;
    if (this.term.holds()) return true;
    this.fall();
    return false;
  }

  /**
   * Whether this member's units are those by which all others go. By another flow file a node may be in another unit, and that
   * one somebody else's, so that two own the node: what is held says nothing then. With one unit for all there is no other.
   */
  get isInForce(): boolean {
    if (this.options.settings.spread === 'none' || this.alone) return true;
    // Who comes while there are no others owns nothing before it has been seen.
    return this.others().length === 0 || (this.isTold && this.digestInForce === this.digest);
  }

  /** Whether something new may begin there. */
  mayBegin(partition: number): boolean {
    return this.owns(partition) && !this.ending.has(partition) && this.isInForce;
  }

  /** Whether it is read there. */
  reads(partition: number): boolean {
    return (
      this.owns(partition) ||
      (this.options.settings.whenLost === 'read' && this.lost && this.lastOwned.has(partition))
    );
  }

  /** Whether a last word may be said about it: it is owned, or was until the fence and nobody else can own it yet. */
  saysLast(partition: number): boolean {
    return this.owns(partition) || (this.isLastWord && this.lastOwned.has(partition) && this.term.lasts());
  }

  /** ms since when; `Infinity` where it acts without an engine */
  ownedFor(partition: number): number {
    const since = this.held.get(partition);
    return since === undefined ? Infinity : this.clock.now() - since;
  }

  /** The member that owns it, as far as is known. */
  ownerOf(partition: number): Member | undefined {
    if (this.lost) return undefined;
    const holder = this.last?.owners.get(partition);
    return this.last?.members.find((member) => member.holder === holder);
  }

  /** Why nothing is owned by anybody, as seen from here; `undefined`: the engine answers. */
  get problem(): DeviceError | undefined {
    return this.lost ? this.failure : undefined;
  }

  /** What the engine has answered last, where that was no confirmation. */
  get refusal(): DeviceError | undefined {
    return this.failure;
  }

  get actsAlone(): boolean {
    return this.alone;
  }

  /** ms of the longest lease that a member has: nobody is replaced before it is over. */
  get longest(): number {
    const told = this.members.map(({ lease = 0 }) => lease).filter(Number.isFinite);
    return Math.max(this.options.settings.lease, ...told);
  }

  get members(): readonly Member[] {
    return this.last?.members ?? [];
  }

  /** Who owns which partition, as the last renewal told. */
  get owners(): ReadonlyMap<number, string> {
    return this.last?.owners ?? new Map<number, string>();
  }

  get digestInForce(): string {
    return this.last?.digest ?? '';
  }

  get partitions(): readonly number[] {
    return [...this.held.keys()];
  }

  /** Looks at once: somebody has given something away, or the engine is back. */
  turn(): void {
    this.turns.now();
  }

  /** Gives everything away: what runs gets `within` ms to end. */
  async leave(within = LONGEST_END): Promise<void> {
    if (this.leaving) return;
    this.leaving = true;
    this.isLastWord = false;
    await this.turns.end();
    const held = [...this.held.keys()];
    if (held.length > 0) await this.ended(held, within);
    this.term.end();
    this.drop(held);
    this.counts.handedOver += held.length;
    try {
      await this.options.engine.release(held, true);
      await this.options.listeners.freed?.(this.others());
    } catch {
      // The lease runs out by itself.
    }
  }

  /** Calls the engine, which answers or fails in less than a fence. */
  private async call<T>(work: () => Promise<T>): Promise<T> {
    const began = this.clock.now();
    try {
      return await work();
    } finally {
      this.newcomer.watchStandstill(began);
    }
  }

  private async look(): Promise<number> {
    const { engine, settings } = this.options;
    const began = this.clock.now();
    this.newcomer.look(began);
    const own = { name: settings.instance, digest: this.digest, ready: this.newcomer.isReady };
    this.isLastWord = false;
    const renewal = await this.call(() => engine.renew(own, [...this.held.keys()]));
    this.isTold = own.digest === this.digest;
    await this.take(renewal, began);
    if (this.leaving) return Infinity;
    const claimed = this.wanted(renewal);
    if (claimed.length > 0) {
      const granted = await this.call(() => engine.claim(claimed));
      this.gain(granted.filter((one) => claimed.includes(one)));
    }
    this.giveAway(renewal);
    return renewal.rest;
  }

  private async take(renewal: Renewal, began: number): Promise<void> {
    const isForgotten = this.last !== undefined && this.last.epoch !== renewal.epoch;
    const wasLost = this.lost;
    this.last = renewal;
    this.failure = undefined;
    this.lost = false;
    this.isLastWord = false;
    this.alone = false;
    this.term.confirm(began);
    this.drop(renewal.lost);
    const isAlone = renewal.members.every(({ holder }) => holder === this.options.holder);
    if (isAlone && this.newcomer.alone()) this.turn();
    // A fail-over may have lost the last of what was written, with the same epoch.
    if (isForgotten || wasLost) await this.options.listeners.forgotten?.();
    if (wasLost || isForgotten) this.tell();
    else this.options.listeners.changed?.();
  }

  private gain(partitions: readonly number[]): void {
    const now = this.clock.now();
    // The answer may have taken longer than what confirms it holds.
    if (partitions.length === 0 || !this.term.holds(now)) return;
    for (const one of partitions) this.held.set(one, now);
    const { last } = this;
    if (last) {
      const mine = partitions.map((one) => [one, this.options.holder] as const);
      this.last = { ...last, owners: new Map([...last.owners, ...mine]) };
    }
    this.counts.gained += partitions.length;
    this.tell();
  }

  private drop(partitions: readonly number[]): void {
    const dropped = partitions.filter((one) => this.held.delete(one));
    for (const one of dropped) this.ending.delete(one);
    if (dropped.length > 0) this.tell();
  }

  /** No renewal has been confirmed for too long. */
  private fall(): void {
    if (this.lost) return;
    this.lost = true;
    this.lastOwned = new Set(this.held.keys());
    this.isLastWord = !this.leaving;
    this.counts.fenced += this.held.size;
    this.drop([...this.held.keys()]);
    this.tell();
  }

  private actAlone(): void {
    this.fall();
    this.alone = true;
    this.tell();
  }

  private others(): Member[] {
    return this.members.filter(({ holder }) => holder !== this.options.holder);
  }

  private wanted(renewal: Renewal): number[] {
    // The renewal tells of this one as it was when that began.
    if (!this.newcomer.isReady) return [];
    return wantedBy(this.options.holder, renewal, this.all, this.options.settings.spread);
  }

  private giveAway(renewal: Renewal): void {
    const { holder, settings } = this.options;
    const free = [...this.held.keys()].filter((one) => !this.ending.has(one));
    const given = givenBy(holder, renewal, free, settings.spread).concat(
      // Those that were never meant for this spread are nobody's.
      free.filter((one) => !this.all.includes(one)),
    );
    if (given.length === 0) return;
    for (const one of given) this.ending.add(one);
    this.ended(given, LONGEST_END).then(
      () => this.handOver(given),
      () => this.handOver(given),
    );
  }

  private async ended(partitions: readonly number[], within: number): Promise<void> {
    for (const one of partitions) this.ending.add(one);
    const { ending } = this.options.listeners;
    if (!ending) return;
    let cancel = (): void => undefined;
    const over = new Promise<void>((resolve) => (cancel = this.clock.after(within, resolve)));
    await Promise.race([ending(partitions).catch(() => undefined), over]);
    cancel();
  }

  private handOver(partitions: readonly number[]): void {
    const given = partitions.filter((one) => this.held.has(one));
    for (const one of partitions) this.ending.delete(one);
    this.drop(given);
    this.counts.handedOver += given.length;
    // The next renewal does not name them, which frees them as well.
    void this.turns.between(async () => {
      await this.options.engine.release(given, false);
      await this.options.listeners.freed?.(this.others());
    });
  }

  private tell(): void {
    this.options.listeners.changed?.();
  }
}
