/**
 * A meter's counter of energy, read now and then: what it tells of the energy between two readings, and what it does not.
 *
 * A counter falls when a meter is exchanged, and for one reading when a board has just started; it jumps when a digit is
 * lost on the line. None of these is energy.
 */

/** Energy between two moments, that a counter or a power has told. */
export interface Booking {
  /** epoch ms */
  start: number;
  end: number;
  /** mWh */
  energy: number;
}

/** A reading of a counter. */
export interface CounterReading {
  /** mWh, whole */
  value: number;
  /** epoch ms */
  time: number;
}

/** What a counter's filter says besides bookings. */
export type CounterEvent =
  /** another meter, or a jump that stays: what lies between is not known */
  | { kind: 'newBase'; from: CounterReading; to: CounterReading; leftOut: number }
  /** the largest power was too low, and has been raised */
  | { kind: 'limitRaised'; watts: number };

export interface CounterResult {
  bookings: Booking[];
  events: CounterEvent[];
  /** whether this reading counts: one that is held back does not, until later ones confirm it */
  good: boolean;
}

/** What has to be kept over a restart. */
export interface CounterState {
  last: CounterReading | null;
  /** when the last value was first seen */
  since: number;
  held: CounterReading[];
}

export interface CounterOptions {
  /** W, the largest power that the counter can show; default 100 kW */
  largestPower?: number;
  /** ms that a fall lasts at least before it is another meter's; default: as any new base */
  fallAfter?: number;
}

/** mWh on top of the largest power: a counter that tells whole kWh steps by one. */
const ONE_STEP = 1_000_000;
/** ms between two readings that confirm a new base */
const APART = 10_000;
/** later readings that a new base needs */
const CONFIRMATIONS = 2;
/** readings held back in a row that show a power above the limit */
const STEADY = 10;
/** how much two rates may differ and still be one */
const TOLERANCE = 0.3;
const MS_PER_HOUR = 3_600_000;

export class CounterFilter {
  private last: CounterReading | null;
  private since: number;
  /** readings held back since the last good one: a candidate for a new base, and those that count after it */
  private held: CounterReading[];
  /** the newest reading held back, whether it counts or not */
  private newest: CounterReading | undefined;
  private largest: number;
  private readonly fallAfter: number;
  /** the next reading is a base, whatever it says */
  private fresh = false;

  constructor({ largestPower = 100_000, fallAfter = 0 }: CounterOptions = {}, state?: CounterState) {
    this.largest = largestPower;
    this.fallAfter = fallAfter;
    this.last = state?.last ?? null;
    this.since = state?.since ?? 0;
    this.held = state?.held.slice(-STEADY) ?? [];
    this.newest = this.held.at(-1);
  }

  /** The last good reading. */
  get base(): CounterReading | null {
    return this.last;
  }

  state(): CounterState {
    return { last: this.last, since: this.since, held: this.held.map((one) => ({ ...one })) };
  }

  /** The next reading is another meter's. */
  newMeter(): void {
    this.fresh = true;
  }

  /**
   * Takes a reading, later than the one before it.
   *
   * @param reading finite and not negative
   */
  take(reading: CounterReading): CounterResult {
    const { last } = this;
    if (last === null || this.fresh) {
      this.fresh = false;
      this.accept(reading);
      const events: CounterEvent[] = last
        ? [{ kind: 'newBase', from: last, to: reading, leftOut: reading.value - last.value }]
        : [];
      return { bookings: [], events, good: true };
    }
    if (this.isPlausible(last, this.since, reading)) {
      const booking = between(last, reading);
      this.accept(reading);
      return { bookings: [booking], events: [], good: true };
    }
    return this.hold(last, reading);
  }

  /** A reading that does not continue the last good one. */
  private hold(last: CounterReading, reading: CounterReading): CounterResult {
    const { newest } = this;
    const counted = this.held.at(-1);
    this.newest = reading;
    // The same fall or jump goes on, or another one begins.
    if (!newest || !counted || !this.continues(newest, counted, reading)) this.held = [reading];
    else if (reading.time - counted.time >= APART) this.count(counted, reading);
    return this.confirmed(last, reading) ?? this.steady(last) ?? { bookings: [], events: [], good: false };
  }

  /** A candidate that enough later readings continue is the new base. */
  private confirmed(last: CounterReading, reading: CounterReading): CounterResult | undefined {
    const [candidate] = this.held;
    if (!candidate || this.held.length <= CONFIRMATIONS || reading.value <= candidate.value) return undefined;
    if (candidate.value < last.value && reading.time - candidate.time < this.fallAfter) return undefined;
    const plausible = this.held.every((one, i) => {
      const before = this.held[i - 1];
      return !before || this.isPlausible(before, before.time, one);
    });
    if (!plausible) return undefined;
    const bookings = chain(this.held);
    const leftOut = candidate.value - last.value;
    this.accept(this.held.at(-1) ?? reading);
    return { bookings, events: [{ kind: 'newBase', from: last, to: candidate, leftOut }], good: true };
  }

  /** Readings that rise at one rate are a power above the limit, and no fault. */
  private steady(last: CounterReading): CounterResult | undefined {
    if (this.held.length < STEADY) return undefined;
    const all = [last, ...this.held];
    const rates = all.slice(1).map((one, i) => rate(all[i] ?? last, one));
    const highest = Math.max(...rates);
    if (!(Math.min(...rates) >= highest * (1 - TOLERANCE)) || !(highest > 0)) return undefined;
    this.largest = 2 * highest;
    const bookings = chain(all);
    const end = this.held.at(-1) ?? last;
    this.accept(end);
    return { bookings, events: [{ kind: 'limitRaised', watts: Math.round(this.largest) }], good: true };
  }

  private continues(newest: CounterReading, counted: CounterReading, reading: CounterReading): boolean {
    if (reading.value < newest.value) return false;
    // Readings that rise, each faster than the limit allows, may be ten in a row.
    return this.isPlausible(counted, counted.time, reading) || this.held.length < STEADY;
  }

  /** Of readings that stand still, the first and the last are enough. */
  private count(counted: CounterReading, reading: CounterReading): void {
    if (this.held.length > CONFIRMATIONS && counted.value === reading.value) this.held.pop();
    this.held.push(reading);
  }

  private accept(reading: CounterReading): void {
    // A counter that stands still and then steps has had all that time for the step.
    if (this.last?.value !== reading.value) this.since = reading.time;
    this.last = reading;
    this.held = [];
    this.newest = undefined;
  }

  private isPlausible(from: CounterReading, since: number, to: CounterReading): boolean {
    const most = (this.largest * 1000 * (to.time - since)) / MS_PER_HOUR + ONE_STEP;
    return to.value >= from.value && to.value - from.value <= most;
  }
}

function between(from: CounterReading, to: CounterReading): Booking {
  return { start: from.time, end: to.time, energy: to.value - from.value };
}

function chain(readings: readonly CounterReading[]): Booking[] {
  return readings.slice(1).map((one, i) => between(readings[i] ?? one, one));
}

/** W */
function rate(from: CounterReading, to: CounterReading): number {
  return ((to.value - from.value) / 1000 / (to.time - from.time)) * MS_PER_HOUR;
}
