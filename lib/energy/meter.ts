import {
  type Booking,
  type CounterEvent,
  CounterFilter,
  type CounterOptions,
  type CounterReading,
  type CounterState,
} from './counter';
import { ReadingRhythm } from './gap';

/** What any meter tells, in one form: energy by direction, from counters where there are any, else from power. */

export const DIRECTIONS = ['import', 'export'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A reading of a meter. What it does not carry is missing or `null`. */
export interface MeterReading {
  /** epoch ms */
  time: number;
  /** Wh */
  import?: number | null;
  /** Wh */
  export?: number | null;
  /** W, positive is import */
  power?: number | null;
  /** ms that the power is the mean of, up to `time`; missing: it is the power at `time`, and holds onwards */
  duration?: number | null;
}

/** Energy that a reading has told, or that time has: a power holds. */
export interface MeterBooking extends Booking {
  direction: Direction;
  /** between two readings of a counter farther apart than a value is believed: where the energy fell is estimated */
  wide: boolean;
  /** by a counter, whose value at any moment is rounded to the mWh */
  counted: boolean;
}

export type MeterEvent =
  | (CounterEvent & { direction: Direction })
  /** ten readings were older than the last one, which therefore was wrong */
  | { kind: 'clockCorrected'; to: number };

export interface MeterResult {
  bookings: MeterBooking[];
  events: MeterEvent[];
  /** why nothing was taken of it */
  ignored: 'older' | 'same' | 'held' | undefined;
}

interface Power {
  watts: number;
  /** when it was told */
  time: number;
  /** up to where it has been booked */
  booked: number;
}

/** What has to be kept over a restart. */
export interface MeterState {
  power: Power | null;
  counters: Partial<Record<Direction, CounterState>>;
  rhythm: number[];
  lastTime: number | null;
  spoke: Partial<Record<Direction, number>>;
}

export interface MeterOptions extends CounterOptions {
  /** ms for which a power holds and two readings of a counter are near each other; missing: by the meter's rhythm */
  longestGap?: number | undefined;
}

/** Readings in a row older than the last one, and ms that they span, after which the last one was wrong. */
const OLDER = 10;
const OLDER_SPAN = 60_000;
const DAY = 86_400_000;

export class Meter {
  private power: Power | null;
  private readonly filters: Partial<Record<Direction, CounterFilter>> = {};
  private readonly rhythm: ReadingRhythm;
  private lastTime: number | null;
  /** time of the last good reading by direction */
  private readonly spoke: Partial<Record<Direction, number>>;
  /** W, from the slope of a counter, where a meter tells no power */
  private slope: Partial<Record<Direction, number>> = {};
  private older: { count: number; since: number; last: number } | undefined;
  /** availability messages come: a power then holds until the meter is lost */
  private watched: boolean | undefined;
  /** nothing of the time while Node-RED was off is an interval between readings */
  private restarted: boolean;
  private rebased = false;

  constructor(
    private readonly options: MeterOptions = {},
    state?: MeterState,
  ) {
    this.power = state?.power ? { ...state.power } : null;
    for (const direction of DIRECTIONS) {
      const kept = state?.counters[direction];
      if (kept) this.filters[direction] = new CounterFilter(options, kept);
    }
    this.rhythm = new ReadingRhythm(state?.rhythm);
    this.lastTime = state?.lastTime ?? null;
    this.spoke = { ...state?.spoke };
    this.restarted = state !== undefined;
  }

  /** ms for which a power holds. */
  get longestGap(): number {
    return this.options.longestGap ?? this.rhythm.longestGap;
  }

  /** Whether a direction's energy comes from a counter. */
  isCounted(direction: Direction): boolean {
    return this.filters[direction] !== undefined;
  }

  /** The time of the last good reading of a direction; `undefined`: it has never told anything. */
  lastGood(direction: Direction): number | undefined {
    return this.spoke[direction];
  }

  /** Whether a direction has told something within the day before `now`. */
  isSpeaking(direction: Direction, now: number): boolean {
    const at = this.spoke[direction];
    return at !== undefined && now - at < DAY;
  }

  /** W at present: the last reading's power, else the slope of the counters; `null` where nothing is known. */
  get present(): number | null {
    if (this.power) return this.power.watts;
    const { import: taken, export: given } = this.slope;
    return taken === undefined && given === undefined ? null : (taken ?? 0) - (given ?? 0);
  }

  /** Time of the last reading. */
  get latest(): number | null {
    return this.lastTime;
  }

  state(): MeterState {
    const counters = Object.fromEntries(
      DIRECTIONS.flatMap((direction) => {
        const filter = this.filters[direction];
        return filter ? [[direction, filter.state()]] : [];
      }),
    );
    return {
      power: this.power && { ...this.power },
      counters,
      rhythm: this.rhythm.state(),
      lastTime: this.lastTime,
      spoke: { ...this.spoke },
    };
  }

  /** The next reading is another meter's: its counters are a base at once, the time before it is not known. */
  newMeter(): void {
    this.power = null;
    this.rebased = true;
    for (const filter of Object.values(this.filters)) filter.newMeter();
  }

  /**
   * An availability message. Once one has come, a power holds until the meter is lost.
   *
   * @returns what the power has told up to then
   */
  setAvailable(available: boolean, now: number): MeterBooking[] {
    const booked = this.advance(now);
    this.watched = available;
    if (!available) this.power = null;
    return booked;
  }

  /** Books what the last power tells up to `now`, as long as it holds. */
  advance(now: number): MeterBooking[] {
    const { power } = this;
    if (!power) return [];
    const holds = this.watched === true ? Infinity : power.time + this.longestGap;
    const end = Math.min(now, holds);
    const bookings = this.fromPower(power.watts, power.booked, end);
    power.booked = Math.max(power.booked, end);
    if (now >= holds) this.power = null;
    return bookings;
  }

  take(reading: MeterReading): MeterResult {
    const { time } = reading;
    const corrected = this.isOlder(time);
    if (corrected === 'older') return { bookings: [], events: [], ignored: 'older' };
    const events: MeterEvent[] = corrected ? [{ kind: 'clockCorrected', to: time }] : [];
    const same = this.lastTime === time;
    const bookings: MeterBooking[] = [];
    const gap = this.longestGap;
    let good = false;
    let held = false;

    for (const direction of DIRECTIONS) {
      const value = reading[direction];
      if (!isCount(value)) continue;
      const filter = (this.filters[direction] ??= new CounterFilter(this.options));
      const before = filter.base;
      if (same && before) continue;
      const result = filter.take({ value: Math.round(value * 1000), time });
      held ||= !result.good;
      good ||= result.good;
      if (result.good) this.spoke[direction] = time;
      this.noteSlope(direction, before, result.bookings);
      for (const one of result.bookings) {
        bookings.push({ ...one, direction, wide: one.end - one.start > gap, counted: true });
      }
      events.push(...result.events.map((event) => ({ ...event, direction })));
    }
    if (isPower(reading.power)) {
      good = true;
      bookings.push(...this.takePower(reading.power, time, reading.duration ?? null));
      for (const direction of DIRECTIONS) if (!this.isCounted(direction)) this.spoke[direction] = time;
    }
    if (!good) return { bookings, events, ignored: held ? 'held' : 'same' };
    if (!same) {
      const interval = this.lastTime === null ? 0 : time - this.lastTime;
      if (interval > 0 && !this.restarted && !this.rebased) this.rhythm.note(interval);
      this.restarted = false;
      this.rebased = false;
    }
    this.lastTime = time;
    return { bookings, events, ignored: undefined };
  }

  /** @returns `older` for a reading that is not taken; `true` when the clock has been put right */
  private isOlder(time: number): 'older' | boolean {
    if (this.lastTime === null || time >= this.lastTime) {
      this.older = undefined;
      return false;
    }
    const { older } = this;
    this.older =
      older && time >= older.last
        ? { count: older.count + 1, since: older.since, last: time }
        : { count: 1, since: time, last: time };
    if (this.older.count < OLDER || time - this.older.since < OLDER_SPAN) return 'older';
    // A board without a clock told a time far ahead, and everything since has been right.
    this.older = undefined;
    this.lastTime = null;
    this.power = null;
    for (const filter of Object.values(this.filters)) filter.newMeter();
    return true;
  }

  private takePower(watts: number, time: number, duration: number | null): MeterBooking[] {
    if (duration !== null && duration > 0) {
      const from = Math.max(time - duration, this.power?.booked ?? -Infinity);
      // It describes what has been, and holds no longer.
      this.power = { watts, time, booked: time };
      const bookings = this.fromPower(watts, from, time);
      this.power.time = time - this.longestGap;
      return bookings;
    }
    const bookings = this.power?.time === time ? [] : this.advance(time);
    this.power = { watts, time, booked: time };
    return bookings;
  }

  /** The positive part is import and the negative part export, for directions without a counter. */
  private fromPower(watts: number, start: number, end: number): MeterBooking[] {
    if (!(end > start)) return [];
    return DIRECTIONS.filter((direction) => !this.isCounted(direction)).map((direction) => {
      const part = Math.max(0, direction === 'import' ? watts : -watts);
      return { direction, start, end, energy: (part * (end - start)) / 3600, wide: false, counted: false };
    });
  }

  private noteSlope(direction: Direction, before: CounterReading | null, bookings: readonly Booking[]): void {
    const last = bookings.at(-1);
    if (!before || !last || !(last.end > last.start)) return;
    this.slope = { ...this.slope, [direction]: (last.energy * 3600) / (last.end - last.start) };
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isPower(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
