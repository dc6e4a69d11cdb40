import { isRecord } from '../core/values';
import { ALERT_CHANGES, type RaisedAlerts } from './alerts';
import { Catalogue, type Entity, type StateValue } from './entity';
import { safeId } from './ids';
import type { Observation, Told } from './observation';
import { numberValue, switchValue, textValue } from './values';

/** What an EMS's device tells: its attributes, and what its manifest says of them. */

/** Attributes of a device that are exported. */
const MAX_ATTRIBUTES = 200;
const LONGEST_UNIT = 20;
const MAX_OPTIONS = 100;
/** Alerts of one device that are told one by one. */
const MAX_ALERTS = 100;

/** Units of manifests (UCUM) as Home Assistant writes them, with the class that they are of. */
const UNITS: Readonly<Record<string, readonly [unit: string, deviceClass?: string]>> = {
  Cel: ['°C', 'temperature'],
  K: ['K', 'temperature'],
  V: ['V', 'voltage'],
  mV: ['mV', 'voltage'],
  A: ['A', 'current'],
  mA: ['mA', 'current'],
  W: ['W', 'power'],
  kW: ['kW', 'power'],
  'W.h': ['Wh', 'energy'],
  'kW.h': ['kWh', 'energy'],
  Hz: ['Hz', 'frequency'],
  '%': ['%'],
  s: ['s', 'duration'],
  min: ['min', 'duration'],
  h: ['h', 'duration'],
  Pa: ['Pa', 'pressure'],
  kPa: ['kPa', 'pressure'],
  bar: ['bar', 'pressure'],
  'L/min': ['L/min', 'volume_flow_rate'],
  By: ['B', 'data_size'],
};

export const ENAPTER_ENTITIES = new Catalogue([
  {
    key: 'alerts',
    platform: 'binary_sensor',
    deviceClass: 'problem',
    name: { word: 'alerts' },
    lazy: true,
    urgent: true,
  },
  {
    key: 'alert',
    platform: 'event',
    name: { word: 'alert' },
    eventTypes: ALERT_CHANGES,
  },
  {
    key: 'online',
    platform: 'binary_sensor',
    deviceClass: 'connectivity',
    name: { word: 'online' },
    category: 'diagnostic',
    lazy: true,
  },
]);

/** A name in letters of its own as it is, since people look for it; any other one by its bytes. */
const letters = (name: string): string => (/^\w{1,64}$/.test(name) ? name : safeId(name));

export function readEnapter({ device, payload }: Told): Observation[] | undefined {
  if (!isRecord(payload)) return undefined;
  if ('blueprintId' in payload || 'implementedProfiles' in payload) return [readDevice(device, payload)];
  const attributes = Object.entries(payload).filter(
    (entry): entry is [string, { value: unknown }] => isRecord(entry[1]) && 'value' in entry[1],
  );
  return attributes.length === 0 ? undefined : [readTelemetry(device, attributes)];
}

function readTelemetry(device: Told['device'], attributes: [string, { value: unknown }][]): Observation {
  const values: Record<string, StateValue> = {};
  const extra: Entity[] = [];
  for (const [name, { value }] of attributes.slice(0, MAX_ATTRIBUTES)) {
    if (value === null || typeof value === 'object') {
      values[`t_${letters(name)}`] = null;
      continue;
    }
    const flag = switchValue(value);
    const key = `${flag === null ? 't' : 'b'}_${letters(name)}`;
    values[key] = flag ?? numberValue(value) ?? textValue(value);
    extra.push(
      flag === null
        ? { key, platform: 'sensor', name: { text: name }, ...(typeof value === 'number' ? MEASURED : {}) }
        : { key, platform: 'binary_sensor', name: { text: name } },
    );
  }
  const leftOut = Math.max(0, attributes.length - MAX_ATTRIBUTES);
  return { device, values, extra, time: null, ...(leftOut > 0 ? { leftOut } : {}) };
}

const MEASURED = { stateClass: 'measurement' } as const;

function readDevice(device: Told['device'], payload: Record<string, unknown>): Observation {
  const values: Record<string, StateValue> = {};
  const { raisedAlertNames, connectivity, manifest } = payload;
  const alerts = alertsOf(raisedAlertNames, manifest);
  if (alerts) values.alerts = switchValue(alerts.size > 0);
  if (isRecord(connectivity)) values.online = switchValue(connectivity.online);
  const telemetry = isRecord(manifest) && isRecord(manifest.telemetry) ? manifest.telemetry : {};
  const extra = Object.entries(telemetry)
    .slice(0, MAX_ATTRIBUTES)
    .flatMap(([name, about]) => (isRecord(about) ? [entityOf(name, about)] : []));
  const leftOut = Math.max(0, Object.keys(telemetry).length - MAX_ATTRIBUTES);
  return {
    ...{ device, values, extra, time: null },
    ...(alerts ? { also: ['alert'], alerts } : {}),
    ...(leftOut > 0 ? { leftOut } : {}),
  };
}

/** What is raised, with what the manifest says of it; `undefined`: the response does not tell. */
function alertsOf(names: unknown, manifest: unknown): RaisedAlerts | undefined {
  if (!Array.isArray(names)) return undefined;
  const described = isRecord(manifest) && isRecord(manifest.alerts) ? manifest.alerts : {};
  const texts = names.map(textValue).filter((name) => name !== null);
  return new Map(
    texts.slice(0, MAX_ALERTS).map((name) => {
      const about = Object.hasOwn(described, name) ? described[name] : undefined;
      const { display_name, severity } = isRecord(about) ? about : {};
      const grade = textValue(severity);
      const label = textValue(display_name) ?? name;
      return [name, { label, ...(grade === null ? {} : { severity: grade }) }];
    }),
  );
}

/** What a manifest says of an attribute. */
function entityOf(attribute: string, about: Record<string, unknown>): Entity {
  const name = { text: textValue(about.display_name) ?? attribute };
  if (about.type === 'boolean') {
    return { key: `b_${letters(attribute)}`, platform: 'binary_sensor', name, described: true };
  }
  const key = `t_${letters(attribute)}`;
  const options = optionsOf(about.enum);
  if (about.type === 'integer' || about.type === 'float' || about.type === 'number') {
    return { key, platform: 'sensor', name, described: true, ...unitOf(about.unit) };
  }
  if (options) return { key, platform: 'sensor', deviceClass: 'enum', name, described: true, options };
  return { key, platform: 'sensor', name, described: true };
}

function unitOf(given: unknown): Pick<Entity, 'unit' | 'deviceClass' | 'stateClass'> {
  if (typeof given !== 'string' || given === '' || given.length > LONGEST_UNIT) return MEASURED;
  const known = Object.hasOwn(UNITS, given) ? UNITS[given] : undefined;
  if (!known) return { ...MEASURED, unit: given };
  const [unit, deviceClass] = known;
  // A counter is not told from a sum that falls; Home Assistant refuses `measurement` for energy.
  const grade = deviceClass === 'energy' ? {} : MEASURED;
  return { ...grade, unit, ...(deviceClass ? { deviceClass } : {}) };
}

function optionsOf(given: unknown): string[] | undefined {
  const list = Array.isArray(given) ? given : isRecord(given) ? Object.keys(given) : [];
  const texts = list.filter((one): one is string => typeof one === 'string' && one !== '');
  const usable = texts.length > 0 && texts.length === list.length && texts.length <= MAX_OPTIONS;
  return usable ? [...new Set(texts)] : undefined;
}
