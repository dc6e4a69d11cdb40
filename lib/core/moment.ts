import { type Clock, systemClock } from './clock';

/** A moment by two clocks. Delays run by the steady one, which never jumps; the wall clock's is shown, and outlives a restart. */
export interface Moment {
  /** epoch ms */
  wall: number;
  /** ms; only differences mean something, and only within one process */
  steady: number;
}

/** ms; a stored moment that is older says nothing about a delay */
const LONGEST_RECALL = 24 * 3_600_000;

export function momentOf(clock: Clock = systemClock): Moment {
  return { wall: clock.now(), steady: clock.monotonic() };
}

/** ms from one moment to a later one of the same process */
export function between(from: Moment, to: Moment): number {
  return to.steady - from.steady;
}

/**
 * A moment that an earlier process has stored. Its wall time counts if it lies in the past and less than 24 h ago; else
 * what began then begins now.
 */
export function recalled(wall: unknown, now: Moment): Moment {
  if (typeof wall !== 'number' || !Number.isFinite(wall)) return now;
  const age = now.wall - wall;
  return age >= 0 && age < LONGEST_RECALL ? { wall, steady: now.steady - age } : now;
}
