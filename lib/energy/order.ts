/** Whether readings come in the order of time, each register by itself. */

/** A register's value at a time. */
export interface Timed {
  value: number;
  /** epoch ms */
  time: number;
}

/** Readings in a row older than the last one, and ms that they span, after which the last one was wrong. */
const OLDER = 10;
const OLDER_SPAN = 60_000;
/**
 * The same where they are more than a day older. A host without a battery begins at an old date, and so may a meter, until the
 * clock is set some minutes later; to go back so far forgets months.
 */
const FAR = 24 * 3_600_000;
const FAR_SPAN = 10 * 60_000;

export type Order =
  | { kind: 'newer' }
  | { kind: 'same' }
  | { kind: 'older' }
  /** the last reading was wrong; `first` is the first of those that were right since */
  | { kind: 'corrected'; first: Timed };

/** One register's readings in the order of their arrival. */
export class ReadingOrder {
  private older: { count: number; first: Timed; last: number } | undefined;

  /** @param last time of the last good reading, epoch ms */
  constructor(public last: number | null = null) {}

  /** Judges a reading; who takes it tells so with `accept`. */
  judge(reading: Timed): Order {
    const { last, older } = this;
    const { time } = reading;
    if (last === null || time >= last) {
      this.older = undefined;
      return { kind: time === last ? 'same' : 'newer' };
    }
    const next =
      older && time >= older.last
        ? { count: older.count + 1, first: older.first, last: time }
        : { count: 1, first: reading, last: time };
    this.older = next;
    const span = last - time > FAR ? FAR_SPAN : OLDER_SPAN;
    if (next.count < OLDER || time - next.first.time < span) return { kind: 'older' };
    // A board without a clock told a time far ahead, and everything since has been right.
    this.older = undefined;
    this.last = next.first.time;
    return { kind: 'corrected', first: next.first };
  }

  accept(time: number): void {
    this.last = time;
  }
}
