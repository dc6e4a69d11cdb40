import { Coverage, missingIn } from '../core/capped';
import type { TimeRange } from '../core/windows';
import type { SeriesHead } from './influx';
import { MomentRows, Room, RowText } from './moment-rows';

/** A row with its time. */
export interface TimedRow {
  /** epoch ms, `null` when it has no usable time */
  time: number | null;
  /** the values as they came */
  values: readonly unknown[];
}

/** Series of a window that are told apart. */
const MAX_SERIES = 10_000;
/** Requests for one window. More pages than this are no window's. */
const MAX_PAGES = 500;
/** A full page of rows all in one second cannot be asked for in smaller windows. */
const FULL_PAGE = 50;

/** Servers' limits are multiples of this, or powers of two. */
const ROUND = 1000;
const SECOND = 1000;

/** The rows of a series in one response, or in several that overlap: all between the first and the last one. */
class Span extends Coverage {
  private firstRows: MomentRows;
  private lastRows: MomentRows;

  constructor(room: Room) {
    super();
    this.firstRows = new MomentRows(room);
    this.lastRows = new MomentRows(room);
  }

  note(time: number, values: readonly unknown[]): void {
    if (time < this.first) this.firstRows.clear();
    if (time > this.last) this.lastRows.clear();
    if (time <= this.first) this.firstRows.add(values);
    if (time >= this.last) this.lastRows.add(values);
    this.add(time);
  }

  /** `undefined` when nobody can tell. */
  has(time: number, row: RowText): boolean | undefined {
    if (time < this.first || time > this.last) return false;
    if (time > this.first && time < this.last) return true;
    // Where both are one moment, both have its rows.
    return (time === this.first ? this.firstRows : this.lastRows).has(row);
  }

  touches(other: Span): boolean {
    return other.first <= this.last && other.last >= this.first;
  }

  join(other: Span): void {
    if (other.first <= this.first) {
      if (other.first < this.first) this.firstRows.clear();
      this.firstRows.join(other.firstRows);
    } else other.firstRows.clear();
    if (other.last >= this.last) {
      if (other.last > this.last) this.lastRows.clear();
      this.lastRows.join(other.lastRows);
    } else other.lastRows.clear();
    this.count += other.count;
    this.first = Math.min(this.first, other.first);
    this.last = Math.max(this.last, other.last);
  }
}

/** Which rows of a series have come. */
class Known {
  private readonly spans: Span[] = [];

  /** `undefined` when nobody can tell. */
  has(time: number, row: RowText): boolean | undefined {
    let certain = true;
    for (const span of this.spans) {
      const has = span.has(time, row);
      if (has) return true;
      certain &&= has === false;
    }
    return certain ? false : undefined;
  }

  add(other: Span): void {
    const span = this.spans.find((one) => one.touches(other));
    if (span) span.join(other);
    else this.spans.push(other);
  }
}

/** What was found out about the most that a server gives. Windows of one history share it. */
export class ServerLimits {
  /** rows of a series */
  readonly ofSeries = new Set<number>();
  /** rows of a response */
  private readonly ofResponse = new Set<number>();
  /** counts that look like limits of a response and are none */
  private readonly chance = new Set<number>();
  /** counts of responses that were taken for whole */
  private readonly taken = new Set<number>();
  private most = 0;

  /** Whether a response was taken for whole of which it turned out later that it may not have been. */
  get missed(): boolean {
    return [...this.ofResponse].some((total) => this.taken.has(total));
  }

  /** @param total rows of a response */
  see(total: number): void {
    this.most = Math.max(this.most, total);
  }

  /** @param total rows of a response that is taken for whole */
  take(total: number): void {
    this.taken.add(total);
  }

  /** Says whether a response with so many rows was only a part. */
  learn(total: number, isLimit: boolean): void {
    if (isLimit) this.ofResponse.add(total);
    else this.chance.add(total);
  }

  isLimit(total: number): boolean {
    return this.ofResponse.has(total);
  }

  /** Whether whole series may be missing in a response: nothing in it shows that, but the number of its rows. */
  mayHideSeries(total: number, series: number): boolean {
    if (this.isLimit(total)) return true;
    // A server that has given more has a higher limit.
    if (series < 2 || total < this.most || total < FULL_PAGE || this.chance.has(total)) return false;
    const isRound = total % ROUND === 0 || (total > ROUND && Number.isInteger(Math.log2(total)));
    // The same count of several windows may be that of stations that report in step: asking once tells.
    return isRound || this.taken.has(total);
  }
}

/** A request for a part of a window. */
export interface Part {
  range: TimeRange;
  /** rows of a series that the response had of which this is the rest; `undefined` for the window itself, and for halves */
  before?: number;
  /** what it had in all */
  response?: { total: number; series: ReadonlyMap<string, Coverage> };
  /** what the halves of one range share */
  halves?: { total: number; left: number; found: boolean };
}

/**
 * Follows the rows of one window, and finds what a server kept back of it: some give only so many rows of a series and do
 * not say so. The rest is asked for in smaller windows, and only what is new of it counts.
 *
 * `next` gives a part to ask for, what `looker` makes is asked for each of its rows, `done` says that its response is
 * complete.
 */
export class WindowRows {
  private readonly known = new Map<string, Known>();
  private readonly keys = new WeakMap<SeriesHead, string>();
  private readonly parts: Part[];
  private present: Part | undefined;
  /** the rows of the present answer, new or not, by series */
  private response = new Map<string, Coverage>();
  /** the new ones of it */
  private fresh = new Map<string, Span>();
  private readonly room = new Room();
  private pages = 0;
  /** counts of the responses so far; `undefined` since the window is asked for in halves */
  private totals: Set<number> | undefined = new Set();
  private gaveUp = false;

  /**
   * @param now epoch ms: rows after it are not missing
   */
  constructor(
    private readonly window: TimeRange,
    private readonly now: number,
    private readonly limits: ServerLimits,
  ) {
    this.parts = [{ range: window }];
  }

  /** Rows are missing, and cannot be had. */
  get capped(): boolean {
    return this.gaveUp;
  }

  next(): Part | undefined {
    this.halveIfLimited();
    const part = this.parts.shift();
    if (part && this.pages >= MAX_PAGES) {
      this.gaveUp = true;
      return undefined;
    }
    this.pages++;
    this.present = part;
    this.response = new Map();
    this.fresh = new Map();
    return part;
  }

  /** Looks at rows of the present answer: those that lie in the window and have not come with an earlier answer count. */
  looker(head: SeriesHead): (row: TimedRow) => boolean {
    const key = this.keyOf(head);
    const { window, present } = this;
    const isInWindow = (time: number | null): time is number =>
      time !== null && time >= window.start && time < window.end;
    if (!present || (!this.known.has(key) && !this.fresh.has(key) && this.fresh.size >= MAX_SERIES)) {
      return ({ time }) => isInWindow(time);
    }
    const response = this.response.get(key) ?? new Coverage();
    const fresh = this.fresh.get(key) ?? new Span(this.room);
    // Of the first response every row is new: what comes twice in it is the server's affair.
    const known = this.pages === 1 ? undefined : this.known.get(key);
    const { start, end } = present.range;
    return ({ time, values }) => {
      if (!isInWindow(time)) return false;
      if (time >= start && time < end) {
        if (response.count === 0) this.response.set(key, response);
        response.add(time);
      }
      if (known && this.isKnown(known, time, values)) return false;
      if (fresh.count === 0) this.fresh.set(key, fresh);
      fresh.note(time, values);
      return true;
    };
  }

  /** A row of which nobody can tell is none that is told twice, and rather said to be missing. */
  private isKnown(known: Known, time: number, values: readonly unknown[]): boolean {
    const has = known.has(time, new RowText(values));
    if (has === undefined) this.gaveUp = true;
    return has !== false;
  }

  /**
   * @param partial the server says itself that rows are missing
   * @param total rows of the response, those outside of the window included
   */
  done(partial: boolean, total: number): void {
    const { present, limits, fresh } = this;
    if (!present) return;
    const { range, before, halves } = present;
    const counts = [...this.response.values()];
    limits.see(total);
    this.join();
    if (halves) {
      halves.found ||= fresh.size > 0;
      if (--halves.left === 0) limits.learn(halves.total, halves.found);
    } else {
      this.totals?.add(total);
      if (present.response && this.isLimitOfResponse(present.response.series, before)) {
        limits.learn(present.response.total, true);
      }
      if (this.halveIfLimited()) return;
    }
    if (limits.mayHideSeries(total, counts.length)) {
      if (range.end - range.start > SECOND) this.halve(range, total);
      else this.gaveUp = true;
      return;
    }
    const parts = this.parts.length;
    this.askForEdges(present, counts, total, partial);
    if (this.parts.length === parts) limits.take(total);
  }

  /** Whether rows were left out of other series than the longest ones: then it is all of them that have the limit. */
  private isLimitOfResponse(series: ReadonlyMap<string, Coverage>, most = 0): boolean {
    return [...this.fresh.keys()].some((key) => (series.get(key)?.count ?? 0) < most);
  }

  private join(): void {
    for (const [key, fresh] of this.fresh) {
      const known = this.known.get(key) ?? new Known();
      if (this.known.size < MAX_SERIES) this.known.set(key, known);
      known.add(fresh);
    }
  }

  /** The whole window: which series were left out of which answer cannot be told. */
  private halveIfLimited(): boolean {
    const limit = [...(this.totals ?? [])].find((total) => this.limits.isLimit(total));
    if (limit === undefined) return false;
    this.parts.length = 0;
    this.halve(this.window, limit);
    return true;
  }

  private halve({ start, end }: TimeRange, total: number): void {
    this.totals = undefined;
    const middle = start + Math.ceil((end - start) / 2 / SECOND) * SECOND;
    const halves = { total, left: 2, found: false };
    this.parts.unshift({ range: { start, end: middle }, halves }, { range: { start: middle, end }, halves });
  }

  /** Asks for what is missing before and behind the rows. */
  private askForEdges(present: Part, counts: readonly Coverage[], total: number, partial: boolean): void {
    const { range, before } = present;
    const { ofSeries } = this.limits;
    const most = Math.max(0, ...counts.map(({ count }) => count));
    if (before !== undefined && this.fresh.size > 0) ofSeries.add(before);
    if (before !== undefined && this.fresh.size === 0) {
      if (most === before && most >= FULL_PAGE && most % 50 === 0) this.gaveUp = true;
      return;
    }
    let [start, end] = [-Infinity, Infinity];
    for (const coverage of counts) {
      const until = Math.min(range.end, Math.max(this.now, coverage.last + 1));
      const asked = { start: range.start, end: until };
      for (const part of missingIn(asked, coverage, partial || ofSeries.has(coverage.count))) {
        if (part.start === range.start) start = Math.max(start, part.end);
        else end = Math.min(end, part.start);
      }
    }
    const rest = { before: most, response: { total, series: this.response } };
    if (start > range.start) this.parts.push({ range: { start: range.start, end: start }, ...rest });
    if (end < range.end) this.parts.push({ range: { start: end, end: range.end }, ...rest });
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
