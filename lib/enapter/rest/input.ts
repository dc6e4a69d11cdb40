import { invalidInput } from '../../core/errors';
import { isRecord, toNumber } from '../../core/units';
import { EXPANDABLE } from './device';

/** Letters that no path can be built from. */
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * An id as the vendor makes them.
 *
 * @param what names it in the error
 * @throws DeviceError INVALID_INPUT
 */
export function checkId(value: unknown, what: string): string {
  const id = typeof value === 'string' ? value.trim() : '';
  if (ID.test(id)) return id;
  throw invalidInput(`The ${what} is missing, or it is no id.`, 'enapterId', { what });
}

/** A text that says something. @throws DeviceError INVALID_INPUT */
export function checkText(value: unknown, what: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw invalidInput(`${what} must be a text that is not empty.`, 'enapterText', { what });
}

/** The body of an update: only what was set. @throws DeviceError INVALID_INPUT */
export function checkUpdate(input: { name?: unknown; slug?: unknown }): { name?: string; slug?: string } {
  const body = {
    ...(input.name === undefined ? {} : { name: checkText(input.name, 'name') }),
    ...(input.slug === undefined ? {} : { slug: checkText(input.slug, 'slug') }),
  };
  if (Object.keys(body).length === 0) {
    throw invalidInput('There is nothing to update: give a name, a slug or both.', 'enapterNothing');
  }
  return body;
}

export type MqttProtocol = 'MQTT' | 'MQTTS';

/** @throws DeviceError INVALID_INPUT */
export function checkProtocol(value: unknown): MqttProtocol {
  if (value === 'MQTT' || value === 'MQTTS') return value;
  throw invalidInput('The protocol must be MQTT or MQTTS.', 'enapterProtocol');
}

/** A list of names: an array of texts, or one text with commas. Empty: none. */
export function checkNames(value: unknown, what: string): string[] {
  if (value === undefined || value === null || value === '') return [];
  const list: unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
  return list.map((entry) => checkText(entry, what));
}

/** The query value of `expand`. @throws DeviceError INVALID_INPUT for parts that do not exist */
export function checkExpand(value: unknown): string | undefined {
  const names = checkNames(value, 'expand');
  const unknown = names.find((name) => !EXPANDABLE.some((part) => part === name));
  if (unknown !== undefined) {
    throw invalidInput(`Nothing called "${unknown}" can be expanded.`, 'enapterExpand', { name: unknown });
  }
  return names.length === 0 ? undefined : names.join(',');
}

/** A whole number from a message; `undefined` when it is not given. @throws DeviceError INVALID_INPUT */
export function checkCount(value: unknown, what: string, min: number): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const count = toNumber(value);
  if (count !== null && Number.isInteger(count) && count >= min) return count;
  throw invalidInput(`${what} must be a whole number of at least ${min}.`, 'enapterCount', { what, min });
}

/** Longest wait that a message may ask for, in s: a day. */
const MAX_SECONDS = 86_400;

/** A wait in s, at most a day; `undefined` when it is not given. @throws DeviceError INVALID_INPUT */
export function checkSeconds(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const seconds = toNumber(value);
  if (seconds !== null && seconds >= 1) return Math.min(seconds, MAX_SECONDS);
  throw invalidInput(`${what} must be a number of seconds, at least 1.`, 'enapterSeconds', { what });
}

/** Yes or no; `undefined` when it is not given. @throws DeviceError INVALID_INPUT */
export function checkFlag(value: unknown, what: string): boolean | undefined {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
  throw invalidInput(`${what} must be true or false.`, 'enapterFlag', { what });
}

/** The arguments of a command: an object, or nothing. @throws DeviceError INVALID_INPUT */
export function checkArguments(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (isRecord(value)) return value;
  throw invalidInput('The arguments of a command must be an object.', 'enapterArguments');
}
