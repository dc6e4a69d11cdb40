import { DeviceError } from './errors';
import type { TimeRange } from './windows';

/**
 * Servers that give only so many rows of a window, and do not say so: finding out, and asking for the rest.
 *
 * What gives such a window away is an edge far from all rows. A device that was off leaves one too, and only the server
 * knows which it is: the rest is asked for, and nothing new in it means that nothing is missing.
 */

/** Fewer rows have no usual distance. */
const FEWEST = 5;
/** A full page of rows all in one second cannot be asked for in smaller windows. */
const FULL_PAGE = 50;
/** Requests for one window. More pages than this are no window's. */
const MAX_PAGES = 500;
/** Some servers cut times down to seconds, so a smaller window ends a second after what is known. */
const SECOND = 1000;

/** How many rows a window has, and between which times. */
export class Coverage {
  count = 0;
  first = Infinity;
  last = -Infinity;

  /** @param time epoch ms; rows may come in any order */
  add(time: number): void {
    this.count++;
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
  }
}

/** Limits that people give servers: 50, 100, 1000, 1024, 10,000. */
function isRound(count: number): boolean {
  return count % 50 === 0 || Number.isInteger(Math.log2(count));
}

/**
 * The parts of a window that hold no row although the distance of the others lets expect some.
 *
 * @param window its end not after the present
 * @param full the count is the most that this server gives: whatever the distance, a part may be missing
 */
export function missingIn(window: TimeRange, { count, first, last }: Coverage, full = false): TimeRange[] {
  if (count < FEWEST) return [];
  const usual = (last - first) / (count - 1);
  const far = full ? 0 : Math.max(usual * (isRound(count) ? 2 : 4), SECOND);
  const edges = [
    { start: window.start, end: Math.min(first + SECOND, window.end), gap: first - window.start },
    { start: last, end: window.end, gap: window.end - last },
  ];
  return edges.filter(({ gap }) => gap > far).map(({ start, end }) => ({ start, end }));
}

export interface WholeWindow<T> {
  /** Fetches the rows of a window, all or only a part. */
  fetch: (window: TimeRange) => Promise<readonly T[]>;
  /** epoch ms; `null` for a row without a time */
  timeOf: (row: T) => number | null;
  /** What tells one row from another. */
  identityOf: (row: T) => string;
  /** the present, epoch ms: rows after it are not missing */
  now: number;
  /** Counts that turned out to be the most that the server gives. Windows of one history share it. */
  limits?: Set<number>;
}

/**
 * Fetches a window, and what the server kept back of it in smaller windows.
 *
 * @returns each row once, in the order of arrival; rows outside of the window are left out, those without a time are not
 * @throws what `fetch` throws; DeviceError BAD_RESPONSE `historyCapped` when the rest cannot be had
 */
export async function fetchWhole<T>(window: TimeRange, options: WholeWindow<T>): Promise<T[]> {
  const { fetch, timeOf, identityOf, limits = new Set<number>() } = options;
  const found = new Map<string, T>();
  let pages = 0;

  const ask = async (range: TimeRange, before?: number): Promise<void> => {
    if (++pages > MAX_PAGES) throw historyCapped();
    const coverage = new Coverage();
    const known = found.size;
    for (const row of await fetch(range)) {
      const time = timeOf(row);
      if (time !== null && !(time >= window.start && time < window.end)) continue;
      if (time !== null && time >= range.start && time < range.end) coverage.add(time);
      const identity = identityOf(row);
      if (!found.has(identity)) found.set(identity, row);
    }
    const { count } = coverage;
    if (before !== undefined && found.size > known) limits.add(before);
    if (found.size === known) {
      if (count === before && count >= FULL_PAGE && isRound(count)) throw historyCapped();
      return;
    }
    // Only the distance is measured up to the present: our clock may be wrong, so no request ends there.
    const end = Math.min(range.end, Math.max(options.now, coverage.last + 1));
    for (const part of missingIn({ start: range.start, end }, coverage, limits.has(count))) {
      await ask(part.end === end ? { ...part, end: range.end } : part, count);
    }
  };
  await ask(window);
  return [...found.values()];
}

function historyCapped(): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    'The server gives only a part of the history, and not the rest of it. Ask for a shorter range.',
    { reason: 'historyCapped', sent: true },
  );
}
