import { type Bucket, Buckets, type Share, sum } from './buckets';
import { type HourRow, rowAt } from './hours';
import {
  type Direction,
  DIRECTIONS,
  Meter,
  type MeterBooking,
  type MeterEvent,
  type MeterReading,
  type MeterState,
} from './meter';
import { type PeakFigures, Peaks, type PeakSettings, type PeakState } from './peaks';
import { Smoothing } from './smoothing';
import type { LocalTime, Span } from './zone';

/** Demand: the mean power of windows side by side, or of windows that overlap, as demand charges are made of. */

/** A row of counted hours. Time in no row has weight 1. */
export type WeightRow = HourRow & { weight: number };

export interface DemandSettings extends PeakSettings {
  zone: LocalTime;
  /** ms */
  window: number;
  /** ms, a divisor of the window; equal to it: blocks side by side */
  step: number;
  counts: 'import' | 'export' | 'net';
  /** weighted W; 0: what is paid for anyway */
  target: number;
  hours: readonly WeightRow[];
  /** 1 to 28 */
  billingDay: number;
  /** ms; missing: by the meter's rhythm */
  longestGap?: number | undefined;
  /** share of a window that must be known for a peak, 0 to 1 */
  completeFrom: number;
  /** ms; 0: the last value */
  smoothing: number;
}

/** A window that is over. */
export interface ClosedWindow extends Span {
  /** Wh */
  energy: number;
  /** W; `null` while too little of it is known */
  demand: number | null;
  /** W, over the time that is known */
  average: number | null;
  /** 0 to 1 */
  coverage: number;
  complete: boolean;
  estimated: boolean;
}

export interface DemandReport extends PeakFigures {
  timestamp: number;
  windowStart: number;
  windowEnd: number;
  /** Wh so far */
  energy: number;
  /** W over the known time; `null` while nothing is known */
  average: number | null;
  /** W, the highest of the windows that hold now; `null` while no power is known */
  projected: number | null;
  /** W that may be used from now to the window's end; `null` without a target */
  allowedPower: number | null;
  /** W */
  reduction: number | null;
  /** Wh */
  margin: number | null;
  /** weighted W */
  target: number | null;
  /** W, the target by the window's weight; `null` without one */
  limit: number | null;
  /** W at present */
  power: number | null;
  last: ClosedWindow | null;
  /** known share of the window up to now; `null` at its start */
  coverage: number | null;
  estimated: boolean;
  /** this report tells of the end of a window */
  closed: boolean;
}

export interface DemandState {
  meter: MeterState;
  buckets: Bucket[];
  peaks: PeakState;
  last: ClosedWindow | null;
  /** up to where windows are told, epoch ms */
  toldUntil: number | null;
  target: number;
}

export interface DemandResult {
  /** one for each window that has ended, then one for the reading */
  reports: DemandReport[];
  events: MeterEvent[];
  ignored: 'older' | 'same' | 'held' | undefined;
}

/** ms, so that a nearly full budget does not allow a burst at the end */
const SHORTEST_REST = 60_000;
/** ms after a window's end until it is closed without a reading */
const GRACE = 2000;
/** ms of windows that one reading closes at the most */
const LONGEST_CATCH_UP = 40 * 86_400_000;
const MS_PER_HOUR = 3_600_000;

export class Demand {
  private readonly meter: Meter;
  private readonly buckets: Buckets;
  private readonly peaks: Peaks;
  private readonly smoothing: Smoothing;
  private last: ClosedWindow | null;
  private toldUntil: number | null;
  private target: number;
  /** ms that the last reading came after its own time */
  private lag = 0;

  constructor(
    private readonly settings: DemandSettings,
    state?: DemandState,
  ) {
    this.meter = new Meter({ longestGap: settings.longestGap }, state?.meter);
    this.buckets = new Buckets(settings.zone, settings.step, state?.buckets);
    this.peaks = new Peaks(settings, state?.peaks);
    this.smoothing = new Smoothing(settings.smoothing);
    this.last = state?.last ?? null;
    this.toldUntil = state?.toldUntil ?? null;
    this.target = state?.target ?? settings.target;
  }

  state(): DemandState {
    return {
      meter: this.meter.state(),
      buckets: this.buckets.all().map((bucket) => ({ ...bucket })),
      peaks: this.peaks.state(),
      last: this.last,
      toldUntil: this.toldUntil,
      target: this.target,
    };
  }

  /** @param watts weighted W; 0: what is paid for anyway */
  setTarget(watts: number): void {
    this.target = watts;
  }

  newMeter(): void {
    this.meter.newMeter();
  }

  resetMonth(): void {
    this.peaks.reset();
  }

  /**
   * @param now epoch ms of arrival
   */
  take(reading: MeterReading, now: number): DemandResult {
    const begun = this.toldUntil !== null;
    const { bookings, events, ignored } = this.meter.take(reading);
    if (ignored === 'older') return { reports: [], events, ignored };
    this.lag = Math.max(0, now - reading.time);
    this.toldUntil ??= this.settings.zone.windowAt(reading.time, this.settings.step).start;
    if (!begun) this.buckets.at(reading.time);
    if (ignored) {
      this.book(bookings, this.toldUntil);
      return { reports: [], events, ignored };
    }
    const power = this.meter.present;
    if (power !== null) this.smoothing.note(power, reading.time);
    const closed = this.closeUpTo(bookings, reading.time, reading.time);
    return { reports: [...closed, this.report(reading.time, false)], events, ignored };
  }

  /** @returns the reports of windows that have ended by then */
  setAvailable(available: boolean, now: number): DemandReport[] {
    const bookings = this.meter.setAvailable(available, now);
    return this.toldUntil === null ? [] : this.closeUpTo(bookings, now, now);
  }

  /** When `tick` has something to do, epoch ms; `null`: only a reading ends the window. */
  get nextTick(): number | null {
    if (this.toldUntil === null || this.directions().some((one) => this.meter.isCounted(one))) return null;
    return this.settings.zone.windowFrom(this.toldUntil, this.settings.step).end + GRACE + this.lag;
  }

  /** Closes a window that is fed by a power and has ended without a reading. */
  tick(now: number): DemandReport[] {
    const next = this.nextTick;
    if (next === null || now < next) return [];
    const end = now - this.lag;
    return this.closeUpTo(this.meter.advance(end), end, now);
  }

  /** Whether a window has ended, and its meter has not spoken for twice the longest gap. */
  isWaiting(now: number): boolean {
    if (this.toldUntil === null || this.nextTick !== null) return false;
    const { end } = this.settings.zone.windowFrom(this.toldUntil, this.settings.step);
    return now > end + 2 * this.meter.longestGap;
  }

  /** Books, and closes each window that has ended and whose meters have spoken since. */
  private closeUpTo(bookings: readonly MeterBooking[], to: number, now: number): DemandReport[] {
    const reports: DemandReport[] = [];
    let from = this.toldUntil ?? to;
    if (to - from > LONGEST_CATCH_UP) {
      from = this.settings.zone.windowAt(to - LONGEST_CATCH_UP, this.settings.step).start;
      this.toldUntil = from;
    }
    for (;;) {
      const { end, piece } = this.settings.zone.windowFrom(from, this.settings.step);
      if (end > to || !this.hasSpoken(end, now)) break;
      this.book(bookings, from, end);
      this.close(end, piece);
      from = end;
      this.toldUntil = end;
      reports.push(this.report(to, true));
    }
    this.book(bookings, from);
    return reports;
  }

  private book(bookings: readonly MeterBooking[], from: number, to = Infinity): void {
    for (const one of bookings) this.buckets.book(one, from, to);
  }

  /** Whether all that feed the window have told what was until its end. */
  private hasSpoken(end: number, now: number): boolean {
    return this.directions().every((one) => {
      if (!this.meter.isCounted(one) || !this.meter.isSpeaking(one, now)) return true;
      return (this.meter.lastGood(one) ?? 0) >= end;
    });
  }

  private directions(): readonly Direction[] {
    return this.settings.counts === 'net' ? DIRECTIONS : [this.settings.counts];
  }

  private close(end: number, piece: boolean): void {
    const { zone, window, completeFrom } = this.settings;
    const span = piece ? zone.windowAt(end - 1, this.settings.step) : { start: end - window, end };
    const length = span.end - span.start;
    const share = this.shareOf(span);
    const known = share.known / length;
    const average = share.known > 0 ? watts(share.energy, share.known) : null;
    const whole = !piece && !this.holdsPiece(span) && this.reachesBack(span);
    const complete = whole && known >= completeFrom;
    this.last = {
      ...span,
      energy: share.energy / 1000,
      demand: complete ? average : null,
      average,
      coverage: known,
      complete,
      estimated: share.estimated,
    };
    this.enterMonth(span.start);
    if (complete && average !== null) {
      const day = zone.date(span.start);
      const demand = average * this.weightAt(span.start);
      this.peaks.add({ demand, start: span.start, day, estimated: share.estimated });
    }
    this.buckets.forget(end - window);
  }

  /** Whether the window began after the node did. A rolling one that did not is short of its first part. */
  private reachesBack({ start }: Span): boolean {
    const [first] = this.buckets.all();
    return first !== undefined && first.start <= start;
  }

  private holdsPiece(span: Span): boolean {
    return this.bucketsOf(span).some(({ piece }) => piece);
  }

  private bucketsOf({ start, end }: Span): Bucket[] {
    return this.buckets.all().filter((bucket) => bucket.end > start && bucket.start < end);
  }

  /** What is known of a span, in the direction that counts. */
  private shareOf(span: Span): Share {
    const buckets = this.bucketsOf(span);
    const { counts } = this.settings;
    if (counts !== 'net') return sum(buckets, counts);
    const taken = sum(buckets, 'import');
    const given = sum(buckets, 'export');
    const spoken = DIRECTIONS.filter((one) => this.meter.lastGood(one) !== undefined);
    const shares = { import: taken, export: given };
    return {
      energy: taken.energy - given.energy,
      known: spoken.length === 0 ? 0 : Math.min(...spoken.map((one) => shares[one].known)),
      estimated: taken.estimated || given.estimated,
    };
  }

  private enterMonth(instant: number): void {
    const { zone, billingDay } = this.settings;
    this.peaks.enter(zone.periodAt(instant, 'month', billingDay).start);
  }

  private weightAt(instant: number): number {
    return rowAt(this.settings.hours, instant, this.settings.zone)?.weight ?? 1;
  }

  private report(now: number, closed: boolean): DemandReport {
    const { zone, window, step } = this.settings;
    const next = zone.windowAt(now, step);
    const first = { start: step === window ? next.start : next.end - window, end: next.end };
    this.enterMonth(first.start);
    const figures = this.peaks.figures(zone.date(first.start));
    const paid = Math.max(figures.toBeat, this.settings.floor);
    const target = this.target > 0 ? this.target : paid > 0 ? paid : null;
    const share = this.shareOf(first);
    const power = this.meter.present;
    const elapsed = now - first.start;
    const weight = this.weightAt(first.start);
    return {
      timestamp: now,
      windowStart: first.start,
      windowEnd: first.end,
      energy: share.energy / 1000,
      average: share.known > 0 ? watts(share.energy, share.known) : null,
      ...this.outlook(now, first, target),
      target,
      limit: target === null || weight === 0 ? null : target / weight,
      power,
      last: this.last,
      coverage: elapsed > 0 ? share.known / elapsed : null,
      estimated: share.estimated,
      closed,
      ...figures,
    };
  }

  /** What the windows that hold now come to at the present power, and what they allow. The strictest counts. */
  private outlook(
    now: number,
    first: Span,
    target: number | null,
  ): Pick<DemandReport, 'projected' | 'allowedPower' | 'reduction' | 'margin'> {
    const { window, step } = this.settings;
    const power = this.counted(this.smoothing.mean(now));
    let projected: number | null = null;
    let allowedPower: number | null = null;
    let margin: number | null = null;
    let limited = false;
    for (let end = first.end; end - window <= now; end += step) {
      const span = { start: end === first.end ? first.start : end - window, end };
      const length = span.end - span.start;
      const rest = span.end - now;
      const energy = this.estimated(span, now, this.counted(this.meter.present));
      const final = energy === null || power === null ? null : energy + (power * rest) / 3600;
      if (final !== null) projected = Math.max(projected ?? -Infinity, watts(final, length));
      const weight = this.weightAt(span.start);
      if (target === null || weight === 0) continue;
      limited = true;
      const budget = (target / weight) * (length / 3600);
      if (energy !== null) {
        const allowed = Math.max(0, watts(budget - energy, Math.max(rest, SHORTEST_REST)));
        allowedPower = Math.min(allowedPower ?? Infinity, allowed);
      }
      if (final !== null) margin = Math.min(margin ?? Infinity, (budget - final) / 1000);
    }
    const over = power === null || allowedPower === null ? null : Math.max(0, power - allowedPower);
    return { projected, allowedPower, margin, reduction: target !== null && !limited ? 0 : over };
  }

  /** A power in the direction that counts. */
  private counted(power: number | null): number | null {
    if (power === null || this.settings.counts === 'net') return power;
    return Math.max(0, this.settings.counts === 'import' ? power : -power);
  }

  /** mWh of a span up to now: what is unknown of it counts with the mean of the rest, else with the present power. */
  private estimated(span: Span, now: number, power: number | null): number | null {
    const share = this.shareOf({ start: span.start, end: Math.min(span.end, now) });
    const unknown = now - span.start - share.known;
    if (unknown <= 0) return share.energy;
    if (share.known > 0) return share.energy + (share.energy / share.known) * unknown;
    return power === null ? null : (power * unknown) / 3600;
  }
}

/** W of an energy in mWh over ms. */
function watts(energy: number, ms: number): number {
  return (energy / 1000) * (MS_PER_HOUR / ms);
}
