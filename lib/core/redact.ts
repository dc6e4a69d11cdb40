import { decoded, type Decoded, nextLayer } from './spelling';

/** Keeps secrets out of every text that a person, a log or another node may see. */

export const REDACTED = '[redacted]';

/** Shorter strings are no secrets worth the name; replacing them would mangle ordinary words. */
const SHORTEST_SECRET = 4;
/** Shorter pieces of base64 would be found in ordinary words. */
const SHORTEST_BASE64 = 5;
/** Layers of encoding that are taken off, one over the other. */
const MAX_LAYERS = 6;

export type Redactor = (text: string) => string;

const EQUALS = 0x3d;

type Span = [start: number, end: number];

/** A blank is `+` in a query; both count as one when texts are compared. */
const plain = (bytes: Buffer): Buffer => mapped(bytes, { '+': ' ' });
/** The two alphabets of base64 count as one. */
const base64 = (bytes: Buffer): Buffer => mapped(bytes, { '-': '+', _: '/', ' ': '+' });

function mapped(bytes: Buffer, table: Readonly<Record<string, string>>): Buffer {
  const map = Object.entries(table).map(([from, to]) => [from.charCodeAt(0), to.charCodeAt(0)] as const);
  const copy = Buffer.from(bytes);
  for (const [from, to] of map) {
    for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1)) copy[at] = to;
  }
  return copy;
}

/** The base64 of a secret wherever it begins in what was encoded, without the letters that its neighbours share. */
function base64Cores(secret: Buffer): Buffer[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + secret.length) * 8) / 6);
    return end - first < SHORTEST_BASE64 ? [] : [Buffer.from(text.slice(first, end))];
  });
}

/** Whether a byte is a letter of base64, in either alphabet. */
function isBase64(code: number | undefined): boolean {
  return code !== undefined && /^[\w+/-]$/.test(String.fromCharCode(code));
}

/** The letters at both ends of a core hold a few bits of the secret; signs that fill up belong to it. */
function withNeighbours(bytes: Buffer, start: number, end: number): Span {
  const from = isBase64(bytes[start - 1]) ? start - 1 : start;
  let to = isBase64(bytes[end]) ? end + 1 : end;
  for (let fill = 0; fill < 2 && bytes[to] === EQUALS; fill++) to++;
  return [from, to];
}

function find(bytes: Buffer, needle: Buffer, take: (start: number, end: number) => void): void {
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) {
    take(at, at + needle.length);
  }
}

/** The spans joined where they touch, in order. */
function joined(spans: Span[]): Span[] {
  const all: Span[] = [];
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }
  return all;
}

/** A secret in the bytes that stand for it: in both forms of an accent, and read or written as Latin-1 by mistake. */
function bytesOf(secret: string): Buffer[] {
  const forms = [...new Set([secret, secret.normalize('NFC'), secret.normalize('NFD')])];
  const latin1 = forms.filter(
    (form) =>
      Buffer.from(form, 'latin1').toString('latin1') === form && Buffer.byteLength(form) > form.length,
  );
  return [
    ...forms.map((form) => Buffer.from(form)),
    ...latin1.map((form) => Buffer.from(form, 'latin1')),
    ...latin1.map((form) => Buffer.from(Buffer.from(form).toString('latin1'))),
  ];
}

/** What may be base64 of something that is encoded itself. */
const BASE64_RUN = /[\w+/-]{8,}/g;
/** Parts them. */
const GAP = Buffer.of(0);
/** Base64 within base64 that is looked through. */
const MAX_WRAPPINGS = 2;

/**
 * Makes a function that replaces the given secrets by `[redacted]`, however they are spelled: as they are, in any
 * percent-encoding, HTML entities, escapes of JSON and JavaScript, hexadecimal, several of these over one another, base64
 * and base64url at any place of what was encoded, and base64 of any of these.
 *
 * Spellings are not listed but taken off the text, layer by layer, so that a new mixture of them needs no new rule.
 *
 * @param secrets very short texts, the word `null` and what is no text are ignored
 */
export function createRedactor(secrets: Iterable<unknown>): Redactor {
  const words = new Map<string, Buffer>();
  const encoded = new Map<string, Buffer>();
  const add = (to: Map<string, Buffer>, bytes: Buffer): void => {
    to.set(bytes.toString('latin1'), bytes);
  };
  for (const secret of secrets) {
    if (typeof secret !== 'string' || secret.length < SHORTEST_SECRET || secret === 'null') continue;
    for (const bytes of bytesOf(secret)) {
      add(words, plain(bytes));
      // A secret that looks encoded itself is decoded with the text.
      const bare = plain(decoded(bytes, MAX_LAYERS));
      if (bare.length >= SHORTEST_SECRET) add(words, bare);
      const hex = bytes.toString('hex');
      for (const digits of [hex, hex.toUpperCase()]) add(words, Buffer.from(digits));
      for (const core of base64Cores(bytes)) add(encoded, base64(core));
    }
  }
  if (words.size === 0) return (text) => text;

  /** Where base64 stands that hides a secret under another spelling. */
  const wrapped = (bytes: Buffer, wrappings: number): Span[] => {
    const runs = [...bytes.toString('latin1').matchAll(BASE64_RUN)];
    // What stands before it, such as a slash, may count as its first letters.
    return [0, 1, 2, 3].flatMap((skipped) => {
      const pieces = runs.map(([run]) => Buffer.from(run.slice(skipped), 'base64'));
      // All at once: a text may have a thousand of them.
      const found = look(Buffer.concat(pieces.flatMap((piece) => [piece, GAP])), wrappings);
      let at = 0;
      return runs.flatMap(({ 0: run, index }, number): Span[] => {
        const from = at;
        at += (pieces[number]?.length ?? 0) + 1;
        const hides = found.some(([start, end]) => start < at && end > from);
        return hides ? [withNeighbours(bytes, index, index + run.length)] : [];
      });
    });
  };

  /** Where the secrets stand in the text. */
  const look = (source: Buffer, wrappings: number): Span[] => {
    const spans: Span[] = [];
    let layer: Decoded | undefined = { bytes: source };
    for (let count = 0; layer && count <= MAX_LAYERS; count++) {
      const { bytes, starts, ends }: Decoded = layer;
      const take = (start: number, end: number): void => {
        spans.push([starts?.[start] ?? start, ends?.[end - 1] ?? end]);
      };
      const folded = plain(bytes);
      for (const word of words.values()) find(folded, word, take);
      const letters = base64(bytes);
      for (const core of encoded.values()) {
        find(letters, core, (start, end) => take(...withNeighbours(bytes, start, end)));
      }
      if (wrappings > 0) for (const [start, end] of wrapped(bytes, wrappings - 1)) take(start, end);
      layer = nextLayer(layer);
    }
    return spans;
  };

  return (text) => {
    const source = Buffer.from(text);
    const spans = look(source, MAX_WRAPPINGS);
    if (spans.length === 0) return text;
    const parts: string[] = [];
    let taken = 0;
    for (const [start, end] of joined(spans)) {
      parts.push(source.toString('utf8', taken, start), REDACTED);
      taken = end;
    }
    parts.push(source.toString('utf8', taken));
    return parts.join('');
  };
}

/** Characters of foreign text that are looked at; what lies behind them is never shown. */
const LONGEST_LOOK = 8192;
/** A secret that the cut at `LONGEST_LOOK` halves lies in these last ones. */
const LONGEST_SPELLING = 2048;

/** Colours and other orders to a terminal. */
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]?|\][^\u0007\u001b]*\u0007?)?/g;

/** Words of ASCII with single blanks, as most texts below a node are: nothing of them would be changed. */
const CLEAN = /^[!-~]{1,200}(?: [!-~]{1,200}){0,40}$/;

const AS_IT_IS: Redactor = (text) => text;

/**
 * Makes foreign text fit to be shown: one line, without control characters, marks that turn its direction, marks that
 * nobody sees and orders to a terminal, at most `max` characters, no secrets.
 */
export function cleanText(text: string, redact: Redactor = AS_IT_IS, max = 200): string {
  if (redact === AS_IT_IS && text.length <= max && CLEAN.test(text)) return text;
  const given = redact(text.slice(0, LONGEST_LOOK));
  const seen = given.replace(ANSI, '').replace(/[\0\p{Cf}\p{Cs}]/gu, '');
  // Marks that nobody sees must not part a secret; they may also belong to it.
  let clean = seen === given ? given : redact(seen);
  // Redaction comes before the cut, or half a secret could survive at the end.
  if (text.length > LONGEST_LOOK) clean = clean.slice(0, -LONGEST_SPELLING);
  const oneLine = clean
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (oneLine.length <= max) return oneLine;
  // The cut may halve a pair of surrogates.
  return `${oneLine.slice(0, max - 1).replace(/\p{Cs}/gu, '')}…`;
}

/** An address as typed, without what may be a secret: everything before the last `@`, and after `?` or `#`. */
export function addressWithoutSecrets(address: string): string {
  const protocol = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(address)?.[0] ?? '';
  const at = address.lastIndexOf('@');
  // The login goes first: its password may hold the signs that begin a query.
  const rest = at < protocol.length ? address.slice(protocol.length) : address.slice(at + 1);
  const end = rest.search(/[?#]/);
  const shown = end < 0 ? rest : rest.slice(0, end);
  return `${protocol}${at < protocol.length ? '' : `${REDACTED}@`}${shown}`;
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
