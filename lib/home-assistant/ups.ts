import { readTime } from '../core/time';
import { isRecord } from '../core/values';
import { POWERSENTRIX_MEASUREMENTS } from '../powersentrix/measurements';
import { PORT_COUNT } from '../powersentrix/status';
import { type DecidedGroup, entitiesOf, fieldValues } from './decision';
import { Catalogue, type EntityPattern, keyOf, type StateValue } from './entity';
import type { CommandMaker, Observation, Told } from './observation';
import { numberValue, switchValue, textValue, timeValue } from './values';

const STATUS: DecidedGroup = {
  source: 'ups-status',
  path: 'payload',
  fields: {
    totalPower: { key: 'total_power', word: 'totalPower' },
    ventilation: { key: 'ventilation', word: 'ventilation', off: true, stateless: true },
    uptime: { not: 'started_at tells it without changing each second' },
  },
};
const TEMPERATURES: DecidedGroup = {
  source: 'ups-status',
  path: 'payload.temperatures',
  fields: {
    board: { key: 'temperature_board', word: 'temperatureBoard' },
    mcu: { key: 'temperature_mcu', word: 'temperatureMcu' },
  },
};
const SUPPLY: DecidedGroup = {
  source: 'ups-status',
  path: 'payload.supplies[]',
  fields: {
    mainVoltage: { key: 'supply_{supply}_main_voltage', word: 'mainVoltage', lazy: true },
    loadVoltage: { key: 'supply_{supply}_load_voltage', word: 'loadVoltage', decimals: 2, lazy: true },
    batteryVoltage: {
      ...{ key: 'supply_{supply}_battery_voltage', word: 'batteryVoltage' },
      ...{ decimals: 2, lazy: true },
    },
    undervoltageLimit: {
      ...{ key: 'supply_{supply}_undervoltage_limit', word: 'undervoltageLimit', decimals: 2 },
      ...{ off: true, lazy: true, stateless: true },
    },
    cellVoltages: {
      ...{ key: 'supply_{supply}_cell_{cell}', word: 'cellVoltage' },
      ...{ decimals: 3, off: true, lazy: true },
    },
    cellSpread: { key: 'supply_{supply}_cell_spread', word: 'cellSpread', decimals: 3, lazy: true },
    lowBatteryLimit: {
      ...{ key: 'supply_{supply}_low_battery_limit', word: 'lowBatteryLimit', decimals: 2 },
      ...{ off: true, lazy: true, stateless: true },
    },
  },
};
const OUTPUT: DecidedGroup = {
  source: 'ups-status',
  path: 'payload.outputs[]',
  fields: {
    power: { key: 'port_{port}_power', word: 'portPower', decimals: 1 },
    voltage: { key: 'port_{port}_voltage', word: 'portVoltage', decimals: 2, off: true },
    current: { key: 'port_{port}_current', word: 'portCurrent', decimals: 2, off: true },
  },
};
const IDENT: DecidedGroup = {
  source: 'ups-status',
  path: 'payload.ident',
  fields: {
    comUptime: { not: 'an uptime changes each second' },
    mainUptime: { not: 'an uptime changes each second' },
    cpuLoad: { key: 'cpu_load', word: 'cpuLoad', off: true },
    totalRamSize: { key: 'ram_total', word: 'ramTotal', off: true, stateless: true },
    freeRamSize: { key: 'ram_free', word: 'ramFree', off: true },
  },
};
const said = (what: string) => ({ not: what });
const MASTER_DATA: DecidedGroup = {
  source: 'ups-status',
  path: 'payload.basicInfo',
  fields: {
    comUptime: said('an uptime changes each second'),
    mainUptime: said('an uptime changes each second'),
    temperature: said('the status tells the temperatures of board and controller'),
  },
};
const inEvent = said('an attribute of the event');

export const UPS_DECISIONS: readonly DecidedGroup[] = [
  ...[STATUS, TEMPERATURES, SUPPLY, OUTPUT, IDENT, MASTER_DATA],
  {
    source: 'ups-events',
    path: 'overTemperature, temperatureNormal: payload',
    fields: { temperature: inEvent, limit: inEvent },
  },
  {
    source: 'ups-events',
    path: 'lowBattery, batteryNormal: payload',
    fields: { batteryVoltage: inEvent, limit: inEvent },
  },
  {
    source: 'ups-events',
    path: 'batteryImbalance, batteryBalanced: payload',
    fields: { cellSpread: inEvent, limit: inEvent },
  },
];

/** What `ups-events` sends, as Home Assistant names it. */
const EVENT_TYPES = [
  ...['mainsLost', 'mainsRestored', 'supplyLost', 'supplyBack', 'lowBattery', 'batteryNormal', 'portChanged'],
  ...['overTemperature', 'temperatureNormal', 'batteryImbalance', 'batteryBalanced', 'registered', 'log'],
];

const OWN: readonly EntityPattern[] = [
  {
    key: 'power_source',
    platform: 'sensor',
    deviceClass: 'enum',
    options: ['mains', 'battery'],
    name: { word: 'powerSource' },
    icon: 'mdi:power-plug-battery',
    urgent: true,
  },
  {
    key: 'port_{port}',
    platform: 'switch',
    deviceClass: 'outlet',
    name: { word: 'port' },
    permission: 'switch',
    urgent: true,
  },
  {
    key: 'port_{port}_state',
    platform: 'binary_sensor',
    deviceClass: 'power',
    name: { word: 'port' },
    unless: 'switch',
    urgent: true,
  },
  {
    key: 'port_{port}_restart',
    platform: 'button',
    deviceClass: 'restart',
    name: { word: 'portRestart' },
    permission: 'restart',
    category: 'config',
    off: true,
  },
  {
    key: 'force_from_batteries',
    platform: 'binary_sensor',
    name: { word: 'forceFromBatteries' },
    category: 'diagnostic',
  },
  {
    key: 'low_battery',
    platform: 'binary_sensor',
    deviceClass: 'battery',
    lazy: true,
    urgent: true,
  },
  {
    key: 'started_at',
    platform: 'sensor',
    deviceClass: 'timestamp',
    name: { word: 'startedAt' },
    category: 'diagnostic',
    off: true,
    steady: 60,
  },
  {
    key: 'event',
    platform: 'event',
    name: { word: 'event' },
    eventTypes: EVENT_TYPES,
  },
];

// The first supply is there always; what a second one tells comes with its first value.
const firstSupply = (pattern: EntityPattern): EntityPattern[] => {
  const key = keyOf(pattern.key, { supply: 0 });
  const isMain = /^supply_0_(main|load|battery)_voltage$/.test(key);
  if (!isMain) return [pattern];
  const first = { ...pattern, key };
  delete first.lazy;
  const { name } = pattern;
  return [
    { ...first, ...(name && 'word' in name ? { name: { ...name, params: { supply: 0 } } } : {}) },
    pattern,
  ];
};

export const UPS_ENTITIES = new Catalogue([
  ...entitiesOf(UPS_DECISIONS, POWERSENTRIX_MEASUREMENTS).flatMap(firstSupply),
  ...OWN,
]);

const MAX_SUPPLIES = 10;
const MAX_CELLS = 64;

/** What a UPS's nodes send: a status, an event, or a port's answer to a command. */
export function readUps(told: Told): Observation[] | undefined {
  const { payload, device } = told;
  if (!isRecord(payload)) return undefined;
  if (typeof payload.event === 'string') return readEvent(told, payload);
  if (typeof payload.port === 'number' && 'on' in payload) {
    // An answer that was not verified moves nothing.
    const on = payload.verified === true ? switchValue(payload.on) : null;
    const { port } = payload;
    if (!(Number.isInteger(port) && port >= 0 && port < PORT_COUNT)) return undefined;
    const values = on === null ? {} : portState(port, on);
    return [{ device, values, time: null, answer: true }];
  }
  return 'outputs' in payload || 'powerSource' in payload ? [readStatus(told, payload)] : undefined;
}

function portState(port: number, on: StateValue): Record<string, StateValue> {
  return { [`port_${port}`]: on, [`port_${port}_state`]: on };
}

function readStatus({ device }: Told, payload: Record<string, unknown>): Observation {
  const { timestamp, powerSource, temperatures, ident, uptime } = payload;
  const time = readTime(timestamp);
  const seconds = numberValue(uptime);
  const values: Record<string, StateValue> = {
    ...fieldValues(payload, STATUS),
    ...fieldValues(temperatures, TEMPERATURES),
    ...fieldValues(ident, IDENT),
    power_source: powerSource === 'mains' || powerSource === 'battery' ? powerSource : null,
    force_from_batteries: switchValue(payload.forcePowerFromBatteries),
    low_battery: switchValue(payload.lowBattery),
    started_at: time === null || seconds === null ? null : timeValue(time - seconds * 1000),
  };
  listOf(payload.supplies)
    .slice(0, MAX_SUPPLIES)
    .forEach((supply, index) => {
      Object.assign(values, fieldValues(supply, SUPPLY, { params: { supply: index } }));
      const cells = isRecord(supply) ? listOf(supply.cellVoltages) : [];
      cells.slice(0, MAX_CELLS).forEach((cell, at) => {
        values[`supply_${index}_cell_${at}`] = numberValue(cell);
      });
    });
  const names: Record<string, string> = {};
  const quiet: string[] = [];
  const ports = listOf(payload.outputs).filter(isRecord);
  for (const port of ports.slice(0, PORT_COUNT)) readPort(port, { values, names, quiet });
  const restarts = Array.from({ length: PORT_COUNT }, (_, port) => `port_${port}_restart`);
  return { device, values, names, quiet, also: ['event', ...restarts], time };
}

interface Ports {
  values: Record<string, StateValue>;
  names: Record<string, string>;
  quiet: string[];
}

function readPort(output: Record<string, unknown>, { values, names, quiet }: Ports): void {
  const { port } = output;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port >= PORT_COUNT) return;
  const on = switchValue(output.on);
  const measured = fieldValues(output, OUTPUT, { params: { port } });
  const description = textValue(output.description);
  Object.assign(values, portState(port, on), measured);
  const keys = [`port_${port}`, `port_${port}_state`, `port_${port}_power`];
  if (description !== null) {
    for (const key of [...keys, `port_${port}_voltage`, `port_${port}_current`, `port_${port}_restart`]) {
      names[key] = description;
    }
  } else if (on === null && Object.values(measured).every((one) => one === null)) {
    // The board has places for ports that nobody has put in.
    quiet.push(...keys);
  }
}

function readEvent({ device }: Told, payload: Record<string, unknown>): Observation[] | undefined {
  const { event, change, ...rest } = payload;
  const type = event === 'status' ? change : event;
  if (typeof type !== 'string' || !EVENT_TYPES.includes(type)) return undefined;
  return [{ device, values: {}, also: ['event'], time: null, event: { event_type: type, ...rest } }];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What `ups-port` takes. */
export const upsCommand: CommandMaker = ({ entity, value }) => {
  const port = Number(/^port_(\d{1,2})/.exec(entity.key)?.[1]);
  if (entity.platform === 'button') return { payload: { port, action: 'restart' } };
  return { payload: { port, action: value === true ? 'on' : 'off' } };
};
