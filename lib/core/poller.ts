import { Aging } from './age';
import { type Availability, AvailabilityTracker } from './availability';
import { BackOff } from './back-off';
import { type Clock, systemClock } from './clock';
import { cancelled, DeviceError, toDeviceError } from './errors';
import { isRefusal, slowBackOff } from './refusal';
import { isOwnCertificate } from './tls-errors';

export interface PollerOptions<T> {
  /** One reading. The signal aborts when nobody wants the answer any more. */
  fetch: (signal: AbortSignal) => Promise<T>;
  /** ms from the start of one reading to the start of the next; `Infinity` for a device that pushes: only when asked */
  interval: number;
  /** shortest time in ms between the starts of two readings, also of those asked for; default 1 s */
  minGap?: number;
  /** ms until the first reading at the most; the actual time is drawn, so that a thousand devices spread; default 1 s */
  spread?: number;
  /** longest wait in ms between tries while failing; default a minute, or the interval where that is longer */
  maxBackOff?: number;
  /** Looks at a reading that arrived: a reason makes the device unavailable although it answers (stale values). */
  assess?: (data: T) => DeviceError | undefined;
  /** Each change of availability, before the listeners hear of it; for the log. */
  onAvailability?: (availability: Availability) => void;
  /** A fault in a listener or in `fetch` that is no `DeviceError`. */
  onUnexpected?: (error: unknown) => void;
  clock?: Clock;
}

export interface PollListener<T> {
  /** A reading that this listener did not ask for itself. */
  onData?: (data: T) => void;
  /** On each change. What is known already when subscribing is in `availability`. */
  onAvailability?: (availability: Availability) => void;
}

export interface Subscription<T> {
  /**
   * Reads now, or right after the reading in flight; any number of callers share that one more reading. The result
   * goes to the callers, and to the listeners that did not ask.
   */
  refresh: () => Promise<T>;
  close: () => void;
}

/** Counts and times for diagnostics. */
export interface PollStats {
  polls: number;
  failures: number;
  /** epoch ms */
  lastSuccess: number | null;
  recentErrors: { time: string; code: string; message: string }[];
}

interface Subscriber<T> {
  listener: PollListener<T>;
}

interface Wish<T> {
  subscriber: Subscriber<T>;
  resolve: (data: T) => void;
  reject: (error: DeviceError) => void;
}

const MAX_RECENT_ERRORS = 10;
/** callers that wait for one reading: messages that come faster than a slow device answers must not fill the memory */
const MOST_WISHES = 1000;
/** ms at the most until a poller with a long interval notices that the host has slept */
const LOOK_AT_CLOCKS = 5 * 60_000;
/** ms between tries with a certificate of our own that is of no use: a wrong clock or the other side may yet be corrected */
const CERTIFICATE_RETRY = 15 * 60_000;

/**
 * Reads one device at an interval, however many listen, and only while somebody listens. The next reading is planned
 * when the last one has ended, so readings never overlap. Failures keep the last data, back off with jitter and
 * honour Retry-After.
 */
export class Poller<T> {
  private readonly clock: Clock;
  private readonly aging: Aging;
  private readonly subscribers = new Set<Subscriber<T>>();
  private readonly tracker = new AvailabilityTracker();
  private wishes: Wish<T>[] = [];
  private flight: { abort: AbortController; ended: Promise<void> } | undefined;
  private cancelTimer: (() => void) | undefined;
  private lastStart = -Infinity;
  private readonly backOff: BackOff;
  private readonly slow: BackOff;
  private closed = false;
  private last: T | undefined;
  private banned: { until: number; error: DeviceError } | undefined;
  readonly stats: PollStats = { polls: 0, failures: 0, lastSuccess: null, recentErrors: [] };

  constructor(private readonly options: PollerOptions<T>) {
    this.clock = options.clock ?? systemClock;
    this.aging = new Aging(this.clock);
    const { interval, maxBackOff = 60_000 } = options;
    this.backOff = new BackOff({ base: interval, cap: Math.max(maxBackOff, interval) }, this.clock);
    this.slow = slowBackOff(this.clock);
  }

  /** The last good reading, kept through outages. */
  get data(): T | undefined {
    return this.last;
  }

  get availability(): Availability | undefined {
    return this.tracker.current;
  }

  /** Starts the readings with the first listener. */
  subscribe(listener: PollListener<T>): Subscription<T> {
    if (this.closed) throw cancelled();
    const subscriber: Subscriber<T> = { listener };
    this.subscribers.add(subscriber);
    if (this.subscribers.size === 1 && !this.flight && Number.isFinite(this.options.interval)) {
      this.plan(this.clock.random() * Math.min(this.options.interval, this.options.spread ?? 1000));
    }
    return {
      refresh: () => this.refresh(subscriber),
      close: () => this.unsubscribe(subscriber),
    };
  }

  /** Takes a reading that the device pushed: as good as a polled one, and the next poll moves on. */
  setData(data: T): void {
    if (this.closed) return;
    this.succeeded(data, new Set());
    if (!this.flight && this.subscribers.size > 0) this.plan(this.options.interval);
  }

  /** Takes a failure that was noticed outside of a poll. */
  setError(error: DeviceError): void {
    if (!this.closed) this.failed(error);
  }

  /** Cancels the reading in flight and every wish. Resolves when nothing is left. */
  async close(): Promise<void> {
    this.closed = true;
    this.subscribers.clear();
    await this.rest();
  }

  private refresh(subscriber: Subscriber<T>): Promise<T> {
    if (this.closed || !this.subscribers.has(subscriber)) return Promise.reject(cancelled());
    // The vendor has said when to come back; asking earlier prolongs many a ban.
    if (this.banned && this.aging.now() < this.banned.until) return Promise.reject(this.banned.error);
    if (this.wishes.length >= MOST_WISHES) {
      const params = { limit: MOST_WISHES };
      return Promise.reject(
        new DeviceError('RATE_LIMITED', `More than ${MOST_WISHES} others wait for their turn already.`, {
          reason: 'queueFull',
          sent: false,
          params,
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.wishes.push({ subscriber, resolve, reject });
      if (!this.flight) this.planWish();
    });
  }

  private unsubscribe(subscriber: Subscriber<T>): void {
    this.subscribers.delete(subscriber);
    this.dropWishes((wish) => wish.subscriber === subscriber);
    if (this.subscribers.size === 0) void this.rest();
  }

  private rest(): Promise<void> {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.dropWishes(() => true);
    this.flight?.abort.abort();
    return this.flight?.ended ?? Promise.resolve();
  }

  private dropWishes(which: (wish: Wish<T>) => boolean): void {
    const dropped = this.wishes.filter(which);
    this.wishes = this.wishes.filter((wish) => !which(wish));
    for (const wish of dropped) wish.reject(cancelled());
  }

  private plan(ms: number): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (!Number.isFinite(ms)) return;
    const due = (): void => {
      this.cancelTimer = undefined;
      if (!this.flight) this.read();
    };
    // By age, so that a device is not left unread for its interval after the host slept for hours.
    this.cancelTimer = this.aging.after(ms, due, LOOK_AT_CLOCKS);
  }

  /** Somebody waits: as soon as the device may be asked again. */
  private planWish(): void {
    const wait = this.lastStart + (this.options.minGap ?? 1000) - this.clock.monotonic();
    if (wait > 0) {
      this.plan(wait);
      return;
    }
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.read();
  }

  private read(): void {
    const abort = new AbortController();
    const wishes = this.wishes;
    this.wishes = [];
    this.lastStart = this.clock.monotonic();
    this.stats.polls++;
    this.flight = { abort, ended: this.readOnce(abort.signal, wishes) };
  }

  private async readOnce(signal: AbortSignal, wishes: Wish<T>[]): Promise<void> {
    let wait: number | null;
    try {
      const data = await this.options.fetch(signal);
      if (signal.aborted) throw cancelled();
      wait = this.waitAfterSuccess();
      this.succeeded(data, new Set(wishes.map((wish) => wish.subscriber)));
      for (const wish of wishes) wish.resolve(data);
    } catch (thrown) {
      const error = signal.aborted ? cancelled() : toDeviceError(thrown);
      if (error.reason === 'unexpected') this.options.onUnexpected?.(thrown);
      wait = this.interval;
      if (!signal.aborted) {
        this.failed(error);
        wait = this.waitAfterFailure(error);
      }
      for (const wish of wishes) wish.reject(error);
    }
    this.flight = undefined;
    if (this.closed || this.subscribers.size === 0) return;
    if (this.wishes.length > 0) this.planWish();
    else if (wait !== null) this.plan(wait);
  }

  private get interval(): number {
    return this.options.interval;
  }

  private waitAfterSuccess(): number {
    const spent = this.clock.monotonic() - this.lastStart;
    // A device slower than its interval still gets a rest between two readings.
    return Math.max(this.interval - spent, this.interval / 5);
  }

  private waitAfterFailure(error: DeviceError): number | null {
    // What the vendor himself calls wrong is tried again when somebody asks.
    if (error.definite) return null;
    if (isOwnCertificate(error.reason)) return Math.max(this.interval, CERTIFICATE_RETRY);
    const wait = isRefusal(error) ? this.slow.next() : this.backOff.next();
    // A failing device is never asked more often than a good one.
    return Math.max(this.interval, wait, (error.retryAfter ?? 0) * 1000);
  }

  private succeeded(data: T, askers: ReadonlySet<Subscriber<T>>): void {
    this.last = data;
    this.backOff.reset();
    this.slow.reset();
    this.banned = undefined;
    this.stats.lastSuccess = this.clock.now();
    this.announce(this.options.assess?.(data));
    this.notify((subscriber) => {
      if (!askers.has(subscriber)) subscriber.listener.onData?.(data);
    });
  }

  private failed(error: DeviceError): void {
    if (error.retryAfter !== undefined) {
      this.banned = { until: this.aging.now() + error.retryAfter * 1000, error };
    }
    this.stats.failures++;
    const time = new Date(this.clock.now()).toISOString();
    this.stats.recentErrors.push({ time, code: error.code, message: error.message });
    if (this.stats.recentErrors.length > MAX_RECENT_ERRORS) this.stats.recentErrors.shift();
    this.announce(error);
  }

  private announce(reason: DeviceError | undefined): void {
    const changed = this.tracker.update(reason, this.clock.now());
    if (!changed) return;
    this.guard(() => this.options.onAvailability?.(changed));
    this.notify((subscriber) => subscriber.listener.onAvailability?.(changed));
  }

  /** One listener's fault must not keep the others from hearing. */
  private notify(tell: (subscriber: Subscriber<T>) => void): void {
    for (const subscriber of [...this.subscribers]) this.guard(() => tell(subscriber));
  }

  /** Nothing that a listener throws may end the reading, whose rejection nobody would handle. */
  private guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.options.onUnexpected?.(error);
    }
  }
}
