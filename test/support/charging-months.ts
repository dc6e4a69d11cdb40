import { LocalTime } from '../../lib/core/zone';
import type { CtResponseRow } from '../../lib/powerflex/rows';
import { type ChargingSession, SessionBuilder } from '../../lib/powerflex/sessions';
import type { BilledStay } from '../../lib/reports/billed';
import { ChargingReport } from '../../lib/reports/charging';
import { sessionsOf } from '../../lib/reports/session-input';
import type { Seeded } from './seeded';

/** A garage by chance for a month, what its stations tell of it, and what a report makes of that. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEP = 30 * MINUTE;

/** What a counter does: it begins anew with the car, with charging (and shows the car before until then), or never. */
const HABITS = ['plug', 'charge', 'never'] as const;
export type CounterHabit = (typeof HABITS)[number];

/** A car, as it was. */
export interface Car {
  station: string;
  from: number;
  to: number;
  chargeFrom: number;
  chargeTo: number;
  watts: number;
  /** mWh */
  energy: number;
}

interface Row {
  time: number;
  car: boolean;
  charging: boolean;
  /** mWh */
  counter: number;
}

export interface Month {
  zone: LocalTime;
  start: number;
  end: number;
  habit: CounterHabit;
  cars: Car[];
  rows: Map<string, Row[]>;
}

export function randomMonth(random: Seeded): Month {
  const zone = new LocalTime('Europe/Berlin');
  const first = Date.UTC(2025, random.below(12), 15);
  const { start, end } = zone.periodAt(first, 'month');
  const habit = random.pick(HABITS);
  const cars: Car[] = [];
  const rows = new Map<string, Row[]>();
  for (let i = 0; i < 1 + random.below(2); i++) {
    const station = `0001-02-01-0${i}`;
    const own = carsAt(random, station, start - 2 * DAY, end + 2 * DAY);
    cars.push(...own);
    rows.set(station, rowsOf(random, own, habit, start - 2 * DAY, end + 2 * DAY));
  }
  return { zone, start, end, habit, cars, rows };
}

/** Up to the minute, as rows tell it. */
function carsAt(random: Seeded, station: string, from: number, to: number): Car[] {
  const cars: Car[] = [];
  let at = from + random.below(12 * 60) * MINUTE - 6 * HOUR;
  while (at < to) {
    const stays = (20 + random.below(20 * 60)) * MINUTE;
    const chargeFrom = at + (3 + random.below(10)) * MINUTE;
    const idles = random.chance(0.1);
    const left = at + stays - chargeFrom;
    const charges = idles ? 0 : Math.max(MINUTE * 5, Math.floor((random.next() * left) / MINUTE) * MINUTE);
    const watts = 1400 + random.below(9600);
    const chargeTo = Math.min(chargeFrom + charges, at + stays - MINUTE);
    const energy = idles ? 0 : Math.round((watts * (chargeTo - chargeFrom)) / 3600);
    cars.push({ station, from: at, to: at + stays, chargeFrom, chargeTo, watts, energy });
    at += stays + (11 + random.below(8 * 60)) * MINUTE;
  }
  return cars;
}

function rowsOf(random: Seeded, cars: readonly Car[], habit: CounterHabit, from: number, to: number): Row[] {
  const times = new Set<number>();
  for (let time = from; time < to; time += STEP) times.add(time);
  for (const car of cars) {
    for (const time of [car.from, car.chargeFrom, car.chargeFrom + MINUTE, car.chargeTo, car.to]) {
      times.add(time);
      times.add(time + MINUTE);
    }
  }
  const rows: Row[] = [];
  let counter = habit === 'never' ? random.below(5e8) : 0;
  let next = 0;
  let base = counter;
  let own = 0;
  for (const time of [...times].filter((one) => one >= from - 12 * HOUR && one < to).sort((a, b) => a - b)) {
    for (let car = cars[next]; car && time >= car.to; car = cars[next]) {
      counter = habit === 'never' ? base + car.energy : own > 0 || car.energy > 0 ? car.energy : counter;
      if (habit === 'plug' && car.energy === 0) counter = 0;
      next++;
      own = 0;
      base = counter;
    }
    const car = cars[next];
    const here = car !== undefined && time >= car.from;
    if (here) {
      own = countedBy(car, time);
      if (habit === 'never') counter = base + own;
      else if (habit === 'plug' || time > car.chargeFrom) {
        if (habit === 'plug' || car.energy > 0) counter = own;
      }
    }
    if (time >= from)
      rows.push({ time, car: here, charging: here && own > 0 && time <= car.chargeTo, counter });
  }
  return rows;
}

function countedBy(car: Car, time: number): number {
  if (car.energy === 0 || time <= car.chargeFrom) return 0;
  if (time >= car.chargeTo) return car.energy;
  return Math.round((car.watts * (time - car.chargeFrom)) / 3600);
}

/** What the vendor's node makes of a range. */
function asked({ rows }: Month, from: number, to: number): ChargingSession[] {
  const builder = new SessionBuilder(true);
  for (const [station, list] of rows) {
    for (let i = firstFrom(list, from); i < list.length; i++) {
      const row = list[i];
      if (!row || row.time >= to) break;
      builder.add({ row: typed(station, row), time: row.time });
    }
  }
  return [...[...builder.flush()].flat(), ...builder.finish()];
}

function firstFrom(list: readonly Row[], from: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.time ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function typed(station: string, { time, car, charging, counter }: Row): CtResponseRow {
  return {
    timestamp: new Date(time).toISOString(),
    ...{ acnId: null, accId: '02', acgId: null, acsId: '01', evseAddress: station, evseType: null },
    ...{ spaceNumber: '101', version: null, pilotCurrent: null, voltage: null, phases: null, peakRate: null },
    chargingState: car ? (charging ? 'ADAPTIVE' : 'IDLE') : 'UNPLUGGED',
    energyDelivered: counter / 1000,
    current: charging ? 16 : 0,
    power: null,
  };
}

/** How a flow asks: each day for so many days before it; some asks are repeated, and Node-RED is restarted at times. */
export interface Habits {
  days: number;
  again: number;
  restart: number;
}

const OPTIONS = {
  billingDay: 1,
  price: { kind: 'fixed', price: 0.3 },
  settle: HOUR,
  ...{ idlePower: 100, idleAfter: 5 * MINUTE, grace: 0 },
} as const;

/** @returns what closed months tell, and what is left when all is over */
export function reported(
  random: Seeded,
  month: Month,
  { days, again, restart }: Habits,
): { billed: BilledStay[]; months: number } {
  const { zone } = month;
  const options = { ...OPTIONS, zone };
  let report = new ChargingReport(options);
  const billed: BilledStay[] = [];
  let months = 0;
  const ask = (from: number, to: number, now: number): void => {
    const text = JSON.stringify(asked(month, from, to));
    report.take(sessionsOf(JSON.parse(text), 'site', zone.name).sessions);
    for (const { stays } of report.close(now)) {
      months++;
      billed.push(...stays);
    }
  };
  for (let day = zone.periodAt(month.start - 2 * DAY, 'day'); day.start < month.end + 2 * DAY;) {
    const from = zone.daysBefore(day.end, days);
    const now = day.end + (1 + random.below(180)) * MINUTE;
    ask(from, day.end, now);
    if (random.chance(again)) ask(zone.daysBefore(day.end, days + random.below(3)), day.end, now + MINUTE);
    if (random.chance(restart)) {
      report = new ChargingReport(options, JSON.parse(JSON.stringify(report.state())) as never);
    }
    day = zone.periodAt(day.end, 'day');
  }
  for (const { stays } of report.close(month.end + 90 * DAY)) {
    months++;
    billed.push(...stays);
  }
  return { billed, months };
}
