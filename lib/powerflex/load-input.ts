import { Aging } from '../core/poll/age';
import type { Clock } from '../core/clock';
import { invalidInput, toDeviceError } from '../core/errors';
import { type InputMessage, payloadFields, refusedPayload } from '../core/input';
import { isRecord } from '../core/values';
import { VENDORS } from '../core/vendors';
import { parseInstant } from '../core/windows';
import { wholeKilowatts } from './dcm';

export interface LoadInput {
  /** a message property that holds the load; empty: find it in the payload */
  property: string;
  /** the unit of that property */
  unit: 'kW' | 'W';
  /** what becomes of an export */
  negative: 'refuse' | 'zero';
}

/** A message that may be a reading of this package. */
export interface LoadMessage extends InputMessage {
  device?: unknown;
}

/** A load for the feed. */
export interface GivenLoad {
  /** whole kW */
  kilowatts: number;
  /** epoch ms by the meter's clock; `null` when the message does not tell */
  measured: number | null;
}

/** Whether a message comes from a node of this package that reads a device: its units are known. */
function isOurReading({ device }: LoadMessage): boolean {
  return (
    isRecord(device) && VENDORS.some((vendor) => vendor === device.vendor) && typeof device.id === 'string'
  );
}

/**
 * Finds the load in a message: a number of kW, `{ realTimeLoad }` in kW, a reading of this package (`power` in W), or
 * the chosen property. Anything whose unit is not known is refused: a load that is stated too low lets the cars make
 * a new peak.
 *
 * @param lookUp gives a property of the message by its path, as Node-RED reads it
 * @throws DeviceError INVALID_INPUT
 */
export function loadOf(msg: LoadMessage, input: LoadInput, lookUp: (property: string) => unknown): GivenLoad {
  const given = input.property ? chosen(input.property, lookUp) : automatic(msg);
  const load = input.property && input.unit === 'W' ? fromWatts(given) : given;
  try {
    return { kilowatts: wholeKilowatts(load, input.negative), measured: timeOf(msg) };
  } catch (thrown) {
    throw refusedPayload(given, toDeviceError(thrown));
  }
}

function timeOf(msg: InputMessage): number | null {
  const timestamp = payloadFields(msg).get('timestamp');
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

interface Seen {
  /** epoch ms by the meter's clock */
  measured: number;
  /** ms by age */
  at: number;
}

/** ms by which a meter's clock and ours may go apart between two readings, beside half of the time between them */
const SLACK = 2000;
/** ms by which a meter's clock may be behind ours: one further behind has to be seen to go */
const FAR_BEHIND = 24 * 3_600_000;

/**
 * Ages of loads by our own clock: a meter's clock may be off by minutes, so its time tells only whether a reading is
 * another one than before. One whose time stands still grows old, and so does one that is from before the newest, or
 * from another day.
 */
export class LoadAges {
  private readonly aging: Aging;
  private newest: Seen | undefined;
  /** the last one that looked old: the meter's clock may have been set back, or be far behind */
  private earlier: Seen | undefined;

  constructor(private readonly clock: Clock) {
    this.aging = new Aging(clock);
  }

  /** @returns ms since a reading with this time can have been new; 0 for `null` */
  of(measured: number | null): number {
    if (measured === null) return 0;
    const now = { measured, at: this.aging.now() };
    const { newest } = this;
    const behind = this.clock.now() - measured;
    const isNew = newest ? measured > newest.measured : behind <= FAR_BEHIND;
    if (isNew || this.goesOn(now)) {
      this.newest = now;
      this.earlier = undefined;
      return 0;
    }
    if (measured !== newest?.measured && measured !== this.earlier?.measured) this.earlier = now;
    return newest ? now.at - newest.at + (newest.measured - measured) : behind;
  }

  /** Whether times that look old go on with our clock: then the meter's clock is behind, and not the load. */
  private goesOn({ measured, at }: Seen): boolean {
    const { earlier } = this;
    if (!earlier || measured <= earlier.measured) return false;
    const ours = at - earlier.at;
    return Math.abs(measured - earlier.measured - ours) <= SLACK + ours / 2;
  }
}

function chosen(property: string, lookUp: (property: string) => unknown): unknown {
  try {
    return lookUp(property);
  } catch {
    return undefined;
  }
}

function automatic(msg: LoadMessage): unknown {
  const { payload } = msg;
  if (!isRecord(payload)) return payload;
  if ('realTimeLoad' in payload) return payload.realTimeLoad;
  if (!('power' in payload)) return undefined;
  if (isOurReading(msg)) return fromWatts(payload.power);
  throw invalidInput(
    'The unit of payload.power is not known. Choose the property and its unit in the node.',
    'powerflexLoadUnitUnknown',
  );
}

function fromWatts(value: unknown): unknown {
  return typeof value === 'number' ? value / 1000 : value;
}
