import { type Bucket, Buckets, type Share, sum } from './buckets';
import { type Meter } from './meter';
import { type Direction, DIRECTIONS, type MeterBooking } from './meter-result';
import type { LocalTime, Span } from '../core/zone';

/** What is counted: import, export, or import less export. */
export type Counts = Direction | 'net';

type Sum = Pick<Share, 'energy' | 'known'>;

/** A meter's energy by pieces of time, in the direction that counts. */
export class CountedEnergy {
  private readonly buckets: Buckets;
  /** the directions that have to be known */
  readonly directions: readonly Direction[];

  /** @param length ms of a piece */
  constructor(
    zone: LocalTime,
    length: number,
    private readonly counts: Counts,
    private readonly meter: Meter,
    state?: readonly Bucket[],
  ) {
    this.buckets = new Buckets(zone, length, state);
    this.directions = counts === 'net' ? DIRECTIONS : [counts];
  }

  state(): Bucket[] {
    return this.buckets.all().map((bucket) => ({ ...bucket }));
  }

  /** @param from nothing before it is booked any more: that is told already */
  book(bookings: readonly MeterBooking[], from: number, to = Infinity): void {
    for (const one of bookings) this.buckets.book(one, from, to);
  }

  /** Forgets what lies before an instant. */
  forget(before: number): void {
    this.buckets.forget(before);
  }

  /** Forgets what lies after an instant, which has not come yet. */
  forgetFrom(instant: number): void {
    this.buckets.forgetFrom(instant);
  }

  /** Whether any direction that counts comes from a counter. */
  get isCounted(): boolean {
    return this.directions.some((one) => this.meter.isCounted(one));
  }

  /** Whether all that feed a window have told what was until its end. One that is silent for a day is not waited for. */
  hasSpoken(end: number, now: number): boolean {
    return this.directions.every((one) => {
      if (!this.meter.isCounted(one) || !this.meter.isSpeaking(one, now)) return true;
      return (this.meter.lastGood(one) ?? 0) >= end;
    });
  }

  /** Whether a piece shorter than the others lies in a span. */
  holdsPiece(span: Span): boolean {
    return this.buckets.of(span).some(({ piece }) => piece);
  }

  /** What is known of a span. */
  shareOf(span: Span): Share {
    const buckets = this.buckets.of(span);
    const { counts } = this;
    if (counts !== 'net') return sum(buckets, counts);
    const taken = sum(buckets, 'import');
    const given = sum(buckets, 'export');
    return { ...this.together(taken, given), estimated: taken.estimated || given.estimated };
  }

  /**
   * mWh from each of several starts up to now: what is unknown of it counts with the mean of the rest, else with the present
   * power.
   *
   * @param starts in the order of time
   * @param power W in the direction that counts
   */
  estimatesFrom(starts: readonly number[], now: number, power: number | null): (number | null)[] {
    const [earliest = now] = starts;
    const buckets = this.buckets.of({ start: earliest, end: now });
    const sums = { import: { energy: 0, known: 0 }, export: { energy: 0, known: 0 } };
    let at = buckets.length;
    // From the newest on, so that windows that overlap are not summed one by one.
    return starts
      .toReversed()
      .map((start) => {
        for (let bucket = buckets[at - 1]; bucket && bucket.end > start; bucket = buckets[at - 1]) {
          for (const direction of this.directions) {
            sums[direction].energy += bucket[direction].energy;
            sums[direction].known += bucket[direction].known;
          }
          at--;
        }
        return this.estimate(this.together(sums.import, sums.export), now - start, power);
      })
      .reverse();
  }

  private estimate({ energy, known }: Sum, elapsed: number, power: number | null): number | null {
    const unknown = elapsed - known;
    if (unknown <= 0) return energy;
    if (known > 0) return energy + (energy / known) * unknown;
    return power === null ? null : (power * unknown) / 3600;
  }

  /** Both directions in the one that counts. */
  private together(taken: Sum, given: Sum): Sum {
    if (this.counts !== 'net') return this.counts === 'import' ? taken : given;
    const spoken = DIRECTIONS.filter((one) => this.meter.lastGood(one) !== undefined);
    const shares = { import: taken, export: given };
    return {
      energy: taken.energy - given.energy,
      known: spoken.length === 0 ? 0 : Math.min(...spoken.map((one) => shares[one].known)),
    };
  }

  /** A power in the direction that counts. */
  counted(power: number | null): number | null {
    if (power === null || this.counts === 'net') return power;
    return Math.max(0, this.counts === 'import' ? power : -power);
  }

  /** Wh, the largest step of the counters that count; `null` while it is not known */
  get resolution(): number | null {
    const steps = this.directions.flatMap((one) => this.meter.resolution(one) ?? []);
    return steps.length === 0 ? null : Math.max(...steps);
  }
}
