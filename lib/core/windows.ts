import { cancelled, DeviceError, invalidInput } from './errors';
import { parseIsoText } from './time';

/**
 * Long time ranges from servers that give only so much at a time: a range is cut into windows, several are fetched
 * at once, and they are handed on in the order of time, with no more held in memory than are in flight.
 */

/** A half-open span of time, `start` included and `end` not, epoch ms. Neighbours share a border, never a moment. */
export interface TimeRange {
  start: number;
  end: number;
}

const EPOCH_MS = /^\d{12,15}$/;
/** Smaller numbers are epoch seconds by mistake: as milliseconds they would lie before 1973. */
const SMALLEST_EPOCH_MS = 1e11;
/** Later moments are a wrong unit (microseconds) or a typing error, and would make millions of windows. */
const LATEST = Date.UTC(2110, 0, 1);
/** What asks for more is a mistake, not a history: a century in windows of ten days is below it. */
const MAX_WINDOWS = 5000;

/**
 * A moment before the year 2110 as flows give it: epoch ms (a number, or a text of digits), a `Date`, or ISO 8601
 * text. Text without a zone is UTC, never the zone of the machine, which changes with where the flow runs.
 *
 * @returns epoch ms, or `null` for anything else (a day that does not exist, epoch seconds or microseconds)
 */
export function parseInstant(value: unknown): number | null {
  if (value instanceof Date) return parseInstant(value.getTime());
  if (typeof value === 'number') {
    return value >= SMALLEST_EPOCH_MS && value < LATEST ? Math.round(value) : null;
  }
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (EPOCH_MS.test(text)) return parseInstant(Number(text));
  const parsed = parseIsoText(text);
  return parsed !== null && parsed < LATEST ? parsed : null;
}

/**
 * A range as flows give it.
 *
 * @param start see `parseInstant`
 * @param end see `parseInstant`
 * @throws DeviceError INVALID_INPUT when either is no moment, or the start lies after the end
 */
export function parseRange(start: unknown, end: unknown): TimeRange {
  const range = { start: instant(start, 'start'), end: instant(end, 'end') };
  if (range.start > range.end) {
    throw invalidInput('The start lies after the end.', 'rangeReversed');
  }
  return range;
}

function instant(value: unknown, name: string): number {
  const parsed = parseInstant(value);
  if (parsed === null) {
    throw invalidInput(`"${name}" is neither ISO 8601 nor epoch milliseconds.`, 'timeInvalid', { name });
  }
  return parsed;
}

/** A range that was cut into windows, each made when it is asked for. */
export interface Windows {
  count: number;
  /** @param index from 0 to `count` - 1 */
  at: (index: number) => TimeRange;
}

/**
 * Cuts a range into windows of at most `longest` ms, in the order of time; only the last may be shorter. An empty
 * range has no window.
 *
 * @throws DeviceError INVALID_INPUT for a range that would need thousands of windows
 */
export function splitRange({ start, end }: TimeRange, longest: number): Windows {
  if (!(longest > 0)) throw new RangeError('a window has a length');
  const count = Math.max(0, Math.ceil((end - start) / longest));
  if (count > MAX_WINDOWS) {
    throw invalidInput(`The range needs more than ${MAX_WINDOWS} requests.`, 'rangeTooLong', {
      max: MAX_WINDOWS,
    });
  }
  const at = (index: number): TimeRange => {
    const from = start + index * longest;
    return { start: from, end: Math.min(from + longest, end) };
  };
  return { count, at };
}

export interface WindowOptions<T> {
  /** ms, the most that one request may ask for */
  longest: number;
  /** how many windows are fetched, or wait to be taken, at a time; default 4 */
  inFlight?: number;
  /**
   * Fetches one window, with whatever retries are safe. Has to give up when the signal aborts: the stream ends only
   * when nothing is in flight any more.
   */
  fetch: (window: TimeRange, signal: AbortSignal) => Promise<T>;
  /** After each window that has been fetched, in whatever order they arrive; also once at the start with 0. */
  onProgress?: (done: number, total: number) => void;
  /** Cancels the stream. Its reason, when that is a `DeviceError`, becomes the stream's error. */
  signal?: AbortSignal | undefined;
}

/** One window with what was fetched for it. */
export interface FetchedWindow<T> {
  window: TimeRange;
  /** counts from 0 */
  index: number;
  total: number;
  data: T;
}

/**
 * Fetches a range window by window and yields them in the order of time. A window is fetched only when fewer than
 * `inFlight` are under way or wait to be taken, so a slow reader slows the requests down and memory stays bounded.
 *
 * The first window that fails ends the stream with its error, after the windows before it; leaving the loop early
 * cancels what is in flight.
 *
 * @throws what `fetch` throws; DeviceError INVALID_INPUT for a range that is too long, before anything is fetched;
 *   CANCELLED when the signal aborts
 */
export async function* streamWindows<T>(
  range: TimeRange,
  options: WindowOptions<T>,
): AsyncGenerator<FetchedWindow<T>, void, void> {
  const { fetch, onProgress, signal } = options;
  const inFlight = Math.max(1, Math.floor(options.inFlight ?? 4));
  const windows = splitRange(range, options.longest);
  const total = windows.count;
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  const queue: { window: TimeRange; index: number; work: Promise<T> }[] = [];
  let begun = 0;
  let done = 0;

  const begin = (window: TimeRange): void => {
    const work = fetch(window, abort.signal).then((data) => {
      done++;
      if (!abort.signal.aborted) onProgress?.(done, total);
      return data;
    });
    // A failure behind the window that is waited for is seen when its turn comes.
    work.catch(() => undefined);
    queue.push({ window, index: begun++, work });
  };
  const fill = (): void => {
    while (begun < total && queue.length < inFlight) begin(windows.at(begun));
  };

  if (signal?.aborted) throw reasonOf(signal);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    onProgress?.(0, total);
    fill();
    for (let head = queue[0]; head; head = queue[0]) {
      const { window, index, work } = head;
      let data: T;
      try {
        data = await work;
      } catch (error) {
        throw signal?.aborted ? reasonOf(signal) : error;
      }
      if (signal?.aborted) throw reasonOf(signal);
      yield { window, index, total, data };
      if (signal?.aborted) throw reasonOf(signal);
      queue.shift();
      fill();
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
    await Promise.allSettled(queue.map(({ work }) => work));
  }
}

/** Why a signal aborted, as an error that may be shown. */
function reasonOf(signal: AbortSignal): DeviceError {
  const reason: unknown = signal.reason;
  return reason instanceof DeviceError ? reason : cancelled();
}
