import { type Clock, systemClock } from './clock';
import { DeviceError } from './errors';

/** ms that a call over several requests may take as a whole */
export const LONGEST_CALL = 10 * 60_000;

export interface BudgetOptions {
  /** bytes of all responses together */
  bytes: number;
  /** ms from now for the whole; default ten minutes */
  ms?: number;
  clock?: Clock;
}

/**
 * What a call over several requests may cost as a whole. A limit for each request alone does not bound a list that
 * always has another page.
 */
export class Budget {
  private left: number;
  private readonly end: number;
  private readonly clock: Clock;

  constructor(private readonly options: BudgetOptions) {
    this.clock = options.clock ?? systemClock;
    this.left = options.bytes;
    this.end = this.clock.monotonic() + (options.ms ?? LONGEST_CALL);
  }

  /** ms until the deadline, 0 when it is over. */
  get msLeft(): number {
    return Math.max(0, this.end - this.clock.monotonic());
  }

  /**
   * Counts bytes of a response.
   *
   * @throws DeviceError BAD_RESPONSE `tooMuch` when they are more than what is left; TIMEOUT when the time is over
   */
  take(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw tooMuch(this.options.bytes, 'bytes');
    this.check();
  }

  /** @throws DeviceError TIMEOUT when the time is over */
  check(): void {
    if (this.msLeft > 0) return;
    const seconds = (this.options.ms ?? LONGEST_CALL) / 1000;
    throw new DeviceError('TIMEOUT', `No complete answer within ${seconds} s.`, {
      sent: true,
      params: { seconds },
    });
  }
}

/**
 * The error for a response that holds more than any vendor sends, or than one message can carry.
 *
 * @param max the limit
 * @param what of: bytes, rows, columns, entries, values
 */
export function tooMuch(max: number, what: string): DeviceError {
  return new DeviceError('BAD_RESPONSE', `The answer holds more than ${max} ${what}.`, {
    reason: 'tooMuch',
    sent: true,
    params: { max, what },
  });
}

/**
 * A list no longer than `max`.
 *
 * @throws DeviceError BAD_RESPONSE `tooMuch`
 */
export function bounded<T>(list: readonly T[], max: number, what: string): readonly T[] {
  if (list.length > max) throw tooMuch(max, what);
  return list;
}
