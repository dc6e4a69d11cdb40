import { tooMuch } from '../budget';
import { DeviceError } from '../errors';

/** Levels of objects and lists in one another that a response, a push or a command may have. */
export const DEEPEST = 64;
/**
 * Values and names that a text parsed as a whole may have. Parsing stands in everybody's way, and what it costs goes by
 * their number: 4 MB of `{}` take a second, and so many values a tenth of it.
 */
export const MAX_VALUES = 200_000;
/** Names of one object: to list those of a larger one takes a time that counts. */
export const MAX_NAMES = 10_000;

const BOM = 0xfeff;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** What ends a number or a word: comma, colon, brackets, blanks. */
const DELIMITERS = new Set([0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d, 0x20, 0x09, 0x0a, 0x0d]);

/** How printf of one C library or another writes what is no number; no longer than `LONGEST_WORD`. */
const NOT_A_NUMBER =
  /^[+-]?(?:nan(?:\(\w{0,20}\))?|inf(?:inity)?|1\.#(?:ind|inf|qnan|snan|nan|j|r)0{0,16})$/i;
const LONGEST_WORD = 30;
/** What such a word begins with; anything else is not worth an expression. */
const BEGINNINGS = new Set(Array.from('+-nNiI1', (letter) => letter.charCodeAt(0)));

export interface JsonOptions {
  /**
   * Whether a bare `nan` makes the whole no JSON. For the response to a command that switches something, which has to be
   * understood exactly. By default such a value is `null` and the rest counts.
   */
  strict?: boolean;
  /** Whether the caller bounds the text himself, to some 64 KB, and looks at the depth of its value. */
  bounded?: boolean;
}

/**
 * Parses JSON that came from outside. A byte order mark before it and NUL bytes behind it are no part of it: devices
 * that send a buffer as a whole add them. A bare `nan` or `inf`, which devices print for a sensor that gave nothing, is
 * `null`.
 *
 * @param body bytes of UTF-8, or text
 * @throws DeviceError BAD_RESPONSE: `emptyResponse`, `notJson`, `tooDeep` or `tooMuch`
 */
export function parseForeignJson(body: Buffer | string, options: JsonOptions = {}): unknown {
  const { strict = false, bounded = false } = options;
  const text = withoutFraming(typeof body === 'string' ? body : body.toString('utf8'));
  // Looked for in the text: a value of millions of levels would take a hundred megabytes before it is refused.
  const fault = bounded ? undefined : faultInText(text, DEEPEST, MAX_VALUES);
  if (fault === 'depth') throw tooDeep();
  if (fault === 'values') throw tooMuch(MAX_VALUES, 'values');
  if (fault === 'names') throw tooMuch(MAX_NAMES, 'names');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const readable = strict ? undefined : withNullForNaN(text);
    if (readable !== undefined) {
      try {
        return JSON.parse(readable) as unknown;
      } catch {
        // It was not that alone.
      }
    }
    // The parser's message quotes the body, which may hold anything.
    const empty = text.trim() === '';
    throw new DeviceError('BAD_RESPONSE', empty ? 'The answer is empty.' : 'The answer is not JSON.', {
      reason: empty ? 'emptyResponse' : 'notJson',
      sent: true,
    });
  }
}

/** The text without a byte order mark before it and NUL bytes behind it. */
export function withoutFraming(text: string): string {
  const start = text.charCodeAt(0) === BOM ? 1 : 0;
  let end = text.length;
  // Devices that count the end of a C string along send one; a padded buffer has many, blanks and line ends between.
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** The error for a response that is nested deeper than any vendor's. */
export function tooDeep(): DeviceError {
  return new DeviceError('BAD_RESPONSE', `The answer is nested deeper than ${DEEPEST} levels.`, {
    reason: 'tooDeep',
    sent: true,
    params: { levels: DEEPEST },
  });
}

/** Where a JSON text's string ends that begins at `start`: behind its closing quote, or at the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}

/**
 * The JSON text with `null` in place of each bare `nan`, `inf` and their kin (`-nan`, `Infinity`, `nan(ind)`,
 * `-1.#IND`); what stands in a string is left alone. Takes one look at each character.
 *
 * @returns `undefined` when there is none
 */
export function withNullForNaN(text: string): string | undefined {
  const parts: string[] = [];
  let taken = 0;
  let words = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (DELIMITERS.has(code)) {
      at++;
      continue;
    }
    const start = at;
    do at++;
    while (at < text.length && text.charCodeAt(at) !== QUOTE && !DELIMITERS.has(text.charCodeAt(at)));
    // Words that no comma parts are no JSON.
    if (++words > MAX_VALUES + 1) return undefined;
    // A name before a colon is no value: JSON has none without quotes.
    if (!BEGINNINGS.has(code) || at - start > LONGEST_WORD) continue;
    if (!NOT_A_NUMBER.test(text.slice(start, at))) continue;
    parts.push(text.slice(taken, start), 'null');
    taken = at;
  }
  if (parts.length === 0) return undefined;
  parts.push(text.slice(taken));
  return parts.join('');
}

/**
 * What is too much in a JSON text, before it is parsed: its levels of objects and lists, its values, or the names of one
 * object. Takes one look at each character.
 *
 * @returns `undefined` when nothing is
 */
export function faultInText(
  text: string,
  levels: number,
  values: number,
): 'depth' | 'values' | 'names' | undefined {
  /** of the objects that are open, by level */
  const names: number[] = [];
  let depth = 0;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > levels) return 'depth';
      if (++count > values) return 'values';
      names[depth] = 0;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      if (depth > 0) depth--;
    } else if (code === COMMA) {
      if (++count > values) return 'values';
    } else if (code === COLON) {
      const known = (names[depth] ?? 0) + 1;
      if (known > MAX_NAMES) return 'names';
      names[depth] = known;
    }
  }
  return undefined;
}

/** Whether a parsed value has more levels of objects and lists than `levels`. Looks level by level, without recursion. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    const next: object[] = [];
    for (const item of level) {
      for (const inner of Array.isArray(item) ? (item as unknown[]) : (Object.values(item) as unknown[])) {
        if (typeof inner === 'object' && inner !== null) next.push(inner);
      }
    }
    level = next;
  }
  return false;
}
