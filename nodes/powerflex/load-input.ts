import type { NodeAPI } from 'node-red';

import type { Clock } from '../../lib/core/clock';
import { invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/units';
import { parseInstant } from '../../lib/core/windows';
import { wholeKilowatts } from '../../lib/powerflex/dcm';
import type { FlowMessage } from '../shared/messages';

export interface LoadInput {
  /** a message property that holds the load; empty: find it in the payload */
  property: string;
  /** the unit of that property */
  unit: 'kW' | 'W';
  /** what becomes of an export */
  negative: 'refuse' | 'zero';
}

/** A load for the feed. */
export interface GivenLoad {
  /** whole kW */
  kilowatts: number;
  /** epoch ms by the meter's clock; `null` when the message does not tell */
  measured: number | null;
}

/** Whether a message comes from a node of this package, whose units are known. */
function isOurReading({ device }: FlowMessage): boolean {
  return isRecord(device) && typeof device.vendor === 'string' && typeof device.id === 'string';
}

/**
 * Finds the load in a message: a number of kW, `{ realTimeLoad }` in kW, a reading of this package (`power` in W), or
 * the chosen property. Anything whose unit is not known is refused: a load that is stated too low lets the cars make
 * a new peak.
 *
 * @throws DeviceError INVALID_INPUT
 */
export function loadOf(RED: NodeAPI, msg: FlowMessage, input: LoadInput): GivenLoad {
  const kilowatts = wholeKilowatts(input.property ? chosen(RED, msg, input) : automatic(msg), input.negative);
  return { kilowatts, measured: timeOf(msg) };
}

function timeOf({ payload }: FlowMessage): number | null {
  const timestamp = isRecord(payload) ? payload.timestamp : undefined;
  if (timestamp === undefined || timestamp === null) return null;
  const measured = parseInstant(timestamp);
  // Without its age, an old load would pass for a new one.
  if (measured === null) {
    throw invalidInput('payload.timestamp is neither ISO 8601 nor epoch milliseconds.', 'timeInvalid', {
      name: 'payload.timestamp',
    });
  }
  return measured;
}

/**
 * Ages of loads, by a meter's clock that may be off: one that runs ahead makes no load younger than new, and a time
 * that stands still grows old all the same.
 */
export class LoadAges {
  private latest: { measured: number; seen: number } | undefined;

  constructor(private readonly clock: Clock) {}

  /** @returns ms since `measured`; 0 for `null` */
  of(measured: number | null): number {
    if (measured === null) return 0;
    const now = this.clock.monotonic();
    if (this.latest?.measured !== measured) this.latest = { measured, seen: now };
    return Math.max(this.clock.now() - measured, now - this.latest.seen);
  }
}

function chosen(RED: NodeAPI, msg: FlowMessage, { property, unit }: LoadInput): unknown {
  let value: unknown;
  try {
    value = RED.util.getMessageProperty(msg, property);
  } catch {
    value = undefined;
  }
  return unit === 'W' ? fromWatts(value) : value;
}

function automatic(msg: FlowMessage): unknown {
  const { payload } = msg;
  if (!isRecord(payload)) return payload;
  if ('realTimeLoad' in payload) return payload.realTimeLoad;
  if (!('power' in payload)) return undefined;
  if (isOurReading(msg)) return fromWatts(payload.power);
  throw invalidInput(
    'The unit of payload.power is not known. Choose the property and its unit in the node.',
    'loadUnitUnknown',
  );
}

function fromWatts(value: unknown): unknown {
  return typeof value === 'number' ? value / 1000 : value;
}
