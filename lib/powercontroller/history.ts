import { type FetchedWindow, streamWindows, type TimeRange } from '../core/windows';
import type { PowercontrollerClient } from './client';
import { inOrder, type StatusAnswer } from './status';

/** The longest range that one request may ask for. */
export const LONGEST_WINDOW = 10 * 86_400_000;

/** Further tries of each window: one that fails for good throws away all that was fetched before. */
const RETRIES = 5;

export interface HistoryOptions {
  /** windows in flight at a time; default 4 */
  inFlight?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal | undefined;
  /** ms, the longest `Retry-After` of a window that is waited for; default 10 s */
  longestWait?: number;
}

/**
 * A controller's statuses of any range, window by window, in the order of time and each once. A status belongs to
 * the window that its time lies in, so one that the server gives on both sides of an edge comes once.
 */
export function history(
  client: Pick<PowercontrollerClient, 'statuses'>,
  device: string,
  range: TimeRange,
  options: HistoryOptions = {},
): AsyncGenerator<FetchedWindow<StatusAnswer[]>, void, void> {
  return streamWindows(range, {
    ...options,
    longest: LONGEST_WINDOW,
    fetch: async (window, signal) => {
      const { longestWait } = options;
      const found = await client.statuses({ device, ...window, retries: RETRIES, longestWait }, signal);
      return inOrder(found.filter(({ status }) => within(window, status.timestamp)));
    },
  });
}

/** A status without a time stays in the window that it came with. */
function within({ start, end }: TimeRange, timestamp: string | null): boolean {
  const time = timestamp === null ? start : Date.parse(timestamp);
  return time >= start && time < end;
}

/** The whole history as one list. */
export async function wholeHistory(
  client: Pick<PowercontrollerClient, 'statuses'>,
  device: string,
  range: TimeRange,
  options: HistoryOptions = {},
): Promise<StatusAnswer[]> {
  const all: StatusAnswer[] = [];
  for await (const { data } of history(client, device, range, options))
    for (const item of data) all.push(item);
  return all;
}
