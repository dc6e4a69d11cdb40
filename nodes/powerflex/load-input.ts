import type { NodeAPI } from 'node-red';

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
  /** ms since it was measured; 0 when the message does not tell */
  age: number;
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
 * @param now epoch ms
 * @throws DeviceError INVALID_INPUT
 */
export function loadOf(RED: NodeAPI, msg: FlowMessage, input: LoadInput, now: number): GivenLoad {
  const kilowatts = wholeKilowatts(input.property ? chosen(RED, msg, input) : automatic(msg), input.negative);
  const measured = isRecord(msg.payload) ? parseInstant(msg.payload.timestamp) : null;
  // A clock that runs ahead does not make a reading younger than new.
  return { kilowatts, age: measured === null ? 0 : Math.max(0, now - measured) };
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
