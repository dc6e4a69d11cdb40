import { wrongShape } from './response';
import { type FetchPage, orderIn, Pages, readableOf, sortTime } from './log-pages';
import type { LogRecord } from './log-record';
import type { Gap, LogMemory } from './log-memory';

export interface PulledLogs {
  /** oldest first */
  records: LogRecord[];
  /** how many records could not be read */
  unreadable: number;
  /** there are more new ones than can be told from those that were known long ago */
  incomplete: boolean;
}

/** The log as one reading found it, from the newest end on. */
interface Found {
  /** newest first */
  records: LogRecord[];
  /** the numbers have begun anew */
  anew: boolean;
}

/**
 * Pulls the records that are new since the last time, each once. The first pull ever only takes note: what happened
 * before this package was installed is no news.
 *
 * The order of the log is not documented, nor whether a page is full, so both are found out: a log ends with an empty
 * page, and is read from its newest end to the first known record, wherever that end is. One reading makes at most 20
 * requests; what it leaves is read with the next one.
 *
 * @throws DeviceError BAD_RESPONSE when none of several records can be read
 */
export async function pullNewLogs(memory: LogMemory, fetchPage: FetchPage): Promise<PulledLogs> {
  const pages = new Pages(fetchPage);
  const newestFirst = memory.newestFirst === false && memory.cursor ? false : await findOrder(memory, pages);
  const records = newestFirst ? await fromTheNewest(memory, pages) : await fromTheOldest(memory, pages);
  // One odd record is one; a log of nothing else is something else.
  if (pages.readable === 0 && pages.unreadable > 1) throw wrongShape('getUpsLogs');
  const { unreadable, incomplete } = pages;
  return { records, unreadable, incomplete };
}

/** Looks at the beginning of the log. A log of one record has either order. */
async function findOrder(memory: LogMemory, pages: Pages): Promise<boolean> {
  const entries = (await pages.get(0))?.entries ?? [];
  const first = readableOf(entries);
  let order = orderIn(first);
  if (order === null && memory.newestFirst === null && entries.length > 0) {
    const next = await pages.get(1);
    order = !next || next.repeated ? null : orderIn([...first, ...readableOf(next.entries)]);
  }
  if (order !== null) memory.newestFirst = order;
  return memory.newestFirst ?? true;
}

/** Takes what was found into the memory. @returns what of it is news, oldest first */
function admitted(memory: LogMemory, { records, anew }: Found): LogRecord[] {
  const first = !memory.knowsPulled;
  const ordered = records.map((record, index) => ({ record, index }));
  ordered.sort(
    (a, b) =>
      (anew ? 0 : (a.record.id ?? 0) - (b.record.id ?? 0) || sortTime(a.record) - sortTime(b.record)) ||
      b.index - a.index,
  );
  const fresh = ordered.flatMap(({ record }) => (memory.admit(record, !anew) && !first ? record : []));
  if (anew) memory.countFrom(records.find(({ id }) => id !== null)?.id ?? null);
  return fresh;
}

/** Looks for signs in a page that the numbers have begun anew, and tells the memory. */
function noticeReset(memory: LogMemory, page: LogRecord[], newest: LogRecord | undefined): boolean {
  const { highestId } = memory;
  if (highestId === null) return false;
  const fallen = newest !== undefined && newest.id !== null && newest.id < highestId;
  if (!fallen && !page.some((record) => memory.contradicts(record))) return false;
  memory.beginAnew();
  return true;
}

/** Reads a log that has its newest record first. */
async function fromTheNewest(memory: LogMemory, pages: Pages): Promise<LogRecord[]> {
  const first = !memory.knowsPulled;
  const known = memory.highestId;
  const found: Found = { records: [], anew: false };
  let reached = false;
  let page = 0;
  for (; !reached; page++) {
    const got = await pages.get(page);
    if (!got) break;
    const { entries, repeated } = got;
    reached = entries.length === 0 || (repeated && (await pages.beginsTheSame()));
    if (repeated) continue;
    const records = readableOf(entries);
    const newest = found.records.length === 0 ? records[0] : undefined;
    if (noticeReset(memory, records, newest)) found.anew = true;
    reached ||= first || records.some((record) => memory.knows(record));
    found.records.push(...records);
  }
  const fresh = admitted(memory, found);
  if (reached) {
    for (const gap of [...memory.gaps].reverse()) fresh.unshift(...(await fillGap(memory, gap, pages)));
  } else {
    const ids = fresh.flatMap(({ id }) => id ?? []);
    // Without numbers, or where they have begun anew, nothing tells the rest from what was known long ago.
    const canGoOn = !found.anew && known !== null && ids.length > 0;
    const gap = canGoOn && { low: known, high: Math.min(...ids), page: Math.max(0, page - 1) };
    pages.incomplete = !gap || !memory.leaveGap(gap);
  }
  memory.pulled();
  return fresh;
}

/** Reads on where an earlier reading had to end. What the head of the log has brought must not be lost to a failure here. */
async function fillGap(memory: LogMemory, gap: Gap, pages: Pages): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  let { page } = gap;
  let closed = false;
  try {
    for (; !closed; page++) {
      const got = await pages.get(page);
      if (!got) break;
      const { entries, repeated } = got;
      const readable = readableOf(entries);
      closed = entries.length === 0 || readable.some(({ id }) => id !== null && id <= gap.low);
      closed ||= repeated && (await pages.beginsTheSame());
      records.push(...readable.filter(({ id }) => id !== null && id > gap.low && id < gap.high));
    }
  } catch {
    // The next reading tries again.
  }
  const fresh = admitted(memory, { records, anew: false });
  memory.gaps = memory.gaps.filter((one) => one !== gap);
  if (closed) return fresh;
  const high = Math.min(gap.high, ...fresh.flatMap(({ id }) => id ?? []));
  memory.gaps.unshift({ ...gap, high, page: Math.max(gap.page, page - 1) });
  return fresh;
}

/** Reads a log that has its oldest record first: on from the page of the newest known one. */
async function fromTheOldest(memory: LogMemory, pages: Pages): Promise<LogRecord[]> {
  if (!memory.knowsPulled) {
    const last = await findEnd(memory, pages);
    if (last === undefined) return [];
    const entries = (await pages.get(last))?.entries;
    if (!entries) {
      memory.cursor = { page: last, search: { there: last, beyond: last + 1 } };
      return [];
    }
    admitted(memory, { records: readableOf(entries).reverse(), anew: false });
    memory.cursor = { page: last };
    memory.pulled();
    return [];
  }
  let start = memory.cursor && !memory.cursor.search ? memory.cursor.page : undefined;
  if (start !== undefined) {
    const entries = (await pages.get(start))?.entries ?? [];
    if (orderIn(readableOf(entries)) === true) {
      // The server has come to put the newest first.
      memory.newestFirst = true;
      memory.cursor = null;
      return fromTheNewest(memory, pages);
    }
    if (entries.length === 0) start = undefined;
  }
  start ??= await findEnd(memory, pages);
  if (start === undefined) return [];
  const known = await backToKnown(memory, pages, start);
  return known ? readOn(memory, pages, known) : [];
}

/** Where to read on in a log that has its oldest record first. */
interface Start {
  page: number;
  anew: boolean;
}

/** Goes back to the page that holds a known record: pages move when a server throws old records away. */
async function backToKnown(memory: LogMemory, pages: Pages, from: number): Promise<Start | undefined> {
  let anew = false;
  for (let page = from; ; page--) {
    const got = await pages.get(page);
    if (!got) return undefined;
    const { entries, repeated } = got;
    if (repeated) {
      // Behind its end the server shows the last page again, and the log has become far shorter.
      // Nothing is searched for behind its first page: what is known as another one is that page as well.
      memory.cursor = page === 0 ? { page } : { page, search: { there: 0, beyond: page } };
      const end = page === 0 ? page : await findEnd(memory, pages);
      pages.forget();
      return end === undefined ? undefined : backToKnown(memory, pages, end);
    }
    const records = readableOf(entries);
    anew = noticeReset(memory, records, page === from ? records.at(-1) : undefined) || anew;
    if (page === 0 || records.some((record) => memory.knows(record))) return { page, anew };
    // Not finished: the next reading goes on from here, whatever ends this one.
    memory.cursor = { page: page - 1 };
  }
}

async function readOn(memory: LogMemory, pages: Pages, start: Start): Promise<LogRecord[]> {
  const found: Found = { records: [], anew: start.anew };
  let last = start.page;
  for (let { page } = start; ; page++) {
    const got = await pages.get(page);
    if (!got || got.entries.length === 0 || got.repeated) break;
    last = page;
    found.records.unshift(...readableOf(got.entries).reverse());
  }
  found.anew = noticeReset(memory, found.records, found.records[0]) || found.anew;
  memory.cursor = { page: last };
  return admitted(memory, found);
}

/**
 * The last page of a log that has its oldest record first, by doubling and halving.
 *
 * @returns `undefined` when the reading ends before it is found; the next one goes on
 */
async function findEnd(memory: LogMemory, pages: Pages): Promise<number | undefined> {
  const from = memory.cursor;
  // A search that a restart has ended leaves a page that was there; a page that was read and is gone is beyond the end.
  let { there, beyond } = from?.search ?? {
    there: 0,
    beyond: memory.knowsPulled ? (from?.page ?? null) : null,
  };
  if (beyond === 0) beyond = null;
  while (beyond === null || beyond - there > 1) {
    const page = beyond === null ? Math.max(1, there * 4) : Math.floor((there + beyond) / 2);
    const got = await pages.get(page);
    if (!got) {
      memory.cursor = { page: there, search: { there, beyond } };
      return undefined;
    }
    if (got.entries.length === 0 || got.repeated) beyond = page;
    else there = page;
  }
  memory.cursor = { page: there };
  return there;
}
