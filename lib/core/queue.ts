import { type Clock, delay, systemClock } from './clock';
import { cancelled, DeviceError } from './errors';

/**
 * Runs one task at a time, in the order of arrival. A task's failure does not disturb the next one.
 */
export class SerialQueue {
  private readonly waiting: (() => void)[] = [];
  private busy = false;
  private closed = false;

  /** @param limit how many tasks may wait; one more is refused */
  constructor(private readonly limit = 50) {}

  /** Tasks that wait for their turn. */
  get length(): number {
    return this.waiting.length;
  }

  /**
   * @returns what the task returns
   * @throws DeviceError RATE_LIMITED when too many wait, CANCELLED when the queue closes before the task's turn
   */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.turn();
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.busy = false;
    }
  }

  /** Tasks that still wait fail with CANCELLED; the running one is its caller's to cancel. */
  close(): void {
    this.closed = true;
    for (const next of this.waiting.splice(0)) next();
  }

  private async turn(): Promise<void> {
    if (this.closed) throw cancelled();
    if (!this.busy) {
      this.busy = true;
      return;
    }
    if (this.waiting.length >= this.limit) {
      throw new DeviceError('RATE_LIMITED', `More than ${this.limit} commands wait for this device.`, {
        reason: 'queueFull',
        params: { limit: this.limit },
      });
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    // Set by `close` while this task waited.
    if (this.isClosed()) throw cancelled();
  }

  private isClosed(): boolean {
    return this.closed;
  }
}

/** What became of a value given to a `LatestQueue`. */
export type LatestOutcome<R> = { superseded: false; result: R } | { superseded: true };

export interface LatestOptions {
  /** ms before the next value may be sent, asked for when one waits; what arrives meanwhile takes its place */
  pause?: () => number;
  clock?: Clock;
}

/**
 * A feed in which only the newest value counts: one send at a time, and of the values that arrive meanwhile only
 * the last one is sent after it. There is never a queue of old values.
 */
export class LatestQueue<T, R> {
  private next: { value: T; settle: (outcome: Promise<LatestOutcome<R>>) => void } | undefined;
  private running = false;
  private readonly closing = new AbortController();

  constructor(
    private readonly send: (value: T) => Promise<R>,
    private readonly options: LatestOptions = {},
  ) {}

  /**
   * @returns the result of sending, or `superseded` when a newer value took its place before it was sent
   * @throws what `send` throws; DeviceError CANCELLED once closed
   */
  push(value: T): Promise<LatestOutcome<R>> {
    if (this.closing.signal.aborted) return Promise.reject(cancelled());
    return new Promise((resolve) => {
      this.next?.settle(Promise.resolve({ superseded: true }));
      this.next = { value, settle: resolve };
      if (!this.running) void this.drain();
    });
  }

  /** A value that still waits fails with CANCELLED. */
  close(): void {
    this.closing.abort();
    this.next?.settle(Promise.reject(cancelled()));
    this.next = undefined;
  }

  private async drain(): Promise<void> {
    this.running = true;
    for (let item = this.next; item; item = this.next) {
      const wait = this.options.pause?.() ?? 0;
      if (wait > 0) {
        await delay(this.options.clock ?? systemClock, wait, this.closing.signal);
        continue;
      }
      this.next = undefined;
      const { value, settle } = item;
      const outcome = this.sendOne(value);
      settle(outcome);
      await outcome.catch(() => undefined);
    }
    this.running = false;
  }

  /** Asynchronous as a whole, so that a `send` that throws at once rejects like any other. */
  private async sendOne(value: T): Promise<LatestOutcome<R>> {
    return { superseded: false, result: await this.send(value) };
  }
}
