import type { Clock } from '../clock';
import type { DeviceError } from '../errors';
import type { Availability } from './availability';
import type { RecentErrors } from './recent-errors';
import type { RetryOptions } from './retries';

export interface PollerOptions<T> extends RetryOptions {
  /** One reading. The signal aborts when nobody wants the response any more. */
  fetch: (signal: AbortSignal) => Promise<T>;
  /** ms from the start of one reading to the start of the next; `Infinity` for a device that pushes: only when asked */
  interval: number;
  /** shortest time in ms between the starts of two readings, also of those asked for; default 1 s */
  minGap?: number;
  /** ms until the first reading at the most; the actual time is drawn, so that a thousand devices spread; default 1 s */
  spread?: number;
  /** Looks at a reading that arrived: a reason makes the device unavailable although it answers (stale values). */
  assess?: (data: T) => DeviceError | undefined;
  /** Each change of availability, before the listeners hear of it; for the log. */
  onAvailability?: (availability: Availability) => void;
  /** A fault in a listener or in `fetch` that is no `DeviceError`. */
  onUnexpected?: (error: unknown) => void;
  /** where failures are noted; default: a list of the poller's own */
  errors?: RecentErrors;
  clock?: Clock;
}

/** Counts and times for diagnostics. */
export interface PollStats {
  polls: number;
  failures: number;
  /** epoch ms */
  lastSuccess: number | null;
}
