import { Coverage, missingIn } from '../core/capped';
import type { TimeRange } from '../core/windows';
import type { SeriesHead } from './influx';

/** A row with its time. */
export interface TimedRow {
  /** epoch ms, `null` when it has no usable time */
  time: number | null;
  /** the values as they came */
  values: readonly unknown[];
}

/** Rows of one moment that are remembered, to tell a row that comes again from a new one. */
const MOST_OF_A_MOMENT = 1000;
/** Series of a window that are told apart. */
const MOST_SERIES = 10_000;
/** Requests for one window. More pages than this are no window's. */
const MOST_PAGES = 500;
/** A full page of rows all in one second cannot be asked for in smaller windows. */
const FULL_PAGE = 50;

/** Which rows of a series have come: all between the first and the last one. */
class Known extends Coverage {
  private firstRows: (readonly unknown[])[] = [];
  private lastRows: (readonly unknown[])[] = [];

  note(time: number, values: readonly unknown[]): void {
    if (time <= this.first) remember(this.firstRows, time === this.first, values);
    if (time >= this.last) remember(this.lastRows, time === this.last, values);
    this.add(time);
  }

  has(time: number, values: readonly unknown[]): boolean {
    if (time < this.first || time > this.last) return false;
    if (time > this.first && time < this.last) return true;
    const text = JSON.stringify(values);
    return [...this.firstRows, ...this.lastRows].some((row) => JSON.stringify(row) === text);
  }

  /** Takes in the rows of another answer. */
  join(other: Known): void {
    if (other.first < this.first) this.firstRows = other.firstRows;
    else if (other.first === this.first) this.firstRows.push(...other.firstRows);
    if (other.last > this.last) this.lastRows = other.lastRows;
    else if (other.last === this.last) this.lastRows.push(...other.lastRows);
    this.count += other.count;
    this.first = Math.min(this.first, other.first);
    this.last = Math.max(this.last, other.last);
  }
}

function remember(rows: (readonly unknown[])[], goesOn: boolean, values: readonly unknown[]): void {
  if (!goesOn) rows.length = 0;
  if (rows.length < MOST_OF_A_MOMENT) rows.push(values);
}

/** A request for a part of a window. */
export interface Part {
  range: TimeRange;
  /** rows that the answer had of which this is the rest; `undefined` for the window itself */
  before?: number;
}

/**
 * Follows the rows of one window, and finds what a server kept back of it: some give only so many rows of a series and do
 * not say so. The rest is asked for in smaller windows, and only what is new of it counts.
 *
 * `next` gives a part to ask for, what `looker` makes is asked for each of its rows, `done` says that its answer is
 * complete.
 */
export class WindowRows {
  private readonly known = new Map<string, Known>();
  private readonly keys = new WeakMap<SeriesHead, string>();
  private readonly parts: Part[];
  private present: Part | undefined;
  /** the rows of the present answer, new or not, by series */
  private answer = new Map<string, Coverage>();
  /** the new ones of it */
  private fresh = new Map<string, Known>();
  private pages = 0;
  private gaveUp = false;

  /**
   * @param now epoch ms: rows after it are not missing
   * @param limits counts that turned out to be the most that the server gives; windows of one history share it
   */
  constructor(
    private readonly window: TimeRange,
    private readonly now: number,
    private readonly limits: Set<number>,
  ) {
    this.parts = [{ range: window }];
  }

  /** Rows are missing, and cannot be had. */
  get capped(): boolean {
    return this.gaveUp;
  }

  next(): Part | undefined {
    const part = this.parts.shift();
    if (part && this.pages >= MOST_PAGES) {
      this.gaveUp = true;
      return undefined;
    }
    this.pages++;
    this.present = part;
    this.answer = new Map();
    this.fresh = new Map();
    return part;
  }

  /** Looks at rows of the present answer: those that lie in the window and have not come with an earlier answer count. */
  looker(head: SeriesHead): (row: TimedRow) => boolean {
    const key = this.keyOf(head);
    const { window, present } = this;
    const isInWindow = (time: number | null): time is number =>
      time !== null && time >= window.start && time < window.end;
    if (!present || (!this.known.has(key) && !this.fresh.has(key) && this.fresh.size >= MOST_SERIES)) {
      return ({ time }) => isInWindow(time);
    }
    const answer = this.answer.get(key) ?? new Coverage();
    const fresh = this.fresh.get(key) ?? new Known();
    // Of the first answer every row is new: what comes twice in it is the server's affair.
    const known = present.before === undefined ? undefined : this.known.get(key);
    const { start, end } = present.range;
    return ({ time, values }) => {
      if (!isInWindow(time)) return false;
      if (time >= start && time < end) {
        if (answer.count === 0) this.answer.set(key, answer);
        answer.add(time);
      }
      if (known?.has(time, values)) return false;
      if (fresh.count === 0) this.fresh.set(key, fresh);
      fresh.note(time, values);
      return true;
    };
  }

  /** @param partial the server says itself that rows are missing */
  done(partial: boolean): void {
    const { present } = this;
    if (!present) return;
    const { range, before } = present;
    const counts = [...this.answer.values()];
    const most = Math.max(0, ...counts.map(({ count }) => count));
    for (const [key, fresh] of this.fresh) {
      const known = this.known.get(key);
      if (known) known.join(fresh);
      else if (this.known.size < MOST_SERIES) this.known.set(key, fresh);
    }
    if (before !== undefined && this.fresh.size > 0) this.limits.add(before);
    if (before !== undefined && this.fresh.size === 0) {
      if (most === before && most >= FULL_PAGE && most % 50 === 0) this.gaveUp = true;
      return;
    }
    let [start, end] = [-Infinity, Infinity];
    for (const coverage of counts) {
      const until = Math.min(range.end, Math.max(this.now, coverage.last + 1));
      const asked = { start: range.start, end: until };
      for (const part of missingIn(asked, coverage, partial || this.limits.has(coverage.count))) {
        if (part.start === range.start) start = Math.max(start, part.end);
        else end = Math.min(end, part.start);
      }
    }
    if (start > range.start) this.parts.push({ range: { start: range.start, end: start }, before: most });
    if (end < range.end) this.parts.push({ range: { start: end, end: range.end }, before: most });
  }

  private keyOf(head: SeriesHead): string {
    let key = this.keys.get(head);
    if (key === undefined) {
      key = JSON.stringify(head.tags);
      this.keys.set(head, key);
    }
    return key;
  }
}
