import type { Prices } from '../energy/prices';
import type { Stay } from './stay';

/** What a stay costs, and how much of it a car was charged. */

export interface StayOptions {
  /** W below which nothing is charged */
  idlePower: number;
  /** ms for which it has to be below */
  idleAfter: number;
  /** ms of idle time that do not count */
  grace: number;
}

export interface Cost {
  /** money; `null`: nothing of it has a price */
  cost: number | null;
  /** mWh without a known price */
  unpriced: number;
  /** when it was charged is not known, and the price is not the same all the time */
  estimated: boolean;
}

export interface Durations {
  /** ms; `null`: it is not known */
  charged: number | null;
  idle: number | null;
}

const MILLI_PER_KILO = 1e6;
const HOUR = 3_600_000;

/** The energy is priced by when it was counted. */
export function costOf(stay: Stay, prices: Prices): Cost {
  const { energy } = stay;
  if (energy === null || energy === 0)
    return { cost: energy === 0 ? 0 : null, unpriced: 0, estimated: false };
  const { points, exact } = pointsOf(stay, energy);
  let money = 0;
  let priced = 0;
  const seen = new Set<number | null>();
  points.forEach(([end, to], i) => {
    const [start, from] = points[i - 1] ?? [stay.start, 0];
    for (let at = start, done = from; done < to;) {
      const next = end > at ? prices.changeAfter(at, end) : end;
      const then = next >= end ? to : Math.round(from + ((to - from) * (next - start)) / (end - start));
      const price = prices.at(at);
      seen.add(price);
      if (price !== null) {
        money += ((then - done) / MILLI_PER_KILO) * price;
        priced += then - done;
      }
      if (next >= end) break;
      at = next;
      done = then;
    }
  });
  return {
    cost: priced === 0 ? null : money,
    unpriced: energy - priced,
    estimated: !exact && seen.size > 1,
  };
}

/** The points that the energy grew between, up to the whole of it. */
function pointsOf(stay: Stay, energy: number): { points: Stay['course']; exact: boolean } {
  const { course } = stay;
  const total = course.at(-1)?.[1];
  if (total === undefined) return { points: [[Math.max(stay.end, stay.start + 1), energy]], exact: false };
  const [first] = course;
  // What was counted before the first row, or is missing by a rounding, is where the course begins.
  const missing = energy - total;
  const points: Stay['course'] = course.map(([time, one]) => [
    time,
    Math.min(energy, Math.max(0, one + missing)),
  ]);
  return { points, exact: Math.abs(missing) <= MILLI_PER_KILO / 1000 || first === undefined };
}

/** How long a car was charged, and how long it stood there without: below a power for a while. */
export function durationsOf(stay: Stay, { idlePower, idleAfter, grace }: StayOptions): Durations {
  const { course } = stay;
  if (course.length < 2) return { charged: null, idle: null };
  let idle = 0;
  let since: number | undefined;
  const end = (until: number): void => {
    if (since !== undefined && until - since >= idleAfter) idle += until - since;
    since = undefined;
  };
  course.forEach(([time, energy], i) => {
    const [before, less] = course[i - 1] ?? [stay.start, 0];
    if (time <= before) return;
    const watts = ((energy - less) / 1000) * (HOUR / (time - before));
    if (watts < idlePower) since ??= before;
    else end(before);
  });
  const [last] = course.at(-1) ?? [stay.end];
  if (last < stay.end) since ??= last;
  end(stay.end);
  const span = stay.end - stay.start;
  return { charged: Math.max(0, span - idle), idle: Math.max(0, idle - grace) };
}
