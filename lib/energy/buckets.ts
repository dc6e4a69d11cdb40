import type { Direction, MeterBooking } from './meter-result';
import type { LocalTime, Span, Window } from '../core/zone';

/** Energy by pieces of time that lie side by side. */

/** What one direction has told of a piece of time. */
export interface Share {
  /** mWh */
  energy: number;
  /** ms of which it is known */
  known: number;
  /** a pair of readings far apart reaches over its start or end */
  estimated: boolean;
}

export interface Bucket extends Window {
  import: Share;
  export: Share;
}

/**
 * The minutes of a day and of the longest window: a window may have to wait for a register that speaks once a day, and
 * what the other one has told meanwhile is kept.
 */
const MOST = 1600;

/**
 * The buckets of a length, aligned to local time. What is booked across a border is split: a counter by the value that
 * it had there, rounded to the mWh once; a power by time.
 */
export class Buckets {
  private list: Bucket[];

  constructor(
    private readonly zone: LocalTime,
    private readonly length: number,
    list: readonly Bucket[] = [],
  ) {
    this.list = list.slice(-MOST);
  }

  all(): readonly Bucket[] {
    return this.list;
  }

  /** Those that hold a part of a span, in the order of time. */
  of({ start, end }: Span): Bucket[] {
    // The newest are asked for, and they are at the end.
    let from = this.list.length;
    while (from > 0 && (this.list[from - 1]?.end ?? start) > start) from--;
    let to = from;
    while (to < this.list.length && (this.list[to]?.start ?? end) < end) to++;
    return this.list.slice(from, to);
  }

  /** The bucket that holds an instant, made where it is not there yet. */
  at(instant: number): Bucket {
    const found = this.list.findLast(({ start }) => instant >= start);
    if (found && instant < found.end) return found;
    const made: Bucket = { ...this.zone.windowAt(instant, this.length), import: empty(), export: empty() };
    this.list.splice(found ? this.list.lastIndexOf(found) + 1 : 0, 0, made);
    if (this.list.length > MOST) this.list.shift();
    return made;
  }

  /**
   * Books what lies between two instants of a booking.
   *
   * @param from nothing before it is booked any more: that is told already
   */
  book({ direction, start, end, energy, wide, counted }: MeterBooking, from: number, to: number): void {
    const upTo = (instant: number): number => {
      const part = (energy * (instant - start)) / (end - start);
      return counted ? Math.round(part) : part;
    };
    const last = Math.min(end, to);
    let at = Math.max(start, from);
    while (at < last) {
      const bucket = this.at(at);
      const next = Math.min(bucket.end, last);
      const share = bucket[direction];
      share.energy += upTo(next) - upTo(at);
      share.known += next - at;
      if (wide && (start < bucket.start || end > bucket.end)) share.estimated = true;
      at = next;
    }
  }

  /** Forgets what lies before an instant. */
  forget(before: number): void {
    this.list = this.list.filter(({ end }) => end > before);
  }

  /** Forgets what lies after an instant, which has not come yet. */
  forgetFrom(instant: number): void {
    this.list = this.list.filter(({ start }) => start < instant);
  }
}

const empty = (): Share => ({ energy: 0, known: 0, estimated: false });

/** What several buckets hold together. */
export function sum(buckets: readonly Bucket[], direction: Direction): Share {
  const total = empty();
  for (const bucket of buckets) {
    total.energy += bucket[direction].energy;
    total.known += bucket[direction].known;
    total.estimated ||= bucket[direction].estimated;
  }
  return total;
}
