import { round } from '../core/values';

/**
 * One car at one station as far as it is known: sessions of several ranges show parts of the same stay, or the same part
 * twice.
 */
export interface Stay {
  /** epoch ms */
  start: number;
  end: number;
  /** `false`: the car was there before the rows began */
  startSeen: boolean;
  /** `false`: the car was there when the rows ended */
  endSeen: boolean;
  /** mWh; `null`: it is not known */
  energy: number | null;
  /** mWh at which the counter stood before it, showed first, and showed last */
  before: number | null;
  first: number | null;
  last: number | null;
  /** the counter may have begun anew unseen */
  mayBeAnew: boolean;
  /** epoch ms and mWh counted by then, in the order of time; empty: it is not told */
  course: [time: number, energy: number][];
}

/** Whether a station's counter begins anew with each car, as far as was seen. */
export type Habit = 'anew' | 'on' | null;

/** mWh that mean nothing */
const NOISE = 1000;
/** ms without rows after which a car that is there need not be the one that was */
const LONGEST_GAP = 6 * 3_600_000;
/** Points that are kept of a stay which is put together of parts. */
const MOST_POINTS = 400;

/** How the counter behaves between two stays that follow each other; `null`: they do not tell. */
export function habitOf(earlier: Stay, later: Stay): Habit {
  if (!later.startSeen || earlier.last === null || later.before === null || earlier.last <= NOISE)
    return null;
  if (later.before <= NOISE) return 'anew';
  // A counter that still shows the car before begins anew with charging, so only what was charged tells.
  if (later.mayBeAnew) return null;
  const on = Math.abs(later.before - earlier.last) <= NOISE && (later.energy ?? 0) > NOISE;
  return on ? 'on' : null;
}

/**
 * Puts two stays of a station together, if they are of one car.
 *
 * @param a begins no later than `b`
 * @param adjacent no other stay is known in between
 * @returns `undefined`: they are not
 */
export function joined(a: Stay, b: Stay, habit: Habit, adjacent: boolean): Stay | undefined {
  if (a.start === b.start) return sameStart(a, b);
  const overlaps = b.start <= a.end;
  if (!overlaps) {
    // Rows are missing in between: the same car, unless its counter says otherwise.
    const parts = adjacent && !a.endSeen && !b.startSeen;
    const fell = a.last !== null && b.first !== null && b.first < a.last - NOISE;
    if (!parts || (fell && (a.energy ?? 0) > NOISE)) return undefined;
    // One that tells the whole may be the same, whenever it came: nobody pays twice.
    const tellsAll = b.energy !== null && b.before === null;
    if (b.start - a.end > LONGEST_GAP && !tellsAll) return undefined;
  }
  if (b.end <= a.end) return within(a, b);
  const energy = whole(a, b, habit);
  return {
    start: a.start,
    end: b.end,
    startSeen: a.startSeen,
    endSeen: b.endSeen,
    energy,
    before: a.before,
    first: a.first ?? b.first,
    last: b.last,
    mayBeAnew: a.mayBeAnew || b.mayBeAnew,
    course: courseOf(a, b, energy),
  };
}

function sameStart(a: Stay, b: Stay): Stay {
  const [less, more] = a.end > b.end || (a.end === b.end && a.endSeen && !b.endSeen) ? [b, a] : [a, b];
  const startSeen = a.startSeen || b.startSeen;
  const energy = more.energy ?? (less.end === more.end ? less.energy : null);
  const course = more.course.length > 0 ? more.course : less.end === more.end ? less.course : [];
  return { ...more, startSeen, energy, before: more.before ?? less.before, course };
}

/** `b` shows a part of `a` that does not reach beyond it. */
function within(a: Stay, b: Stay): Stay {
  const endSeen = a.endSeen || (b.endSeen && b.end === a.end);
  const tells = a.energy === null && b.end === a.end && b.energy !== null && b.before === null;
  return {
    ...a,
    endSeen,
    energy: tells ? b.energy : a.energy,
    last: a.last ?? (b.end === a.end ? b.last : null),
  };
}

/** mWh of two parts together; `null` where it cannot be known. */
function whole(a: Stay, b: Stay, habit: Habit): number | null {
  // A counter that began with the car tells the whole of it.
  if (b.energy !== null && (b.before === null || a.energy === 0)) return b.energy;
  const overlaps = b.start <= a.end;
  // It began anew in the later part, or showed nothing yet.
  if (b.energy !== null && b.before !== null && b.before <= NOISE && !overlaps) {
    return a.energy === null ? null : a.energy + b.energy;
  }
  if (b.last === null) return null;
  if (a.energy !== null && a.energy > NOISE) return grown(a.energy, a.last, b.last);
  if (habit === 'anew') return a.last === b.last && a.energy !== null ? a.energy : b.last;
  if (a.energy === null) return habit === 'on' && a.before !== null ? grown(0, a.before, b.last) : null;
  if (habit === 'on' || (a.last ?? 0) <= NOISE || a.last === b.last) return grown(a.energy, a.last, b.last);
  // It fell, so it began anew; otherwise it may have.
  return a.last !== null && b.last < a.last - NOISE ? b.last : null;
}

function grown(energy: number, from: number | null, to: number): number | null {
  if (from === null || to < from - NOISE) return null;
  return energy + Math.max(0, to - from);
}

function courseOf(a: Stay, b: Stay, energy: number | null): Stay['course'] {
  const total = b.course.at(-1)?.[1];
  if (energy === null || total === undefined || a.course.length === 0) return [];
  const offset = energy - total;
  const before = a.course.filter(([time]) => time < b.start);
  const begun: Stay['course'] = before.map(([time, one]) => [time, Math.min(one, Math.max(0, offset))]);
  return thinned([
    ...begun,
    ...b.course.map(([time, one]): [number, number] => [time, Math.max(0, one + offset)]),
  ]);
}

function thinned(course: Stay['course']): Stay['course'] {
  let points = course;
  while (points.length > MOST_POINTS)
    points = points.filter((_, i) => i % 2 === 0 || i === points.length - 1);
  return points;
}

/** A stay as it is at a station whose counter begins anew with each car: what it showed last is the whole. */
export function asAnew(stay: Stay): Stay {
  const { mayBeAnew, startSeen, before, last } = stay;
  if (!mayBeAnew || !startSeen || last === null || (before ?? 0) <= NOISE) return stay;
  return { ...stay, energy: last, before: 0, mayBeAnew: false };
}

/** Whether nothing that counts for a bill has changed. */
export function sameStay(a: Stay, b: Stay): boolean {
  return (
    a.start === b.start &&
    a.end === b.end &&
    a.startSeen === b.startSeen &&
    a.endSeen === b.endSeen &&
    a.energy === b.energy &&
    a.last === b.last
  );
}

/** Wh of a message as mWh. */
export function milli(wattHours: number): number {
  return Math.round(round(wattHours * 1000, 3));
}
