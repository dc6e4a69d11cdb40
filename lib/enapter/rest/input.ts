import { invalidInput } from '../../core/errors';
import { Fields } from '../../core/input';
import { isRecord, toNumber } from '../../core/values';
import { parseRange } from '../../core/windows';
import { EXPANDABLE } from './device';
import { MAX_COLUMNS } from './timeseries';

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

/*
 * What the operations are told, as `Fields` reads it. The objects may hold more, such as a device that an earlier node
 * has read.
 */

export interface ListInput {
  siteId?: unknown;
  expand?: unknown;
  /** first device wanted; default 0 */
  offset?: unknown;
  /** how many at the most; default all */
  limit?: unknown;
}

export interface LatestInput {
  attributes?: unknown;
  /** as the vendor's API calls it */
  attribute?: unknown;
  /** s */
  relevance?: unknown;
}

export interface TimeseriesInput extends Omit<LatestInput, 'relevance'> {
  from?: unknown;
  to?: unknown;
  /** s */
  granularity?: unknown;
  aggregation?: unknown;
}

const count = (min: number) => (value: unknown, name: string) => checkCount(value, name, min);

/** @throws DeviceError INVALID_INPUT */
export function devicePath(id: unknown): string {
  return `devices/${checkId(id, 'device id')}`;
}

/** @throws DeviceError INVALID_INPUT */
export function listRequest(input: ListInput): {
  path: string;
  expand: string | undefined;
  wanted: { offset: number; limit: number };
} {
  const fields = new Fields(input, 'list');
  const expand = fields.read('expand', checkExpand);
  const site = fields.optional('siteId', (value) => checkId(value, 'site id'));
  const offset = fields.read('offset', count(0)) ?? 0;
  const limit = fields.read('limit', count(1)) ?? Infinity;
  return {
    path: site === undefined ? 'devices' : `sites/${site}/devices`,
    expand,
    wanted: { offset, limit },
  };
}

/** The body of an update: only what was set. @throws DeviceError INVALID_INPUT */
export function updateBody(input: { name?: unknown; slug?: unknown }): { name?: string; slug?: string } {
  const fields = new Fields(input, 'update');
  const name = fields.optional('name', checkText);
  const slug = fields.optional('slug', checkText);
  if (name === undefined && slug === undefined) {
    throw invalidInput('There is nothing to update: give a name, a slug or both.', 'enapterNothing');
  }
  return { ...(name === undefined ? {} : { name }), ...(slug === undefined ? {} : { slug }) };
}

/** @throws DeviceError INVALID_INPUT */
export function createBody(input: {
  name?: unknown;
  siteId?: unknown;
  slug?: unknown;
}): Record<string, string> {
  const fields = new Fields(input, 'create');
  const name = fields.read('name', checkText);
  const site_id = fields.read('siteId', (value) => checkId(value, 'site id'));
  const slug = fields.optional('slug', checkText);
  return { name, site_id, ...(slug === undefined ? {} : { slug }) };
}

/** @throws DeviceError INVALID_INPUT */
export function commandBody(input: { name?: unknown; arguments?: unknown }): Record<string, unknown> {
  const fields = new Fields(input, 'command');
  return {
    name: fields.read('name', (value) => checkText(value, 'command')),
    arguments: fields.read('arguments', checkArguments),
  };
}

/** @throws DeviceError INVALID_INPUT */
export function latestRequest(input: LatestInput): { attributes: string[]; relevance: number | undefined } {
  const fields = new Fields(input, 'telemetry');
  return { attributes: attributesOf(fields), relevance: fields.read('relevance', count(1)) };
}

/** The body of a query over time, and the rows that it can give. @throws DeviceError INVALID_INPUT */
export function timeseriesRequest(
  device: string,
  input: TimeseriesInput,
): { json: Record<string, unknown>; mostRows: number } {
  const fields = new Fields(input, 'telemetry');
  const { start, end } = parseRange(fields.get('from'), fields.get('to'));
  const granularity = fields.read('granularity', count(1)) ?? 60;
  const aggregation = fields.optional('aggregation', checkText) ?? 'auto';
  const telemetry = attributesOf(fields).map((attribute) => ({ device, attribute, aggregation }));
  return {
    json: {
      from: new Date(start).toISOString(),
      to: new Date(end).toISOString(),
      granularity: `${granularity}s`,
      telemetry,
    },
    // One for each step that has begun, and one at each end that the server may round to.
    mostRows: Math.ceil((end - start) / 1000 / granularity) + 2,
  };
}

/** Named as the vendor's API names them, too: `attribute`, a text or a list. */
function attributesOf(fields: Fields): string[] {
  const names = [...new Set(checkNames(fields.get('attributes') ?? fields.get('attribute'), 'attributes'))];
  if (names.length > MAX_COLUMNS)
    throw invalidInput(`Name at most ${MAX_COLUMNS} attributes.`, 'enapterTooMany', { max: MAX_COLUMNS });
  if (names.length === 0) throw invalidInput('Name at least one attribute.', 'enapterAttributes');
  return names;
}
