/** How the energy of a session grew, in as few points as it takes. */

/** A point of a course: s since the session's start, and Wh counted since then. */
export type CoursePoint = readonly [seconds: number, energy: number];

/** Wh by which the lines between the points may miss a reading. */
const TOLERANCE = 1;
/** Points that are kept; a session of days with a current that changes all the time is told more coarsely. */
const MOST = 400;

/**
 * Takes readings and keeps the points between which the energy grew evenly. The first and the last reading are always
 * points, so the whole is exact.
 */
export class Course {
  private points: { time: number; energy: number }[] = [];
  private last: { time: number; energy: number } | undefined;
  /** Wh per ms of the flattest and the steepest line from the last point that misses no reading since */
  private low = -Infinity;
  private high = Infinity;

  /** @param start epoch ms */
  constructor(private readonly start: number) {}

  /** @param energy Wh since the start */
  add(time: number, energy: number): void {
    const from = this.points.at(-1);
    const { last } = this;
    if (!from || !last) {
      this.points.push({ time, energy });
      this.last = { time, energy };
      return;
    }
    if (time <= last.time) return;
    const grown = Math.max(energy, last.energy);
    const span = time - from.time;
    const slope = (grown - from.energy) / span;
    if (slope < this.low || slope > this.high) {
      this.keep(last);
      this.add(time, grown);
      return;
    }
    this.low = Math.max(this.low, (grown - TOLERANCE - from.energy) / span);
    this.high = Math.min(this.high, (grown + TOLERANCE - from.energy) / span);
    this.last = { time, energy: grown };
  }

  /** The points so far. */
  all(): CoursePoint[] {
    const { last } = this;
    const begun = this.points.at(-1);
    const points = last && begun && last.time > begun.time ? [...this.points, last] : this.points;
    return points.map(({ time, energy }) => [
      Math.round((time - this.start) / 1000),
      Math.round(energy * 1000) / 1000,
    ]);
  }

  private keep(point: { time: number; energy: number }): void {
    // Of too many each second one goes, but never the first.
    if (this.points.length >= MOST) this.points = this.points.filter((_, i) => i % 2 === 0);
    this.points.push(point);
    this.last = point;
    this.low = -Infinity;
    this.high = Infinity;
  }
}
