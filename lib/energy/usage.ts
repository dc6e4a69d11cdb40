import { type BaseRate, baseBetween } from './base-rate';
import { Meter, type MeterReading, type MeterState } from './meter';
import { DIRECTIONS, type MeterBooking, type MeterEvent } from './meter-result';
import { addTo, merge, newPeriod, type Period, periodReport, type PeriodReport, type Piece } from './period';
import { Prices, type PriceState, type Pricing } from './prices';
import type { LocalTime, PeriodKind, Span } from '../core/zone';

export type { PeriodReport } from './period';

/** Use, feed-in and cost by hour, day, week, month and year, from any meter's readings. */

/** The shorter first: in this order periods that end together are told. */
export const KINDS = ['hour', 'day', 'week', 'month', 'year'] as const satisfies readonly PeriodKind[];

export interface UsageSettings {
  zone: LocalTime;
  /** 1 to 28 */
  billingDay: number;
  price: Pricing;
  feedIn: Pricing;
  /** money per day or billing month */
  base: BaseRate | null;
  /** whether hours are told too; default yes */
  hours?: boolean;
  /** ms; missing: by the meter's rhythm */
  longestGap?: number | undefined;
}

export interface UsageReport {
  timestamp: number;
  day: PeriodReport;
  week: PeriodReport;
  month: PeriodReport;
  year: PeriodReport;
}

/** A period that is over. */
export interface ClosedPeriod extends PeriodReport {
  kind: PeriodKind;
  /** it was told before, while the clock was wrong */
  again: boolean;
}

export interface UsageState {
  meter: MeterState;
  prices: PriceState;
  feedIn: PriceState;
  open: Period[];
  /** up to where each kind is told, epoch ms */
  told: Partial<Record<PeriodKind, number>>;
  /** up to where each kind has ever been told: further than `told` after a clock that was wrong */
  furthest: Partial<Record<PeriodKind, number>>;
}

export interface UsageResult {
  report: UsageReport | undefined;
  closed: ClosedPeriod[];
  events: MeterEvent[];
  ignored: 'older' | 'same' | 'held' | undefined;
}

/** ms after a period's end until it is closed without a reading */
const GRACE = 2000;
/** ms of periods that one reading closes at the most: hours of five years */
const LONGEST_CATCH_UP = 5 * 366 * 86_400_000;

export class Usage {
  private readonly meter: Meter;
  private readonly prices: Prices;
  private readonly feedIn: Prices;
  private readonly kinds: readonly PeriodKind[];
  /** by kind and start */
  private readonly open = new Map<PeriodKind, Map<number, Period>>();
  private readonly told: UsageState['told'] = {};
  private readonly furthest: UsageState['furthest'];

  constructor(
    private readonly settings: UsageSettings,
    state?: UsageState,
  ) {
    this.meter = new Meter({ longestGap: settings.longestGap }, state?.meter);
    this.prices = new Prices(settings.price, settings.zone, state?.prices);
    this.feedIn = new Prices(settings.feedIn, settings.zone, state?.feedIn);
    this.kinds = KINDS.filter((kind) => kind !== 'hour' || settings.hours !== false);
    this.furthest = { ...state?.furthest };
    for (const kind of this.kinds) {
      const list = state?.open.filter((one) => one.kind === kind) ?? [];
      this.open.set(kind, new Map(list.map((one) => [one.start, one])));
      const told = state?.told[kind];
      if (told !== undefined) this.told[kind] = told;
    }
  }

  state(): UsageState {
    return {
      meter: this.meter.state(),
      prices: this.prices.state(),
      feedIn: this.feedIn.state(),
      open: [...this.open.values()].flatMap((periods) => [...periods.values()]),
      told: { ...this.told },
      furthest: { ...this.furthest },
    };
  }

  /** The prices of what is imported; those of the feed-in are `feedInPrices`. */
  get importPrices(): Prices {
    return this.prices;
  }

  get feedInPrices(): Prices {
    return this.feedIn;
  }

  newMeter(): void {
    this.meter.newMeter();
  }

  /** Begins the running period of a kind anew. */
  reset(kind: PeriodKind, now: number): void {
    const span = this.spanAt(now, kind);
    this.open.get(kind)?.set(span.start, newPeriod(kind, span, now));
  }

  /** @param now epoch ms of arrival */
  take(reading: MeterReading, now: number): UsageResult {
    const { bookings, events, ignored } = this.meter.take(reading, now);
    if (ignored === 'older') return { report: undefined, closed: [], events, ignored };
    for (const kind of this.kinds) this.told[kind] ??= this.spanAt(reading.time, kind).start;
    for (const event of events) if (event.kind === 'clockCorrected') this.goBack(event.to);
    this.book(bookings);
    if (ignored) return { report: undefined, closed: [], events, ignored };
    // Another register may have told a later moment already.
    const at = Math.max(reading.time, this.meter.latest ?? 0);
    const closed = this.closeUpTo(at, at);
    return { report: this.report(at), closed, events, ignored };
  }

  /** The clock has jumped, or the host has slept. */
  interrupt(): void {
    this.meter.interrupt();
  }

  /** @param now epoch ms; `null`: nobody knows */
  setAvailable(available: boolean, now: number | null): ClosedPeriod[] {
    this.book(this.meter.setAvailable(available, now));
    if (now === null) return [];
    const at = this.meter.timeAt(now);
    return this.closeUpTo(at, at);
  }

  /** When `tick` has something to do, epoch ms; `null`: only a reading ends a period. */
  get nextTick(): number | null {
    const [shortest = 'day'] = this.kinds;
    const told = this.told[shortest];
    if (told === undefined || DIRECTIONS.some((one) => this.meter.isCounted(one))) return null;
    return this.spanAt(told, shortest).end + GRACE + this.meter.lag;
  }

  /** Closes periods that are fed by a power and have ended without a reading. */
  tick(now: number): ClosedPeriod[] {
    const next = this.nextTick;
    if (next === null || now < next) return [];
    const end = this.meter.timeAt(now);
    this.book(this.meter.advance(end));
    return this.closeUpTo(end, now);
  }

  report(now: number): UsageReport {
    const of = (kind: PeriodKind): PeriodReport => this.reportOf(this.periodAt(now, kind), now);
    return { timestamp: now, day: of('day'), week: of('week'), month: of('month'), year: of('year') };
  }

  /** The clock was wrong, and is right since an instant: what lies ahead of its periods has not been. */
  private goBack(to: number): void {
    for (const kind of this.kinds) {
      const { start } = this.spanAt(to, kind);
      this.told[kind] = Math.min(this.told[kind] ?? start, start);
      const periods = this.open.get(kind);
      for (const period of [...(periods?.values() ?? [])]) {
        if (period.start <= start) continue;
        // The energy was real.
        merge(period, this.periodAt(to, kind));
        periods?.delete(period.start);
      }
    }
  }

  /** Each booking is cut where an hour, a day or a price ends; a counter's values there are rounded to the mWh once. */
  private book(bookings: readonly MeterBooking[]): void {
    for (const booking of bookings) {
      const { direction, energy: whole, counted } = booking;
      const upTo = (instant: number): number => {
        const part = (whole * (instant - booking.start)) / (booking.end - booking.start);
        return counted ? Math.round(part) : part;
      };
      const prices = direction === 'import' ? this.prices : this.feedIn;
      let from = Math.max(booking.start, booking.end - LONGEST_CATCH_UP);
      while (from < booking.end) {
        const hour = this.spanAt(from, 'hour');
        const to = prices.changeAfter(from, Math.min(hour.end, booking.end));
        this.add({ booking, from, to, energy: upTo(to) - upTo(from), price: prices.at(from) });
        from = to;
      }
    }
  }

  /** What fell into a period that is told already counts in the one after it: nothing is lost, and nothing told changes. */
  private add(piece: Piece): void {
    for (const kind of this.kinds) {
      const told = this.told[kind] ?? piece.from;
      const late = piece.from < told;
      addTo(this.periodAt(late ? told : piece.from, kind), piece, late);
    }
  }

  private closeUpTo(to: number, now: number): ClosedPeriod[] {
    const closed: { period: Period; rank: number; again: boolean }[] = [];
    this.kinds.forEach((kind, rank) => {
      for (;;) {
        const told = this.told[kind];
        if (told === undefined) return;
        const span = this.spanAt(Math.max(told, to - LONGEST_CATCH_UP), kind);
        if (span.end > to || !this.hasSpoken(span.end, now)) return;
        const again = span.end <= (this.furthest[kind] ?? -Infinity);
        closed.push({ period: this.periodAt(span.start, kind), rank, again });
        this.told[kind] = span.end;
        if (!again) this.furthest[kind] = span.end;
        this.open.get(kind)?.delete(span.start);
      }
    });
    return closed
      .sort((a, b) => a.period.end - b.period.end || a.rank - b.rank)
      .map(({ period, again }) => ({ kind: period.kind, again, ...this.reportOf(period, period.end) }));
  }

  private hasSpoken(end: number, now: number): boolean {
    return DIRECTIONS.every((one) => {
      if (!this.meter.isCounted(one) || !this.meter.isSpeaking(one, now)) return true;
      return (this.meter.lastGood(one) ?? 0) >= end;
    });
  }

  private reportOf(period: Period, now: number): PeriodReport {
    const { base, zone, billingDay } = this.settings;
    const spoken = DIRECTIONS.filter((one) => this.meter.lastGood(one) !== undefined);
    const end = Math.min(now, period.end);
    const due = base && baseBetween(base, zone, billingDay, period.since, end);
    return periodReport(period, now, spoken, due);
  }

  private spanAt(instant: number, kind: PeriodKind): Span {
    const { zone, billingDay } = this.settings;
    return zone.periodAt(instant, kind, billingDay);
  }

  private periodAt(instant: number, kind: PeriodKind): Period {
    const span = this.spanAt(instant, kind);
    const found = this.open.get(kind)?.get(span.start);
    if (found) return found;
    const period = newPeriod(kind, span);
    this.open.get(kind)?.set(span.start, period);
    return period;
  }
}
