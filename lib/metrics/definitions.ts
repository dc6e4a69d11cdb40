import type { Measurement } from '../core/measurement';
import { MEASUREMENTS } from '../measurements';

/**
 * What each measurement of this package is called outside: names, types and labels of Prometheus, of which the fields of
 * InfluxDB are made. A name that has been published is not changed: dashboards and alarms hold it.
 */

export interface MetricDefinition {
  /** of Prometheus */
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  /** besides those of the device */
  labels: readonly string[];
  /** of the package's own value; `null`: none */
  unit: string | null;
  /** makes the base unit of the package's own value */
  factor: number;
  /** it tells how things are, and not how they were: it may be scraped */
  state: boolean;
}

export const PREFIX = 'energy_device';

/** Labels that every value has. */
export const DEVICE_LABELS = ['vendor', 'device', 'name'] as const;

/** How the fields of a group are called. */
interface Group {
  /** in front of the field's name; empty: nothing */
  prefix: string;
  labels?: readonly string[];
  /** it tells of what is over */
  past?: true;
}

const PAST = { past: true } as const;

/** By source and path of the table. A group that is not here fails a test. */
const GROUPS: Readonly<Record<string, Group>> = {
  'poweropti-meter payload': { prefix: '' },
  'ups-status payload': { prefix: '' },
  'ups-status payload.temperatures': { prefix: 'temperature' },
  'ups-status payload.supplies[]': { prefix: 'supply', labels: ['supply'] },
  'ups-status payload.outputs[]': { prefix: 'port', labels: ['port'] },
  'ups-status payload.ident': { prefix: 'ident' },
  'ups-status payload.basicInfo': { prefix: 'portal' },
  'ups-events overTemperature, temperatureNormal: payload': { prefix: 'event', ...PAST },
  'ups-events lowBattery, batteryNormal: payload': { prefix: 'event', labels: ['supply'], ...PAST },
  'ups-events batteryImbalance, batteryBalanced: payload': { prefix: 'event', labels: ['supply'], ...PAST },
  'powercontroller-status payload': { prefix: '' },
  'powerflex-dcm payload': { prefix: '' },
  'powerflex-dcm payload.targets': { prefix: '', labels: ['month'] },
  'powerflex-measurements ct_response: payload[]': { prefix: '' },
  'powerflex-measurements evse_request: payload[]': { prefix: 'request' },
  'powerflex-measurements evse_response: payload[]': { prefix: 'response' },
  'powerflex-measurements sessions: payload[]': { prefix: 'session', ...PAST },
  'energy-demand payload': { prefix: 'demand' },
  'energy-demand payload.last': { prefix: 'demand_last' },
  'energy-demand payload.monthPeak': { prefix: 'demand_month_peak' },
  'energy-counter payload.day': { prefix: 'day' },
  'energy-counter payload.week': { prefix: 'week' },
  'energy-counter payload.month': { prefix: 'month' },
  'energy-counter payload.year': { prefix: 'year' },
  'energy-counter payload': { prefix: 'closed', labels: ['period'], ...PAST },
  'energy-surplus payload': { prefix: 'surplus' },
};

/** What of a field its group does not say; `null`: it is no quantity. */
const FIELDS: Readonly<Record<string, Partial<Pick<MetricDefinition, 'type' | 'labels'>> | null>> = {
  'poweropti-meter payload.energyImport': { type: 'counter' },
  'poweropti-meter payload.energyImportTariff1': { type: 'counter' },
  'poweropti-meter payload.energyImportTariff2': { type: 'counter' },
  'poweropti-meter payload.energyExport': { type: 'counter' },
  'ups-status payload.supplies[].cellVoltages': { labels: ['supply', 'cell'] },
  'powercontroller-status payload.responseCodes': null,
  'powerflex-dcm payload.maxLoad': { labels: ['signal'] },
};

/** Names that are not those of the properties. */
const WORDS: Readonly<Record<string, string>> = { 'Jan … Dec': 'target', cellVoltages: 'cell_voltage' };

/** What a unit is called at the end of a name, and what makes the base unit of a value in it. */
const UNITS: Readonly<Record<string, readonly [suffix: string, factor: number]>> = {
  W: ['watts', 1],
  kW: ['watts', 1000],
  Wh: ['watthours', 1],
  V: ['volts', 1],
  A: ['amperes', 1],
  Hz: ['hertz', 1],
  '°C': ['celsius', 1],
  'L/min': ['cubic_meters_per_second', 1 / 60_000],
  s: ['seconds', 1],
  '%': ['ratio', 0.01],
  B: ['bytes', 1],
};

/** `energyImportTariff1` as `energy_import_tariff_1` */
const snake = (name: string): string => name.replace(/[A-Z]|\d+/g, (part) => `_${part.toLowerCase()}`);

function suffixOf(field: string, unit: string | null): string {
  if (unit !== null) return UNITS[unit]?.[0] ?? '';
  return field === 'coverage' ? 'ratio' : '';
}

function define(
  place: string,
  group: Group,
  field: string,
  { unit, about }: Pick<Measurement, 'unit' | 'about'>,
): MetricDefinition | undefined {
  const own = FIELDS[`${place}.${field}`];
  if (own === null) return undefined;
  const word = snake(WORDS[field] ?? field);
  const type = own?.type ?? 'gauge';
  // `surplus` of the surplus, and `response_period` of a response, are not said twice.
  const isSaid = `${word}_`.startsWith(`${group.prefix}_`);
  const parts = [PREFIX, isSaid ? '' : group.prefix, word, suffixOf(field, unit)];
  return {
    name: [...parts, type === 'counter' ? 'total' : ''].filter((part) => part !== '').join('_'),
    type,
    help: about.replaceAll('`', ''),
    labels: own?.labels ?? group.labels ?? [],
    unit,
    factor: unit === null ? 1 : (UNITS[unit]?.[1] ?? 1),
    state: group.past !== true,
  };
}

/** The definitions of a group's fields, by field. */
export type GroupDefinitions = ReadonlyMap<string, MetricDefinition>;

/** By source and path, as the table has them. */
const BY_GROUP: ReadonlyMap<string, GroupDefinitions> = new Map(
  MEASUREMENTS.map(({ source, path, fields }) => {
    const place = `${source} ${path}`;
    const group = GROUPS[place];
    if (!group) throw new Error(`no metrics are named for ${place}`);
    const defined = Object.entries(fields).flatMap(([field, measurement]) => {
      const definition = define(place, group, field, measurement);
      return definition ? [[field, definition] as const] : [];
    });
    return [place, new Map(defined)];
  }),
);

/** @param place source and path of a group in the table */
export function definitionsOf(place: string): GroupDefinitions {
  const found = BY_GROUP.get(place);
  if (!found) throw new Error(`no such group: ${place}`);
  return found;
}

const own = (word: string, help: string, more: Partial<MetricDefinition> = {}): MetricDefinition => ({
  ...{ name: `${PREFIX}_${word}`, type: 'gauge', help, labels: [], unit: null, factor: 1, state: true },
  ...more,
});

/** What is no measurement of the table: states as 0 and 1, and what an EMS's device tells under names of its own. */
export const OWN = {
  up: own('up', 'whether the device can be reached and its readings are new enough'),
  on: own('on', 'whether the load is powered'),
  portOn: own('port_on', 'whether the port is on', { labels: ['port'] }),
  onBattery: own('on_battery', 'whether the UPS runs from its battery'),
  lowBattery: own('low_battery', 'whether the battery of a supply is low'),
  surplusOn: own('surplus_on', 'whether the load of the surplus is on'),
  maxLoadAmperes: own('max_load_amperes', 'the limit of all cars, where maxLoadUnit is A', {
    ...{ labels: ['signal'], unit: 'A' },
  }),
  signalEnabled: own('signal_enabled', 'whether the limit of the signal holds', { labels: ['signal'] }),
  attribute: own('attribute', 'an attribute of a device of an EMS, in its own unit', {
    labels: ['attribute'],
  }),
} as const;

/** Of the node itself, without labels. */
export const LEFT_OUT = own('series_left_out', 'values that are not told because there are too many series');

/** Every metric that there can be, each name once: groups of several systems share some. */
export const METRICS: readonly MetricDefinition[] = merged([
  ...Object.values(OWN),
  LEFT_OUT,
  ...[...BY_GROUP.values()].flatMap((group) => [...group.values()]),
]);

function merged(all: readonly MetricDefinition[]): MetricDefinition[] {
  const found = new Map<string, MetricDefinition>();
  for (const one of all) {
    const known = found.get(one.name);
    const same = known?.help.split('; or ').includes(one.help) ?? true;
    const help = known && !same ? `${known.help}; or ${one.help}` : (known?.help ?? one.help);
    found.set(one.name, { ...one, help });
  }
  return [...found.values()];
}

/** The field of InfluxDB, which knows no counters. */
export function fieldOf({ name }: MetricDefinition): string {
  return name.slice(PREFIX.length + 1).replace(/_total$/, '');
}
