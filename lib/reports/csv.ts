/** A table as text that spreadsheets and databases read (RFC 4180). */

export type Cell = string | number | boolean | null;

export interface CsvOptions {
  /** numbers with a decimal comma, and therefore cells between semicolons */
  decimalComma: boolean;
}

/** Characters of a text in a cell: names come from elsewhere. */
const LONGEST = 200;
/** A spreadsheet calculates what begins like this. */
const FORMULA = /^[=+\-@\t\r\n]/;

/** A text as it may stand in a cell: bounded, and no formula. */
function cellText(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  // Half of a pair of surrogates is no character.
  const plain = cut.replace(/\p{Cs}/gu, '\ufffd').replaceAll('\0', '');
  return FORMULA.test(plain) ? `'${plain}` : plain;
}

/** @returns lines that end with CR and LF, the heading first if there is one */
export function csvText(
  heading: readonly string[] | null,
  rows: Iterable<readonly Cell[]>,
  { decimalComma }: CsvOptions,
): string {
  const separator = decimalComma ? ';' : ',';
  const cell = (value: Cell): string => {
    if (value === null) return '';
    if (typeof value === 'number') {
      const text = Number.isFinite(value) ? plainNumber(value) : '';
      return decimalComma ? text.replace('.', ',') : text;
    }
    return quoted(typeof value === 'string' ? cellText(value) : String(value), separator);
  };
  const lines = heading ? [heading.join(separator)] : [];
  for (const row of rows) lines.push(row.map(cell).join(separator));
  return lines.map((line) => `${line}\r\n`).join('');
}

/** A number without an exponent, which not every program reads. */
function plainNumber(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(6) : text;
}

function quoted(text: string, separator: string): string {
  const special = text.includes(separator) || /["\r\n,;]/.test(text) || /^\s|\s$/.test(text);
  return special ? `"${text.replaceAll('"', '""')}"` : text;
}
