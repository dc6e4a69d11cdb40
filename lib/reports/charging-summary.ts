import { isRecord, round } from '../core/values';
import type { LocalTime } from '../core/zone';
import { type Cell, csvText, type CsvOptions } from './csv';
import type { BilledSpan, BilledStay } from './billed';
import { shortName } from './session-input';

/** What sessions come to, by groups, and as a table. */

export type GroupBy = 'station' | 'space' | 'table';

/** Names by station or space. */
export type Names = ReadonlyMap<string, string>;

const MOST_NAMES = 1000;
const UNNAMED = '–';
const MILLI_PER_KILO = 1e6;

/** A table of names as a dialog gives it; rows without either are none. */
export function parseNames(value: unknown): Names {
  const names = new Map<string, string>();
  if (!Array.isArray(value)) return names;
  for (const row of (value as unknown[]).slice(0, MOST_NAMES)) {
    const { station, name } = isRecord(row) ? row : {};
    if (typeof station !== 'string' || typeof name !== 'string') continue;
    const key = shortName(station.trim());
    if (key !== '' && !names.has(key)) names.set(key, shortName(name.trim()));
  }
  return names;
}

function nameOf({ address, space }: BilledStay, names: Names): string | undefined {
  return names.get(address) ?? (space === '' ? undefined : names.get(space));
}

function groupOf(stay: BilledStay, by: GroupBy, names: Names): string {
  switch (by) {
    case 'station':
      return stay.address;
    case 'space':
      return stay.space === '' ? UNNAMED : stay.space;
    case 'table':
      return nameOf(stay, names) ?? stay.address;
  }
}

/** What several sessions come to. */
export interface Sum {
  sessions: number;
  /** Wh */
  energy: number;
  /** s */
  chargeDuration: number;
  idleDuration: number;
  /** money; `null`: nothing of it has a price */
  cost: number | null;
  /** money */
  pricePerKWh: number | null;
  /** Wh without a known price */
  unpriced: number;
  /** sessions whose energy is not known */
  unknown: number;
  /** sessions that began before the data */
  startUnseen: number;
  /** sessions that ended in a month that was closed before they were known, and corrections of such */
  late: number;
}

function sumOf(stays: readonly BilledStay[]): Sum {
  let energy = 0;
  let priced = 0;
  let cost: number | null = null;
  const sum = {
    sessions: 0,
    chargeDuration: 0,
    idleDuration: 0,
    unpriced: 0,
    unknown: 0,
    startUnseen: 0,
    late: 0,
  };
  for (const stay of stays) {
    if (!stay.correction) {
      sum.sessions++;
      sum.chargeDuration += stay.charged ?? 0;
      sum.idleDuration += stay.idle ?? 0;
    }
    if (stay.energy === null) sum.unknown++;
    if (!stay.startSeen) sum.startUnseen++;
    if (stay.late) sum.late++;
    energy += stay.energy ?? 0;
    sum.unpriced += stay.unpriced;
    if (stay.cost !== null) {
      cost = (cost ?? 0) + stay.cost;
      priced += (stay.energy ?? 0) - stay.unpriced;
    }
  }
  return {
    ...sum,
    energy: energy / 1000,
    chargeDuration: Math.round(sum.chargeDuration / 1000),
    idleDuration: Math.round(sum.idleDuration / 1000),
    cost: cost === null ? null : round(cost),
    pricePerKWh: perKilo(cost, priced),
    unpriced: sum.unpriced / 1000,
  };
}

function perKilo(cost: number | null, energy: number): number | null {
  return cost === null || energy <= 0 ? null : round(cost / (energy / MILLI_PER_KILO));
}

export interface Summary extends Sum {
  start: string;
  end: string;
  groups: (Sum & { group: string })[];
}

export function summaryOf({ start, end, stays }: BilledSpan, by: GroupBy, names: Names): Summary {
  const groups = new Map<string, BilledStay[]>();
  for (const stay of stays) {
    const group = groupOf(stay, by, names);
    const own = groups.get(group);
    if (own) own.push(stay);
    else groups.set(group, [stay]);
  }
  return {
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    ...sumOf(stays),
    groups: [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, own]) => ({ group, ...sumOf(own) })),
  };
}

/** A session as it goes out. */
export function rowOf(stay: BilledStay, names: Names): Record<string, unknown> {
  const { start, end, address, space, energy, charged, idle, cost, unpriced } = stay;
  return {
    created: new Date(start).toISOString(),
    finished: new Date(end).toISOString(),
    station: address,
    space: space === '' ? null : space,
    name: nameOf(stay, names) ?? null,
    energy: energy === null ? null : energy / 1000,
    chargeDuration: seconds(charged),
    idleDuration: seconds(idle),
    cost,
    pricePerKWh: perKilo(cost, (energy ?? 0) - unpriced),
    unpriced: unpriced / 1000,
    startSeen: stay.startSeen,
    endSeen: stay.endSeen,
    estimated: stay.estimated,
    late: stay.late,
    correction: stay.correction,
  };
}

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.round(ms / 1000));

/** As tables of chargers are headed. */
const HEADING = [
  ...['created', 'finished', 'station', 'space', 'name', 'chargedEnergy', 'chargeDuration', 'idleDuration'],
  ...['price', 'pricePerKWh', 'remark'],
];

/** The sessions as a table: local times, kWh, s, money. */
export function chargingCsv(
  stays: readonly BilledStay[],
  names: Names,
  zone: LocalTime,
  options: CsvOptions,
): string {
  const rows = stays.map((stay): Cell[] => [
    zone.label(stay.start),
    zone.label(stay.end),
    stay.address,
    stay.space,
    nameOf(stay, names) ?? '',
    stay.energy === null ? null : stay.energy / MILLI_PER_KILO,
    seconds(stay.charged),
    seconds(stay.idle),
    stay.cost,
    perKilo(stay.cost, (stay.energy ?? 0) - stay.unpriced),
    remarkOf(stay),
  ]);
  return csvText(HEADING, rows, options);
}

/** What whoever pays should know. */
function remarkOf(stay: BilledStay): string {
  const remarks = [
    [!stay.startSeen, 'began before the data'],
    [!stay.endSeen, 'end not seen'],
    [stay.energy === null, 'energy not known'],
    [stay.unpriced > 0, 'partly without a price'],
    [stay.estimated, 'price by an even course'],
    [stay.late, 'late'],
    [stay.correction, 'correction'],
  ] as const;
  return remarks.flatMap(([holds, text]) => (holds ? [text] : [])).join(', ');
}
