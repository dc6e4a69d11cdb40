import { readTimeIso } from '../core/time';
import { finite, round, toNumber } from '../core/values';

/** Values as Home Assistant takes them: what did not arrive is `null`, which it shows as unknown. */

/** Characters that a state of Home Assistant may have. */
const LONGEST_STATE = 255;
const DIGITS = 6;

/** A number without the noise of floating-point numbers, which the recorder would write down. */
export function numberValue(value: unknown, divide = 1): number | null {
  const number = toNumber(value);
  return number === null ? null : finite(round(number / divide, DIGITS));
}

export function switchValue(value: unknown): 'ON' | 'OFF' | null {
  return typeof value === 'boolean' ? (value ? 'ON' : 'OFF') : null;
}

export function timeValue(value: unknown): string | null {
  return value === null || value === undefined ? null : readTimeIso(value);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A text of at most 255 characters, of which none is cut apart. */
export function textValue(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  // Halves of characters become the mark of a lost one.
  const text = Buffer.from(value.slice(0, LONGEST_STATE * 8), 'utf8').toString('utf8');
  if (text.length <= LONGEST_STATE) return text;
  let count = 0;
  let cut = '';
  for (const { segment } of graphemes.segment(text)) {
    const letters = Array.from(segment);
    if (count + letters.length > LONGEST_STATE) {
      return cut === '' ? letters.slice(0, LONGEST_STATE).join('') : cut;
    }
    count += letters.length;
    cut += segment;
  }
  return cut;
}
