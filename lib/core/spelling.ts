/**
 * Takes one layer of encoding off a text, and knows where each byte came from.
 *
 * Works on bytes of UTF-8, because a percent-encoded letter is several of them. Each byte is looked at once.
 */
export interface Decoded {
  bytes: Buffer;
  /** where in the first text the spelling of each byte begins; missing: at the same place */
  starts?: Uint32Array;
  /** where it ends */
  ends?: Uint32Array;
}

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;

/** The named entities of ASCII's signs. */
const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', AMP: '&', LT: '<', GT: '>', QUOT: '"' },
  ...{ Tab: '\t', NewLine: '\n', excl: '!', num: '#', dollar: '$', percnt: '%', lpar: '(', rpar: ')' },
  ...{ ast: '*', midast: '*', plus: '+', comma: ',', period: '.', sol: '/', colon: ':', semi: ';' },
  ...{ equals: '=', quest: '?', commat: '@', lsqb: '[', lbrack: '[', bsol: '\\', rsqb: ']', rbrack: ']' },
  ...{ Hat: '^', lowbar: '_', UnderBar: '_', grave: '`', DiacriticalGrave: '`', lcub: '{', lbrace: '{' },
  ...{ verbar: '|', vert: '|', VerticalLine: '|', rcub: '}', rbrace: '}', dash: '-', hyphen: '-' },
};
/** Letters and signs that names of their own stand for. */
const MORE_ENTITIES: Readonly<Record<string, string>> = {
  ...{
    szlig: 'ß',
    AElig: 'Æ',
    aelig: 'æ',
    Oslash: 'Ø',
    oslash: 'ø',
    OElig: 'Œ',
    oelig: 'œ',
    eth: 'ð',
    ETH: 'Ð',
  },
  ...{ thorn: 'þ', THORN: 'Þ', euro: '€', pound: '£', yen: '¥', cent: '¢', curren: '¤', sect: '§', deg: '°' },
  ...{
    micro: 'µ',
    para: '¶',
    iexcl: '¡',
    iquest: '¿',
    copy: '©',
    reg: '®',
    laquo: '«',
    raquo: '»',
    not: '¬',
  },
  ...{ plusmn: '±', times: '×', divide: '÷', middot: '·', acute: '´', uml: '¨', Lstrok: 'Ł', lstrok: 'ł' },
};
/** Of names such as `eacute`: what stands above or below the letter. */
const ACCENTS: Readonly<Record<string, string>> = {
  ...{ grave: '\u0300', acute: '\u0301', circ: '\u0302', tilde: '\u0303', macr: '\u0304', breve: '\u0306' },
  ...{ uml: '\u0308', ring: '\u030a', dblac: '\u030b', caron: '\u030c', cedil: '\u0327', ogon: '\u0328' },
};
const LONGEST_ENTITY = 18;

/** What a named entity stands for. */
function named(name: string): string | undefined {
  for (const table of [ENTITIES, MORE_ENTITIES]) if (Object.hasOwn(table, name)) return table[name];
  const accent = name.slice(1);
  return Object.hasOwn(ACCENTS, accent)
    ? `${name.charAt(0)}${ACCENTS[accent] ?? ''}`.normalize('NFC')
    : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '/': '/', '\\': '\\', '"': '"', "'": "'", '`': '`', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' },
  ...{ v: '\v', 0: '\0' },
};

/** What stands at a place: its bytes, and how many were needed to write them. */
interface Sign {
  bytes: Buffer;
  length: number;
}

function hex(text: string): number | undefined {
  return /^[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}

function character(code: number | undefined, length: number): Sign | undefined {
  if (code === undefined || code > 0x10ffff) return undefined;
  return { bytes: Buffer.from(String.fromCodePoint(code)), length };
}

/** `uXXXX`, a pair of them for what needs two. */
function utf16(text: string, before: number): Sign | undefined {
  const code = hex(text.slice(1, 5));
  if (code === undefined || text.length < 5) return undefined;
  if (code >= 0xd800 && code < 0xdc00 && /^[\\%]u/.test(text.slice(5, 7))) {
    const low = hex(text.slice(7, 11));
    if (low !== undefined && low >= 0xdc00 && low < 0xe000) {
      return character(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), before + 11);
    }
  }
  return character(code, before + 5);
}

function percent(text: string): Sign | undefined {
  if (text.startsWith('u', 1) || text.startsWith('U', 1)) return utf16(text.slice(1), 1);
  const byte = text.length < 3 ? undefined : hex(text.slice(1, 3));
  return byte === undefined ? undefined : { bytes: Buffer.of(byte), length: 3 };
}

function escape(text: string): Sign | undefined {
  const kind = text.charAt(1);
  if (kind === 'u' && text.startsWith('{', 2)) {
    const end = text.indexOf('}');
    return end < 0 ? undefined : character(hex(text.slice(3, end)), end + 1);
  }
  if (kind === 'u' || kind === 'U') return utf16(text.slice(1), 1);
  if (kind === 'x') return text.length < 4 ? undefined : character(hex(text.slice(2, 4)), 4);
  // Three octal digits, of C.
  const octal = /^[0-3][0-7]{2}/.exec(text.slice(1, 4))?.[0];
  if (octal !== undefined) return { bytes: Buffer.of(Number.parseInt(octal, 8)), length: 4 };
  // Any sign may be escaped without need; the other two begin spellings of their own.
  const sign = /^[!-$'-/:-@[-`{-~]$/.test(kind) ? kind : undefined;
  const plain = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : sign;
  return plain === undefined ? undefined : { bytes: Buffer.from(plain), length: 2 };
}

function entity(text: string): Sign | undefined {
  const [all, decimal, hexadecimal, name] =
    /^&(?:#(\d{1,10})|#x([0-9a-f]{1,10})|([a-z]{2,16})(?=;));?/i.exec(text) ?? [];
  if (all === undefined) return undefined;
  if (name !== undefined) {
    const sign = named(name);
    return sign === undefined ? undefined : { bytes: Buffer.from(sign), length: all.length };
  }
  return character(
    decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal),
    all.length,
  );
}

function signAt(bytes: Buffer, at: number): Sign | undefined {
  const code = bytes[at];
  if (code !== PERCENT && code !== AMPERSAND && code !== BACKSLASH) return undefined;
  const text = bytes.toString('latin1', at, at + LONGEST_ENTITY);
  if (code === PERCENT) return percent(text);
  return code === AMPERSAND ? entity(text) : escape(text);
}

/** The text with one layer less; `undefined` when nothing in it is encoded. */
export function nextLayer(layer: Decoded): Decoded | undefined {
  const from = layer.bytes;
  if (!from.includes(PERCENT) && !from.includes(AMPERSAND) && !from.includes(BACKSLASH)) return undefined;
  // No spelling is shorter than what it stands for.
  const bytes = Buffer.alloc(from.length);
  const starts = new Uint32Array(from.length);
  const ends = new Uint32Array(from.length);
  let size = 0;
  let changed = false;
  for (let at = 0; at < from.length;) {
    const sign = signAt(from, at);
    const length = sign?.length ?? 1;
    const count = sign?.bytes.length ?? 1;
    if (sign) {
      changed = true;
      bytes.set(sign.bytes, size);
    } else bytes[size] = from[at] ?? 0;
    starts.fill(layer.starts?.[at] ?? at, size, size + count);
    ends.fill(layer.ends?.[at + length - 1] ?? at + length, size, size + count);
    size += count;
    at += length;
  }
  return changed ? { bytes: bytes.subarray(0, size), starts, ends } : undefined;
}

/** The bytes without any encoding, as far as `layers` go. */
export function decoded(bytes: Buffer, layers: number): Buffer {
  let layer: Decoded = { bytes };
  for (let count = 0; count < layers; count++) {
    const next = nextLayer(layer);
    if (!next) break;
    layer = next;
  }
  return layer.bytes;
}
