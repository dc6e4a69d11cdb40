/** Reading numbers that vendors send, and bringing them to the units this package promises. */

/** Longest text that can be a number. */
const LONGEST_NUMBER = 64;

/**
 * A number as vendors send it: a finite number, or a string that is nothing but one.
 *
 * @returns the number, or `null` for anything else, `nan` and `inf` included: a value that did not arrive is never 0
 */
export function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value.length > LONGEST_NUMBER) return null;
  const text = value.trim();
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return null;
  const parsed = Number(text);
  return Number.isFinite(parsed) ? parsed : null;
}

/** What was worked out from numbers, `null` where it is none any more: JSON has no word for infinity. */
export function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** Applies `convert` to a vendor's number; what is no number stays `null`, and what becomes none is. */
export function mapNumber(value: unknown, convert: (n: number) => number): number | null {
  const parsed = toNumber(value);
  return parsed === null ? null : finite(convert(parsed));
}

/** More than any meter or counter has in a unit without a prefix, and little enough to be multiplied and summed up. */
const MOST_SUMMABLE = 1e15;

/** `toNumber` for what is summed up: one number that no meter has would leave a sum that is none for ever. */
export function toSummable(value: unknown): number | null {
  const parsed = toNumber(value);
  return parsed !== null && Math.abs(parsed) <= MOST_SUMMABLE ? parsed : null;
}

/** Rounds away the noise of floating-point conversion (0.1 + 0.2) without losing a meter's digits. */
export function round(value: number, digits = 6): number {
  const factor = 10 ** digits;
  const scaled = value * factor;
  // Such a number has no digits behind its point.
  return Number.isFinite(scaled) ? Math.round(scaled) / factor : value;
}

/** A plain object (not an array, not null), for looking into parsed JSON. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
