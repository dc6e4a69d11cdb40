import type { Moment } from '../core/moment';

/** The clock of the host, which is set some time after a start, may jump, and stands still while the host sleeps. */

/** ms that a host needs at the most until its clock is set */
const UNSET_AT_MOST = 10 * 60_000;
/** ms that two clocks may differ by */
const TOLERANCE = 60_000;

export class HostClock {
  /** wall clock beside the steady one at the last reading */
  private offset: number | undefined;

  /**
   * @param begun when the node began
   * @param kept an instant that has passed, epoch ms: of what was kept before; `null`: there is nothing
   */
  constructor(
    private readonly begun: Moment,
    private readonly kept: number | null,
  ) {}

  /**
   * Whether the clock has not been set since the start: it is behind what has passed. Only until a first reading counts, and
   * where something was kept, since a meter's clock may be wrong as well.
   *
   * @param told the reading's own time, epoch ms; `null`: it has none
   */
  isUnset(at: Moment, told: number | null): boolean {
    if (this.offset !== undefined || this.kept === null) return false;
    if (at.steady - this.begun.steady >= UNSET_AT_MOST) return false;
    return Math.max(this.kept, told ?? this.kept) - at.wall > TOLERANCE;
  }

  /** A moment; as long as the clock has not been set since the start, the last one that has passed. */
  reached(at: Moment): Moment {
    return this.kept !== null && this.isUnset(at, null) ? { ...at, wall: this.kept } : at;
  }

  /** Whether the clock has jumped since the last reading, or the host has slept. */
  hasJumped(at: Moment): boolean {
    return this.offset !== undefined && Math.abs(at.wall - at.steady - this.offset) > TOLERANCE;
  }

  /** A reading counts. */
  note(at: Moment): void {
    this.offset = at.wall - at.steady;
  }

  /**
   * The time without a reading: what has passed since the last one, on the clock that it came by.
   *
   * @returns epoch ms; `null`: none has come yet
   */
  now(at: Moment): number | null {
    return this.offset === undefined ? null : at.steady + this.offset;
  }
}
