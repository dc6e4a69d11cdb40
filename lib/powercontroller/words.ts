/** The cloud's own words, cut to what such words are long: they go into messages, topics and memories. */

const LONGEST_ID = 128;
const LONGEST_TEXT = 200;

/** An id; a number counts as its digits, an empty or endless text as none. */
export function identifier(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_ID ? value : null;
}

/** A name, type or reason; `null` when there is none. */
export function shortText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST_TEXT) : null;
}
