import { IANAZone } from 'luxon';

import { readTime } from '../core/time';

/** Times as messages carry them; one without a zone is local time of the setting's zone. */

const MINUTE = 60_000;
const DAY = 86_400_000;
/** characters of `yyyy-mm-dd`, in which a hyphen says nothing of a zone */
const DATE = 10;
const TELLS_ZONE = /[zgu+-]/i;
const ONLY_DIGITS = /^[\d.]+$/;

/**
 * The instants that a time may mean: two for an hour that comes twice, in the order of time.
 *
 * @param zone IANA, of a text without one
 * @returns epoch ms; empty: it cannot be read
 */
function instantsOf(value: unknown, zone: string): number[] {
  const utc = value instanceof Date ? readTime(value.getTime()) : readTime(value);
  if (utc === null) return [];
  if (typeof value !== 'string') return [utc];
  const text = value.trim();
  if (ONLY_DIGITS.test(text) || TELLS_ZONE.test(text.slice(DATE))) return [utc];
  const place = IANAZone.create(zone);
  const offset = (at: number): number => place.offset(at) * MINUTE;
  const candidates = [...new Set([offset(utc - DAY), offset(utc + DAY)])].map((east) => utc - east);
  const fitting = candidates.filter((one) => one + offset(one) === utc).sort((a, b) => a - b);
  // A time that the clock leaves out: by the offset before.
  return fitting.length > 0 ? fitting : candidates.slice(0, 1);
}

/**
 * @param after of two instants that a time may mean, the first behind this one; epoch ms
 * @returns epoch ms, `null` where it cannot be read
 */
export function instantOf(value: unknown, zone: string, after = -Infinity): number | null {
  const instants = instantsOf(value, zone);
  return instants.find((one) => one > after) ?? instants.at(-1) ?? null;
}

/**
 * @param now of two instants that a time may mean, the one nearer to now; epoch ms
 * @returns epoch ms, `null` where it cannot be read
 */
export function instantNear(value: unknown, zone: string, now: number): number | null {
  const [first, second] = instantsOf(value, zone);
  if (first === undefined || second === undefined) return first ?? null;
  return Math.abs(first - now) <= Math.abs(second - now) ? first : second;
}
