import {
  type Direction,
  DIRECTIONS,
  Meter,
  type MeterBooking,
  type MeterEvent,
  type MeterReading,
  type MeterState,
} from './meter';
import { Prices, type PriceState, type Pricing } from './prices';
import type { LocalTime, PeriodKind, Span } from './zone';

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
  base: { amount: number; per: 'day' | 'month' } | null;
  /** ms; missing: by the meter's rhythm */
  longestGap?: number | undefined;
}

/** What a running or closed period comes to. */
export interface PeriodReport extends Span {
  /** Wh; `null` where nothing is known */
  import: number | null;
  export: number | null;
  /** Wh, import less export */
  net: number | null;
  /** money; `null` when nothing was imported at a known price */
  cost: number | null;
  revenue: number | null;
  /** Wh imported without a known price */
  unpriced: number;
  /** money, by the time that has passed */
  base: number | null;
  /** known share of the time, the worse of both directions; `null` at the start */
  coverage: number | null;
  /** Wh that were split at this period's own start or end by time */
  estimated: number;
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
}

interface Flow {
  /** mWh */
  energy: number;
  /** ms */
  known: number;
  /** mWh */
  estimated: number;
  /** money */
  money: number;
  /** mWh that have a price */
  priced: number;
}

interface Period extends Span {
  kind: PeriodKind;
  /** since when it is counted */
  since: number;
  import: Flow;
  export: Flow;
}

export interface UsageState {
  meter: MeterState;
  prices: PriceState;
  feedIn: PriceState;
  open: Period[];
  /** up to where each kind is told, epoch ms */
  told: Partial<Record<PeriodKind, number>>;
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
  private open: Period[];
  private readonly told: Partial<Record<PeriodKind, number>>;
  private lag = 0;

  constructor(
    private readonly settings: UsageSettings,
    state?: UsageState,
  ) {
    this.meter = new Meter({ longestGap: settings.longestGap }, state?.meter);
    this.prices = new Prices(settings.price, settings.zone, state?.prices);
    this.feedIn = new Prices(settings.feedIn, settings.zone, state?.feedIn);
    this.open = state?.open ?? [];
    this.told = { ...state?.told };
  }

  state(): UsageState {
    return {
      meter: this.meter.state(),
      prices: this.prices.state(),
      feedIn: this.feedIn.state(),
      open: this.open,
      told: { ...this.told },
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
    this.open = this.open.filter((one) => one.kind !== kind || one.start !== span.start);
    this.open.push(made(kind, span, now));
  }

  /** @param now epoch ms of arrival */
  take(reading: MeterReading, now: number): UsageResult {
    const { bookings, events, ignored } = this.meter.take(reading);
    if (ignored === 'older') return { report: undefined, closed: [], events, ignored };
    this.lag = Math.max(0, now - reading.time);
    for (const kind of KINDS) {
      this.told[kind] ??= this.spanAt(reading.time, kind).start;
      this.periodAt(reading.time, kind, reading.time);
    }
    this.book(bookings);
    const closed = ignored ? [] : this.closeUpTo(reading.time, reading.time);
    return { report: ignored ? undefined : this.report(reading.time), closed, events, ignored };
  }

  setAvailable(available: boolean, now: number): ClosedPeriod[] {
    this.book(this.meter.setAvailable(available, now));
    return this.closeUpTo(now, now);
  }

  /** When `tick` has something to do, epoch ms; `null`: only a reading ends a period. */
  get nextTick(): number | null {
    const { hour } = this.told;
    if (hour === undefined || DIRECTIONS.some((one) => this.meter.isCounted(one))) return null;
    return this.spanAt(hour, 'hour').end + GRACE + this.lag;
  }

  /** Closes periods that are fed by a power and have ended without a reading. */
  tick(now: number): ClosedPeriod[] {
    const next = this.nextTick;
    if (next === null || now < next) return [];
    const end = now - this.lag;
    this.book(this.meter.advance(end));
    return this.closeUpTo(end, now);
  }

  report(now: number): UsageReport {
    const of = (kind: PeriodKind): PeriodReport => this.reportOf(this.periodAt(now, kind, now), now);
    return { timestamp: now, day: of('day'), week: of('week'), month: of('month'), year: of('year') };
  }

  /** Each booking is cut where an hour, a day or a price ends; a counter's values there are rounded to the mWh once. */
  private book(bookings: readonly MeterBooking[]): void {
    for (const booking of bookings) {
      const { direction, energy, counted } = booking;
      const upTo = (instant: number): number => {
        const part = (energy * (instant - booking.start)) / (booking.end - booking.start);
        return counted ? Math.round(part) : part;
      };
      const prices = direction === 'import' ? this.prices : this.feedIn;
      let at = Math.max(booking.start, booking.end - LONGEST_CATCH_UP);
      while (at < booking.end) {
        const hour = this.spanAt(at, 'hour');
        const next = prices.changeAfter(at, Math.min(hour.end, booking.end));
        this.add(booking, at, next, upTo(next) - upTo(at), prices.at(at));
        at = next;
      }
    }
  }

  private add(
    { direction, wide, start, end }: MeterBooking,
    from: number,
    to: number,
    energy: number,
    price: number | null,
  ): void {
    for (const kind of KINDS) {
      const period = this.periodAt(from, kind, from);
      const flow = period[direction];
      flow.energy += energy;
      flow.known += to - from;
      if (wide && (start < period.start || end > period.end)) flow.estimated += energy;
      if (price === null) continue;
      flow.money += (energy / 1_000_000) * price;
      flow.priced += energy;
    }
  }

  private closeUpTo(to: number, now: number): ClosedPeriod[] {
    const closed: { period: Period; rank: number }[] = [];
    KINDS.forEach((kind, rank) => {
      for (;;) {
        const told = this.told[kind];
        if (told === undefined) return;
        const span = this.spanAt(Math.max(told, to - LONGEST_CATCH_UP), kind);
        if (span.end > to || !this.hasSpoken(span.end, now)) return;
        closed.push({ period: this.periodAt(span.start, kind, span.start), rank });
        this.told[kind] = span.end;
        this.open = this.open.filter((one) => one.kind !== kind || one.start > span.start);
      }
    });
    return closed
      .sort((a, b) => a.period.end - b.period.end || a.rank - b.rank)
      .map(({ period }) => ({ kind: period.kind, ...this.reportOf(period, period.end) }));
  }

  private hasSpoken(end: number, now: number): boolean {
    return DIRECTIONS.every((one) => {
      if (!this.meter.isCounted(one) || !this.meter.isSpeaking(one, now)) return true;
      return (this.meter.lastGood(one) ?? 0) >= end;
    });
  }

  private reportOf(period: Period, now: number): PeriodReport {
    const { start, end } = period;
    const elapsed = Math.min(now, end) - start;
    const spoken = DIRECTIONS.filter((one) => this.meter.lastGood(one) !== undefined);
    const known = spoken.length === 0 ? 0 : Math.min(...spoken.map((one) => period[one].known));
    const wattHours = (direction: Direction): number | null =>
      period[direction].known > 0 ? period[direction].energy / 1000 : null;
    const taken = wattHours('import');
    const given = wattHours('export');
    return {
      start,
      end,
      import: taken,
      export: given,
      net: taken === null && given === null ? null : (taken ?? 0) - (given ?? 0),
      cost: money(period.import),
      revenue: money(period.export),
      unpriced: (period.import.energy - period.import.priced) / 1000,
      base: this.baseBetween(period.since, Math.min(now, end)),
      coverage: elapsed > 0 ? known / elapsed : null,
      estimated: (period.import.estimated + period.export.estimated) / 1000,
    };
  }

  /** The base rate by the time that has passed of each of its days or months. */
  private baseBetween(from: number, to: number): number | null {
    const { base } = this.settings;
    if (!base) return null;
    let sum = 0;
    for (let at = from; at < to;) {
      const span = this.spanAt(at, base.per);
      const end = Math.min(span.end, to);
      sum += (base.amount * (end - at)) / (span.end - span.start);
      at = end;
    }
    return sum;
  }

  private spanAt(instant: number, kind: PeriodKind): Span {
    const { zone, billingDay } = this.settings;
    return zone.periodAt(instant, kind, billingDay);
  }

  private periodAt(instant: number, kind: PeriodKind, since: number): Period {
    const found = this.open.find((one) => one.kind === kind && instant >= one.start && instant < one.end);
    if (found) return found;
    const period = made(kind, this.spanAt(instant, kind), since);
    this.open.push(period);
    return period;
  }
}

function money({ priced, money: sum }: Flow): number | null {
  return priced === 0 ? null : sum;
}

function made(kind: PeriodKind, { start, end }: Span, since: number): Period {
  const flow = (): Flow => ({ energy: 0, known: 0, estimated: 0, money: 0, priced: 0 });
  return { kind, start, end, since: Math.max(since, start), import: flow(), export: flow() };
}
