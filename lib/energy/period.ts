import type { Direction, MeterBooking } from './meter-result';
import type { PeriodKind, Span } from '../core/zone';

/** An hour, a day, a week, a month or a year, and what has been used in it so far. */

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

/** One direction of a period. */
export interface Flow {
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

export interface Period extends Span {
  kind: PeriodKind;
  /** since when it is counted: its start, or when it was begun anew */
  since: number;
  import: Flow;
  export: Flow;
}

export function newPeriod(kind: PeriodKind, { start, end }: Span, since = start): Period {
  const flow = (): Flow => ({ energy: 0, known: 0, estimated: 0, money: 0, priced: 0 });
  return { kind, start, end, since, import: flow(), export: flow() };
}

/** A piece of a booking that lies in one hour and has one price. */
export interface Piece {
  booking: MeterBooking;
  /** epoch ms */
  from: number;
  to: number;
  /** mWh */
  energy: number;
  /** money per kWh */
  price: number | null;
}

/**
 * Adds a piece to a period.
 *
 * @param late the time it fell into has been told already: its energy counts here, its time does not
 */
export function addTo(period: Period, { booking, from, to, energy, price }: Piece, late: boolean): void {
  const flow = period[booking.direction];
  flow.energy += energy;
  if (!late) flow.known += to - from;
  const beyond = booking.start < period.start || booking.end > period.end;
  if (late || (booking.wide && beyond)) flow.estimated += energy;
  if (price === null) return;
  flow.money += (energy / 1_000_000) * price;
  flow.priced += energy;
}

/** What a period has counted goes to another one. */
export function merge(from: Period, into: Period): void {
  for (const direction of ['import', 'export'] as const) {
    const [source, target] = [from[direction], into[direction]];
    target.energy += source.energy;
    target.estimated += source.energy;
    target.money += source.money;
    target.priced += source.priced;
  }
}

/**
 * @param now epoch ms up to which it is told
 * @param spoken directions that have ever told anything
 * @param base money
 */
export function periodReport(
  period: Period,
  now: number,
  spoken: readonly Direction[],
  base: number | null,
): PeriodReport {
  const { start, end } = period;
  const elapsed = Math.min(now, end) - start;
  const known = spoken.length === 0 ? 0 : Math.min(...spoken.map((one) => period[one].known));
  const wattHours = ({ known: some, energy }: Flow): number | null =>
    some > 0 || energy > 0 ? energy / 1000 : null;
  const taken = wattHours(period.import);
  const given = wattHours(period.export);
  return {
    start,
    end,
    import: taken,
    export: given,
    net: taken === null && given === null ? null : (taken ?? 0) - (given ?? 0),
    cost: money(period.import),
    revenue: money(period.export),
    unpriced: (period.import.energy - period.import.priced) / 1000,
    base,
    coverage: elapsed > 0 ? known / elapsed : null,
    estimated: (period.import.estimated + period.export.estimated) / 1000,
  };
}

function money({ priced, money: sum }: Flow): number | null {
  return priced === 0 ? null : sum;
}
