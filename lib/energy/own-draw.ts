import type { Moment } from '../core/moment';

/** What a load draws itself, as far as the meter has seen it. */

/** ms that a reading may be late */
export const LATEST = 300_000;
/** ms after which a load that was switched on has to draw something */
const ANSWERS_WITHIN = 60_000;
/** of what it was told, and W at the least: less is what a switch draws by itself */
const NOTHING_SHARE = 0.01;
const NOTHING = 5;

export class OwnDraw {
  /** what the load was told, in the order of time */
  private readonly told: { since: number; watts: number }[];
  private measured: { watts: number; steady: number } | undefined;
  private silent = false;
  private faultTold = false;

  constructor(watts: number) {
    this.told = [{ since: -Infinity, watts }];
  }

  /** The load is told another power. */
  tell(watts: number, { steady }: Moment): void {
    // The one before a reading that is just in time still counts.
    while ((this.told[1]?.since ?? Infinity) <= steady - LATEST) this.told.shift();
    this.told.push({ since: steady, watts });
    if (watts <= 0) {
      this.silent = false;
      this.faultTold = false;
    }
  }

  /** What somebody has measured at the load. */
  measure(watts: number, { steady }: Moment): void {
    this.measured = { watts, steady };
    const last = this.told.at(-1);
    if (!last || last.watts <= 0) return;
    const isSilent = watts < Math.max(NOTHING, last.watts * NOTHING_SHARE);
    const on = this.told.findLast(({ watts: one }, i) => one > 0 && (this.told[i - 1]?.watts ?? 0) <= 0);
    if (!isSilent) {
      this.silent = false;
      this.faultTold = false;
    } else if (steady - (on?.since ?? steady) >= ANSWERS_WITHIN) {
      this.silent = true;
    }
  }

  /**
   * W that were in the meter's power.
   *
   * @param lag ms ago when it was measured
   * @param holds ms for which a measured draw is believed
   */
  at({ steady }: Moment, lag: number, holds: number): number {
    const last = this.told.at(-1);
    const { measured } = this;
    // A draw that was measured before the load was told something else says nothing of it now.
    if (measured && measured.steady >= (last?.since ?? -Infinity) && steady - measured.steady <= holds) {
      return measured.watts;
    }
    return this.told.findLast(({ since }) => since <= steady - lag)?.watts ?? 0;
  }

  /** Whether the load does not draw anything although it was told to: once for each time. */
  takeFault(): boolean {
    if (!this.silent || this.faultTold) return false;
    this.faultTold = true;
    return true;
  }
}
