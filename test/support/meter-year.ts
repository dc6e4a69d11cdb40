import { type ClosedWindow, Demand } from '../../lib/energy/demand';
import type { DemandSettings } from '../../lib/energy/demand-report';
import { type ClosedPeriod, Usage, type UsageSettings } from '../../lib/energy/usage';
import { LocalTime } from '../../lib/core/zone';
import { Seeded } from './seeded';

/** A year of a household's counter, read each 5 s with drops, and what the energy nodes' calculations make of it. */

export const ZONE = 'Europe/Brussels';
const STEP = 5000;
const QUARTER = 900_000;
const RESTARTS = 20;

const zone = new LocalTime(ZONE);
/** 365 days with a change of the clock in March and one in October */
export const BEGIN = zone.dayBegins(2026, 1, 1);
export const END = zone.dayBegins(2027, 1, 1);

const DEMAND: DemandSettings = {
  zone,
  window: QUARTER,
  step: QUARTER,
  counts: 'import',
  target: 0,
  hours: [],
  billingDay: 1,
  completeFrom: 0.95,
  smoothing: 0,
  peaks: 1,
  differentDays: false,
  floor: 2500,
  ratchet: 0,
};
const USAGE: UsageSettings = {
  zone,
  billingDay: 1,
  price: { kind: 'none' },
  feedIn: { kind: 'none' },
  base: null,
  hours: false,
};

export interface YearReading {
  /** epoch ms */
  time: number;
  /** Wh, whole */
  counter: number;
}

/**
 * Readings each 5 s, of which half and some hours at a time are missing; the first and the last are there.
 *
 * @param borders whether the readings on the borders of quarters of an hour are never missing
 */
export function* readingsOfYear(seed: number, borders: boolean): Generator<YearReading> {
  const seeded = new Seeded(seed);
  let counter = 1_000_000;
  let back = BEGIN;
  for (let time = BEGIN; time <= END; time += STEP) {
    const hour = (time / 3_600_000) % 24;
    counter += seeded.below(hour > 16 && hour < 21 ? 12 : 4);
    if (seeded.chance(0.00005)) back = time + seeded.below(6 * 3_600_000);
    const kept = time === BEGIN || time === END || (borders && time % QUARTER === 0);
    if (kept || (time >= back && seeded.chance(0.5))) yield { time, counter };
  }
}

export interface YearEnergy {
  readings: number;
  windows: ClosedWindow[];
  days: ClosedPeriod[];
}

/** Feeds a year to the calculations, which are saved and begun again now and then. */
export function energyOfYear(seed: number, readings: Iterable<YearReading>): YearEnergy {
  const seeded = new Seeded(seed + 1);
  const restarts = Array.from({ length: RESTARTS }, () => BEGIN + seeded.below(END - BEGIN)).sort(
    (a, b) => a - b,
  );
  let demand = new Demand(DEMAND);
  let usage = new Usage(USAGE);
  const windows: ClosedWindow[] = [];
  const days: ClosedPeriod[] = [];
  let count = 0;
  for (const { time, counter } of readings) {
    count++;
    const [next = Infinity] = restarts;
    if (time >= next) {
      restarts.shift();
      const copy = <T>(state: T): T => JSON.parse(JSON.stringify(state)) as T;
      demand = new Demand(DEMAND, copy(demand.state()));
      usage = new Usage(USAGE, copy(usage.state()));
    }
    const reading = { time, import: counter };
    for (const { closed, last } of demand.take(reading, time).reports) if (closed && last) windows.push(last);
    days.push(...usage.take(reading, time).closed.filter(({ kind }) => kind === 'day'));
  }
  return { readings: count, windows, days };
}

/** The largest difference between two lists of energies, Wh. */
export function largestDifference(ours: readonly (number | null)[], theirs: readonly number[]): number {
  return ours.reduce<number>(
    (most, one, i) => Math.max(most, Math.abs((one ?? NaN) - (theirs[i] ?? NaN))),
    0,
  );
}
