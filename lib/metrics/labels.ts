import { createHash } from 'node:crypto';

import { cleanText } from '../core/redact';

/** Names that come from outside, as labels and tags. */

const LONGEST_NAME = 100;
/** Characters of an id; a longer one is cut, and told from others by a digest. */
const LONGEST_ID = 128;
const DIGEST = 12;

/** A name that people gave: one line, not too long. */
export function nameLabel(text: string): string {
  return cleanText(text, undefined, LONGEST_NAME);
}

/** What tells one thing from another: it may be cleaned and cut, but no two become one. */
export function idLabel(text: string): string {
  if (text.length <= LONGEST_ID && cleanText(text, undefined, LONGEST_ID) === text) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, DIGEST);
  return `${cleanText(text, undefined, LONGEST_ID - DIGEST - 1)}~${digest}`;
}

/** A value between the quotes of Prometheus. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))}"`;
}

/**
 * A value as a tag of InfluxDB, which knows no line ends in one and takes a backslash at its end for the escape of what
 * follows. The same for points and for lines, so that both write one series.
 */
export function tagValue(value: string): string {
  return value.replace(/[\\\p{Cc}]/gu, (sign) => (sign === '\\' ? '/' : ' ')).trim();
}

/** A tag, its name or a field's name in the line protocol. */
export function lineWord(text: string): string {
  return text.replace(/[, =]/g, '\\$&');
}
