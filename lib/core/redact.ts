/** Keeps secrets out of every text that a person, a log or another node may see. */

export const REDACTED = '[redacted]';

/** Shorter strings are no secrets worth the name; replacing them would mangle ordinary words. */
const SHORTEST_SECRET = 4;

export type Redactor = (text: string) => string;

/** The spellings in which a secret can turn up: raw, URL-encoded (three dialects), JSON-escaped, base64. */
function spellings(secret: string): string[] {
  // A lone surrogate cannot be URL-encoded, and so cannot turn up that way either.
  const encoded = encodeURIComponent(secret.replace(/\p{Surrogate}/gu, '\ufffd'));
  return [
    secret,
    encoded,
    encoded.replace(/%20/g, '+'),
    encoded.toLowerCase(),
    // URLSearchParams encodes !'()~ too; the equals sign of the empty name is no part of the value.
    new URLSearchParams({ '': secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
  ];
}

/**
 * Makes a function that replaces every spelling of the given secrets by `[redacted]`.
 *
 * @param secrets very short texts, the word `null` and what is no text are ignored
 */
export function createRedactor(secrets: Iterable<unknown>): Redactor {
  const found = new Set<string>();
  for (const secret of secrets) {
    if (typeof secret !== 'string' || secret.length < SHORTEST_SECRET || secret === 'null') continue;
    for (const spelling of spellings(secret)) found.add(spelling);
  }
  // Longest first: a secret that holds another one must go as a whole.
  const ordered = [...found].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((clean, secret) => clean.split(secret).join(REDACTED), text);
}

/**
 * Makes a vendor's text fit to be shown: one line, no control characters, at most `max` characters, no secrets.
 */
export function cleanText(text: string, redact: Redactor = (t) => t, max = 200): string {
  // Redaction comes before the cut, or half a secret could survive at the end.
  const oneLine = redact(text)
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return oneLine.length > max ? `${oneLine.slice(0, max - 1)}…` : oneLine;
}

/** An address as typed, without what may be a secret: everything before the last `@`, and after `?` or `#`. */
export function addressWithoutSecrets(address: string): string {
  return address
    .replace(/[?#].*$/s, '')
    .replace(
      /^([a-z][a-z0-9+.-]*:\/\/)?.*@/is,
      (_all, protocol: string | undefined) => `${protocol ?? ''}${REDACTED}@`,
    );
}

/**
 * Describes the shape of a value without its content: numbers, booleans and null stay recognisable as types,
 * strings become their length. For diagnostics that people attach to public bug reports.
 */
export function shapeOf(value: unknown, depth = 6): unknown {
  if (value === null) return 'null';
  if (typeof value === 'string') return `string(${value.length})`;
  if (typeof value !== 'object') return typeof value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) {
    return value.length === 0 ? [] : [shapeOf(value[0], depth - 1), `… ${value.length} in all`];
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 100)
      .map(([key, inner]) => [key, shapeOf(inner, depth - 1)]),
  );
}
