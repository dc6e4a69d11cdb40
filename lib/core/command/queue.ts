import { Aging } from '../poll/age';
import { type Clock, delay, systemClock } from '../clock';
import { cancelled, DeviceError } from '../errors';

/** ms that a command waits for others at the most: one for each port of a UPS, or one confirmation and a bit */
export const LONGEST_TURN = 5 * 60_000;

export interface QueueOptions {
  /** how many tasks may wait; one more is refused; default 50 */
  limit?: number;
  /** ms that a task may wait for its turn; later it is refused, because an old command is worse than none */
  maxWait?: number;
  clock?: Clock;
}

/** What a command wants of something that is in one state at a time, such as a relay. */
export interface Goal {
  about: string;
  wanted: string;
}

export interface TurnOptions {
  goal?: Goal | undefined;
  /** its caller gives up: a task that waits leaves the queue, one that runs is its own to end */
  signal?: AbortSignal | undefined;
}

interface Waiting {
  goal: Goal | undefined;
  /** @param refusal why it does not run; missing: it is its turn */
  settle: (refusal?: DeviceError) => void;
}

/**
 * Runs one task at a time, in the order of arrival. A task's failure does not disturb the next one.
 *
 * A task with a goal takes the place of those that wait with another goal about the same thing: the newest one is what
 * the user wants, and the others would only be carried out to be undone.
 */
export class SerialQueue {
  private waiting: Waiting[] = [];
  private busy = false;
  private closed = false;
  private readonly limit: number;
  private readonly aging: Aging;

  constructor(private readonly options: QueueOptions = {}) {
    this.limit = options.limit ?? 50;
    this.aging = new Aging(options.clock ?? systemClock);
  }

  /** Tasks that wait for their turn. */
  get length(): number {
    return this.waiting.length;
  }

  /**
   * @returns what the task returns
   * @throws DeviceError BUSY when too many wait, or the task waited too long; CANCELLED when a newer goal took
   *   its place, its caller gave up or the queue closed before its turn. In all of these cases the task was not begun.
   */
  async run<T>(task: () => Promise<T>, options: TurnOptions = {}): Promise<T> {
    await this.turn(options);
    try {
      return await task();
    } finally {
      this.next();
    }
  }

  /** Tasks that still wait fail with CANCELLED; the running one is its caller's to cancel. */
  close(): void {
    this.closed = true;
    for (const { settle } of this.waiting.splice(0)) settle(cancelled(false));
  }

  private async turn({ goal, signal }: TurnOptions): Promise<void> {
    if (this.closed || signal?.aborted) throw cancelled(false);
    if (!this.busy) {
      this.busy = true;
      return;
    }
    if (goal) this.supersede(goal);
    if (this.waiting.length >= this.limit) {
      throw new DeviceError('BUSY', `More than ${this.limit} others wait for their turn already.`, {
        reason: 'queueFull',
        sent: false,
        params: { limit: this.limit },
      });
    }
    const since = this.aging.now();
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.waiting = this.waiting.filter((one) => one !== waiting);
        reject(cancelled(false));
      };
      const waiting: Waiting = {
        goal,
        settle: (refusal) => {
          signal?.removeEventListener('abort', leave);
          if (refusal) reject(refusal);
          else resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.push(waiting);
    });
    // Closed between being called and beginning.
    if (this.isClosed()) throw cancelled(false);
    if (signal?.aborted) {
      this.next();
      throw cancelled(false);
    }
    const { maxWait = Infinity } = this.options;
    if (this.aging.now() - since <= maxWait) return;
    this.next();
    const seconds = Math.round(maxWait / 1000);
    throw new DeviceError('BUSY', `The command waited more than ${seconds} s for others, and was not sent.`, {
      reason: 'waitedTooLong',
      sent: false,
      params: { seconds },
    });
  }

  private isClosed(): boolean {
    return this.closed;
  }

  /** Hands the turn on. */
  private next(): void {
    const first = this.waiting.shift();
    if (first) first.settle();
    else this.busy = false;
  }

  private supersede({ about, wanted }: Goal): void {
    const isOld = ({ goal }: Waiting): boolean => goal?.about === about && goal.wanted !== wanted;
    const old = this.waiting.filter(isOld);
    this.waiting = this.waiting.filter((one) => !isOld(one));
    for (const { settle } of old) {
      settle(
        new DeviceError('CANCELLED', 'A newer command took the place of this one, which was not sent.', {
          reason: 'superseded',
          sent: false,
        }),
      );
    }
  }
}

/** A queue for each device, kept while it has tasks. */
export class DeviceQueues {
  private readonly queues = new Map<string, { queue: SerialQueue; users: number }>();
  private closed = false;

  constructor(private readonly options: QueueOptions = {}) {}

  /** As `SerialQueue.run`, beside the tasks of other devices. */
  async run<T>(device: string, task: () => Promise<T>, options?: TurnOptions): Promise<T> {
    if (this.closed) throw cancelled(false);
    const entry = this.queues.get(device) ?? { queue: new SerialQueue(this.options), users: 0 };
    this.queues.set(device, entry);
    entry.users++;
    try {
      return await entry.queue.run(task, options);
    } finally {
      entry.users--;
      if (entry.users === 0) this.queues.delete(device);
    }
  }

  /** Tasks that still wait fail with CANCELLED. */
  close(): void {
    this.closed = true;
    for (const { queue } of this.queues.values()) queue.close();
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
    if (this.closing.signal.aborted) return Promise.reject(cancelled(false));
    return new Promise((resolve) => {
      this.next?.settle(Promise.resolve({ superseded: true }));
      this.next = { value, settle: resolve };
      if (!this.running) void this.drain();
    });
  }

  /** A value that still waits fails with CANCELLED. */
  close(): void {
    this.closing.abort();
    this.next?.settle(Promise.reject(cancelled(false)));
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
