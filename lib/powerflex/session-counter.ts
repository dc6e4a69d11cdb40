/** How a station's energy counter moves, freed of what is no movement: zeros in between, spikes, small corrections. */

/** Wh by which a counter may fall without having been reset: less than any station's resolution. */
export const NOISE = 1;
/** ms for which a station may show something else without its meaning anything. */
export const GLITCH = 5 * 60_000;

/** A row of a station. */
export interface Reading {
  /** epoch ms */
  time: number;
  /** whether a car is there; `null` where the state is not one of those documented */
  plugged: boolean | null;
  /** Wh */
  energy: number | null;
  /** A */
  current: number | null;
  /** W */
  power: number | null;
}

/** What the counter did up to a row. */
export interface Move {
  /** Wh since the reading before, from 0 after a reset; `null` when the row or all before it tell no counter */
  grown: number | null;
  /** it began anew */
  reset: boolean;
  /** whether it began anew in between, or what it shows at all, cannot be known */
  unsure: boolean;
  /** it went on from the reading before; beginning anew, it could have come this far as well */
  couldBeNew: boolean;
}

/** Takes rows with what the counter did, in the order of time. */
export type MoveHandler = (row: Reading, move: Move) => void;

/** Wh per ms of the fastest stations there are (400 kW). */
const FASTEST = 400_000 / 3_600_000;
/** Wh per ms that any station may deliver to another car (25 kW), however slow it was seen to be. */
const USUAL = 25_000 / 3_600_000;
/** By how much a station may be faster than it was seen to be. */
const MARGIN = 1.5;
/** Rows tell whole minutes at times, so a difference of times may be this much too short. */
const MINUTE = 60_000;
/** ms after which nothing further is waited for. */
const LONGEST_WAIT = 3_600_000;
/** A counter that falls to no less than this share of what it showed may have been corrected. */
const CORRECTED = 0.9;
/** Wh per ms above which it has been corrected, because no car was charged so fast (100 kW). */
const TOO_FAST = 100_000 / 3_600_000;

const NOTHING: Move = { grown: null, reset: false, unsure: false, couldBeNew: false };

interface Pending {
  kind: 'dip' | 'spike';
  /** the odd row and those since */
  rows: Reading[];
  value: number;
  /** how many rows show it */
  shown: number;
  /** it came where counters begin anew: with another car, without a car, or before anything was counted for this one */
  atBorder: boolean;
}

/**
 * Follows one station's counter. An odd reading waits until a later one shows whether it was a glitch, so rows come
 * out a little later than they went in.
 */
export class CounterWatch {
  private level: number | null = null;
  private levelTime = 0;
  private plugged: boolean | null = null;
  /** it has counted anything for the car that is there */
  private counted = false;
  /** Wh per ms */
  private fastest = 0;
  private pending: Pending | undefined;

  constructor(private readonly pass: MoveHandler) {}

  take(row: Reading): void {
    if (this.pending) this.resolve(this.pending, row);
    else this.judge(row);
  }

  /** No row will follow. */
  finish(): void {
    const { pending } = this;
    if (!pending) return;
    if (pending.kind === 'dip') this.confirm(pending);
    else this.dismiss(pending, true);
  }

  private judge(row: Reading): void {
    const { energy } = row;
    const { level } = this;
    if (energy === null) {
      this.hand(row, NOTHING);
    } else if (level === null) {
      this.accept(row, energy, NOTHING);
    } else if (energy < level - NOISE) {
      this.wait('dip', row, energy);
    } else if (energy - level > FASTEST * this.since(row)) {
      this.wait('spike', row, energy);
    } else {
      this.grow(row, energy, false);
    }
  }

  private wait(kind: Pending['kind'], row: Reading, value: number): void {
    const atBorder = row.plugged === false || this.plugged !== true || !this.counted;
    this.pending = { kind, rows: [row], value, shown: 1, atBorder };
  }

  private resolve(pending: Pending, row: Reading): void {
    const { energy } = row;
    const began = pending.rows[0]?.time ?? row.time;
    if (energy === null) {
      pending.rows.push(row);
      if (row.time - began > LONGEST_WAIT) this.confirm(pending);
      return;
    }
    if (pending.kind === 'spike') {
      if (energy < pending.value - NOISE && energy >= (this.level ?? 0) - NOISE) this.dismiss(pending, false);
      else this.confirm(pending);
      this.take(row);
      return;
    }
    if (row.plugged === false && !pending.atBorder && energy <= NOISE && pending.value <= NOISE) {
      // The car leaves: the counter began anew with that, and not for another car a moment before.
      this.dismiss(pending, false);
      this.judge(row);
      return;
    }
    if (Math.abs(energy - pending.value) <= NOISE && row.time - began <= GLITCH) {
      pending.rows.push(row);
      pending.shown++;
      return;
    }
    this.resolveDip(pending, row, energy);
  }

  private resolveDip(pending: Pending, row: Reading, energy: number): void {
    const level = this.level ?? 0;
    if (energy < level - NOISE) {
      this.confirm(pending);
      this.take(row);
      return;
    }
    const verdict = this.verdict(pending, row, energy);
    if (verdict === 'new') {
      this.confirm(pending);
      this.take(row);
      return;
    }
    this.dismiss(pending, false);
    if (verdict === 'glitch') this.judge(row);
    else this.grow(row, energy, true);
  }

  /** What it was when a counter that had fallen shows as much as before, or more. */
  private verdict(pending: Pending, row: Reading, energy: number): 'glitch' | 'new' | 'unsure' {
    if (Math.abs(energy - (this.level ?? 0)) <= NOISE) return 'glitch';
    const last = pending.rows.findLast((one) => one.energy !== null) ?? row;
    const ms = row.time - last.time + MINUTE;
    if (!pending.atBorder) {
      if (energy > this.seen(ms)) return 'glitch';
      return pending.shown > 1 ? 'new' : 'unsure';
    }
    if (energy > FASTEST * ms) return 'glitch';
    return energy <= this.most(ms) ? 'new' : 'unsure';
  }

  /** The odd rows meant what they said. */
  private confirm(pending: Pending): void {
    this.pending = undefined;
    const [first, ...rest] = pending.rows;
    if (first) {
      if (pending.kind === 'spike') this.grow(first, pending.value, false);
      else this.fall(first, pending.value);
    }
    for (const row of rest) this.take(row);
  }

  /** The odd rows told nothing. */
  private dismiss(pending: Pending, unsure: boolean): void {
    this.pending = undefined;
    for (const row of pending.rows) this.hand({ ...row, energy: null }, { ...NOTHING, unsure });
  }

  private fall(row: Reading, energy: number): void {
    const since = this.since(row);
    const soon = energy > this.most(since);
    if (energy >= (this.level ?? 0) * CORRECTED && soon && energy > TOO_FAST * since) {
      // What it loses by the correction it counts again; only what is above the old level is new.
      this.hand(row, { ...NOTHING, grown: 0 });
    } else if (energy > FASTEST * since || (energy >= (this.level ?? 0) * CORRECTED && soon)) {
      this.accept(row, energy, { ...NOTHING, unsure: true });
    } else {
      this.accept(row, energy, { ...NOTHING, grown: energy, reset: true });
      this.counted ||= energy > NOISE && this.plugged === true;
    }
  }

  private grow(row: Reading, energy: number, unsure: boolean): void {
    const level = this.level ?? 0;
    const since = this.since(row);
    const grown = Math.max(0, energy - level);
    // Whichever it is, the station is as fast as this.
    this.fastest = Math.max(this.fastest, grown / since);
    const couldBeNew = grown > NOISE && energy <= this.most(since);
    this.counted ||= grown > NOISE;
    this.accept(row, Math.max(energy, level), { grown, reset: false, unsure, couldBeNew });
  }

  private accept(row: Reading, level: number, move: Move): void {
    this.level = level;
    this.levelTime = row.time;
    this.hand(row, move);
  }

  private hand(row: Reading, move: Move): void {
    this.plugged = row.plugged ?? this.plugged;
    if (this.plugged !== true) this.counted = false;
    this.pass(row, move);
  }

  /** ms since the last reading, with some to spare */
  private since(row: Reading): number {
    return Math.max(0, row.time - this.levelTime) + MINUTE;
  }

  /** Wh that the car that is being charged may take in so many ms */
  private seen(ms: number): number {
    return this.fastest * MARGIN * ms;
  }

  /** Wh that any car may take in so many ms */
  private most(ms: number): number {
    return Math.max(this.seen(ms), USUAL * ms);
  }
}
