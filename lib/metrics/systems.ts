import { readTime } from '../core/time';
import { isRecord, toNumber } from '../core/values';
import { definitionsOf, type MetricDefinition, OWN } from './definitions';
import { idLabel, nameLabel } from './labels';
import type { MetricDevice, MetricReading, Sample } from './reading';

/** What each system's nodes send, as samples. */

/** `undefined` for what is not of this shape. */
export type Reader = (device: MetricDevice, payload: unknown) => MetricReading[] | undefined;

/** Entries of one message's lists that are looked at; no device of these systems has as many. */
const MAX_ENTRIES = 64;
const MAX_ATTRIBUTES = 200;

type Labels = readonly string[];

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, MAX_ENTRIES) : []);

/** The numbers of a record that the table has under this place; what did not arrive is left out. */
function numbers(place: string, record: unknown, inside: string, labels: Labels = []): Sample[] {
  if (!isRecord(record)) return [];
  const found: Sample[] = [];
  for (const [field, definition] of definitionsOf(place)) {
    if (!Object.hasOwn(record, field)) continue;
    const at = inside === '' ? field : `${inside}.${field}`;
    const value = record[field];
    if (Array.isArray(value)) {
      listOf(value).forEach((one, i) => {
        add(found, definition, `${at}[${i}]`, one, [...labels, String(i)]);
      });
    } else add(found, definition, at, value, labels);
  }
  return found;
}

function add(
  to: Sample[],
  definition: MetricDefinition,
  place: string,
  given: unknown,
  labels: Labels,
): void {
  const value = toNumber(given);
  // A group's labels may be more than this field's own.
  if (value !== null)
    to.push({ definition, place, labels: labels.slice(0, definition.labels.length), value });
}

/** A state as 0 or 1. */
function flag(definition: MetricDefinition, place: string, value: unknown, labels: Labels = []): Sample[] {
  return typeof value === 'boolean' ? [{ definition, place, labels, value: value ? 1 : 0 }] : [];
}

export const readMeter: Reader = (device, payload) => {
  if (!isRecord(payload)) return undefined;
  const isReading = [...definitionsOf('poweropti-meter payload').keys()].some((field) => field in payload);
  if (!isReading) return undefined;
  const samples = numbers('poweropti-meter payload', payload, '');
  return [{ device, time: readTime(payload.timestamp), scope: 'status', samples }];
};

const EVENTS: Readonly<Record<string, string>> = {
  overTemperature: 'ups-events overTemperature, temperatureNormal: payload',
  temperatureNormal: 'ups-events overTemperature, temperatureNormal: payload',
  lowBattery: 'ups-events lowBattery, batteryNormal: payload',
  batteryNormal: 'ups-events lowBattery, batteryNormal: payload',
  batteryImbalance: 'ups-events batteryImbalance, batteryBalanced: payload',
  batteryBalanced: 'ups-events batteryImbalance, batteryBalanced: payload',
};

export const readUps: Reader = (device, payload) => {
  if (!isRecord(payload)) return undefined;
  const time = readTime(payload.timestamp);
  if (typeof payload.event === 'string') return [readUpsEvent(device, payload, time)];
  // A port's answer to a command tells of no measurement.
  if ('port' in payload && 'on' in payload) return [];
  const isStatus = 'outputs' in payload || 'powerSource' in payload;
  if (!isStatus && !('basicInfo' in payload)) return undefined;
  const portal = numbers('ups-status payload.basicInfo', payload.basicInfo, 'basicInfo');
  return [
    ...(isStatus ? [{ device, time, scope: 'status', samples: upsStatus(payload) }] : []),
    ...(portal.length > 0 ? [{ device, time: null, scope: 'portal', samples: portal }] : []),
  ];
};

function upsStatus(payload: Record<string, unknown>): Sample[] {
  const samples = [
    ...numbers('ups-status payload', payload, ''),
    ...numbers('ups-status payload.temperatures', payload.temperatures, 'temperatures'),
    ...numbers('ups-status payload.ident', payload.ident, 'ident'),
    ...flag(OWN.onBattery, 'onBattery', payload.onBattery),
    ...flag(OWN.lowBattery, 'lowBattery', payload.lowBattery),
  ];
  listOf(payload.supplies).forEach((supply, i) => {
    samples.push(...numbers('ups-status payload.supplies[]', supply, `supplies[${i}]`, [String(i)]));
  });
  listOf(payload.outputs).forEach((output, i) => {
    if (!isRecord(output)) return;
    const port = toNumber(output.port);
    if (port === null || !Number.isInteger(port)) return;
    const labels = [String(port)];
    samples.push(...numbers('ups-status payload.outputs[]', output, `outputs[${i}]`, labels));
    samples.push(...flag(OWN.portOn, `outputs[${i}].on`, output.on, labels));
  });
  return samples;
}

function readUpsEvent(
  device: MetricDevice,
  payload: Record<string, unknown>,
  time: number | null,
): MetricReading {
  const change = payload.event === 'status' ? payload.change : undefined;
  const place = typeof change === 'string' && Object.hasOwn(EVENTS, change) ? EVENTS[change] : undefined;
  const supply = toNumber(payload.supply);
  const labels = [supply === null ? '' : String(supply)];
  const samples = place === undefined ? [] : numbers(place, payload, '', labels);
  return { device, time, scope: 'event', partial: true, samples };
}

export const readController: Reader = (device, payload) => {
  if (!isRecord(payload)) return undefined;
  // The answer to a command holds the status that it has seen.
  if ('accepted' in payload) return isRecord(payload.status) ? readController(device, payload.status) : [];
  if (!['averagePower', 'on', 'type', 'energy'].some((field) => field in payload)) return undefined;
  const samples = [
    ...numbers('powercontroller-status payload', payload, ''),
    ...flag(OWN.on, 'on', payload.on),
  ];
  // Each status carries only a part of what there is.
  return [{ device, time: readTime(payload.timestamp), scope: 'status', partial: true, samples }];
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const ROWS: readonly (readonly [place: string, field: string, scope: string])[] = [
  ['powerflex-measurements ct_response: payload[]', 'energyDelivered', 'ct_response'],
  ['powerflex-measurements evse_request: payload[]', 'rampdownCurrent', 'evse_request'],
  ['powerflex-measurements evse_response: payload[]', 'responsePeriod', 'evse_response'],
];

export const readSite: Reader = (device, payload) => {
  if (!isRecord(payload)) return undefined;
  if (typeof payload.evseAddress === 'string' && payload.evseAddress !== '') {
    return readStation(device, payload, payload.evseAddress);
  }
  if (typeof payload.name === 'string' && 'maxLoad' in payload)
    return [readSignal(device, payload, payload.name)];
  if (isRecord(payload.targets)) return [readTargets(device, payload.targets)];
  if (!('realTimeLoad' in payload)) return undefined;
  const definition = definitionsOf('powerflex-dcm payload').get('realTimeLoad');
  const samples: Sample[] = [];
  if (definition) add(samples, definition, 'realTimeLoad', payload.realTimeLoad, []);
  return [{ device, time: readTime(payload.timestamp), scope: 'load', samples }];
};

/** A row or a session: the station is a device of its own, as in Home Assistant. */
function readStation(
  site: MetricDevice,
  row: Record<string, unknown>,
  address: string,
): MetricReading[] | undefined {
  const space = typeof row.spaceNumber === 'string' ? nameLabel(row.spaceNumber) : '';
  const device: MetricDevice = {
    vendor: site.vendor,
    id: idLabel(`${site.id}_${address}`),
    name: space === '' ? nameLabel(address) : space,
  };
  const [place, , scope] = ROWS.find(([, field]) => field in row) ?? [];
  if (place !== undefined && scope !== undefined) {
    const samples = numbers(place, row, '');
    return [{ device, time: readTime(row.timestamp), scope, history: true, samples }];
  }
  if (!('peakPower' in row)) return undefined;
  // By its start, so that a session that is asked for again is the same point.
  const samples = numbers('powerflex-measurements sessions: payload[]', row, '');
  return [{ device, time: readTime(row.start), scope: 'session', history: true, samples }];
}

/** A limit in another unit is another metric. */
function readSignal(device: MetricDevice, signal: Record<string, unknown>, name: string): MetricReading {
  const labels = [idLabel(name)];
  const kilowatts = definitionsOf('powerflex-dcm payload').get('maxLoad');
  const definition = signal.maxLoadUnit === 'A' ? OWN.maxLoadAmperes : kilowatts;
  const samples: Sample[] = [];
  if (definition) add(samples, definition, `${labels[0] ?? ''}.maxLoad`, signal.maxLoad, labels);
  samples.push(...flag(OWN.signalEnabled, `${labels[0] ?? ''}.enabled`, signal.enabled, labels));
  return { device, time: null, scope: `signal ${labels[0] ?? ''}`, samples };
}

function readTargets(device: MetricDevice, targets: Record<string, unknown>): MetricReading {
  const definition = definitionsOf('powerflex-dcm payload.targets').get('Jan … Dec');
  const samples: Sample[] = [];
  for (const month of MONTHS) {
    if (definition) add(samples, definition, `targets.${month}`, targets[month], [month]);
  }
  // An answer to a change tells the months that were changed as well as the others.
  return { device, time: null, scope: 'targets', partial: true, samples };
}

export const readEms: Reader = (device, payload) => {
  if (!isRecord(payload)) return undefined;
  // What is told of a device itself.
  if ('blueprintId' in payload || 'implementedProfiles' in payload) {
    return [{ device, time: null, scope: 'device', samples: [] }];
  }
  const attributes = Object.entries(payload).filter(
    (entry): entry is [string, Record<string, unknown>] => isRecord(entry[1]) && 'value' in entry[1],
  );
  if (attributes.length === 0) return undefined;
  let newest: number | null = null;
  const samples = attributes.slice(0, MAX_ATTRIBUTES).map(([name, { value, timestamp }]): Sample => {
    const time = readTime(timestamp);
    if (time !== null && (newest === null || time > newest)) newest = time;
    const number = typeof value === 'boolean' ? Number(value) : toNumber(value);
    const label = idLabel(name);
    return { definition: OWN.attribute, place: label, labels: [label], value: number };
  });
  return [{ device, time: newest, scope: 'telemetry', partial: true, samples }];
};

const PERIODS = ['day', 'week', 'month', 'year'] as const;

export const readCalculated: Reader = (device, payload) => {
  if (!isRecord(payload)) return undefined;
  const time = readTime(payload.timestamp);
  if ('windowStart' in payload) {
    const samples = [
      ...numbers('energy-demand payload', payload, ''),
      ...numbers('energy-demand payload.last', payload.last, 'last'),
      ...numbers('energy-demand payload.monthPeak', payload.monthPeak, 'monthPeak'),
    ];
    return [{ device, time, scope: 'demand', samples }];
  }
  if ('surplus' in payload) {
    const samples = [
      ...numbers('energy-surplus payload', payload, ''),
      ...flag(OWN.surplusOn, 'on', payload.on),
    ];
    return [{ device, time, scope: 'surplus', samples }];
  }
  if (typeof payload.period === 'string') {
    const samples = numbers('energy-counter payload', payload, payload.period, [idLabel(payload.period)]);
    return [{ device, time: readTime(payload.start), scope: 'closed', partial: true, samples }];
  }
  // A window that has ended, or a peak that is passed, is in the next report too.
  if ('demand' in payload || 'over' in payload) return [];
  const running = PERIODS.filter((one) => isRecord(payload[one]));
  if (running.length === 0) return undefined;
  const samples = running.flatMap((one) => numbers(`energy-counter payload.${one}`, payload[one], one));
  return [{ device, time, scope: 'usage', samples }];
};
