import type { SimRequest } from './http';

/**
 * One way in which a simulated device fails.
 *
 * - `status`: answers with that HTTP status instead of doing its work.
 * - `delay`: answers `ms` late. The work is done at once, or with `late` only after the delay, like a
 *   request that was held up on its way and still arrives.
 * - `hang`: never answers. With `processed` the work is done nevertheless.
 * - `reset`: the connection is reset before the request is looked at.
 * - `resetAfter`: the work is done, then the connection is reset instead of a response.
 * - `body`: status 200 with that raw body, whatever was asked.
 * - `truncate`: the response stops half-way through and the connection closes.
 */
export type FaultAction =
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  | { kind: 'delay'; ms: number; late?: boolean }
  | { kind: 'hang'; processed?: boolean }
  | { kind: 'reset' }
  | { kind: 'resetAfter' }
  | { kind: 'body'; body: string; contentType?: string }
  | { kind: 'truncate' };

/**
 * A fault with its reach: the next `times` requests (default: all until cleared) that satisfy `match`
 * (default: every request).
 */
export type Fault = FaultAction & { times?: number; match?: (request: SimRequest) => boolean };

interface Pending {
  fault: Fault;
  left: number;
}

/**
 * The faults a simulator still has to show, in the order in which they were added. A request gets the first
 * one that matches it.
 */
export class Faults {
  private pending: Pending[] = [];

  /** Adds a fault behind the ones that are waiting already. */
  add(fault: Fault): void {
    this.pending.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  /** Forgets every fault; requests that are being delayed or left hanging stay as they are. */
  clear(): void {
    this.pending = [];
  }

  /** The number of faults that still wait for a request. */
  get size(): number {
    return this.pending.length;
  }

  /** Takes the fault for a request, counting it down; undefined when the request is to be answered normally. */
  take(request: SimRequest): Fault | undefined {
    const found = this.pending.find(({ fault }) => fault.match?.(request) ?? true);
    if (!found) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.pending = this.pending.filter((entry) => entry !== found);
    return found.fault;
  }
}

/** The kinds of {@link FaultAction}, for messages and for checking outside input. */
const FAULT_KINDS: readonly FaultAction['kind'][] = [
  'status',
  'delay',
  'hang',
  'reset',
  'resetAfter',
  'body',
  'truncate',
];

type Json = Record<string, unknown>;

function numberIn(json: Json, key: string, min: number, max: number): number {
  const value = json[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new Error(`"${key}" must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function textIn(json: Json, key: string): string | undefined {
  const value = json[key];
  if (value !== undefined && typeof value !== 'string') throw new Error(`"${key}" must be a text`);
  return value;
}

function flagIn(json: Json, key: string): boolean {
  const value = json[key];
  if (value !== undefined && typeof value !== 'boolean') throw new Error(`"${key}" must be true or false`);
  return value ?? false;
}

function headersIn(json: Json): Record<string, string> | undefined {
  const value = json.headers;
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw new Error('"headers" must be an object of texts');
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

/** Whether a parsed JSON value is an object, and neither null nor an array. */
export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function actionIn(json: Json): FaultAction {
  const { kind } = json;
  switch (kind) {
    case 'status': {
      const headers = headersIn(json);
      const body = textIn(json, 'body');
      const status = numberIn(json, 'status', 200, 599);
      return { kind, status, ...(headers && { headers }), ...(body !== undefined && { body }) };
    }
    case 'delay':
      return { kind, ms: numberIn(json, 'ms', 0, 600_000), late: flagIn(json, 'late') };
    case 'hang':
      return { kind, processed: flagIn(json, 'processed') };
    case 'body': {
      const contentType = textIn(json, 'contentType');
      return { kind, body: textIn(json, 'body') ?? '', ...(contentType !== undefined && { contentType }) };
    }
    case 'reset':
    case 'resetAfter':
    case 'truncate':
      return { kind };
    default:
      throw new Error(`"kind" must be one of ${FAULT_KINDS.join(', ')}`);
  }
}

/**
 * Reads a fault from JSON, as a control route receives it: `{kind, times?, ...}` with the properties of
 * {@link FaultAction}. Throws an Error whose text says which property is wrong.
 */
export function parseFault(value: unknown): Fault {
  if (!isJsonObject(value)) throw new Error('a fault is an object {"kind": ...}');
  const times = value.times === undefined ? {} : { times: numberIn(value, 'times', 1, 1_000_000) };
  return { ...actionIn(value), ...times };
}
