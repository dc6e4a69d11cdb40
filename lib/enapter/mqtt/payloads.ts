import { invalidInput } from '../../core/errors';
import { refusedPayload } from '../../core/input';
import { cleanText } from '../../core/redact';
import { isRecord } from '../../core/values';
import { readTime } from '../../core/time';
import { LONGEST_NAME } from './command';

/** What telemetry, properties and arguments can hold. */
export type FlatValue = number | boolean | string | string[] | null;

/** Something in a message that was left out or will be ignored; worth one warning for each key. */
export interface Notice {
  /** key below `notices.` in the catalogue */
  reason: 'enapterKeyName' | 'enapterKeyReserved' | 'enapterValueType' | 'enapterTypeChanged';
  key: string;
}

export interface Prepared {
  /** Unix seconds */
  timestamp: number;
  /** absent: not said; `null`: unknown; `[]`: none */
  alerts: string[] | null | undefined;
  values: Readonly<Record<string, FlatValue>>;
  /** the keys of `values` that go out */
  names: string[];
  notices: Notice[];
}

const SEVERITIES = ['debug', 'info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** As the manifest allows them; the cloud silently ignores what no manifest can declare. */
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
/** Names are remembered, for the manifest and so that nothing is noticed twice. */
const isName = (text: string): boolean => text.length <= LONGEST_NAME && NAME.test(text);
const MAX_BYTES = 256 * 1024;
/** Characters of `"a":1,`. */
const SHORTEST_ENTRY = 6;
/** Characters of a key in the log. */
const LONGEST_SHOWN = 60;

/**
 * A message's own time, or now, in whole Unix seconds.
 *
 * @param value Unix seconds, epoch ms, µs or ns (told apart by their size), ISO 8601, a Date, or nothing
 * @param now epoch ms
 * @throws DeviceError INVALID_INPUT
 */
export function unixSeconds(value: unknown, now: number): number {
  if (value === undefined || value === null) return Math.floor(now / 1000);
  // 1970 is what a clock says that was never set, and a number beyond the years to come is one of something else.
  const ms = readTime(value instanceof Date ? value.getTime() : value);
  if (ms === null) {
    throw invalidInput(
      'The timestamp must be Unix seconds, epoch milliseconds or ISO 8601.',
      'enapterTimestamp',
    );
  }
  return Math.floor(ms / 1000);
}

/** `undefined`: not given. `null` and `[]` are kept apart: unknown, and none. */
function alertsOf(value: unknown): string[] | null | undefined {
  if (value === undefined || value === null) return value;
  if (Array.isArray(value)) {
    const names = value.filter((name): name is string => typeof name === 'string' && isName(name));
    if (names.length === value.length) return [...new Set(names)];
  }
  throw invalidInput('alerts must be a list of alert names, [] for none, or null.', 'enapterAlerts');
}

/** Gaps count: JSON has `null` for each. */
function isTexts(value: unknown): value is string[] {
  if (!Array.isArray(value) || 'toJSON' in value) return false;
  for (const entry of value) if (typeof entry !== 'string') return false;
  return true;
}

/** Characters that a value takes at least, once it is written. */
function leastLength(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return Array.isArray(value) ? value.length : 0;
}

function flatValue(value: unknown): FlatValue | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return isTexts(value) ? value : undefined;
}

/** A key that may have any length, fit for one line of the log. */
function shown(key: string): string {
  return cleanText(key.slice(0, 2 * LONGEST_SHOWN), undefined, LONGEST_SHOWN);
}

/** Keys that the EMS gives a meaning of its own. */
const RESERVED = {
  telemetry: new Set(['alert_details']),
  properties: new Set(['alerts', 'alert_details']),
} as const;

/**
 * Makes telemetry or properties of a message's payload: flat values, whole seconds, and for telemetry `alerts`. What
 * cannot be sent is left out and noticed; nothing is ever turned into 0.
 *
 * @param now epoch ms
 * @throws DeviceError INVALID_INPUT when nothing is left to send, or timestamp or alerts are wrong
 */
export function prepareValues(kind: 'telemetry' | 'properties', payload: unknown, now: number): Prepared {
  if (!isRecord(payload)) {
    throw refusedPayload(
      payload,
      invalidInput('The payload must be an object of flat values.', 'enapterPayload'),
    );
  }
  const timestamp = unixSeconds(payload.timestamp, now);
  const alerts = kind === 'telemetry' ? alertsOf(payload.alerts) : undefined;
  // Looked at before anything else: to look at each key of millions, and to write them, takes seconds.
  const keys = ArrayBuffer.isView(payload) ? [] : Object.keys(payload);
  let length = keys.length * SHORTEST_ENTRY;
  const names: string[] = [];
  const notices: Notice[] = [];
  for (const key of keys) {
    const given = payload[key];
    if (key === 'timestamp' || given === undefined || (key === 'alerts' && kind === 'telemetry')) continue;
    length += leastLength(given);
    if (length > MAX_BYTES) throw tooLarge();
    if (RESERVED[kind].has(key)) notices.push({ reason: 'enapterKeyReserved', key });
    else if (!isName(key)) notices.push({ reason: 'enapterKeyName', key: shown(key) });
    else if (flatValue(given) === undefined) notices.push({ reason: 'enapterValueType', key });
    else names.push(key);
  }
  if (names.length === 0 && alerts === undefined) {
    throw invalidInput('The payload holds no value that can be sent.', 'enapterNoValues');
  }
  // Mostly all of it goes out, and a copy costs as much as all of these checks.
  const isWhole = names.length === keys.length && !('toJSON' in payload);
  const values = (isWhole ? payload : pick(payload, names)) as Record<string, FlatValue>;
  return { timestamp, alerts, values, names, notices };
}

/** A name that was tested cannot be one that objects inherit with a meaning, such as __proto__. */
function pick(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) picked[name] = from[name];
  return picked;
}

export interface LogLine {
  timestamp: number;
  message: string;
  severity: Severity;
  persist: boolean;
}

/**
 * Makes a log line of a message's payload: a text, or `{ message, severity?, persist?, timestamp? }`.
 *
 * @throws DeviceError INVALID_INPUT
 */
export function prepareLog(payload: unknown, now: number): LogLine {
  const given = typeof payload === 'string' ? { message: payload } : payload;
  if (!isRecord(given) || typeof given.message !== 'string' || given.message.trim() === '') {
    throw refusedPayload(
      isRecord(given) ? given.message : given,
      invalidInput('A log needs a message text.', 'enapterLogMessage'),
    );
  }
  if (given.message.length > MAX_BYTES) throw tooLarge();
  const severity = SEVERITIES.find((name) => name === (given.severity ?? 'info'));
  if (!severity) {
    throw invalidInput('The severity must be debug, info, warning or error.', 'enapterSeverity');
  }
  if (given.persist !== undefined && typeof given.persist !== 'boolean') {
    throw invalidInput('persist must be true or false.', 'enapterPersist');
  }
  const timestamp = unixSeconds(given.timestamp, now);
  return { timestamp, message: given.message, severity, persist: given.persist ?? false };
}

/** The JSON of values, after their time and alerts. @throws DeviceError INVALID_INPUT when it is too long, or no object */
export function encodeValues({ timestamp, alerts, values }: Prepared): string {
  const head = `{"timestamp":${timestamp}${alerts === undefined ? '' : `,"alerts":${JSON.stringify(alerts)}`}`;
  const json = JSON.stringify(values);
  // What only looks like an object of values, such as a boxed number, has no such text.
  if (!json.startsWith('{')) throw invalidInput('The payload cannot be written as JSON.', 'enapterNoJson');
  // Joined as texts: writing a larger object made for this alone would cost half as much again.
  return limited(json === '{}' ? `${head}}` : `${head},${json.slice(1)}`);
}

/** The JSON of a body. @throws DeviceError INVALID_INPUT when it cannot be written or is too long */
export function encode(body: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(body);
  } catch {
    throw invalidInput('The payload cannot be written as JSON.', 'enapterNoJson');
  }
  return limited(json);
}

function limited(json: string): string {
  // No character takes more than three bytes for each of its units.
  if (json.length * 3 > MAX_BYTES && Buffer.byteLength(json) > MAX_BYTES) {
    throw tooLarge();
  }
  return json;
}

function tooLarge(): Error {
  const limit = MAX_BYTES / 1024;
  return invalidInput(`The payload is longer than ${limit} KiB.`, 'enapterTooLarge', { limit });
}
