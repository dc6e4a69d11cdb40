/**
 * What the numbers in messages are: unit, kind, and whether they tell of energy or of the device itself. The tables of
 * the vendors are held to their types by the compiler, and `docs/measurements.md` is made of them.
 */

/**
 * Kinds of quantities, in the words of Home Assistant's sensors, and the units that this package gives them, the usual one
 * first. `number` is for counts and for figures without a documented unit.
 */
const UNITS = {
  power: ['W', 'kW'],
  energy: ['Wh'],
  voltage: ['V'],
  current: ['A'],
  frequency: ['Hz'],
  temperature: ['°C'],
  volume_flow_rate: ['L/min'],
  duration: ['s'],
  percentage: ['%'],
  data_size: ['B'],
  number: [null],
} as const;

export type DeviceClass = keyof typeof UNITS;

export interface Measurement {
  deviceClass: DeviceClass;
  unit: (typeof UNITS)[DeviceClass][number];
  /** `diagnostic`: about the device itself, of interest when something is wrong */
  category: 'measurement' | 'diagnostic';
  /** one line for people */
  about: string;
}

type IsNumbers<V> = [NonNullable<V>] extends [number | readonly (number | null)[]] ? true : false;

/** A measurement for every property of `T` that is a number or a list of numbers, and for no other. */
export type Measurements<T> = {
  readonly [K in keyof T as IsNumbers<T[K]> extends true ? K : never]: Measurement;
};

/** The numbers at one place of a node's messages. */
export interface MeasurementGroup {
  /** node type */
  source: string;
  /** where in the message, e.g. `payload.outputs[]` */
  path: string;
  fields: Readonly<Record<string, Measurement>>;
}

/** A value that tells of energy, in the usual unit of its kind or in another one. */
export function measured<C extends DeviceClass>(
  deviceClass: C,
  about: string,
  unit: (typeof UNITS)[C][number] = UNITS[deviceClass][0],
): Measurement {
  return { deviceClass, unit, category: 'measurement', about };
}

/** A value that tells of the device itself. */
export function diagnostic(deviceClass: DeviceClass, about: string): Measurement {
  return { deviceClass, unit: UNITS[deviceClass][0], category: 'diagnostic', about };
}
