import { createHash } from 'node:crypto';

import { isRecord, toNumber } from '../core/units';
import { wrongShape } from './answer';
import { isTimeText, localToUtc, type Zone } from './zone';

/** One record of the event log, pushed or pulled, as it came. */
export interface LogRecord {
  /** the UPS's own number of a pushed record */
  ord: number | null;
  /** the cloud's number of a pulled record */
  id: number | null;
  cmm: string | null;
  code: string;
  description: string;
  params: unknown;
  /** the raw text, in the device's local time */
  localTime: string;
}

/** A record for a flow. */
export interface LogEvent {
  event: 'log';
  cmm: string | null;
  code: string;
  description: string;
  params: unknown;
  /** ISO 8601 UTC; `null` when the device's zone is not known */
  timestamp: string | null;
  localTime: string;
  ambiguous?: true;
  skipped?: true;
}

/** @returns `undefined` when it is no record */
export function parseLogRecord(entry: unknown): LogRecord | undefined {
  if (!isRecord(entry)) return undefined;
  const { code, description, params, timestamp, cmm } = entry;
  if (typeof code !== 'string' || typeof timestamp !== 'string' || !isTimeText(timestamp)) return undefined;
  if (description !== undefined && description !== null && typeof description !== 'string') return undefined;
  return {
    ord: toNumber(entry.ord),
    id: toNumber(entry.id),
    cmm: typeof cmm === 'string' ? cmm : null,
    code,
    description: description ?? '',
    params: params ?? null,
    localTime: timestamp,
  };
}

/** @param zone the device's zone; `undefined` leaves `timestamp` null */
export function logEvent(record: LogRecord, zone: Zone | undefined): LogEvent {
  const { cmm, code, description, params, localTime } = record;
  const time = localToUtc(localTime, zone);
  return { event: 'log', cmm, code, description, params, localTime, timestamp: null, ...time };
}

/** A record that was seen: its numbers, where it had some. */
interface Seen {
  key: string;
  ord: number | null;
  id: number | null;
}

/** What has to be remembered over a restart; plain data. */
export interface LogMemoryState {
  /** oldest first */
  seen: Seen[];
  /** the highest number of a pulled record; `null`: none was pulled yet */
  newestId: number | null;
}

const REMEMBERED = 500;

/** A digest in place of the texts: whoever pushes decides how long those are, and five hundred are remembered. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Both spellings of a time are one moment. */
function keyOf({ cmm, code, description, localTime }: LogRecord): string {
  return digest(JSON.stringify([cmm, code, localTime.replace('T', ' '), description]));
}

/** Older versions kept the texts. */
const currentKey = (key: string): string => (key.startsWith('[') ? digest(key) : key);

const agree = (a: number | null, b: number | null): boolean => a === null || b === null || a === b;

function isState(value: unknown): value is LogMemoryState {
  return (
    isRecord(value) &&
    (value.newestId === null || typeof value.newestId === 'number') &&
    Array.isArray(value.seen) &&
    value.seen.every((one) => isRecord(one) && typeof one.key === 'string')
  );
}

/**
 * Tells new records from those that have been seen, pushed or pulled: same UPS, code, time and text are one record,
 * unless both have a number of the same kind and these differ.
 */
export class LogMemory {
  private seen: Seen[] = [];
  private newestId: number | null = null;

  /** @param stored what `state` gave before a restart; anything else is ignored */
  constructor(stored?: unknown) {
    if (!isState(stored)) return;
    this.seen = stored.seen.slice(-REMEMBERED).map(({ key, ord, id }) => ({ key: currentKey(key), ord, id }));
    this.newestId = stored.newestId;
  }

  /** Whether pulled records have a past to be compared with. */
  get knowsPulled(): boolean {
    return this.newestId !== null;
  }

  /** A pull has ended: from now on, what a pull brings can be told old from new. */
  pulled(): void {
    this.newestId ??= 0;
  }

  /** Whether a pulled record has been seen, or is older than one that has. */
  knows(record: LogRecord): boolean {
    const { ord, id } = record;
    if (id !== null && this.newestId !== null && id <= this.newestId) return true;
    return this.find(keyOf(record), ord, id) !== undefined;
  }

  get state(): LogMemoryState {
    return { seen: this.seen.map((one) => ({ ...one })), newestId: this.newestId };
  }

  /** Notes a record. @returns whether it is new */
  admit(record: LogRecord): boolean {
    const { ord, id } = record;
    const key = keyOf(record);
    // A record below the newest one pulled is old, even if it has been forgotten since.
    const old = id !== null && this.newestId !== null && id <= this.newestId;
    if (id !== null) this.newestId = Math.max(this.newestId ?? id, id);
    const known = this.find(key, ord, id);
    if (known) {
      known.ord ??= ord;
      known.id ??= id;
      return false;
    }
    this.seen.push({ key, ord, id });
    if (this.seen.length > REMEMBERED) this.seen.shift();
    return !old;
  }

  private find(key: string, ord: number | null, id: number | null): Seen | undefined {
    return this.seen.find((one) => one.key === key && agree(one.ord, ord) && agree(one.id, id));
  }
}

const PAGE = 50;
const MOST_PAGES = 40;

/**
 * Pulls the records that are new since the last time. The first pull ever only takes note: what happened before this
 * package was installed is no news.
 *
 * @param fetchPage one page of at most `limit` records; their order is not documented, so none is assumed. `undefined`:
 *   a record that cannot be read
 * @returns oldest first, and how many could not be read
 * @throws DeviceError BAD_RESPONSE when none of several can be read
 */
export async function pullNewLogs(
  memory: LogMemory,
  fetchPage: (page: number, limit: number) => Promise<(LogRecord | undefined)[]>,
): Promise<{ records: LogRecord[]; unreadable: number }> {
  const first = !memory.knowsPulled;
  const fresh: LogRecord[] = [];
  const found: LogRecord[] = [];
  let unreadable = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const entries = await fetchPage(page, PAGE);
    const records = entries.filter((entry) => entry !== undefined);
    unreadable += entries.length - records.length;
    found.push(...records);
    const oldestFirst = (records[0]?.id ?? 0) < (records.at(-1)?.id ?? 0);
    const reachedKnown = records.some((record) => memory.knows(record));
    if (entries.length < PAGE || (!oldestFirst && (reachedKnown || first))) break;
  }
  // One odd record is one; a log of nothing else is something else.
  if (found.length === 0 && unreadable > 1) throw wrongShape('getUpsLogs');
  const inOrder = found
    .map((record, index) => ({ record, index }))
    .sort(
      (a, b) => (a.record.id ?? 0) - (b.record.id ?? 0) || compare(a.record, b.record) || b.index - a.index,
    );
  for (const { record } of inOrder) if (memory.admit(record) && !first) fresh.push(record);
  memory.pulled();
  return { records: fresh, unreadable };
}

function compare(a: LogRecord, b: LogRecord): number {
  const [left, right] = [a.localTime.replace('T', ' '), b.localTime.replace('T', ' ')];
  return left < right ? -1 : left > right ? 1 : 0;
}
