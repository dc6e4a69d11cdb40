import { type Clock, systemClock } from '../clock';

/** ms by which the wall clock may drift from the monotonic one before the difference counts: less is no sleep */
const DRIFT = 1000;
/** ms between looks at both clocks while a timer by age runs: timers stand still while the host sleeps, as it wakes too */
const LOOK_EVERY = 10_000;
/** epoch ms; a wall clock before this was never set, and its first setting is no sleep */
const NEVER_SET = Date.UTC(2020, 0, 1);

/**
 * The time by which things grow old: that of the monotonic clock, and what the host has slept.
 *
 * The monotonic clock never jumps, but on many systems it stands still while the host sleeps; the wall clock goes on,
 * but somebody may set it. So of each step the larger one counts. A wall clock that is set forward by a correction makes
 * everything older by as much, which costs no more than one reading, one login or one load sooner than needed: the
 * other way about, values of before a sleep would pass for fresh. One that is set back, and the first setting of a clock
 * that had no time, count for nothing.
 */
export class Aging {
  /** wall time less monotonic time at the last look */
  private offset: number;
  private slept = 0;

  constructor(private readonly clock: Clock = systemClock) {
    this.offset = clock.now() - clock.monotonic();
  }

  /** That of a clock, for all who need no other: what a host has slept is the same for each of its thousand devices. */
  static of(clock: Clock): Aging {
    let aging = agings.get(clock);
    if (!aging) {
      aging = new Aging(clock);
      agings.set(clock, aging);
    }
    return aging;
  }

  /** ms; only differences of two of them mean something */
  now(): number {
    const monotonic = this.clock.monotonic();
    const offset = this.clock.now() - monotonic;
    const gained = offset - this.offset;
    if (Math.abs(gained) >= DRIFT) {
      // Where the wall clock would be now, had it only gone on.
      const wasSet = monotonic + this.offset >= NEVER_SET;
      if (gained > 0 && wasSet) this.slept += gained;
      this.offset = offset;
    }
    return monotonic + this.slept;
  }

  /**
   * Calls `fn` once when `ms` have passed by age. The result cancels it.
   *
   * @param lookEvery ms at the most between the host's waking up and `fn`, if it is due by then; default 10 s
   */
  after(ms: number, fn: () => void, lookEvery = LOOK_EVERY): () => void {
    const timer = new AgeTimer(this, this.clock, this.now() + ms, fn, lookEvery);
    return () => timer.cancel();
  }

  /** As `after`, for those who have thousands of them. */
  timer(ms: number, fn: () => void, lookEvery = LOOK_EVERY): AgeTimer {
    return new AgeTimer(this, this.clock, this.now() + ms, fn, lookEvery);
  }
}

const agings = new WeakMap<Clock, Aging>();

/** Calls a function once when something is due by age. */
export class AgeTimer {
  private stop: () => void;

  constructor(
    private readonly aging: Aging,
    private readonly clock: Clock,
    private readonly due: number,
    private readonly fn: () => void,
    private readonly lookEvery: number,
  ) {
    this.stop = this.wait();
  }

  cancel(): void {
    this.stop();
  }

  private wait(): () => void {
    const { fn, lookEvery } = this;
    const rest = this.due - this.aging.now();
    // A timer may fire a moment early by the clocks: the wait that was planned as the last one is the last one.
    if (rest <= lookEvery) return this.clock.after(rest, fn);
    return this.clock.after(lookEvery, () => {
      this.stop = this.wait();
    });
  }
}
