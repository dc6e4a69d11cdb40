import type { PowerPiece } from './power-record';

/** Whether a request was followed, as the power shows it: in pieces, since an event may last for days. */

export interface JudgeState {
  /** epoch ms up to which the power has been looked at */
  at: number;
  /** ms that are known of the time in which it has to be followed, and W × ms in it */
  known: number;
  sum: number;
  /** it was above what was asked for */
  over: boolean;
  /** epoch ms at which it was first followed; `null`: not yet */
  below: number | null;
  /** something before that is not known */
  gap: boolean;
}

export interface Demand {
  /** epoch ms */
  start: number;
  /** epoch ms from which on it has to be followed */
  from: number;
  /** W that must not be exceeded; `null`: that is not known */
  most: number | null;
}

export function newJudge(start: number): JudgeState {
  return { at: start, known: 0, sum: 0, over: false, below: null, gap: false };
}

/** Looks at a piece that begins no earlier than the event. */
export function judge(state: JudgeState, { from: since, most }: Demand, piece: PowerPiece): void {
  const from = Math.max(piece.from, state.at);
  const { to, power } = piece;
  if (to <= from) return;
  if (state.below === null) {
    if (from > state.at) state.gap = true;
    if (most !== null && power <= most) state.below = from;
  }
  const counted = Math.max(from, since);
  const whole = !piece.mean || piece.from >= since;
  if (to > counted && whole) {
    state.known += to - counted;
    state.sum += power * (to - counted);
    if (most !== null && power > most) state.over = true;
  }
  state.at = to;
}
