import type { LocalTime } from '../core/zone';
import { tooMuch } from '../core/budget';
import { DeviceError, invalidInput } from '../core/errors';
import { isRecord, round, toNumber } from '../core/values';
import { cleanText } from '../core/redact';
import type { NoticeHandler } from '../core/notices';
import { conflict, isKeptAs, sameNumber } from './echo';

/**
 * What demand-charge mitigation takes and gives: monthly targets, external signals and the real-time load, checked
 * completely before anything is sent, and compared with the server's echo afterwards.
 */

export const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;
export type Month = (typeof MONTHS)[number];

/** The month that it is at the site. @param now epoch ms */
export function localMonth(now: number, local: LocalTime): Month {
  return MONTHS[local.at(now).month - 1] ?? 'Jan';
}

/** kW for some months. */
export type Targets = Partial<Record<Month, number>>;
/** kW for all months; `null` where the server told none. */
export type AllTargets = Record<Month, number | null>;

const LOAD_UNITS = ['kW', 'A'] as const;
export type LoadUnit = (typeof LOAD_UNITS)[number];

/** A limit of the cars' aggregate power or current. It stays until it is changed. */
export interface ExternalSignal {
  name: string;
  /** in `maxLoadUnit`; kW and A are never converted into each other */
  maxLoad: number;
  maxLoadUnit: LoadUnit;
  enabled: boolean;
}

/** Far above any site, and well inside what an integer holds everywhere. */
const MAX_KW = 1e9;
const LONGEST_NAME = 200;
/** No site has more external signals. */
const MAX_SIGNALS = 10_000;

/** Checks a number of kW or A. */
function isLoad(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= MAX_KW;
}

/**
 * A load in whole kW, rounded up: a load that is stated too low lets the cars make a new peak.
 *
 * @param kilowatts a number
 * @param negative what becomes of an export: `refuse`, or `zero`
 * @throws DeviceError INVALID_INPUT
 */
export function wholeKilowatts(kilowatts: unknown, negative: 'refuse' | 'zero' = 'refuse'): number {
  if (typeof kilowatts !== 'number' || !Number.isFinite(kilowatts) || kilowatts > MAX_KW) {
    throw invalidInput('The load is not a number of kW.', 'powerflexLoadNotNumber');
  }
  if (kilowatts >= 0) return Math.ceil(round(kilowatts));
  if (negative === 'zero') return 0;
  throw invalidInput(
    'The load is negative: the site exports. Choose in the node that an export counts as 0.',
    'powerflexLoadNegative',
  );
}

/**
 * Monthly targets as a message or a dialog gives them.
 *
 * @param value `{ Jun: 700 }`: English month abbreviations, whole kW ≥ 0, only the months that are to change
 * @throws DeviceError INVALID_INPUT
 */
export function parseTargets(value: unknown): Targets {
  if (!isRecord(value)) {
    throw invalidInput(
      'The targets are not an object of months, such as { "Jun": 700 }.',
      'powerflexTargetsNoObject',
    );
  }
  const targets: Targets = {};
  for (const [key, kilowatts] of Object.entries(value)) {
    const month = MONTHS.find((one) => one === key);
    if (!month) {
      // Said by somebody else, so it is shown short and without anything but letters.
      const shown = key.replace(/[^\w-]+/g, '_').slice(0, 20);
      throw invalidInput(`"${shown}" is no month; write Jan, Feb, … Dec.`, 'powerflexTargetMonth', {
        month: shown,
      });
    }
    if (!isLoad(kilowatts) || !Number.isInteger(kilowatts)) {
      throw invalidInput(`The target of ${month} is not a whole number of kW.`, 'powerflexTargetValue', {
        month,
      });
    }
    targets[month] = kilowatts;
  }
  if (Object.keys(targets).length === 0)
    throw invalidInput('No month has a target.', 'powerflexTargetsEmpty');
  return targets;
}

/** The targets that the server holds. @throws DeviceError BAD_RESPONSE when the response has none */
export function readTargets(body: unknown): AllTargets {
  const held = isRecord(body) ? MONTHS.map((month) => [month, toNumber(body[month])] as const) : [];
  if (!held.some(([, kilowatts]) => kilowatts !== null)) throw notDcm();
  return Object.fromEntries(held) as AllTargets;
}

/** @throws DeviceError CONFLICT when the server does not hold what was asked */
export function compareTargets(asked: Targets, held: AllTargets): void {
  const different = MONTHS.filter((month) => {
    const [wanted, kept] = [asked[month], held[month]];
    return wanted !== undefined && (kept === null || !isKeptAs(wanted, kept));
  });
  if (different.length === 0) return;
  const list = (values: Targets | AllTargets): string =>
    different.map((month) => `${month} ${values[month] ?? '–'} kW`).join(', ');
  throw conflict(list(asked), list(held));
}

/** @throws DeviceError INVALID_INPUT for a name that is empty or too long */
export function parseSignalName(value: unknown): string {
  const name = typeof value === 'string' ? value.trim() : '';
  if (name === '' || name.length > LONGEST_NAME) {
    throw invalidInput('The external signal has no usable name.', 'powerflexSignalName');
  }
  return name;
}

/**
 * An external signal as a message or a dialog gives it; all four parts are needed.
 *
 * @throws DeviceError INVALID_INPUT
 */
export function parseSignal(value: Readonly<Record<keyof ExternalSignal, unknown>>): ExternalSignal {
  const name = parseSignalName(value.name);
  const { maxLoad, enabled } = value;
  const maxLoadUnit = LOAD_UNITS.find((unit) => unit === value.maxLoadUnit);
  if (!maxLoadUnit) throw invalidInput('The unit of the limit is neither kW nor A.', 'powerflexSignalUnit');
  if (!isLoad(maxLoad)) throw invalidInput('The limit is not a number of at least 0.', 'powerflexSignalLoad');
  if (typeof enabled !== 'boolean')
    throw invalidInput('"enabled" is neither true nor false.', 'powerflexSignalEnabled');
  return { name, maxLoad, maxLoadUnit, enabled };
}

/** A signal in the vendor's words. */
export function signalBody({ name, maxLoad, maxLoadUnit, enabled }: ExternalSignal): Record<string, unknown> {
  return { max_load: maxLoad, max_load_unit: maxLoadUnit, is_enabled: enabled, name };
}

/** One signal of the server. @throws DeviceError BAD_RESPONSE for anything else */
export function readSignal(body: unknown): ExternalSignal {
  const signal = signalOf(body);
  if (!signal) throw notDcm();
  return signal;
}

/**
 * The signal that was asked for by its name, alone or in a map by name.
 *
 * @throws DeviceError BAD_RESPONSE for anything else, with words of its own when the signal cannot be read
 */
export function readAskedSignal(body: unknown, name: string): ExternalSignal {
  const parts = ['max_load', 'max_load_unit', 'is_enabled'];
  const alone = isRecord(body) && parts.some((part) => part in body && !isRecord(body[part]));
  const signal = readSignalNamed(alone ? { [name]: body } : body, name);
  if (!signal) throw notDcm();
  return signal;
}

/** The signal that an object of the server describes, `undefined` when it describes none that is documented. */
function signalOf(body: unknown, key?: string): ExternalSignal | undefined {
  if (!isRecord(body)) return undefined;
  const { name = key, is_enabled: enabled } = body;
  const maxLoad = toNumber(body.max_load);
  const maxLoadUnit = LOAD_UNITS.find((unit) => unit === body.max_load_unit);
  if (typeof name !== 'string' || typeof enabled !== 'boolean' || maxLoad === null || !maxLoadUnit) {
    return undefined;
  }
  return { name, maxLoad, maxLoadUnit, enabled };
}

/**
 * All signals of the server, which answers a map by name; `null` for one without any.
 *
 * @param onNotice hears of each that cannot be read, for instance because its limit is in %
 * @throws DeviceError BAD_RESPONSE
 */
export function readSignals(body: unknown, onNotice?: NoticeHandler): ExternalSignal[] {
  return entriesOf(body).flatMap(([key, entry]) => {
    const signal = signalOf(entry, key);
    if (!signal) onNotice?.({ reason: 'powerflexSignal', params: { name: cleanText(nameOf(key, entry)) } });
    return signal ?? [];
  });
}

/**
 * One signal of the server's map by name. What the others look like does not matter.
 *
 * @returns `undefined` when there is none of that name
 * @throws DeviceError BAD_RESPONSE, also when the one of that name cannot be read
 */
export function readSignalNamed(body: unknown, name: string): ExternalSignal | undefined {
  const found = entriesOf(body).find(([key, entry]) => nameOf(key, entry) === name);
  if (!found) return undefined;
  const signal = signalOf(found[1], name);
  if (signal) return signal;
  throw new DeviceError(
    'BAD_RESPONSE',
    `The external signal ${name} has no limit in kW or A. Nothing was changed.`,
    { reason: 'powerflexSignal', params: { name }, sent: true },
  );
}

/** The entries of the server's map of signals; a response of other things is no map without signals. */
function entriesOf(body: unknown): [string, unknown][] {
  if (body === null) return [];
  if (!isRecord(body)) throw notDcm();
  const entries = Object.entries(body);
  if (entries.length > MAX_SIGNALS) throw tooMuch(MAX_SIGNALS, 'signals');
  if (entries.length > 0 && !entries.some(([, entry]) => isRecord(entry))) throw notDcm();
  return entries;
}

function nameOf(key: string, entry: unknown): string {
  return isRecord(entry) && typeof entry.name === 'string' ? entry.name : key;
}

/** Whether two signals are the same. */
export function sameSignal(a: ExternalSignal, b: ExternalSignal): boolean {
  return sameButLoad(a, b) && sameNumber(a.maxLoad, b.maxLoad);
}

/**
 * Whether the server may hold the one because it was given the other: it may round the limit.
 *
 * @param fewest decimals that it keeps at least
 */
export function isSignalKeptAs(asked: ExternalSignal, held: ExternalSignal, fewest = 0): boolean {
  return sameButLoad(asked, held) && isKeptAs(asked.maxLoad, held.maxLoad, fewest);
}

function sameButLoad(a: ExternalSignal, b: ExternalSignal): boolean {
  return a.name === b.name && a.maxLoadUnit === b.maxLoadUnit && a.enabled === b.enabled;
}

/** @throws DeviceError CONFLICT when the server does not hold what was asked */
export function compareSignal(asked: ExternalSignal, held: ExternalSignal): void {
  if (!isSignalKeptAs(asked, held)) throw conflict(describeSignal(asked), describeSignal(held));
}

/** @throws DeviceError CONFLICT when the server repeats another load; a response without one repeats nothing */
export function compareLoad(asked: number, body: unknown): void {
  const held = isRecord(body) ? toNumber(body.real_time_load_kW) : null;
  if (held !== null && !isKeptAs(asked, held)) throw conflict(`${asked} kW`, `${held} kW`);
}

/** A signal in words. */
export function describeSignal({ name, maxLoad, maxLoadUnit, enabled }: ExternalSignal): string {
  return `${name}: ${maxLoad} ${maxLoadUnit}, ${enabled ? 'enabled' : 'disabled'}`;
}

function notDcm(): DeviceError {
  return new DeviceError('BAD_RESPONSE', 'This is not what PowerFlex documents as the answer.', {
    reason: 'powerflexShape',
    sent: true,
  });
}
