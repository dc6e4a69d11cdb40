import type { Bucket } from './buckets';
import type { Counts } from './counted-energy';
import type { HourRow } from './hours';
import type { MeterState } from './meter';
import type { MeterEvent } from './meter-result';
import type { Outlook } from './outlook';
import type { PeakFigures, PeakSettings, PeakState } from './peaks';
import type { LocalTime, Span } from '../core/zone';

/** What demand is computed with, what it tells, and what is kept of it. */

/** A row of counted hours. Time in no row has weight 1. */
export type WeightRow = HourRow & { weight: number };

export interface DemandSettings extends PeakSettings {
  zone: LocalTime;
  /** ms */
  window: number;
  /** ms, a divisor of the window; equal to it: blocks side by side */
  step: number;
  counts: Counts;
  /** weighted W; 0: what is paid for anyway */
  target: number;
  hours: readonly WeightRow[];
  /** 1 to 28 */
  billingDay: number;
  /** ms; missing: by the meter's rhythm */
  longestGap?: number | undefined;
  /** share of a window that must be known for a peak, 0 to 1 */
  completeFrom: number;
  /** ms; 0: the last value */
  smoothing: number;
}

/** A window that is over. */
export interface ClosedWindow extends Span {
  /** Wh */
  energy: number;
  /** W; `null` while too little of it is known */
  demand: number | null;
  /** W, over the time that is known */
  average: number | null;
  /** 0 to 1 */
  coverage: number;
  complete: boolean;
  estimated: boolean;
}

export interface DemandReport extends PeakFigures, Outlook {
  timestamp: number;
  windowStart: number;
  windowEnd: number;
  /** Wh so far */
  energy: number;
  /** W over the known time; `null` while nothing is known */
  average: number | null;
  /** weighted W */
  target: number | null;
  /** W, the target by the window's weight; `null` without one */
  limit: number | null;
  /** W at present */
  power: number | null;
  last: ClosedWindow | null;
  /** known share of the window up to now; `null` at its start */
  coverage: number | null;
  estimated: boolean;
  /** the counter's steps are too large for this target: a power would tell more */
  coarse: boolean;
  /** this report tells of the end of a window */
  closed: boolean;
}

export interface DemandState {
  meter: MeterState;
  buckets: Bucket[];
  peaks: PeakState;
  last: ClosedWindow | null;
  /** the first instant that is counted, epoch ms */
  begun: number | null;
  /** up to where windows are told, epoch ms */
  toldUntil: number | null;
  /** weighted W, told by a message while the setting was `setting`; `null`: the setting counts */
  target: { watts: number; setting: number } | null;
}

export interface DemandResult {
  /** one for each window that has ended, then one for the reading */
  reports: DemandReport[];
  events: MeterEvent[];
  ignored: 'older' | 'same' | 'held' | undefined;
}
