import { round } from '../core/values';
import type { Output, Supply, UpsStatus } from './status';

/**
 * A UPS's status in the words of Network UPS Tools. A value that is not there is a line that is not there.
 */

/** When the UPS counts as on battery: with all of its supplies, or with the first. */
export type BatteryRule = 'all' | 'any';

/** What the user knows of the batteries, from which charge and runtime are estimated. */
export interface Estimate {
  /** V of a full battery at rest */
  full: number;
  /** V of an empty one; `null`: the cut-off voltage that the UPS tells */
  empty: number | null;
  /** Wh of all batteries; `null`: no runtime */
  capacity: number | null;
}

export interface NutMapping {
  rule: BatteryRule;
  /** ports whose switching is offered, from 0 */
  ports: ReadonlySet<number>;
  estimate: Estimate | null;
}

const fitted = ({ supplies }: UpsStatus): Supply[] => supplies.filter((supply) => supply.fitted !== false);

/**
 * Whether the UPS runs from its battery; `null`: nobody knows.
 *
 * One dead supply of two takes nothing from the hosts, so by default all have to be on battery.
 */
export function onBatteryOf(status: UpsStatus, rule: BatteryRule): boolean | null {
  if (rule === 'any') return status.onBattery;
  const verdicts = fitted(status).map(({ onBattery }) => onBattery);
  if (verdicts.includes(false)) return false;
  return verdicts.length === 0 || verdicts.includes(null) ? null : true;
}

/** The state in NUT's words, without FSD. */
export interface NutState {
  onBattery: boolean;
  lowBattery: boolean;
  /** the battery is tested: it gives power although there are mains */
  isTest: boolean;
}

/**
 * `ups.status`. It never carries ALARM, CAL, BYPASS, OFF or TEST: clients take a UPS that was seen with one of them for dead
 * as soon as one connection breaks.
 */
function statusWords({ onBattery, lowBattery, isTest }: NutState): string {
  if (onBattery) return lowBattery ? 'OB LB' : 'OB';
  return isTest ? 'OL DISCHRG' : 'OL';
}

const known = (values: readonly (number | null)[]): number[] =>
  values.filter((value): value is number => value !== null && Number.isFinite(value) && value >= 0);
const lowest = (values: readonly (number | null)[]): number | null =>
  known(values).length > 0 ? Math.min(...known(values)) : null;
const highest = (values: readonly (number | null)[]): number | null =>
  known(values).length > 0 ? Math.max(...known(values)) : null;

/** A measurement as it is written: at most so many decimals, never an exponent. */
function written(value: number | null, decimals: number): string | null {
  return value === null || !Number.isFinite(value) || Math.abs(value) > 1e9
    ? null
    : String(round(value, decimals));
}

const natural = (value: number | null): string | null =>
  value === null || value < 0 ? null : written(Math.floor(value), 0);
const positive = (value: number | null, decimals: number): string | null =>
  value === null || value < 0 ? null : written(value, decimals);

/** The commands that a port takes: outlets count from 1. */
export function outletCommands(ports: ReadonlySet<number>): string[] {
  return [...ports].flatMap((port) => ['on', 'off', 'cycle'].map((act) => `outlet.${port + 1}.load.${act}`));
}

/** The port, from 0, and what is to be done with it. */
export function outletCommand(command: string): { port: number; action: 'on' | 'off' | 'restart' } | null {
  const [, outlet, action] = /^outlet\.([1-9]\d?)\.load\.(on|off|cycle)$/.exec(command) ?? [];
  if (outlet === undefined) return null;
  return {
    port: Number(outlet) - 1,
    action: action === 'cycle' ? 'restart' : action === 'on' ? 'on' : 'off',
  };
}

/** Text that says something. */
const said = (text: string | null): string | null => (text === null || text.trim() === '' ? null : text);

function outletLines(output: Output, ports: ReadonlySet<number>): [string, string | null][] {
  const { port, description, on, voltage, current, power } = output;
  const name = `outlet.${port + 1}`;
  return [
    [`${name}.id`, String(port + 1)],
    // The UPS counts its ports from 0, and who looks for one has to find it under either number.
    [`${name}.desc`, said(description) ?? `Port ${port}`],
    [`${name}.status`, on === null ? null : on ? 'on' : 'off'],
    [`${name}.switchable`, ports.has(port) ? 'yes' : 'no'],
    [`${name}.voltage`, positive(voltage, 2)],
    [`${name}.current`, positive(current, 3)],
    [`${name}.realpower`, positive(power, 2)],
  ];
}

/** Charge and runtime by the battery's voltage and the load, where the user wants them. */
function estimated(status: UpsStatus, { full, empty, capacity }: Estimate): [string, string | null][] {
  const supplies = fitted(status);
  const voltage = lowest(supplies.map(({ batteryVoltage }) => batteryVoltage));
  const bottom = empty ?? highest(supplies.map(({ undervoltageLimit }) => undervoltageLimit));
  if (voltage === null || bottom === null || full <= bottom) return [];
  const share = Math.min(Math.max((voltage - bottom) / (full - bottom), 0), 1);
  const { totalPower } = status;
  const seconds =
    capacity === null || totalPower === null || totalPower <= 0
      ? null
      : Math.min((share * capacity * 3600) / totalPower, MAX_RUNTIME);
  return [
    ['battery.charge', natural(share * 100)],
    ['battery.runtime', natural(seconds)],
    ['experimental.battery.estimated', 'yes'],
  ];
}

/** s; a week is longer than anybody waits. */
const MAX_RUNTIME = 7 * 86_400;

/** All variables of a UPS, by name, but for FSD in `ups.status`. */
export function nutVariables(
  status: UpsStatus,
  state: NutState,
  { rule, ports, estimate }: NutMapping,
): ReadonlyMap<string, string> {
  const supplies = fitted(status);
  const { ident, temperatures, outputs } = status;
  const mains = supplies.map(({ mainVoltage }) => mainVoltage);
  const { model, serialNumber } = ident;
  const lines: [string, string | null][] = [
    ['ups.status', statusWords(state)],
    ['battery.voltage', written(lowest(supplies.map(({ batteryVoltage }) => batteryVoltage)), 2)],
    ['battery.voltage.low', written(highest(supplies.map((supply) => supply.undervoltageLimit)), 2)],
    // As the status: the input that decides it.
    ['input.voltage', written(rule === 'any' ? lowest(mains) : highest(mains), 2)],
    ['output.voltage', written(lowest(supplies.map(({ loadVoltage }) => loadVoltage)), 2)],
    ['ups.realpower', positive(status.totalPower, 2)],
    ['ups.temperature', written(temperatures.board ?? temperatures.mcu, 1)],
    ['ups.mfr', 'PowerSentrix'],
    ['ups.model', said(model)],
    ['ups.serial', said(serialNumber)],
    ['ups.firmware', said(ident.mainFirmware)],
    ['ups.firmware.aux', said(ident.comFirmware)],
    ['device.type', 'ups'],
    ['device.mfr', 'PowerSentrix'],
    ['device.model', said(model)],
    ['device.serial', said(serialNumber)],
    ['device.uptime', natural(status.uptime)],
    ['outlet.count', String(outputs.length)],
    ...outputs.flatMap((output) => outletLines(output, ports)),
    ...(estimate ? estimated(status, estimate) : []),
  ];
  return new Map(lines.filter((line): line is [string, string] => line[1] !== null));
}
