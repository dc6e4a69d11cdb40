import { readTime } from '../core/time';
import { isRecord, toNumber } from '../core/values';
import { LocalTime, localTimeOf } from '../core/zone';
import { localMonth, MONTHS } from '../powerflex/dcm';
import { POWERFLEX_MEASUREMENTS } from '../powerflex/measurements';
import { type DecidedGroup, entitiesOf, fieldValues } from './decision';
import { Catalogue, type Entity, type EntityPattern, type StateValue } from './entity';
import { safeId } from './ids';
import type { CommandMaker, DeviceIdentity, Observation, Told } from './observation';
import { numberValue, switchValue, textValue } from './values';

const DCM: DecidedGroup = {
  source: 'powerflex-dcm',
  path: 'payload',
  fields: {
    realTimeLoad: { key: 'load', word: 'load' },
    maxLoad: { not: 'an entity of each signal, by its name' },
  },
};
const TARGETS: DecidedGroup = {
  source: 'powerflex-dcm',
  path: 'payload.targets',
  fields: { 'Jan … Dec': { not: 'an entity of each month' } },
};
const CT_RESPONSE: DecidedGroup = {
  source: 'powerflex-measurements',
  path: 'ct_response: payload[]',
  fields: {
    energyDelivered: { key: 'energy_session', word: 'energySession', unit: 'kWh', counter: 'session' },
    current: { key: 'current' },
    pilotCurrent: { key: 'pilot_current', word: 'pilotCurrent', off: true },
    power: { key: 'power' },
    voltage: { key: 'voltage', off: true },
    peakRate: { not: "the vendor's own figure, without a documented unit" },
  },
};
const talk = { not: 'what station and vendor say to each other is no state of the station' };
const past = { not: 'a session that is over is no state' };

export const SITE_DECISIONS: readonly DecidedGroup[] = [
  ...[DCM, TARGETS, CT_RESPONSE],
  {
    source: 'powerflex-measurements',
    path: 'evse_request: payload[]',
    fields: { lastCurrent: talk, pilotCurrent: talk, rampdownCurrent: talk },
  },
  {
    source: 'powerflex-measurements',
    path: 'evse_response: payload[]',
    fields: { lastCurrent: talk, responsePeriod: talk },
  },
  {
    source: 'powerflex-measurements',
    path: 'sessions: payload[]',
    fields: { energy: past, peakCurrent: past, peakPower: past },
  },
];

const targetKey = (month: string): string => `target_${month.toLowerCase()}`;

/** A target as something to set, and as something to look at while setting it is not permitted. */
function target(key: string, name: Entity['name'], off: boolean): EntityPattern[] {
  const common = { deviceClass: 'power', unit: 'kW', ...(name ? { name } : {}) } as const;
  const hidden = off ? ({ off: true } as const) : {};
  return [
    {
      ...{ ...common, ...hidden, key, platform: 'number', permission: 'target' },
      ...{ category: 'config', range: { min: 0, max: 100_000, step: 0.1 } },
    },
    { ...common, ...hidden, key: `${key}_value`, platform: 'sensor', unless: 'target', decimals: 2 },
  ];
}

export const SITE_ENTITIES = new Catalogue([
  ...entitiesOf(SITE_DECISIONS, POWERFLEX_MEASUREMENTS),
  ...target('target_now', { word: 'targetNow' }, false),
  ...MONTHS.flatMap((month) => target(targetKey(month), { word: `target${month}` }, true)),
  {
    key: 'feed',
    platform: 'binary_sensor',
    deviceClass: 'connectivity',
    name: { word: 'feed' },
    category: 'diagnostic',
  },
  { key: 'charging_state', platform: 'sensor', name: { word: 'chargingState' }, urgent: true },
]);

/** Rows of a response that are looked at: the newest of each station counts. */
const MAX_ROWS = 10_000;
const MAX_SIGNALS = 50;

/** What a site's nodes send: a load, targets, signals, or rows of stations. */
export function readSite(told: Told, now: number): Observation[] | undefined {
  const { payload, device } = told;
  const list = Array.isArray(payload) ? (payload as unknown[]) : [payload];
  const signals = list.filter(isSignal);
  if (signals.length > 0) return [signalsOf(device, signals.slice(0, MAX_SIGNALS))];
  if (list.some((row) => isRecord(row) && 'energyDelivered' in row)) return stationsOf(device, list);
  if (!isRecord(payload)) return undefined;
  if (isRecord(payload.targets)) return [targetsOf(device, payload.targets, zoneOf(payload.zone), now)];
  if ('realTimeLoad' in payload) {
    return [
      { device, values: fieldValues(payload, DCM, { sparse: true }), time: readTime(payload.timestamp) },
    ];
  }
  return undefined;
}

/** What the feed's availability says of the site: the feed's own, not the site's. */
export function readFeed(device: DeviceIdentity, available: boolean): Observation {
  return { device, values: { feed: switchValue(available) }, time: null };
}

/** @returns empty for a zone that is not told, or that nobody knows */
function zoneOf(told: unknown): string {
  try {
    return typeof told === 'string' ? new LocalTime(told).name : '';
  } catch {
    return '';
  }
}

function targetsOf(
  device: DeviceIdentity,
  targets: Record<string, unknown>,
  zone: string,
  now: number,
): Observation {
  const values: Record<string, StateValue> = {};
  const put = (key: string, value: StateValue): void => {
    values[key] = value;
    values[`${key}_value`] = value;
  };
  // An answer to a change tells the months that were changed as well as the others.
  for (const month of MONTHS) {
    const value = numberValue(targets[month]);
    if (value !== null) put(targetKey(month), value);
  }
  const present = localMonth(now, localTimeOf(zone));
  if (targets[present] !== undefined) put('target_now', numberValue(targets[present]));
  return { device, values, memory: { zone }, time: null, answer: true, lasting: true };
}

interface Signal {
  name: string;
  maxLoad: number;
  maxLoadUnit: string;
  enabled: boolean;
}

function isSignal(value: unknown): value is Signal {
  if (!isRecord(value)) return false;
  const { name, maxLoad, maxLoadUnit, enabled } = value;
  const isUnit = maxLoadUnit === 'kW' || maxLoadUnit === 'A';
  return (
    typeof name === 'string' &&
    name !== '' &&
    toNumber(maxLoad) !== null &&
    isUnit &&
    typeof enabled === 'boolean'
  );
}

/** A limit in another unit is another entity: its statistics would not fit together. */
function signalsOf(device: DeviceIdentity, signals: readonly Signal[]): Observation {
  const values: Record<string, StateValue> = {};
  const extra: Entity[] = [];
  const memory: Record<string, unknown> = {};
  for (const signal of signals) {
    const { name, maxLoad, maxLoadUnit, enabled } = signal;
    const key = `signal_${safeId(name)}`;
    const limit = `${key}_limit${maxLoadUnit === 'A' ? '_a' : ''}`;
    const measure = {
      ...{ deviceClass: maxLoadUnit === 'A' ? 'current' : 'power', unit: maxLoadUnit },
      ...{ name: { word: 'signalLimit', params: { signal: name } } },
    };
    const enabling = { name: { word: 'signal', params: { signal: name } } };
    extra.push(
      {
        ...{ ...measure, key: limit, platform: 'number', permission: 'limit', category: 'config' },
        ...{ range: { min: 0, max: 1_000_000, step: 0.1 } },
      },
      { ...measure, key: `${limit}_value`, platform: 'sensor', unless: 'limit' },
      { ...enabling, key: `${key}_enabled`, platform: 'switch', permission: 'limit', urgent: true },
      { ...enabling, key: `${key}_enabled_state`, platform: 'binary_sensor', unless: 'limit', urgent: true },
    );
    values[limit] = numberValue(maxLoad);
    values[`${limit}_value`] = numberValue(maxLoad);
    values[`${key}_enabled`] = switchValue(enabled);
    values[`${key}_enabled_state`] = switchValue(enabled);
    memory[key] = { name, maxLoad, maxLoadUnit, enabled };
  }
  return { device, values, extra, memory, time: null, answer: true, lasting: true };
}

/** One device a station, with its newest row. */
function stationsOf(site: DeviceIdentity, rows: readonly unknown[]): Observation[] {
  const newest = new Map<string, { row: Record<string, unknown>; time: number }>();
  for (const row of rows.slice(-MAX_ROWS)) {
    if (!isRecord(row) || typeof row.evseAddress !== 'string' || row.evseAddress === '') continue;
    const time = readTime(row.timestamp);
    if (time === null) continue;
    const before = newest.get(row.evseAddress);
    if (!before || time >= before.time) newest.set(row.evseAddress, { row, time });
  }
  return [...newest].map(([address, { row, time }]) => ({
    device: {
      vendor: site.vendor,
      id: `${site.id}_${address}`,
      name: textValue(row.spaceNumber) ?? address,
      model: textValue(row.evseType) ?? 'station',
      via: site.id,
    },
    values: { ...fieldValues(row, CT_RESPONSE), charging_state: textValue(row.chargingState) },
    time,
    history: true,
  }));
}

/** What `powerflex-dcm` takes. */
export const siteCommand: CommandMaker = ({ entity, value, memory, now }) => {
  const { key } = entity;
  if (key.startsWith('target_')) {
    const { zone } = memory;
    const named = MONTHS.find((one) => targetKey(one) === key);
    // The month of the site is known with its targets.
    if (!named && typeof zone !== 'string') return undefined;
    const month = named ?? localMonth(now, localTimeOf(String(zone)));
    return { operation: 'set_target_peak_power', payload: { targets: { [month]: value } } };
  }
  const known = memory[key.replace(/_(enabled|limit|limit_a)$/, '')];
  // All four properties are sent, so the other three have to be known.
  if (!isRecord(known)) return undefined;
  const changed = key.endsWith('_enabled') ? { enabled: value } : { maxLoad: value };
  return { operation: 'set_external_signal', payload: { ...known, ...changed } };
};
