/** How long a value may be believed: by how often it comes. */

/** ms, the least that a value is held, and what is taken before two readings have shown how often they come */
const SHORTEST = 60_000;
const FACTOR = 2.5;
const KEPT = 9;

/** Follows the times between readings. */
export class ReadingRhythm {
  private readonly intervals: number[];
  /** of `longestGap`, which is asked for several times a reading */
  private known: number | undefined;

  /** @param intervals ms, as `state` gave them */
  constructor(intervals: readonly number[] = []) {
    this.intervals = intervals.slice(-KEPT);
  }

  /** @param ms between two accepted readings; the time while nobody listened is none */
  note(ms: number): void {
    this.known = undefined;
    this.intervals.push(ms);
    if (this.intervals.length > KEPT) this.intervals.shift();
  }

  /** ms for which a value holds: two and a half times the median of the last nine intervals, at least a minute. */
  get longestGap(): number {
    return (this.known ??= this.compute());
  }

  private compute(): number {
    if (this.intervals.length === 0) return SHORTEST;
    const sorted = [...this.intervals].sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    const upper = sorted[middle] ?? SHORTEST;
    const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
    return Math.max(SHORTEST, FACTOR * median);
  }

  state(): number[] {
    return [...this.intervals];
  }
}
