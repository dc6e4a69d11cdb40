import {
  type Booking,
  CounterFilter,
  type CounterOptions,
  type CounterReading,
  type CounterState,
} from './counter';
import { ReadingRhythm } from './gap';
import { type Direction, DIRECTIONS, type MeterBooking, type MeterResult } from './meter-result';
import { type Order, ReadingOrder } from './order';
import { HeldPower, type PowerSpan, type PowerState } from './power';
import { Resolution } from './resolution';
import { Taking } from './taking';

/** What any meter tells, in one form: energy by direction, from counters where there are any, else from power. */

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

/** What is read and judged by itself. */
const SOURCES = [...DIRECTIONS, 'power'] as const;
type Source = (typeof SOURCES)[number];

/** What has to be kept over a restart. */
export interface MeterState {
  power: PowerState;
  counters: Partial<Record<Direction, CounterState>>;
  rhythm: number[];
  /** time of the last reading of each source, epoch ms */
  last: Partial<Record<Source, number>>;
  spoke: Partial<Record<Direction, number>>;
  /** ms that the last reading came after its own time; missing: 0 */
  lag?: number;
}

export interface MeterOptions extends CounterOptions {
  /** ms for which a power holds and two readings of a counter are near each other; missing: by the meter's rhythm */
  longestGap?: number | undefined;
}

const DAY = 86_400_000;

export class Meter {
  private readonly power: HeldPower;
  private readonly filters: Partial<Record<Direction, CounterFilter>> = {};
  private readonly orders: Record<Source, ReadingOrder>;
  private readonly rhythm: ReadingRhythm;
  private readonly resolutions: Partial<Record<Direction, Resolution>> = {};
  /** time of the last good reading by direction */
  private readonly spoke: Partial<Record<Direction, number>>;
  /** W, from the slope of a counter, where a meter tells no power */
  private slopes: Partial<Record<Direction, { watts: number; time: number }>> = {};
  /** time of the last reading that counted; none before a restart, since Node-RED was off in between */
  private accepted: number | undefined;
  private rebased = false;
  private late: number;

  constructor(
    private readonly options: MeterOptions = {},
    state?: MeterState,
  ) {
    this.power = new HeldPower(state?.power);
    for (const direction of DIRECTIONS) {
      const kept = state?.counters[direction];
      if (kept) this.filters[direction] = new CounterFilter(options, kept);
    }
    const order = (source: Source): ReadingOrder => new ReadingOrder(state?.last[source]);
    this.orders = { import: order('import'), export: order('export'), power: order('power') };
    this.rhythm = new ReadingRhythm(state?.rhythm);
    this.spoke = { ...state?.spoke };
    this.late = Math.max(0, state?.lag ?? 0);
  }

  /** ms for which a power holds. */
  get longestGap(): number {
    return this.options.longestGap ?? this.rhythm.longestGap;
  }

  /** ms for which the power of the last reading is believed. */
  get holds(): number {
    return this.power.holds(this.longestGap);
  }

  /** Whether a direction's energy comes from a counter. */
  isCounted(direction: Direction): boolean {
    return this.filters[direction] !== undefined;
  }

  /** Wh, the smallest step of a direction's counter; `null` while it is not known */
  resolution(direction: Direction): number | null {
    return this.resolutions[direction]?.wattHours ?? null;
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

  /** W at an instant: the last reading's power, else the slope of the counters; `null` where it is not known. */
  presentAt(now: number): number | null {
    const told = this.power.at(now, this.longestGap);
    if (told !== null) return told;
    const fresh = DIRECTIONS.map((direction) => {
      const slope = this.slopes[direction];
      return slope && now <= slope.time + this.longestGap ? slope.watts : undefined;
    });
    const [taken, given] = fresh;
    return taken === undefined && given === undefined ? null : (taken ?? 0) - (given ?? 0);
  }

  /** ms that the last reading came after its own time. */
  get lag(): number {
    return this.late;
  }

  /** Up to when a meter whose readings come late has told what it is going to tell. */
  timeAt(now: number): number {
    return now - this.late;
  }

  /** Time of the last reading. */
  get latest(): number | null {
    const times = SOURCES.flatMap((source) => this.orders[source].last ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }

  state(): MeterState {
    const counters: MeterState['counters'] = {};
    for (const direction of DIRECTIONS) {
      const filter = this.filters[direction];
      if (filter) counters[direction] = filter.state();
    }
    const last: MeterState['last'] = {};
    for (const source of SOURCES) {
      const time = this.orders[source].last;
      if (time !== null) last[source] = time;
    }
    return {
      power: this.power.state(),
      counters,
      rhythm: this.rhythm.state(),
      last,
      spoke: { ...this.spoke },
      lag: this.late,
    };
  }

  /** The next reading is another meter's: its counters are a base at once, the time before it is not known. */
  newMeter(): void {
    this.power.drop();
    this.rebased = true;
    this.slopes = {};
    for (const direction of DIRECTIONS) this.filters[direction]?.newMeter();
  }

  /**
   * An availability message. Once one has come, a power holds until the meter is lost.
   *
   * @param now epoch ms of arrival; `null`: nobody knows
   * @returns what the power has told up to then
   */
  setAvailable(available: boolean, now: number | null): MeterBooking[] {
    const booked = now === null ? [] : this.advance(this.timeAt(now));
    this.power.setAvailable(available);
    return booked;
  }

  /** The clock has jumped, or the host has slept: what the meter did since its last reading is not known. */
  interrupt(): void {
    this.power.interrupt();
    this.accepted = undefined;
  }

  /** Books what the last power tells up to `now`, as long as it holds. */
  advance(now: number): MeterBooking[] {
    return this.bookPower(this.power.advance(now, this.longestGap));
  }

  /** @param now epoch ms of arrival */
  take(reading: MeterReading, now = reading.time): MeterResult {
    const taking = new Taking();
    for (const direction of DIRECTIONS) {
      const value = reading[direction];
      if (isCount(value))
        this.takeCount(direction, { value: Math.round(value * 1000), time: reading.time }, taking);
    }
    if (isPower(reading.power)) {
      this.takePower(reading.power, reading.time, reading.duration ?? null, taking);
    }
    if (taking.good) this.noteInterval(reading.time);
    const result = taking.result();
    // The same reading told again is no later than it was.
    if (result.ignored === undefined || result.ignored === 'held')
      this.late = Math.max(0, now - reading.time);
    return result;
  }

  private takeCount(direction: Direction, reading: CounterReading, taking: Taking): void {
    const order = this.orders[direction];
    const judged = order.judge(reading);
    if (judged.kind === 'older' || (judged.kind === 'same' && this.filters[direction]?.base)) {
      taking.leave(judged.kind);
      return;
    }
    const gap = this.longestGap;
    let filter = this.filters[direction];
    if (!filter) {
      // What the power has told until now still counts: from here on the counter does.
      taking.bookings.push(...this.advance(reading.time));
      filter = this.filters[direction] = new CounterFilter(this.options);
    }
    const readings = this.fromCorrected(judged, filter, reading, taking);
    for (const one of readings) {
      const before = filter.base;
      const result = filter.take(one);
      taking.note(result.good ? 'good' : 'held');
      if (result.good) this.spoke[direction] = one.time;
      if (before) this.noteSteps(direction, before, result.bookings);
      for (const booking of result.bookings) {
        const wide = booking.end - booking.start > gap;
        taking.bookings.push({ ...booking, direction, wide, counted: true });
      }
      for (const event of result.events) {
        // After a clock that was wrong the first reading is a base by itself, and often nothing is left out.
        if (event.kind !== 'newBase' || event.leftOut !== 0 || judged.kind !== 'corrected') {
          taking.events.push({ ...event, direction });
        }
      }
    }
    order.accept(reading.time);
  }

  /** The readings to take: after a last one that was wrong, the first of those that followed is the base. */
  private fromCorrected(
    judged: Order,
    filter: CounterFilter,
    reading: CounterReading,
    taking: Taking,
  ): CounterReading[] {
    if (judged.kind !== 'corrected') return [reading];
    taking.correct(judged.first.time);
    filter.newMeter();
    return [judged.first, reading];
  }

  private takePower(watts: number, time: number, duration: number | null, taking: Taking): void {
    const order = this.orders.power;
    const judged = order.judge({ value: watts, time });
    if (judged.kind === 'older' || this.power.is(watts, time)) {
      taking.leave(judged.kind === 'older' ? 'older' : 'same');
      return;
    }
    if (judged.kind === 'corrected') {
      taking.correct(judged.first.time);
      this.power.restart();
    }
    taking.note('good');
    taking.bookings.push(...this.bookPower(this.power.take(watts, time, duration, this.longestGap)));
    for (const direction of DIRECTIONS) if (!this.isCounted(direction)) this.spoke[direction] = time;
    order.accept(time);
  }

  private noteInterval(time: number): void {
    const interval = this.accepted === undefined ? 0 : time - this.accepted;
    if (interval > 0 && !this.rebased) this.rhythm.note(interval);
    this.accepted = time;
    this.rebased = false;
  }

  /** The positive part is import and the negative part export, for directions without a counter. */
  private bookPower(spans: readonly PowerSpan[]): MeterBooking[] {
    const directions = DIRECTIONS.filter((direction) => !this.isCounted(direction));
    return spans.flatMap(({ start, end, watts }) =>
      directions.map((direction) => {
        const part = Math.max(0, direction === 'import' ? watts : -watts);
        return { direction, start, end, energy: (part * (end - start)) / 3600, wide: false, counted: false };
      }),
    );
  }

  private noteSteps(direction: Direction, before: CounterReading, bookings: readonly Booking[]): void {
    for (const { energy } of bookings) (this.resolutions[direction] ??= new Resolution()).note(energy);
    const last = bookings.at(-1);
    if (!last || !(last.end > before.time)) return;
    this.slopes[direction] = { watts: (last.energy * 3600) / (last.end - last.start), time: last.end };
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isPower(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
