import type { LogRecord } from './log-record';
import { orderOfTimeText } from './zone';

/** Records asked for at a time; the vendor's default. */
const PAGE = 50;
/** Requests of one reading; what is left is read with the next one. */
const MAX_REQUESTS = 20;

type Entry = LogRecord | undefined;

/** One page of at most `limit` records, counted from 0; `undefined`: a record that cannot be read. */
export type FetchPage = (page: number, limit: number) => Promise<Entry[]>;

/** The pages of one reading: counted, and with those taken out that a server repeats in place of none. */
export class Pages {
  unreadable = 0;
  readable = 0;
  incomplete = false;
  private requests = 0;
  private readonly known = new Map<number, Entry[]>();
  private readonly shown = new Set<string>();
  private head = '';

  constructor(private readonly fetchPage: FetchPage) {}

  private get spent(): boolean {
    return this.requests >= MAX_REQUESTS;
  }

  /**
   * @returns the page's entries; none for one that is not there, `repeated` for one that another page showed already.
   * `undefined`: this reading has made its requests
   */
  async get(page: number): Promise<Page | undefined> {
    const before = this.known.get(page);
    if (before) return { entries: before, repeated: false };
    const entries = await this.fetch(page);
    if (entries === undefined) return undefined;
    const sign = signOf(entries);
    if (page === 0) this.head = sign;
    if (entries.length > 0 && this.shown.has(sign)) return { entries, repeated: true };
    this.shown.add(sign);
    this.known.set(page, entries);
    const readable = readableOf(entries).length;
    this.readable += readable;
    this.unreadable += entries.length - readable;
    return { entries, repeated: false };
  }

  /** Takes no page for a repetition of those shown so far. */
  forget(): void {
    this.known.clear();
    this.shown.clear();
  }

  /**
   * Whether the log begins as it did. If so, a page that shows what another one did stands for no page; otherwise new
   * records have pushed a whole page on, or nobody can tell in this reading.
   */
  async beginsTheSame(): Promise<boolean> {
    const entries = await this.fetch(0);
    return entries !== undefined && signOf(entries) === this.head;
  }

  /** The one way to the server. @returns `undefined` when this reading has made its requests */
  private async fetch(page: number): Promise<Entry[] | undefined> {
    if (this.spent) return undefined;
    this.requests++;
    return this.fetchPage(page, PAGE);
  }
}

/** One page as a reading sees it. */
export interface Page {
  entries: Entry[];
  repeated: boolean;
}

const signOf = (entries: Entry[]): string =>
  JSON.stringify(entries.map((one) => one && [one.id, one.ord, one.code, one.localTime]));

export const readableOf = (entries: Entry[]): LogRecord[] => entries.filter((one) => one !== undefined);

export const sortTime = ({ localTime }: LogRecord): number =>
  (localTime === null ? null : orderOfTimeText(localTime)) ?? 0;

/**
 * Whether these records have the newest first, as most neighbours say; `null`: they do not tell. Neighbours whose numbers
 * and times disagree say nothing, as either may have begun anew; where nobody else says more, the times do.
 */
export function orderIn(records: LogRecord[]): boolean | null {
  let falling = 0;
  let byTimes = 0;
  records.forEach((record, index) => {
    const before = records[index - 1];
    if (!before) return;
    const byId = before.id === null || record.id === null ? 0 : Math.sign(before.id - record.id);
    const byTime = Math.sign(sortTime(before) - sortTime(record));
    byTimes += byTime;
    const disagree = byId !== 0 && byTime === -byId;
    if (!disagree) falling += byId === 0 ? byTime : byId;
  });
  const sum = falling === 0 ? byTimes : falling;
  return sum === 0 ? null : sum > 0;
}
