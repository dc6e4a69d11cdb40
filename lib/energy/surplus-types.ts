import type { LocalTime } from '../core/zone';

/** What decides when a load may take what would go into the grid. Powers in W, times in ms. */
export interface SurplusOptions {
  kind: 'switch' | 'modulate';
  /** of a load that is switched its power; of one that is modulated the least it may be told */
  power: number;
  /** of a load that is modulated; else ignored */
  max: number;
  /** by which a load is modulated, from `power` upwards; 0: any power */
  step: number;
  /** W of import that is put up with */
  tolerated: number;
  onAfter: number;
  offAfter: number;
  minOn: number;
  minOff: number;
  /** a local day; `null`: any number */
  maxStarts: number | null;
  /** ms of running until `until`; 0: none */
  runAtLeast: number;
  /** minutes after local midnight */
  until: number;
  /** age of the last reading from which on the meter is believed no more */
  staleAfter: number;
  /** what holds then: off, as it is, or `failSafePower` */
  failSafe: 'off' | 'hold' | 'fixed';
  /** W; a load that is switched is on with any power above 0 */
  failSafePower: number;
  zone: LocalTime;
}

/** What has to be kept over a restart: how long something has been so, and not since when. */
export interface SurplusState {
  /** epoch ms, when it was taken */
  saved: number;
  on: boolean;
  /** W that the load was told */
  watts: number;
  /** ms since it was switched; `null`: it never was */
  held: number | null;
  /** age of the last reading, ms; `null`: there was none */
  age: number | null;
  /** starts of a local day */
  starts: { date: string; count: number };
  /** ms that it has run since the last *until*, and the next one, epoch ms */
  ran: { ms: number; end: number } | null;
}

/** Why a load is on or off. */
export type SurplusWhy =
  /** nothing has been read yet */
  | 'waiting'
  /** off: too little is left */
  | 'short'
  /** off: enough, but not for long enough yet */
  | 'lasting'
  /** off: the minimum off time */
  | 'rest'
  /** off: as many starts as a day may have */
  | 'starts'
  /** on: there is enough */
  | 'surplus'
  /** on: too little, but not for long enough yet */
  | 'missing'
  /** on: the minimum on time */
  | 'minimum'
  /** on: it would not run long enough otherwise */
  | 'catchUp'
  /** on: this is one of the cheapest hours in which it can catch up */
  | 'cheap'
  /** the meter is not believed any more */
  | 'stale';

export interface SurplusDecision {
  on: boolean;
  /** W that the load is told to take */
  watts: number;
  why: SurplusWhy;
  /** ms until the why may change; `null`: nobody knows */
  wait: number | null;
  /** W that the load may take; `null`: not known */
  surplus: number | null;
  /** W of the grid as the next load has to see it; `null`: not known */
  left: number | null;
  /** the meter is not believed any more */
  stale: boolean;
  /** starts today */
  starts: number;
}

/** A reading of the grid. */
export interface GridReading {
  /** epoch ms */
  time: number;
  /** W, export negative */
  power: number;
  /** W that the load draws itself, where somebody measures it */
  load?: number | null;
  /** W that loads behind this one draw, where they may be displaced */
  lower?: number | null;
}

/** How a reading was taken. `late`: it was measured too long ago to say what is now. */
export type Reception = 'new' | 'same' | 'older' | 'late';
