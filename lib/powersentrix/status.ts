import { DeviceError } from '../core/errors';
import { isRecord, mapNumber, round, toNumber } from '../core/units';
import type { ComplexObject } from './complex';
import { parseUptime } from './uptime';

/** Ports 0 to 11, always. */
export const PORT_COUNT = 12;

/** A UPS has two supplies; what lists more is none, and each of them would be kept and told. */
const MOST_SUPPLIES = 8;
/** More blocks than that are in no battery of a supply. */
const MOST_CELLS = 64;
/** Longest name or description that is kept and told. */
export const LONGEST_LABEL = 128;
/** Longest time zone that is read. */
const LONGEST_ZONE = 64;

/** How the firmware counts currents; the vendor's document says both. */
export type CurrentUnit = 'mA' | '10mA';

export interface StatusOptions {
  /** default `mA` */
  currentUnit?: CurrentUnit;
  /** V below which a supply counts as without mains; `null`: that supply's own undervoltage limit */
  mainsThreshold?: number | null;
}

/** One power supply with its battery. Voltages in V. */
export interface Supply {
  mainVoltage: number | null;
  loadVoltage: number | null;
  batteryVoltage: number | null;
  /** below this the battery is cut off */
  undervoltageLimit: number | null;
  /** the battery's blocks (of about 13 V) */
  cellVoltages: (number | null)[];
  /** the highest block less the lowest */
  cellSpread: number | null;
  /** undocumented flags, as they came */
  status: unknown;
}

/** One output port. */
export interface Output {
  /** 0–11 */
  port: number;
  description: string | null;
  on: boolean | null;
  /** V */
  voltage: number | null;
  /** A */
  current: number | null;
  /** W */
  power: number | null;
}

export interface Ident {
  serialNumber: string | null;
  model: string | null;
  comFirmware: string | null;
  mainFirmware: string | null;
  /** s */
  comUptime: number | null;
  /** s */
  mainUptime: number | null;
  /** % */
  cpuLoad: number | null;
  /** bytes */
  totalRamSize: number | null;
  /** bytes */
  freeRamSize: number | null;
  info: string | null;
}

/** A UPS as this package tells it. What a source does not deliver is `null`. */
export interface UpsStatus {
  powerSource: 'mains' | 'battery' | 'unknown';
  supplies: Supply[];
  outputs: Output[];
  /** W; `null` when the power of a port that the UPS has is not known */
  totalPower: number | null;
  /** °C */
  temperatures: { board: number | null; mcu: number | null };
  ventilation: number | null;
  /** s */
  uptime: number | null;
  forcePowerFromBatteries: boolean | null;
  /** what its inputs do to its ports, as it came */
  extraActions: unknown[];
  ident: Ident;
}

/** A text from a UPS, no longer than a label; half a character at the cut goes too. */
export const shortLabel = (text: string): string =>
  text.length > LONGEST_LABEL ? text.slice(0, LONGEST_LABEL).replace(/[\ud800-\udbff]$/, '') : text;

/** Vendor voltages count in 10 mV. */
const volts = (value: unknown): number | null => mapNumber(value, (n) => round(n / 100, 2));

function amperes(value: unknown, unit: CurrentUnit): number | null {
  return mapNumber(value, (n) => round(n / (unit === 'mA' ? 1000 : 100), 3));
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? shortLabel(value) : null);
/** A name or number that identifies something; an empty one does not. */
const labelOf = (value: unknown): string | null =>
  (typeof value === 'string' && value.trim() !== '') || typeof value === 'number'
    ? shortLabel(String(value))
    : null;
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

/** 0 and 1; nothing else is a state. */
function flag(value: unknown): boolean | null {
  const parsed = toNumber(value);
  return parsed === 1 ? true : parsed === 0 ? false : null;
}

/** `ON` and `OFF`; nothing else is a state. */
function onOff(value: unknown): boolean | null {
  const word = typeof value === 'string' ? value.trim().toUpperCase() : '';
  return word === 'ON' ? true : word === 'OFF' ? false : null;
}

/** The `config.outputs` entry of a port, by its id: the list may be in any order and shorter than twelve. */
function configuredOutput(complex: ComplexObject, port: number): Record<string, unknown> {
  const found = listOf(complex.config.outputs).find(
    (entry) => isRecord(entry) && toNumber(entry.id) === port,
  );
  return recordOf(found);
}

function parseSupply(entry: unknown): Supply {
  const source = recordOf(entry);
  const cellVoltages = listOf(source.cell).slice(0, MOST_CELLS).map(volts);
  const known = cellVoltages.filter((cell) => cell !== null);
  return {
    mainVoltage: volts(source.main),
    loadVoltage: volts(source.load),
    batteryVoltage: volts(source.batt),
    undervoltageLimit: volts(source.buv),
    cellVoltages,
    cellSpread: known.length < 2 ? null : round(Math.max(...known) - Math.min(...known), 2),
    status: source.status ?? null,
  };
}

function parseOutput(complex: ComplexObject, port: number, unit: CurrentUnit): Output {
  const { upsData } = complex;
  const configured = configuredOutput(complex, port);
  const voltage = volts(listOf(upsData.voltages)[port]) ?? volts(configured.voltage);
  const current = amperes(listOf(upsData.currents)[port], unit);
  return {
    port,
    description: textOf(configured.description),
    // Live data counts for display; switching compares the two, see `portState`.
    on: flag(listOf(upsData.outputs)[port]) ?? onOff(configured.status),
    voltage,
    current,
    power: voltage === null || current === null ? null : round(voltage * current, 2),
  };
}

function sumOf(outputs: Output[]): number | null {
  const present = outputs.filter(
    ({ on, voltage, current }) => on !== null || voltage !== null || current !== null,
  );
  if (present.length === 0) return null;
  let total = 0;
  for (const { power } of present) {
    // A sum without one of its parts would be a wrong figure, not a smaller one.
    if (power === null) return null;
    total += power;
  }
  return round(total, 2);
}

function sourceOf(supplies: Supply[], threshold: number | null): UpsStatus['powerSource'] {
  const verdicts = supplies.map(({ mainVoltage, undervoltageLimit }) => {
    const limit = threshold ?? undervoltageLimit;
    return mainVoltage === null || limit === null ? null : mainVoltage < limit;
  });
  if (verdicts.includes(true)) return 'battery';
  return verdicts.includes(false) ? 'mains' : 'unknown';
}

/** Brings an Ident object (`setNewUps`, fn=1, `config.ident`) to the names and units of this package. */
export function normaliseIdent(value: unknown): Ident {
  const source = recordOf(value);
  return {
    serialNumber: labelOf(source.sn),
    model: labelOf(source.type),
    comFirmware: labelOf(source.comFirmware),
    mainFirmware: labelOf(source.mainFirmware),
    comUptime: parseUptime(source.comUptime),
    mainUptime: parseUptime(source.mainUptime),
    cpuLoad: toNumber(source.cpuLoad),
    totalRamSize: toNumber(source.totalRamSize),
    freeRamSize: toNumber(source.freeRamSize),
    info: textOf(source.info),
  };
}

/** Brings a UPS's status to the names and units of this package; see the interfaces above. */
export function normaliseStatus(complex: ComplexObject, options: StatusOptions = {}): UpsStatus {
  const { config, upsData } = complex;
  const supplies = listOf(upsData.ps).slice(0, MOST_SUPPLIES).map(parseSupply);
  const outputs = Array.from({ length: PORT_COUNT }, (_, port) =>
    parseOutput(complex, port, options.currentUnit ?? 'mA'),
  );
  const temps = recordOf(upsData.temps);
  return {
    powerSource: sourceOf(supplies, options.mainsThreshold ?? null),
    supplies,
    outputs,
    totalPower: sumOf(outputs),
    temperatures: { board: toNumber(temps.board), mcu: toNumber(temps.mcu) },
    ventilation: toNumber(upsData.ventilation),
    uptime: parseUptime(upsData.uptime),
    forcePowerFromBatteries: flag(recordOf(config.settings).forcePowerFromBatteries),
    extraActions: listOf(config.extraActions),
    ident: normaliseIdent(config.ident),
  };
}

/** The device's own time zone, a POSIX string. */
export function zoneText(complex: ComplexObject): string | null {
  const { timezone } = recordOf(complex.config.settings);
  return typeof timezone === 'string' && timezone.length <= LONGEST_ZONE ? timezone : null;
}

/** A port's description. */
export function descriptionOf(complex: ComplexObject, port: number): string | null {
  return textOf(configuredOutput(complex, port).description);
}

const isMissing = (value: unknown): boolean => value === undefined || value === null;
const isListOrMissing = (value: unknown): boolean => isMissing(value) || Array.isArray(value);
const isTextOrMissing = (value: unknown): boolean => isMissing(value) || typeof value === 'string';

/**
 * Whether a port is on, for switching: the live state and the configured one have to agree where both are there. A
 * voltage says nothing: ports that are off show one too.
 *
 * @throws DeviceError CONFLICT when they disagree, BAD_RESPONSE when neither is there or one cannot be understood
 */
export function portState(complex: ComplexObject, port: number): boolean {
  const { outputs } = complex.upsData;
  const { status } = configuredOutput(complex, port);
  const live = flag(listOf(outputs)[port]);
  const configured = onOff(status);
  if (live !== null && configured !== null && live !== configured) {
    throw new DeviceError(
      'CONFLICT',
      `The UPS contradicts itself about port ${port}: live data say ${live ? 'on' : 'off'}, its configuration says ` +
        `${configured ? 'on' : 'off'}. Look at the port itself.`,
      { reason: 'portConflict', sent: true, params: { port } },
    );
  }
  const state = live ?? configured;
  // What is there and cannot be understood might contradict the other.
  const isClear =
    isListOrMissing(outputs) &&
    (live !== null || isMissing(listOf(outputs)[port])) &&
    isTextOrMissing(status);
  if (state === null || !isClear) {
    throw new DeviceError('BAD_RESPONSE', `The UPS does not tell the state of port ${port}.`, {
      reason: 'portUnknown',
      sent: true,
      params: { port },
    });
  }
  return state;
}
