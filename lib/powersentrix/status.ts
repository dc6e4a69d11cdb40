import { DeviceError } from '../core/errors';
import { finite, isRecord, round } from '../core/values';
import type { ComplexObject } from './complex';
import { anyLow, type Supply, type SupplyOptions, SupplyReader } from './supply';
import { type Temperatures, TemperatureReader } from './temperature';
import { parseUptime } from './uptime';
import {
  amperes,
  type CurrentUnit,
  flag,
  labelOf,
  listOf,
  onOff,
  recordOf,
  textOf,
  upsNumber,
  volts,
} from './values';

export type { Supply } from './supply';
export { LONGEST_LABEL } from './values';

/** Ports 0 to 11, always. */
export const PORT_COUNT = 12;

/** More than a UPS lists; what stands behind them is not read. */
const MAX_LISTED_OUTPUTS = 64;
/** The UPS has four. */
const MAX_ACTIONS = 16;
/** Longest time zone that is read. */
const LONGEST_ZONE = 64;

export interface StatusOptions extends SupplyOptions {
  /** default `mA` */
  currentUnit?: CurrentUnit;
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
  /** as `powerSource` says; `null`: unknown */
  onBattery: boolean | null;
  /** whether the battery of a supply is low; `null` when none is and one is not known */
  lowBattery: boolean | null;
  supplies: Supply[];
  outputs: Output[];
  /** W; `null` when the power of a port that the UPS has is not known */
  totalPower: number | null;
  /** °C */
  temperatures: Temperatures;
  ventilation: number | null;
  /** s */
  uptime: number | null;
  forcePowerFromBatteries: boolean | null;
  /** what its inputs do to its ports, as it came */
  extraActions: unknown[];
  ident: Ident;
}

/** The `config.outputs` entries of a port, by its id: the list may be in any order and shorter than twelve. */
function configuredOutputs(complex: ComplexObject, port: number): Record<string, unknown>[] {
  return listOf(complex.config.outputs)
    .slice(0, MAX_LISTED_OUTPUTS)
    .filter(isRecord)
    .filter((entry) => upsNumber(entry.id) === port);
}

const configuredOutput = (complex: ComplexObject, port: number): Record<string, unknown> =>
  configuredOutputs(complex, port)[0] ?? {};

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
    power: voltage === null || current === null ? null : finite(round(voltage * current, 2)),
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
  return finite(round(total, 2));
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
    cpuLoad: upsNumber(source.cpuLoad),
    totalRamSize: upsNumber(source.totalRamSize),
    freeRamSize: upsNumber(source.freeRamSize),
    info: textOf(source.info),
  };
}

/** Reads one UPS, status after status: what some values mean depends on those before them. */
export class StatusReader {
  private readonly supplies: SupplyReader;
  private readonly temperatures = new TemperatureReader();

  constructor(private readonly options: StatusOptions = {}) {
    this.supplies = new SupplyReader(options);
  }

  /** What is remembered; plain data, for a restart. */
  get state(): unknown {
    return { supplies: this.supplies.state };
  }

  /** Goes on from what `state` gave, where nothing has been read yet. Anything else is ignored. */
  restore(stored: unknown): void {
    this.supplies.restore(recordOf(stored).supplies);
  }

  /** Brings a status to the names and units of this package; see the interfaces above. */
  read(complex: ComplexObject): UpsStatus {
    const { config, upsData } = complex;
    const supplies = this.supplies.read(upsData.ps);
    const outputs = Array.from({ length: PORT_COUNT }, (_, port) =>
      parseOutput(complex, port, this.options.currentUnit ?? 'mA'),
    );
    const powerSource = this.supplies.sourceOf(supplies);
    const uptime = parseUptime(upsData.uptime);
    return {
      powerSource,
      onBattery: powerSource === 'unknown' ? null : powerSource === 'battery',
      lowBattery: anyLow(supplies),
      supplies,
      outputs,
      totalPower: sumOf(outputs),
      temperatures: this.temperatures.read(upsData.temps, uptime),
      ventilation: upsNumber(upsData.ventilation),
      uptime,
      forcePowerFromBatteries: flag(recordOf(config.settings).forcePowerFromBatteries),
      extraActions: listOf(config.extraActions).slice(0, MAX_ACTIONS),
      ident: normaliseIdent(config.ident),
    };
  }
}

/** A single status by itself, see `StatusReader`. */
export function normaliseStatus(complex: ComplexObject, options: StatusOptions = {}): UpsStatus {
  return new StatusReader(options).read(complex);
}

/** The device's own time zone, a POSIX string. */
export function zoneText(complex: ComplexObject): string | null {
  const { timezone } = recordOf(complex.config.settings);
  return typeof timezone === 'string' && timezone.length <= LONGEST_ZONE ? timezone : null;
}

/** By what the UPS is known to the server that it pushes to; `null`: it does not say. */
export function identifierOf({ config }: ComplexObject): string | null {
  const { upsId } = recordOf(recordOf(config.settings).remoteServer);
  const text = typeof upsId === 'number' ? String(upsId) : upsId;
  return typeof text === 'string' && text.trim() !== '' ? text : null;
}

/** A port's description as it came, to be compared with one that was sent. */
export function descriptionOf(complex: ComplexObject, port: number): string | null {
  const { description } = configuredOutput(complex, port);
  return typeof description === 'string' ? description : null;
}

/** `NaN`: there is a place for the port, and nothing that can be read in it, which is not the same as no place. */
const liveState = (outputs: readonly unknown[], port: number): unknown =>
  port < outputs.length ? (outputs[port] ?? NaN) : undefined;

/**
 * Whether a port is on, for switching: the live state and the configured one have to agree where both are there, and
 * what is there has to be understood. A voltage says nothing: ports that are off show one too.
 *
 * @throws DeviceError CONFLICT when they disagree, BAD_RESPONSE when there is none or one is no state
 */
export function portState(complex: ComplexObject, port: number): boolean {
  const { outputs } = complex.upsData;
  const hasPorts = outputs === undefined || outputs === null || Array.isArray(outputs);
  const told = [
    // What is no list has no place for the port, so whatever it says cannot be understood.
    { value: hasPorts ? liveState(listOf(outputs), port) : outputs, read: hasPorts ? flag : () => null },
    ...configuredOutputs(complex, port).map(({ status }) => ({ value: status, read: onOff })),
  ].filter(({ value }) => value !== undefined && value !== null);
  const states = told.map(({ value, read }) => read(value));
  const [state] = states;
  if (state === undefined || states.includes(null)) {
    throw new DeviceError('BAD_RESPONSE', `The UPS does not tell the state of port ${port}.`, {
      reason: 'powersentrixPortUnknown',
      sent: true,
      params: { port },
    });
  }
  if (states.some((one) => one !== state)) {
    throw new DeviceError(
      'CONFLICT',
      `The UPS contradicts itself about port ${port}: its live data and its configuration disagree. Look at the port ` +
        'itself.',
      { reason: 'powersentrixPortConflict', sent: true, params: { port } },
    );
  }
  return state === true;
}
