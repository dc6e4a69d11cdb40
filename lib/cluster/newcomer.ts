import type { LeaseClock } from './lease-clock';

/** ms beyond a lease that flows have run before their instance owns something */
export const NEWCOMER = 1500;

/**
 * Whether this process may claim anything. It may when its flows have run for a lease and a bit: from then on it has a copy of
 * each message that the owner of today may still lose.
 */
export class Newcomer {
  /** when all flows had begun */
  private since = Infinity;
  private ready = false;

  /** @param lease ms, the longest that is known; @param longestStill ms after which a process that stood still begins anew */
  constructor(
    private readonly clock: LeaseClock,
    private readonly lease: () => number,
    private readonly longestStill: number,
  ) {}

  get isReady(): boolean {
    return this.ready;
  }

  /** All flows have begun. */
  started(): void {
    this.since = this.clock.now();
  }

  /** It may by now, as its time is over. */
  look(now: number): void {
    this.ready ||= now >= this.since + this.lease() + NEWCOMER;
  }

  /**
   * There are no others, so nobody has a copy that would be lost, and there is nothing to wait for.
   *
   * @returns whether it may from now on, and could not before
   */
  alone(): boolean {
    if (this.since === Infinity || this.ready) return false;
    this.ready = true;
    return true;
  }

  /**
   * Whether this process has stood still since a time at which it was to go on. It then begins as one that has just come:
   * what its timers and connections bring late would pass for copies of what others have done since.
   */
  watchStandstill(expected: number): void {
    if (this.clock.now() - expected < this.longestStill || this.since === Infinity) return;
    this.ready = false;
    this.started();
  }
}
