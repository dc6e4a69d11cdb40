import { invalidInput } from '../core/errors';
import { readTime } from '../core/time';
import { isRecord } from '../core/values';
import type { VENDORS } from '../core/vendors';
import { idLabel, nameLabel } from './labels';
import type { MetricDevice, MetricReading } from './reading';
import {
  readCalculated,
  readController,
  readEms,
  readMeter,
  type Reader,
  readSite,
  readUps,
} from './systems';
import { OWN } from './definitions';

/** A message as it comes to the node. */
export interface MetricMessage {
  device?: unknown;
  payload?: unknown;
}

/** Longest id that is looked at. */
const LONGEST_GIVEN = 100_000;

const READERS: Readonly<Record<(typeof VENDORS)[number] | 'energy-devices', Reader>> = {
  powerfox: readMeter,
  powersentrix: readUps,
  'automate-green': readController,
  powerflex: readSite,
  enapter: readEms,
  'energy-devices': readCalculated,
};

/**
 * Reads what a message tells, entry by entry where it is a list: a list of the past may be long, and whoever works on it
 * decides how much at once.
 *
 * @throws DeviceError INVALID_INPUT for a message without a device, or whose payload no node of this package sends
 */
export function* readMessage({ device: given, payload }: MetricMessage): Generator<MetricReading, void> {
  const device = deviceOf(given);
  if (isRecord(payload) && typeof payload.available === 'boolean') {
    yield availabilityReading(device, payload, payload.available);
    return;
  }
  const read = READERS[device.vendor as keyof typeof READERS];
  if (Array.isArray(payload)) {
    for (const entry of payload as unknown[]) {
      for (const reading of read(device, entry) ?? []) yield { ...reading, history: true };
    }
    return;
  }
  const found = read(device, payload);
  if (!found) {
    throw invalidInput('The message holds no values that this node knows.', 'metricsNothing');
  }
  yield* found;
}

/** @throws DeviceError INVALID_INPUT */
function deviceOf(given: unknown): MetricDevice {
  const { vendor, id, name } = isRecord(given) ? given : {};
  const isKnown = typeof vendor === 'string' && Object.hasOwn(READERS, vendor);
  if (!isKnown || typeof id !== 'string' || id.trim() === '' || id.length > LONGEST_GIVEN) {
    throw invalidInput('The message does not tell which device it is about.', 'metricsDevice');
  }
  const own = typeof name === 'string' ? nameLabel(name) : '';
  return { vendor, id: idLabel(id), name: own === '' ? nameLabel(id) : own };
}

function availabilityReading(
  device: MetricDevice,
  { since }: Record<string, unknown>,
  available: boolean,
): MetricReading {
  const sample = { definition: OWN.up, place: 'available', labels: [], value: available ? 1 : 0 };
  return { device, time: readTime(since), available, scope: 'availability', samples: [sample] };
}
