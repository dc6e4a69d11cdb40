import { Surplus } from '../../lib/energy/surplus';
import type { SurplusOptions } from '../../lib/energy/surplus-types';
import { LocalTime } from '../../lib/core/zone';
import { Seeded } from './seeded';

/** A year of sun and house by the minute, and three loads in a row that follow what is left. */

const MINUTE = 60_000;
const MINUTES = 365 * 1440;
const START = Date.UTC(2026, 0, 1);
const MIN_ON = 10;
const MIN_OFF = 5;
const MAX_STARTS = 16;

const COMMON = {
  step: 0,
  tolerated: 0,
  onAfter: MINUTE,
  offAfter: MINUTE,
  minOn: MIN_ON * MINUTE,
  minOff: MIN_OFF * MINUTE,
  maxStarts: MAX_STARTS,
  runAtLeast: 0,
  until: 0,
  staleAfter: 5 * MINUTE,
  failSafe: 'off',
  failSafePower: 0,
} as const;

const LOADS: Pick<SurplusOptions, 'kind' | 'power' | 'max' | 'step'>[] = [
  { kind: 'switch', power: 2000, max: 2000, step: 0 },
  { kind: 'modulate', power: 1380, max: 3680, step: 230 },
  { kind: 'switch', power: 1000, max: 1000, step: 0 },
];

/** What a year came to. */
export interface SunYear {
  /** minutes, the shortest that a load was on and off */
  shortestOn: number;
  shortestOff: number;
  /** the most of a day */
  starts: number;
  /** Wh that the loads used */
  used: number;
  /** Wh that were imported because of them */
  imported: number;
  /** Wh of the sun that were used */
  own: number;
  /** the same, decided anew each minute without minimum times */
  ideal: number;
}

/** W of a roof of 9 kW under passing clouds, and of a house. */
function* weather(random: Seeded): Generator<{ sun: number; house: number }> {
  let sky = 1;
  let skyLeft = 0;
  let cloud = 1;
  let cloudLeft = 0;
  let appliance = 0;
  let applianceLeft = 0;
  for (let minute = 0; minute < MINUTES; minute++) {
    const day = Math.floor(minute / 1440);
    const hour = (minute % 1440) / 60;
    const season = -Math.cos((2 * Math.PI * (day + 10)) / 365);
    const half = 6 + 2 * season;
    const height = Math.max(0, Math.cos(((hour - 12) / half) * (Math.PI / 2)));
    const clear = Math.abs(hour - 12) < half ? 9000 * height * (0.65 + 0.35 * season) : 0;
    if (skyLeft-- <= 0) {
      sky = random.pick([1, 0.6, 0.6, 0.15]);
      skyLeft = 30 + random.below(300);
    }
    if (cloudLeft-- <= 0) {
      cloud = sky === 0.6 && cloud === 1 ? 0.25 + 0.3 * random.next() : 1;
      cloudLeft = cloud === 1 ? 2 + random.below(25) : 1 + random.below(12);
    }
    if (applianceLeft-- <= 0) {
      appliance = appliance === 0 && random.chance(0.5) ? random.pick([150, 800, 2000]) : 0;
      applianceLeft = appliance === 2000 ? 2 + random.below(8) : 10 + random.below(120);
    }
    const share = sky === 0.6 ? cloud : sky;
    yield { sun: Math.max(0, clear * share * (0.98 + 0.04 * random.next())), house: 250 + appliance };
  }
}

/** What the loads would take, were they decided anew each minute. */
function ideal(left: number): number {
  let taken = 0;
  for (const { kind, power, max, step } of LOADS) {
    const rest = left - taken;
    if (rest < power) continue;
    taken += kind === 'switch' ? power : power + Math.floor((Math.min(rest, max) - power) / step) * step;
  }
  return taken;
}

export function sunYear(seed: number): SunYear {
  const zone = new LocalTime('UTC');
  const loads = LOADS.map((load) => ({
    surplus: new Surplus({ ...COMMON, ...load, zone }, { wall: START, steady: 0 }),
    watts: 0,
    since: -Infinity,
  }));
  const starts = new Map<string, number>();
  const year = {
    shortestOn: Infinity,
    shortestOff: Infinity,
    starts: 0,
    used: 0,
    imported: 0,
    own: 0,
    ideal: 0,
  };
  let minute = 0;
  for (const { sun, house } of weather(new Seeded(seed))) {
    const at = { wall: START + minute * MINUTE, steady: minute * MINUTE };
    let power: number | null = house - sun + loads.reduce((sum, { watts }) => sum + watts, 0);
    for (const [i, load] of loads.entries()) {
      if (power !== null) load.surplus.take({ time: at.wall, power }, at);
      const { on, watts, left } = load.surplus.tick(at);
      if (on !== load.watts > 0) {
        const lasted = minute - load.since;
        if (on) year.shortestOff = Math.min(year.shortestOff, lasted);
        else year.shortestOn = Math.min(year.shortestOn, lasted);
        load.since = minute;
        const key = `${i} ${Math.floor(minute / 1440)}`;
        if (on) starts.set(key, (starts.get(key) ?? 0) + 1);
      }
      load.watts = watts;
      power = left;
    }
    const taken = loads.reduce((sum, { watts }) => sum + watts, 0);
    year.used += taken / 60;
    year.imported += (Math.max(0, house + taken - sun) - Math.max(0, house - sun)) / 60;
    year.own += Math.min(sun, house + taken) / 60;
    year.ideal += Math.min(sun, house + ideal(sun - house)) / 60;
    minute++;
  }
  year.starts = Math.max(0, ...starts.values());
  return year;
}

/** What is wrong with a year; empty: it keeps all bounds. */
export function faultsOf(year: SunYear): string[] {
  const faults: string[] = [];
  if (year.shortestOn < MIN_ON) faults.push(`on for ${year.shortestOn} min`);
  if (year.shortestOff < MIN_OFF) faults.push(`off for ${year.shortestOff} min`);
  if (year.starts > MAX_STARTS) faults.push(`${year.starts} starts a day`);
  if (year.imported > 0.07 * year.used) faults.push('too much imported');
  if (year.own < 0.95 * year.ideal) faults.push('too little of the sun used');
  return faults;
}

export function summary(seed: number, { shortestOn, shortestOff, starts, ...energy }: SunYear): string {
  const { used, imported, own, ideal: best } = energy;
  const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`;
  return (
    `seed ${seed}: on ≥ ${shortestOn} min, off ≥ ${shortestOff} min, ≤ ${starts} starts a day, ` +
    `${Math.round(used / 1000)} kWh, imported ${share(imported, used)}, own use ${share(own, best)} of the best`
  );
}
