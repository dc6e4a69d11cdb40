import type { Booking, CounterEvent } from './counter';

export const DIRECTIONS = ['import', 'export'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Energy that a reading has told, or that time has: a power holds. */
export interface MeterBooking extends Booking {
  direction: Direction;
  /** between two readings of a counter farther apart than a value is believed: where the energy fell is estimated */
  wide: boolean;
  /** by a counter, whose value at any moment is rounded to the mWh */
  counted: boolean;
}

export type MeterEvent =
  | (CounterEvent & { direction: Direction })
  /** ten readings were older than the last one, which therefore was wrong; those since `to` count */
  | { kind: 'clockCorrected'; to: number };

export interface MeterResult {
  bookings: MeterBooking[];
  events: MeterEvent[];
  /** why nothing was taken of it */
  ignored: 'older' | 'same' | 'held' | undefined;
}
