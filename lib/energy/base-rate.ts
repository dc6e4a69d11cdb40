import type { LocalTime } from '../core/zone';

/** A rate that is due for each day or billing month, whatever is used. */
export interface BaseRate {
  /** money */
  amount: number;
  per: 'day' | 'month';
}

const DAY = 86_400_000;

/**
 * Money due between two instants, by the time that has passed of each day or month.
 *
 * @param billingDay 1 to 28
 */
export function baseBetween(
  { amount, per }: BaseRate,
  zone: LocalTime,
  billingDay: number,
  from: number,
  to: number,
): number {
  if (!(to > from)) return 0;
  const share = (instant: number): { done: number; start: number; end: number } => {
    const { start, end } = zone.periodAt(instant, per, billingDay);
    return { done: (instant - start) / (end - start), start, end };
  };
  const first = share(from);
  const last = share(to);
  if (per === 'day') {
    // Days have 23 to 25 hours, and there are as many of them as the calendar says.
    return amount * (Math.round((last.start - first.start) / DAY) + last.done - first.done);
  }
  let months = 0;
  for (let { start, end } = first; start < last.start; months++) ({ start, end } = share(end));
  return amount * (months + last.done - first.done);
}
