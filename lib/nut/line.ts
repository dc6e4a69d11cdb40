/**
 * Lines of the Network UPS Tools protocol (RFC 9271): words between blanks, with quotes around those that hold blanks,
 * and a backslash before a character that would mean something else. The wire is ASCII.
 */

/** Characters of a line that is read; a longer one is refused as a whole. */
export const MAX_LINE = 512;
/** Characters of a value that is sent. */
export const MAX_VALUE = 200;
/** Words of a line that are read; no verb has more than five. */
const MAX_WORDS = 16;

/**
 * The words of a line.
 *
 * @returns `null` where a quote is never closed, a backslash ends the line, or there are too many words
 */
export function readWords(line: string): string[] | null {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const one = line.charAt(at);
    if (one === '\\') {
      if (++at === line.length) return null;
      word = (word ?? '') + line.charAt(at);
    } else if (one === '"') {
      quoted = !quoted;
      word ??= '';
    } else if (!quoted && (one === ' ' || one === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + one;
    }
  }
  if (quoted) return null;
  if (word !== undefined) words.push(word);
  return words.length > MAX_WORDS ? null : words;
}

/** Letters that do not come apart into a Latin one and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'Th',
  ı: 'i',
  '–': '-',
  '—': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '°': 'deg',
};

/** What becomes of one character (code point) on the wire. */
function wireLetter(letter: string): string {
  if (letter >= ' ' && letter <= '~') return letter;
  const code = letter.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa1) || letter === '\u2028' || letter === '\u2029') return ' ';
  const known = LETTERS[letter];
  if (known !== undefined) return known;
  // A letter with a mark, or a ligature, comes apart; what is no letter of ASCII then has no place on the wire.
  const parts = Array.from(letter.normalize('NFKD')).filter((part) => !/^\p{M}$/u.test(part));
  return parts.map((part) => (part >= ' ' && part <= '~' ? part : '?')).join('');
}

/**
 * A text as the wire takes it: ASCII, without control characters, at most {@link MAX_VALUE} characters.
 *
 * Clients lose the whole UPS over one letter that is none of ASCII.
 */
export function wireText(text: string): string {
  let wire = '';
  // A mark that stands alone belongs to the letter before it.
  for (const letter of text.slice(0, 2 * MAX_VALUE).normalize('NFC')) {
    if (/^\p{M}$/u.test(letter)) continue;
    wire += wireLetter(letter);
    if (wire.length >= MAX_VALUE) break;
  }
  return wire.slice(0, MAX_VALUE);
}

/** A value in quotes, with what would end it or begin a comment marked. */
export function quote(text: string): string {
  return `"${wireText(text).replace(/["\\#]/g, '\\$&')}"`;
}
