import { isRecord } from '../../core/values';
import { VENDORS } from '../../core/vendors';

/** Levels of a reading: a list of a UPS's supplies with a list of cells each is two. */
const DEEPEST = 4;

/** A message that may be a reading of this package. */
interface Message {
  payload?: unknown;
  device?: unknown;
}

/**
 * Looks up a vendor's units by the place of a value in the payload: `outputs[].power`; `null`: not known for certain.
 */
export type UnitsOf = (vendor: string) => ReadonlyMap<string, string | null> | undefined;

/** What is to be published, and the units of its values by name, as far as they are known. */
export interface FlatReading {
  payload: unknown;
  units?: ReadonlyMap<string, string>;
}

/** The nodes that calculate from readings stand in `msg.device` as well. */
const SENDERS: readonly string[] = [...VENDORS, 'energy-devices'];

/**
 * The payload for telemetry: a reading of this package in flat values, anything else as it is. What is inside another
 * value is named after both: `registers_1_8_0`, `outputs_3_power`. Values keep their units.
 */
export function telemetryOf({ payload, device }: Message, unitsOf: UnitsOf): FlatReading {
  const vendor = isRecord(device) && typeof device.id === 'string' ? device.vendor : undefined;
  if (typeof vendor !== 'string' || !SENDERS.includes(vendor) || !isRecord(payload)) return { payload };
  const reading = new Flattening(unitsOf(vendor));
  for (const [key, value] of Object.entries(payload)) reading.put({ name: key, place: key }, value, 1);
  reading.forgetUnitsNamed(payload);
  return { payload: reading.values, units: reading.units };
}

/** Where a value lies: `outputs_3_power` among flat values, `outputs[].power` in the table of measurements. */
interface Where {
  name: string;
  place: string;
}

class Flattening {
  readonly values: Record<string, unknown> = {};
  readonly units = new Map<string, string>();

  constructor(private readonly known: ReturnType<UnitsOf>) {}

  put({ name, place }: Where, value: unknown, level: number): void {
    const isList = Array.isArray(value) && !value.every((entry) => typeof entry === 'string');
    if (level < DEEPEST && (isList || isRecord(value))) {
      for (const [key, inner] of Object.entries(value)) {
        this.put(
          { name: joined(name, key), place: isList ? `${place}[]` : `${place}.${key}` },
          inner,
          level + 1,
        );
      }
      return;
    }
    // What an earlier value is called already keeps its name.
    if (Object.hasOwn(this.values, name)) return;
    this.values[name] = value;
    // The table has a list of numbers below its own name.
    const unit = this.known?.get(place) ?? this.known?.get(place.replace(/\[\]$/, ''));
    if (unit) this.units.set(name, unit);
  }

  /** A reading may say itself in which unit a value is, in a value beside it such as `maxLoadUnit`. */
  forgetUnitsNamed(payload: Record<string, unknown>): void {
    for (const name of this.units.keys()) if (`${name}Unit` in payload) this.units.delete(name);
  }
}

/** A name that a manifest can declare: letters, digits and underscores. */
const joined = (outer: string, key: string): string => `${outer}_${key.replace(/[^A-Za-z0-9]+/g, '_')}`;
