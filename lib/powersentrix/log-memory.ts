import { createHash } from 'node:crypto';

import { isRecord } from '../core/values';
import type { LogRecord } from './log-record';
import { orderOfTimeText } from './zone';

/** A record that was seen: its numbers, where it had some, and its local time for comparing. */
interface Seen {
  key: string;
  ord: number | null;
  id: number | null;
  time: number | null;
}

/** Records between what was told and what had been known before, which one reading was too short for. */
export interface Gap {
  /** the highest number known before */
  low: number;
  /** the lowest number told */
  high: number;
  /** page on which the rest begins, or one before it: new records push the others to later pages only */
  page: number;
}

/** Where a log that has its oldest record first is read on. */
export interface Cursor {
  /** page that held the newest known record */
  page: number;
  /** while the newest page is looked for: one that is there, and one that is not */
  search?: { there: number; beyond: number | null };
}

/** What has to be remembered over a restart; plain data. */
export interface LogMemoryState {
  /** oldest first */
  seen: Seen[];
  /** the highest number of a pulled record since the numbers last began; `null`: none was pulled yet */
  newestId: number | null;
  /** the highest number of the counts before; `null`: the numbers never began anew */
  formerId: number | null;
  newestFirst: boolean | null;
  cursor: Cursor | null;
  /** oldest first */
  gaps: Gap[];
}

/** More of them are forgotten, the oldest first: then the log runs away from us. */
const MAX_GAPS = 8;

/** More than a reading brings, so that none of it is told twice. */
const REMEMBERED = 1000;

/** A digest in place of the texts: the device decides how long they are, and a thousand are remembered. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Both spellings of a time are one moment. */
function keyOf({ cmm, code, description, localTime }: LogRecord): string {
  return digest(JSON.stringify([cmm, code, localTime?.replace('T', ' ') ?? null, description]));
}

/** Older versions kept the texts. */
const currentKey = (key: string): string => (key.startsWith('[') ? digest(key) : key);

const timeOf = ({ localTime }: LogRecord): number | null =>
  localTime === null ? null : orderOfTimeText(localTime);

const agree = (a: number | null, b: number | null): boolean => a === null || b === null || a === b;

const isNumber = (value: unknown): value is number => typeof value === 'number';
const numberOrNull = (value: unknown): number | null => (isNumber(value) ? value : null);

type Stored = Pick<LogMemoryState, 'newestId'> &
  Record<string, unknown> & { seen: Record<string, unknown>[] };

function isState(value: unknown): value is Stored {
  return (
    isRecord(value) &&
    (value.newestId === null || isNumber(value.newestId)) &&
    Array.isArray(value.seen) &&
    value.seen.every((one) => isRecord(one) && typeof one.key === 'string')
  );
}

function storedGaps(value: unknown): Gap[] {
  return (Array.isArray(value) ? (value as unknown[]) : []).slice(-MAX_GAPS).flatMap((one) => {
    if (!isRecord(one)) return [];
    const { low, high, page } = one;
    return isNumber(low) && isNumber(high) && isNumber(page) ? { low, high, page } : [];
  });
}

/**
 * Tells new records from those that have been seen, pushed or pulled: same UPS, code, time and text are one record,
 * unless both have a number of the same kind and these differ.
 *
 * The numbers of pulled records rise, so whatever is below the highest one is old even when it has been forgotten, until
 * they begin anew: see `beginsAnew`.
 */
export class LogMemory {
  /** which end of the cloud's log comes first; `null`: not known yet */
  newestFirst: boolean | null = null;
  cursor: Cursor | null = null;
  gaps: Gap[] = [];
  /** counts what was noted, so that a memory that has not changed need not be stored again */
  changes = 0;
  private seen: Seen[] = [];
  private newestId: number | null = null;
  private formerId: number | null = null;

  /** @param stored what `state` gave before a restart; anything else is ignored */
  constructor(stored?: unknown) {
    if (!isState(stored)) return;
    this.seen = stored.seen.slice(-REMEMBERED).map(({ key, ord, id, time }) => ({
      key: currentKey(String(key)),
      ord: numberOrNull(ord),
      id: numberOrNull(id),
      time: numberOrNull(time),
    }));
    this.newestId = stored.newestId;
    this.formerId = numberOrNull(stored.formerId);
    this.newestFirst = typeof stored.newestFirst === 'boolean' ? stored.newestFirst : null;
    this.gaps = storedGaps(stored.gaps);
    if (isRecord(stored.cursor) && isNumber(stored.cursor.page)) this.cursor = { page: stored.cursor.page };
  }

  get state(): LogMemoryState {
    const { newestId, formerId, newestFirst, cursor, gaps } = this;
    return {
      seen: this.seen.map((one) => ({ ...one })),
      newestId,
      formerId,
      newestFirst,
      cursor: cursor && { page: cursor.page },
      gaps: gaps.map((one) => ({ ...one })),
    };
  }

  /** Whether pulled records have a past to be compared with. */
  get knowsPulled(): boolean {
    return this.newestId !== null;
  }

  /** The highest number of a pulled record. */
  get highestId(): number | null {
    return this.newestId;
  }

  /** A pull has ended: from now on, what a pull brings can be told old from new. */
  pulled(): void {
    if (this.newestId === null) this.changes++;
    this.newestId ??= 0;
  }

  /**
   * Notes that a reading ended before it reached what is known.
   *
   * @returns whether all of it will be read later
   */
  leaveGap(gap: Gap): boolean {
    this.gaps.push(gap);
    this.changes++;
    return this.gaps.length <= MAX_GAPS || this.gaps.shift() === undefined;
  }

  /** Whether a pulled record has been seen, or is older than what is remembered. */
  knows(record: LogRecord): boolean {
    return this.find(record) !== undefined || this.isForgotten(record);
  }

  /** Whether a record carries a number that another one had, so that the numbers have begun anew. */
  contradicts(record: LogRecord): boolean {
    const { id } = record;
    if (id === null) return false;
    const same = this.seen.find((one) => one.id === id);
    if (!same || same.key === keyOf(record)) return false;
    // A portal may word a record anew; its time stays.
    const time = timeOf(record);
    return time === null || same.time === null || time !== same.time;
  }

  /**
   * The cloud counts from the beginning again (the device or the server was reset): numbers say nothing any more about
   * what was seen before. Records are compared by what they say, and by their time.
   */
  beginAnew(): void {
    for (const one of this.seen) one.id = null;
    // A record of before that is still in the log may have been forgotten, or never been seen: up to here its number may
    // be of that count.
    this.formerId = Math.max(this.formerId ?? 0, this.newestId ?? 0);
    this.newestId = 0;
    this.gaps = [];
    this.changes++;
  }

  /**
   * The UPS has registered, as it does when it starts. Without a set clock one start looks like the other, so what it
   * pushes from now on is no repetition of what it pushed before.
   */
  registered(): void {
    this.seen = this.seen.filter(({ id }) => id !== null);
    this.changes++;
  }

  /**
   * Notes a record.
   *
   * @param counts whether its number can be the highest one; not while the numbers begin anew
   * @returns whether it is new
   */
  admit(record: LogRecord, counts = true): boolean {
    const { ord, id } = record;
    const known = this.find(record);
    if (known) {
      known.ord ??= ord;
      known.id ??= id;
      return false;
    }
    const old = this.isForgotten(record);
    const time = timeOf(record);
    // What is older than all that is remembered stays so, as long as it is not remembered itself.
    if (old && time !== null) return false;
    if (counts && id !== null && !old) this.newestId = Math.max(this.newestId ?? id, id);
    this.seen.push({ key: keyOf(record), ord, id, time });
    if (this.seen.length > REMEMBERED) this.seen.shift();
    this.changes++;
    return !old;
  }

  /**
   * Notes a record that was pushed. One that tells neither a number nor a time cannot be told from an earlier one of the
   * same words, and is no repetition then: an event told twice does less harm than one that is lost.
   *
   * @returns whether it is new
   */
  admitPushed(record: LogRecord): boolean {
    return this.admit(record) || (record.ord === null && timeOf(record) === null);
  }

  /** Notes the number of the log's newest record, where the numbers have begun anew. */
  countFrom(id: number | null): void {
    if (id !== null) this.newestId = id;
  }

  private find(record: LogRecord): Seen | undefined {
    const { ord, id } = record;
    const key = keyOf(record);
    const exact = this.seen.find((one) => one.key === key && agree(one.ord, ord) && agree(one.id, id));
    if (exact || id === null) return exact;
    const time = timeOf(record);
    return time === null ? undefined : this.seen.find((one) => one.id === id && one.time === time);
  }

  /** Whether a record that is not remembered was reported before all the same. */
  private isForgotten(record: LogRecord): boolean {
    const { id } = record;
    const { newestId, formerId } = this;
    if (newestId === null) return false;
    if (id !== null && id <= newestId) return !this.gaps.some(({ low, high }) => id > low && id < high);
    // Where numbers cannot tell, the time does: what is older than everything that is remembered is old.
    const isOfEither = id === null || (formerId !== null && id <= formerId);
    if (!isOfEither && !this.seen.some((one) => one.id === null)) return false;
    const time = timeOf(record);
    const oldest = Math.min(...this.seen.map((one) => one.time ?? Infinity));
    return time !== null && oldest < Infinity && time < oldest;
  }
}
