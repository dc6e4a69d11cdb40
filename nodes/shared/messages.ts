import type { NodeMessageInFlow } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import type { Vendor } from '../../lib/core/vendors';

/**
 * Who a message is about. `id` is stable: what the vendor or the user gave, else the config node's id; never a key or a
 * name, nor anything that becomes known only later.
 */
export interface DeviceBlock {
  id: string;
  /** `energy-devices`: none, the values were calculated by a node of this package */
  vendor: Vendor | 'energy-devices';
  model: string;
  name: string;
  serialNumber?: string;
  firmware?: string;
  /** where a browser in the same network finds the device's own pages, without a login, see `lanPage` */
  url?: string;
  /** `id` of the device that a derived value comes from */
  via?: string;
}

/** A message of a flow, with whatever properties other nodes gave it. */
export type FlowMessage = NodeMessageInFlow & Record<string, unknown>;

/** What one output gets; `null` for nothing. */
export type OutputMessage = Record<string, unknown> | null;

/** One message for each output, or `null` for nothing. */
export type Outgoing = OutputMessage | OutputMessage[];

/** What a node's handler makes of a message. */
export interface InputResult {
  send: Outgoing;
  /** text below the node for what has succeeded; missing: the node's state at rest */
  status?: string | undefined;
}

/** The topic of a response: that of the message that asked, unless it has none. An inject node sends an empty one. */
export function topicOf<T>(msg: FlowMessage, own: T): string | T {
  const { topic } = msg;
  return topic === undefined || topic === '' ? own : topic;
}

/** What the `parts` of a sequence of ours hold of a sequence that the message belongs to already: as core's `split`. */
export function outerParts({ parts }: FlowMessage): { parts?: unknown } {
  return parts === undefined ? {} : { parts };
}

/**
 * The device that a message is for: the node's own, else `msg.deviceId`, else `payload.deviceId`. An empty one is none.
 *
 * @throws DeviceError INVALID_INPUT when the message names another device than the node: it was meant for that one
 */
export function deviceFor(configured: string, msg: FlowMessage): unknown {
  const payload = isRecord(msg.payload) ? msg.payload : {};
  const named = [msg.deviceId, payload.deviceId].filter(isNamed);
  if (configured === '') return named[0];
  // What a power controller's node sent says there whom it is about. It may well start something at another device.
  const meant = 'responseCodes' in payload ? [msg.deviceId].filter(isNamed) : named;
  if (meant.some((id) => (typeof id === 'string' ? id.trim() : id) !== configured)) {
    throw invalidInput('The message names another device than this node is set to.', 'deviceContradiction');
  }
  return configured;
}

function isNamed(id: unknown): boolean {
  return id !== undefined && id !== null && id !== '';
}

/**
 * A copy of data as JSON can hold it, which a flow may change without others seeing it. With messages this small it is
 * several times as fast as `structuredClone`.
 */
export function plainCopy<T>(data: T): T {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map(plainCopy) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(data)) {
    const value = plainCopy<unknown>(data[key as keyof typeof data]);
    // A key of this name would change what the copy inherits.
    if (key === '__proto__') Object.defineProperty(copy, key, { value, ...OWN });
    else copy[key] = value;
  }
  return copy as T;
}

const OWN = { configurable: true, enumerable: true, writable: true };
