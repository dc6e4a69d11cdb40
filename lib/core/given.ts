import { invalidInput } from './errors';
import { isRecord } from './values';

/**
 * What a person entered, as it is used: settings and credentials come here before anything else looks at them, whether
 * from a flow file, from a dialog or from an environment variable.
 */

/** Node-RED's two ways to name an environment variable as the whole of a value; it leaves an unset one as it stands. */
const VARIABLE = /^\$(?:\{(\S{1,256})\}|\((\S{1,256})\))$/;

/** Blanks, line ends, control characters and invisible ones: byte order marks, blanks of no width, soft hyphens. */
const INVISIBLE = /^[\s\p{Cc}\p{Cf}]$/u;
/** The same without what can be a part of a password. */
const NEVER_TYPED = /^[\r\n\0\p{Cf}\u2028\u2029]$/u;

function cut(text: string, what: RegExp): string {
  let start = 0;
  let end = text.length;
  // Not one expression for both ends: it would look at each run of blanks from each of its places.
  while (start < end && what.test(text.charAt(start))) start++;
  while (end > start && what.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function unlessVariable(text: string): string {
  const [, braces, brackets] = VARIABLE.exec(text) ?? [];
  const name = braces ?? brackets;
  if (name === undefined) return text;
  throw invalidInput(`The environment variable ${name} has no value.`, 'variableUnset', { name });
}

/** A text without the blanks, line ends and invisible marks that copying brings along; what is no text is empty. */
export function trimmed(value: unknown): string {
  return typeof value === 'string' ? cut(value, INVISIBLE) : '';
}

/**
 * An address, a key, a token, an email, an identifier: trimmed. What is no text is empty.
 *
 * @throws DeviceError INVALID_INPUT `variableUnset` when it names an environment variable that has no value: the name
 *   must never be taken for the value
 */
export function givenText(value: unknown): string {
  return unlessVariable(trimmed(value));
}

/**
 * A password: as typed, for it may begin or end with a blank. Only what cannot be typed into a field is cut off both
 * ends, such as a line end or a byte order mark.
 *
 * @throws DeviceError as `givenText`
 */
export function givenPassword(value: unknown): string {
  return unlessVariable(typeof value === 'string' ? cut(value, NEVER_TYPED) : '');
}

/** Whether a setting says anything: nothing, `false`, a blank text and an empty object do not. */
export function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (typeof value === 'string') return trimmed(value) !== '';
  return !isRecord(value) || Object.keys(value).length > 0;
}
