import { Aging } from '../../lib/core/poll/age';
import { type Clock, systemClock } from '../../lib/core/clock';

/** Lines in a row that a log takes of one thing. */
const BURST = 20;
/** ms after which it takes one more */
const REFILL = 10 * 60_000;

/**
 * Keeps what changes all the time, such as a device that answers every other time, from filling the log: each change is
 * told until there were many, then one each ten minutes, and how many were not.
 */
export class LogLimit {
  private readonly aging: Aging;
  private left = BURST;
  private filled: number;
  private untold = 0;

  constructor(clock: Clock = systemClock) {
    this.aging = Aging.of(clock);
    this.filled = this.aging.now();
  }

  /** @returns how many lines were left out before this one; `undefined`: this one is to be left out too */
  admit(): number | undefined {
    const now = this.aging.now();
    const more = Math.floor((now - this.filled) / REFILL);
    this.left = Math.min(BURST, this.left + more);
    this.filled += more * REFILL;
    if (this.left === 0) {
      this.untold++;
      return undefined;
    }
    this.left--;
    const before = this.untold;
    this.untold = 0;
    return before;
  }
}
