import type { LocalTime } from '../core/zone';
import type { PriceSlot } from './prices';

/** Running for so long until a time of the day, whatever the sun does. */

export interface CatchUpOptions {
  /** ms of running; 0: none */
  need: number;
  /** minutes after local midnight */
  until: number;
  /** ms that the load rests once it is off */
  minOff: number;
  zone: LocalTime;
}

export class CatchUp {
  private ran: number;
  /** the next *until*, epoch ms */
  private end: number;
  private slots: readonly PriceSlot[] = [];
  /** whether the running slot is one of the cheapest: once for each slot */
  private decided: { start: number; due: boolean } | undefined;

  constructor(
    private readonly options: CatchUpOptions,
    state?: { ms: number; end: number } | null,
  ) {
    this.ran = state?.ms ?? 0;
    this.end = state?.end ?? -Infinity;
  }

  state(): { ms: number; end: number } | null {
    return Number.isFinite(this.end) ? { ms: this.ran, end: this.end } : null;
  }

  /** Prices of the time ahead, in the order of time. */
  setPrices(slots: readonly PriceSlot[]): void {
    this.slots = slots;
  }

  /**
   * Time has passed.
   *
   * @param wall epoch ms
   * @param ms that the load has run until then
   */
  advance(wall: number, ms: number): void {
    const { need, until, zone } = this.options;
    if (need <= 0) return;
    this.ran += ms;
    const next = zone.nextClock(wall, until);
    if (next === this.end) return;
    // What it has run since the last *until* counts for the next one.
    const since = Number.isFinite(this.end) ? Math.max(0, wall - this.end) : 0;
    // A clock that was put back does not take away what has been run.
    if (next > this.end) this.ran = Math.min(ms, since);
    this.end = next;
    this.decided = undefined;
  }

  /** ms that the load still has to run until the next *until*. */
  get missing(): number {
    return Math.max(0, this.options.need - this.ran);
  }

  /** Whether the load has to run now: there is no time left, or this is one of the cheapest slots. */
  due(wall: number, on: boolean): 'catchUp' | 'cheap' | undefined {
    if (this.options.need <= 0 || this.missing <= 0) return undefined;
    const spare = this.end - wall - this.missing;
    // Off now, it would rest for longer than there is time.
    if (spare <= 0 || (on && spare < this.options.minOff)) return 'catchUp';
    return this.isCheap(wall) ? 'cheap' : undefined;
  }

  /** When `due` may change without anything happening, epoch ms. */
  nextChange(wall: number): number | null {
    if (this.options.need <= 0) return null;
    const latest = this.end - this.missing;
    const slot = this.slots.find(({ end }) => end > wall);
    const border = slot && (slot.start > wall ? slot.start : slot.end);
    return Math.min(
      this.end,
      border ?? Infinity,
      ...[latest, latest - this.options.minOff].filter((one) => one > wall),
    );
  }

  /** When it has run long enough if it goes on, ms from now. */
  get done(): number | null {
    return this.options.need > 0 && this.missing > 0 ? this.missing : null;
  }

  private isCheap(wall: number): boolean {
    const running = this.slots.find(({ start, end }) => wall >= start && wall < end);
    if (!running) return false;
    if (this.decided?.start !== running.start) {
      this.decided = { start: running.start, due: this.choose(wall).has(running.start) };
    }
    return this.decided.due;
  }

  /** The starts of the cheapest slots from now on in which the rest can be run. */
  private choose(wall: number): Set<number> {
    const usable = this.slots
      .filter(({ start, end }) => end > wall && start < this.end)
      .sort((a, b) => a.price - b.price || a.start - b.start);
    const chosen = new Set<number>();
    let left = this.missing;
    for (const { start, end } of usable) {
      if (left <= 0) break;
      chosen.add(start);
      left -= Math.min(end, this.end) - Math.max(start, wall);
    }
    return chosen;
  }
}
