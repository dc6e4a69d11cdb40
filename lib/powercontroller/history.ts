import { Budget } from '../core/budget';
import { fetchWhole } from '../core/capped';
import { type Clock, systemClock } from '../core/clock';
import { DeviceError } from '../core/errors';
import { type FetchedWindow, streamWindows, type TimeRange } from '../core/windows';
import type { PowercontrollerClient } from './client';
import { identityOf, inOrder, type StatusResponse, timeOf } from './status';

/** The longest range that one request may ask for. */
const LONGEST_WINDOW = 10 * 86_400_000;

/** Further tries of each window: one that fails for good throws away all that was fetched before. */
const RETRIES = 5;
/** A window that is too much for one response is asked for in halves, down to this many ms. */
const SHORTEST_WINDOW = 60_000;
/** bytes of a whole history: ten years of statuses five minutes apart */
const MAX_BYTES = 512 * 1024 * 1024;

type Reader = Pick<PowercontrollerClient, 'statuses'>;

export interface HistoryOptions {
  /** windows in flight at a time; default 4 */
  inFlight?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal | undefined;
  /** ms, the longest `Retry-After` of a window that is waited for; default 10 s */
  longestWait?: number;
  clock?: Clock;
}

/**
 * A controller's statuses of any range, window by window, in the order of time and each once. A status belongs to
 * the window that its time lies in, so one that the server gives on both sides of an edge comes once; one without a time
 * belongs to the first window that it came with. What the server keeps back of a window, because it gives only so many
 * at a time, is asked for in smaller ones.
 *
 * @throws what `client.statuses` throws; DeviceError TIMEOUT when the whole takes more than ten minutes, BAD_RESPONSE
 *   `tooMuch` when it is more than 512 MB, `historyCapped` when a part of it cannot be had
 */
export async function* history(
  client: Reader,
  device: string,
  range: TimeRange,
  options: HistoryOptions = {},
): AsyncGenerator<FetchedWindow<StatusResponse[]>, void, void> {
  const { longestWait, clock = systemClock, ...stream } = options;
  const budget = new Budget({ bytes: MAX_BYTES, clock });
  const limits = new Set<number>();
  const timeless = new Set<string>();
  const isFirst = (response: StatusResponse): boolean => {
    if (response.status.timestamp !== null) return true;
    const identity = identityOf(response);
    if (timeless.has(identity)) return false;
    timeless.add(identity);
    return true;
  };
  const windows = streamWindows(range, {
    ...stream,
    longest: LONGEST_WINDOW,
    fetch: async (window, signal) => {
      const ask = (part: TimeRange): Promise<StatusResponse[]> =>
        client.statuses({ device, ...part, retries: RETRIES, longestWait, budget }, signal);
      const found = await fetchWhole(window, {
        fetch: (part) => inParts(part, ask),
        timeOf,
        identityOf,
        now: clock.now(),
        limits,
      });
      return inOrder(found);
    },
  });
  for await (const window of windows) {
    budget.check();
    yield { ...window, data: window.data.filter(isFirst) };
  }
}

/** Fetches a window, in halves where a response would be longer than what is parsed as a whole. */
async function inParts(
  window: TimeRange,
  ask: (part: TimeRange) => Promise<StatusResponse[]>,
): Promise<StatusResponse[]> {
  try {
    return await ask(window);
  } catch (thrown) {
    const { start, end } = window;
    if (!isTooMuch(thrown) || end - start < 2 * SHORTEST_WINDOW) throw thrown;
    const middle = Math.floor((start + end) / 2);
    const first = await inParts({ start, end: middle }, ask);
    return [...first, ...(await inParts({ start: middle, end }, ask))];
  }
}

/** Whether one response was too much. When the whole history is, in bytes, no smaller window makes it less. */
function isTooMuch(thrown: unknown): boolean {
  if (!(thrown instanceof DeviceError)) return false;
  return thrown.reason === 'tooLong' || (thrown.reason === 'tooMuch' && thrown.params.what !== 'bytes');
}

/** The whole history as one list. */
export async function wholeHistory(
  client: Reader,
  device: string,
  range: TimeRange,
  options: HistoryOptions = {},
): Promise<StatusResponse[]> {
  const all: StatusResponse[] = [];
  for await (const { data } of history(client, device, range, options))
    for (const item of data) all.push(item);
  return all;
}
