import { isRecord } from '../core/values';
import type { BilledSpan, BilledStay } from './billed';
import { type Entry, Station } from './station';
import type { Habit, Stay } from './stay';

/** What a report keeps over a restart, in as few characters as it takes. */

type StayRow = [
  start: number,
  end: number,
  seen: number,
  energy: number | null,
  before: number | null,
  first: number | null,
  last: number | null,
];
type BillRow = [
  cost: number | null,
  unpriced: number,
  estimated: 0 | 1,
  charged: number | null,
  idle: number | null,
];
interface EntryRow {
  s: StayRow;
  b?: BillRow;
  /** mWh and money that closed months have */
  t?: [energy: number, cost: number];
  /** s since the start, and mWh */
  c?: number[];
}

interface StationRow {
  key: string;
  address: string;
  space: string;
  habit: Habit;
  forgotten: number | null;
  entries: EntryRow[];
}

export interface ChargingState {
  stations: StationRow[];
  closedUntil: number | null;
}

/** Numbers of courses that are kept altogether. */
const MOST_NUMBERS = 40_000;

export function stateOf(stations: readonly Station[], closedUntil: number | null): ChargingState {
  const budget = { left: MOST_NUMBERS };
  return {
    closedUntil,
    stations: stations.map(({ ids, habit, forgotten, entries }) => ({
      ...ids,
      habit,
      forgotten: Number.isFinite(forgotten) ? forgotten : null,
      entries: entries.map((entry) => rowOf(entry, budget)),
    })),
  };
}

function rowOf({ stay, bill, told }: Entry, budget: { left: number }): EntryRow {
  const { start, end, startSeen, endSeen, energy, before, first, last, course, mayBeAnew } = stay;
  const row: EntryRow = {
    s: [
      start,
      end,
      (startSeen ? 1 : 0) + (endSeen ? 2 : 0) + (mayBeAnew ? 4 : 0),
      energy,
      before,
      first,
      last,
    ],
  };
  if (bill && !told) {
    row.b = [bill.cost, bill.unpriced, bill.estimated ? 1 : 0, bill.charged, bill.idle];
  }
  if (told) row.t = [told.energy, told.cost];
  // What has been priced altogether needs it no more.
  const needed = !told && (!bill || bill.unpriced > 0);
  if (needed && course.length > 0 && course.length * 2 <= budget.left) {
    budget.left -= course.length * 2;
    row.c = course.flatMap(([time, counted]) => [Math.round((time - start) / 1000), counted]);
  }
  return row;
}

/** @throws anything for what cannot be used */
export function readState(state: ChargingState): { stations: Station[]; closedUntil: number | null } {
  if (!isRecord(state) || !Array.isArray(state.stations)) throw new TypeError('no state');
  const stations = state.stations.map(({ key, address, space, habit, forgotten, entries }) => {
    const station = new Station({ key, address, space });
    station.habit = habit;
    station.forgotten = forgotten ?? -Infinity;
    station.entries = entries.map(entryOf);
    return station;
  });
  return { stations, closedUntil: state.closedUntil };
}

function entryOf({ s, b, t, c = [] }: EntryRow): Entry {
  const [start, end, seen, energy, before, first, last] = s;
  const course: Stay['course'] = [];
  for (let i = 0; i + 1 < c.length; i += 2) course.push([start + (c[i] ?? 0) * 1000, c[i + 1] ?? 0]);
  const stay: Stay = {
    ...{ start, end, energy, before, first, last, course },
    startSeen: (seen & 1) !== 0,
    endSeen: (seen & 2) !== 0,
    mayBeAnew: (seen & 4) !== 0,
  };
  return {
    stay,
    bill: b ? { cost: b[0], unpriced: b[1], estimated: b[2] === 1, charged: b[3], idle: b[4] } : null,
    told: t ? { energy: t[0], cost: t[1] } : null,
  };
}

/** The names of a billed session's values besides its station's, in the order in which they are kept. */
const STAY_FIELDS = [
  ...(['start', 'end', 'startSeen', 'endSeen', 'energy', 'charged', 'idle', 'cost'] as const),
  ...(['unpriced', 'estimated', 'late', 'correction'] as const),
] satisfies (keyof BilledStay)[];

/** A closed month until it has been told, in as few characters as it takes. */
export interface PackedSpan {
  start: number;
  end: number;
  /** each station once */
  stations: [address: string, space: string][];
  /** the number of its station, and its values */
  stays: unknown[][];
}

export function packSpan({ start, end, stays }: BilledSpan): PackedSpan {
  const stations = new Map<string, { at: number; names: [string, string] }>();
  const rows = stays.map((stay) => {
    const key = JSON.stringify([stay.address, stay.space]);
    let station = stations.get(key);
    if (!station) stations.set(key, (station = { at: stations.size, names: [stay.address, stay.space] }));
    return [station.at, ...STAY_FIELDS.map((name) => stay[name])];
  });
  return { start, end, stations: [...stations.values()].map(({ names }) => names), stays: rows };
}

export function unpackSpan({ start, end, stations, stays }: PackedSpan): BilledSpan {
  const unpacked = stays.map(([at, ...values]) => {
    const [address = '', space = ''] = stations[at as number] ?? [];
    return { address, space, ...Object.fromEntries(STAY_FIELDS.map((name, i) => [name, values[i]])) };
  });
  return { start, end, stays: unpacked as unknown as BilledStay[] };
}
