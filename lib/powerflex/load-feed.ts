import { Aging } from '../core/poll/age';
import { type Availability, AvailabilityTracker } from '../core/poll/availability';
import { type Clock, systemClock } from '../core/clock';
import { DeviceError, toDeviceError } from '../core/errors';
import { type LatestOutcome, LatestQueue } from '../core/command/queue';

export interface LoadFeedOptions {
  /** Sends one load in kW. Must not repeat it by itself. */
  send: (kilowatts: number) => Promise<void>;
  /** ms between the starts of two sends at the least; default 1 s */
  minInterval?: number;
  /** ms after which the newest load is sent again, while it is fresh; default 30 s */
  repeatInterval?: number;
  /** ms after which a load is no longer true; default 2 min */
  maxAge?: number;
  /** kW to send once when the feed goes stale; `null`: nothing. Default `null` */
  failSafe?: number | null;
  /** whether loads are to come from now on, or only from the first one on; default `true` */
  expected?: boolean;
  /** On each change between a feed that works and one that does not. */
  onAvailability?: (availability: Availability) => void;
  /** After each load that the server took. */
  onSent?: (sent: SentLoad) => void;
  /** A send that no `push` waits for, a repeat or the fail-safe, has failed; the first of several in a row. */
  onError?: (error: DeviceError) => void;
  clock?: Clock;
}

export interface SentLoad {
  kilowatts: number;
  /** epoch ms */
  at: number;
  why: 'input' | 'repeat' | 'failSafe';
}

interface Load {
  kilowatts: number;
  /** ms by age of the measurement; the fail-safe is of no time */
  measured: number;
  why: SentLoad['why'];
  /** it has had its turn; before that, there is nothing to repeat */
  begun: boolean;
}

const DEFAULTS = { minInterval: 1000, repeatInterval: 30_000, maxAge: 120_000 };
const BACK_OFF_BASE = 1000;
/** ms that a server may ask for a pause at the most: a site without a load for hours is worse than a request. */
const LONGEST_PAUSE = 5 * 60_000;
/** ms by which two clocks may disagree about one moment. */
const SAME_MOMENT = 1000;

/**
 * Keeps a site informed of its load: the newest value wins, never more often than the minimum interval, repeated so
 * that the site does not work on an old value, and never older than the age limit. A feed that gets nothing new goes
 * stale: it stops, says so, and sends the fail-safe load, if there is one, until the server has taken it once.
 */
export class LoadFeed {
  private readonly clock: Clock;
  /** A load of before the host slept is old, whatever the monotonic clock says. */
  private readonly aging: Aging;
  private readonly tracker = new AvailabilityTracker();
  private readonly queue: LatestQueue<Load, void>;
  private newest: Load | undefined;
  private lastSent: SentLoad | undefined;
  private freeAt = -Infinity;
  private failuresInRow = 0;
  private cancelRepeat: (() => void) | undefined;
  private cancelStale: (() => void) | undefined;
  private closed = false;

  constructor(private readonly options: LoadFeedOptions) {
    this.clock = options.clock ?? systemClock;
    this.aging = new Aging(this.clock);
    this.queue = new LatestQueue((load) => this.send(load), {
      pause: () => this.freeAt - this.clock.monotonic(),
      clock: this.clock,
    });
    if (options.expected ?? true) this.watchAge(this.maxAge);
  }

  /** The last load that the server took. */
  get last(): SentLoad | undefined {
    return this.lastSent;
  }

  get availability(): Availability | undefined {
    return this.tracker.current;
  }

  /**
   * Takes a load.
   *
   * @param kilowatts whole kW
   * @param age ms since it was measured
   * @returns `superseded` when a newer load took its place before it was sent, or came before it
   * @throws DeviceError INVALID_INPUT when it is too old, what `send` throws, CANCELLED once closed
   */
  async push(kilowatts: number, age = 0): Promise<LatestOutcome<void>> {
    if (age > this.maxAge) throw this.tooOld(age);
    const measured = this.aging.now() - Math.max(age, 0);
    const { newest } = this;
    if (newest && newest.why !== 'failSafe' && measured < newest.measured - SAME_MOMENT) {
      return { superseded: true };
    }
    const load: Load = { kilowatts, measured, why: 'input', begun: false };
    this.newest = load;
    this.watchAge(this.maxAge - Math.max(age, 0));
    return this.queue.push(load);
  }

  close(): void {
    this.closed = true;
    this.cancelRepeat?.();
    this.cancelStale?.();
    this.queue.close();
  }

  private get maxAge(): number {
    return this.options.maxAge ?? DEFAULTS.maxAge;
  }

  private get repeatInterval(): number {
    return this.options.repeatInterval ?? DEFAULTS.repeatInterval;
  }

  private isStale(load: Load): boolean {
    return load.why !== 'failSafe' && this.aging.now() - load.measured >= this.maxAge;
  }

  private async send(load: Load): Promise<void> {
    load.begun = true;
    // It may have waited for its turn.
    if (this.isStale(load)) throw this.tooOld(this.aging.now() - load.measured);
    this.freeAt = this.clock.monotonic() + (this.options.minInterval ?? DEFAULTS.minInterval);
    this.cancelRepeat?.();
    try {
      await this.options.send(load.kilowatts);
      this.failuresInRow = 0;
      this.lastSent = { kilowatts: load.kilowatts, at: this.clock.now(), why: load.why };
      if (load.why === 'failSafe' && this.newest === load) this.newest = undefined;
      if (load.why !== 'failSafe') this.announce(undefined);
      this.options.onSent?.(this.lastSent);
    } catch (thrown) {
      const error = toDeviceError(thrown);
      this.backOff(error);
      if (load.why !== 'failSafe') this.announce(error);
      throw error;
    } finally {
      this.planRepeat();
    }
  }

  /** A server in trouble is not asked every second, and, within reason, not before the time it names. */
  private backOff(error: DeviceError): void {
    const wait = Math.min(BACK_OFF_BASE * 2 ** this.failuresInRow, this.repeatInterval);
    this.failuresInRow = Math.min(this.failuresInRow + 1, 20);
    const pause = Math.max(wait, Math.min((error.retryAfter ?? 0) * 1000, LONGEST_PAUSE));
    this.freeAt = Math.max(this.freeAt, this.clock.monotonic() + pause);
  }

  private planRepeat(): void {
    this.cancelRepeat?.();
    if (this.closed) return;
    this.cancelRepeat = this.clock.after(this.repeatInterval, () => {
      const { newest } = this;
      if (!newest?.begun || this.isStale(newest)) return;
      const why = newest.why === 'failSafe' ? 'failSafe' : 'repeat';
      this.pushUnasked({ ...newest, why, begun: false });
    });
  }

  private watchAge(ms: number): void {
    this.cancelStale?.();
    this.cancelStale = this.aging.after(ms, () => this.goStale());
  }

  private goStale(): void {
    const seconds = Math.round(this.maxAge / 1000);
    this.announce(
      new DeviceError('STALE', `No load has come for ${seconds} s.`, {
        reason: 'powerflexFeedStale',
        sent: false,
        params: { seconds },
      }),
    );
    this.newest = undefined;
    const { failSafe } = this.options;
    if (failSafe === undefined || failSafe === null) return;
    const load: Load = {
      kilowatts: failSafe,
      measured: this.aging.now(),
      why: 'failSafe',
      begun: false,
    };
    this.pushUnasked(load);
  }

  private pushUnasked(load: Load): void {
    this.newest = load;
    this.queue.push(load).catch((error: unknown) => {
      if (!this.closed && this.failuresInRow <= 1) this.options.onError?.(toDeviceError(error));
    });
  }

  private announce(reason: DeviceError | undefined): void {
    const changed = this.tracker.update(reason, this.clock.now());
    if (changed) this.options.onAvailability?.(changed);
  }

  private tooOld(age: number): DeviceError {
    const params = { seconds: Math.round(age / 1000), limit: Math.round(this.maxAge / 1000) };
    return new DeviceError(
      'INVALID_INPUT',
      `The load is ${params.seconds} s old; the limit is ${params.limit} s. It was not sent.`,
      { reason: 'powerflexLoadTooOld', params },
    );
  }
}
