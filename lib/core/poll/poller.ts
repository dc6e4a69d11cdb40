import { type AgeTimer, Aging } from './age';
import { type Availability, AvailabilityTracker } from './availability';
import { type Clock, systemClock } from '../clock';
import { cancelled, DeviceError, toDeviceError } from '../errors';
import type { FirstTurns } from './first-turns';
import { RecentErrors } from './recent-errors';
import type { PollerOptions, PollStats } from './options';
import { Retries } from './retries';
import { type PollListener, Subscriber, type Subscription } from './subscription';

interface ReadRequest<T> {
  subscriber: Subscriber<T>;
  resolve: (data: T) => void;
  reject: (error: DeviceError) => void;
}

/** callers that wait for one reading: messages that come faster than a slow device answers must not fill the memory */
const MAX_READ_REQUESTS = 1000;
/** ms at the most until a poller with a long interval notices that the host has slept */
const LOOK_AT_CLOCKS = 5 * 60_000;

/**
 * Reads one device at an interval, however many listen, and only while somebody listens. The next reading is planned
 * when the last one has ended, so readings never overlap. Failures keep the last data, back off with jitter and
 * honour Retry-After.
 */
export class Poller<T> {
  private readonly clock: Clock;
  private readonly aging: Aging;
  /** never changed, but replaced: whoever is told may come and go meanwhile */
  private subscribers: readonly Subscriber<T>[] = [];
  private readonly tracker = new AvailabilityTracker();
  private requests: ReadRequest<T>[] = [];
  private flight: { abort: AbortController; ended: Promise<void> } | undefined;
  private timer: AgeTimer | undefined;
  private lastStart = -Infinity;
  /** of a device that fails */
  private retries: Retries | undefined;
  /** somebody waits for the reading in flight */
  private asked = false;
  private closed = false;
  /** it reads only when asked: another process reads the device */
  private resting = false;
  private last: T | undefined;
  private banned: { until: number; error: DeviceError } | undefined;
  private readonly counts = { polls: 0, failures: 0, lastSuccess: null as number | null };
  /** the last failures */
  readonly errors: RecentErrors;

  /**
   * @param watcher hears of changes and faults in place of the options' own
   * @param firsts where many devices begin at the same time
   */
  constructor(
    private readonly options: PollerOptions<T>,
    private readonly watcher: Pick<PollerOptions<T>, 'onAvailability' | 'onUnexpected'> = options,
    private readonly firsts?: FirstTurns,
  ) {
    this.clock = options.clock ?? systemClock;
    this.errors = options.errors ?? new RecentErrors(this.clock);
    this.aging = Aging.of(this.clock);
  }

  /** How many listen. */
  get listeners(): number {
    return this.subscribers.length;
  }

  /** The last good reading, kept through outages. */
  get data(): T | undefined {
    return this.last;
  }

  get availability(): Availability | undefined {
    return this.tracker.current;
  }

  get stats(): PollStats {
    return { ...this.counts };
  }

  /** Starts the readings with the first listener. */
  subscribe(listener: PollListener<T>): Subscription<T> {
    if (this.closed) throw cancelled();
    const subscriber = new Subscriber(this, listener);
    this.subscribers = this.subscribers.concat(subscriber);
    if (this.subscribers.length === 1 && !this.flight) this.planFirst();
    return subscriber;
  }

  /** Takes a reading that the device pushed: as good as a polled one, and the next poll moves on. */
  setData(data: T): void {
    if (this.closed) return;
    this.succeeded(data, []);
    if (!this.flight && this.subscribers.length > 0) this.plan(this.options.interval);
  }

  /** Takes a failure that was noticed outside of a poll. */
  setError(error: DeviceError): void {
    if (!this.closed) this.failed(error);
  }

  /**
   * Reads only when asked from now on, and ends the reading in flight that nobody asked for; or reads at its interval again,
   * as one that has just begun.
   */
  setResting(resting: boolean): void {
    if (this.resting === resting) return;
    this.resting = resting;
    if (!resting) {
      if (this.subscribers.length > 0 && !this.flight) this.planFirst();
      return;
    }
    this.tracker.reset();
    if (this.requests.length > 0) return;
    this.stopTimer();
    if (!this.asked) this.flight?.abort.abort();
  }

  /** Cancels the reading in flight and every request for one. Resolves when nothing is left. */
  async close(): Promise<void> {
    this.closed = true;
    this.subscribers = [];
    await this.rest();
  }

  /** For a subscription. */
  refresh(subscriber: Subscriber<T>): Promise<T> {
    if (this.closed || !this.subscribers.includes(subscriber)) return Promise.reject(cancelled());
    // The vendor has said when to come back; asking earlier prolongs many a ban.
    if (this.banned && this.aging.now() < this.banned.until) return Promise.reject(this.banned.error);
    if (this.requests.length >= MAX_READ_REQUESTS) {
      const params = { limit: MAX_READ_REQUESTS };
      return Promise.reject(
        new DeviceError('BUSY', `More than ${MAX_READ_REQUESTS} others wait for their turn already.`, {
          reason: 'queueFull',
          sent: false,
          params,
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.requests.push({ subscriber, resolve, reject });
      if (!this.flight) this.planRequested();
    });
  }

  /** For a subscription. */
  unsubscribe(subscriber: Subscriber<T>): void {
    this.subscribers = this.subscribers.filter((one) => one !== subscriber);
    this.dropRequests((request) => request.subscriber === subscriber);
    if (this.subscribers.length === 0) void this.rest();
  }

  private rest(): Promise<void> {
    this.stopTimer();
    this.dropRequests(() => true);
    this.flight?.abort.abort();
    return this.flight?.ended ?? Promise.resolve();
  }

  private dropRequests(which: (request: ReadRequest<T>) => boolean): void {
    const dropped = this.requests.filter(which);
    this.requests = this.requests.filter((request) => !which(request));
    for (const request of dropped) request.reject(cancelled());
  }

  /** At a drawn moment. */
  private planFirst(): void {
    const { interval, spread = 1000 } = this.options;
    if (!Number.isFinite(interval)) return;
    this.plan(this.clock.random() * Math.min(interval, spread), () => this.dueFirst());
  }

  private plan(ms: number, due = this.due): void {
    this.stopTimer();
    if (!Number.isFinite(ms) || (this.resting && this.requests.length === 0)) return;
    // By age, so that a device is not left unread for its interval after the host slept for hours.
    this.timer = this.aging.timer(ms, due, LOOK_AT_CLOCKS);
  }

  private stopTimer(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private readonly due = (): void => {
    this.timer = undefined;
    if (!this.flight) void this.read();
  };

  private dueFirst(): void {
    this.timer = undefined;
    if (!this.firsts) this.due();
    else this.firsts.begin(() => this.readFirst());
  }

  private readFirst(): Promise<void> | undefined {
    // While it waited for its turn, it may have been read when asked, pushed, or left alone.
    if (this.subscribers.length === 0 || this.resting || this.timer || this.flight) return undefined;
    return this.read();
  }

  /** Somebody waits: as soon as the device may be asked again. */
  private planRequested(): void {
    const wait = this.lastStart + (this.options.minGap ?? 1000) - this.clock.monotonic();
    if (wait > 0) {
      this.plan(wait);
      return;
    }
    this.stopTimer();
    void this.read();
  }

  /** @returns its end */
  private read(): Promise<void> {
    const abort = new AbortController();
    const requests = this.requests;
    this.requests = [];
    this.asked = requests.length > 0;
    this.lastStart = this.clock.monotonic();
    this.counts.polls++;
    const ended = this.readOnce(abort.signal, requests);
    this.flight = { abort, ended };
    return ended;
  }

  private async readOnce(signal: AbortSignal, requests: ReadRequest<T>[]): Promise<void> {
    let wait: number | null;
    try {
      const data = await this.options.fetch(signal);
      if (signal.aborted) throw cancelled();
      wait = this.waitAfterSuccess();
      this.succeeded(data, requests);
      for (const request of requests) request.resolve(data);
    } catch (thrown) {
      const error = signal.aborted ? cancelled() : toDeviceError(thrown);
      if (error.reason === 'unexpected') this.watcher.onUnexpected?.(thrown);
      wait = this.interval;
      if (!signal.aborted) {
        this.failed(error);
        wait = (this.retries ??= new Retries(this.options, this.clock)).waitAfter(error);
      }
      for (const request of requests) request.reject(error);
    }
    this.flight = undefined;
    if (this.closed || this.subscribers.length === 0) return;
    if (this.requests.length > 0) this.planRequested();
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

  private succeeded(data: T, asked: readonly ReadRequest<T>[]): void {
    this.last = data;
    this.retries = undefined;
    this.banned = undefined;
    this.counts.lastSuccess = this.clock.now();
    this.announce(this.options.assess?.(data));
    this.notify((subscriber) => {
      if (!asked.some((request) => request.subscriber === subscriber)) subscriber.listener.onData?.(data);
    });
  }

  private failed(error: DeviceError): void {
    if (error.retryAfter !== undefined) {
      this.banned = { until: this.aging.now() + error.retryAfter * 1000, error };
    }
    this.counts.failures++;
    this.errors.note(error);
    this.announce(error);
  }

  private announce(reason: DeviceError | undefined): void {
    const changed = this.tracker.update(reason, this.clock.now());
    if (!changed) return;
    this.guard(() => this.watcher.onAvailability?.(changed));
    this.notify((subscriber) => subscriber.listener.onAvailability?.(changed));
  }

  /** One listener's fault must not keep the others from hearing. */
  private notify(tell: (subscriber: Subscriber<T>) => void): void {
    for (const subscriber of this.subscribers) this.guard(() => tell(subscriber));
  }

  /** Nothing that a listener throws may end the reading, whose rejection nobody would handle. */
  private guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.watcher.onUnexpected?.(error);
    }
  }
}
