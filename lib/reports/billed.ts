import type { Span } from '../core/zone';

/** A session as a bill has it, or what has become known of one that another month has already. */
export interface BilledStay extends Span {
  address: string;
  space: string;
  startSeen: boolean;
  endSeen: boolean;
  /** mWh; `null`: it is not known */
  energy: number | null;
  /** ms */
  charged: number | null;
  idle: number | null;
  /** money */
  cost: number | null;
  /** mWh */
  unpriced: number;
  /** when it was charged is not known, and the price changed meanwhile */
  estimated: boolean;
  /** it ended in a month that was closed before it was known */
  late: boolean;
  /** what an earlier month has of it is not in here */
  correction: boolean;
}

export interface BilledSpan extends Span {
  stays: BilledStay[];
}
