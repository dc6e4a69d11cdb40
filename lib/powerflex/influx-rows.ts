import { DeviceError } from '../core/errors';
import { DEEPEST, tooDeep, withNullForNaN } from '../core/json/parse';

const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BORDER = Buffer.from('],[');
const LIST_END = Buffer.from(']]');

/** Takes rows and the bytes that they took. */
export type RowsHandler = (rows: unknown[], bytes: number) => void;

/**
 * Cuts a JSON list into its elements while it arrives. Only an element whose end has not arrived yet is kept.
 *
 * It begins behind the list's opening bracket and ends at the closing one.
 */
export class RowCutter {
  /** the start of a row whose end has not arrived yet */
  private rest: Buffer[] = [];
  private restBytes = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private any = false;

  /**
   * @param longest bytes of a row
   * @param shortcut shared by the cutters of one response: the piece that has to be looked at byte by byte
   * @param pass takes rows that are complete
   */
  constructor(
    private readonly longest: number,
    private readonly shortcut: { failed: Buffer | undefined },
    private readonly pass: RowsHandler,
  ) {}

  /**
   * Takes a piece of the body.
   *
   * @returns where the closing bracket of the list is; the length of the piece while it has not come
   * @throws DeviceError BAD_RESPONSE
   */
  take(chunk: Buffer, start: number): number {
    const from = this.takeWholeRows(chunk, start);
    let { inString, escaped, depth } = this;
    let lastEnd = -1;
    let at = from;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        if (++depth > DEEPEST) throw tooDeep();
      } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (depth === 0) break;
        depth--;
        if (depth === 0) lastEnd = at + 1;
      }
    }
    Object.assign(this, { inString, escaped, depth });
    if (at < chunk.length) {
      this.emit([...this.rest, chunk.subarray(from, at)]);
    } else if (lastEnd >= 0) {
      this.emit([...this.rest, chunk.subarray(from, lastEnd)]);
      this.keepRest(chunk.subarray(lastEnd), []);
    } else {
      this.keepRest(chunk.subarray(from), this.rest);
    }
    return at;
  }

  private keepRest(part: Buffer, before: Buffer[]): void {
    this.restBytes = part.length + (before.length === 0 ? 0 : this.restBytes);
    if (this.restBytes > this.longest) throw tooLong(this.longest);
    this.rest = before;
    // A copy: a part of the piece would keep the whole of it in memory.
    if (part.length > 0) this.rest.push(Buffer.from(part));
    // Many small parts would weigh more than what they hold.
    if (this.rest.length > MAX_PARTS) this.rest = [Buffer.concat(this.rest)];
  }

  /**
   * The short way: cuts at the last place that looks like a border of rows. Only a real border leaves whole JSON in
   * front of it (within a string or a nested list something would be left open), so the parser tells whether it is
   * one, much faster than looking at every byte.
   *
   * @returns where to go on looking
   */
  private takeWholeRows(chunk: Buffer, start: number): number {
    // A piece in which it has failed before may hold very many lists, and would be looked through for each.
    if (this.shortcut.failed === chunk) return start;
    const end = chunk.indexOf(LIST_END, start);
    const border = start + chunk.subarray(start, end < 0 ? chunk.length : end).lastIndexOf(BORDER) + 1;
    if (border <= start) {
      if (end < 0) this.shortcut.failed = chunk;
      return start;
    }
    const slice = [...this.rest, chunk.subarray(start, border)];
    let parsed: unknown[];
    try {
      parsed = JSON.parse(this.wrap(slice)) as unknown[];
    } catch {
      this.shortcut.failed = chunk;
      return start;
    }
    this.hand(parsed, bytesOf(slice));
    Object.assign(this, { rest: [], restBytes: 0, inString: false, escaped: false, depth: 0 });
    return border;
  }

  /**
   * Rows as a JSON list. Later rows begin with the comma behind the row before them; a row put in front makes it whole
   * JSON, so that what the parser refuses in the whole it refuses in slices, too.
   */
  private wrap(slice: Buffer[]): string {
    const bytes = slice.length === 1 && slice[0] ? slice[0] : Buffer.concat(slice);
    return `${this.any ? '[null' : '['}${bytes.toString('utf8')}]`;
  }

  private emit(slice: Buffer[]): void {
    const rows = parseJson(this.wrap(slice)) as unknown[];
    this.hand(rows, bytesOf(slice));
  }

  private hand(parsed: unknown[], bytes: number): void {
    const rows = this.any ? parsed.slice(1) : parsed;
    if (rows.length === 0) return;
    this.any = true;
    this.pass(rows, bytes);
  }
}

/** Parts of a row that are kept side by side. */
const MAX_PARTS = 100;

function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

export function tooLong(bytes: number): DeviceError {
  return new DeviceError('BAD_RESPONSE', `The answer is longer than ${bytes} bytes.`, {
    reason: 'tooLong',
    sent: true,
    params: { bytes },
  });
}

/** Parses a part of a response whose nesting is known to be bounded; a bare `nan` is `null`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const readable = withNullForNaN(text);
    if (readable !== undefined) {
      try {
        return JSON.parse(readable) as unknown;
      } catch {
        // It was not that alone.
      }
    }
    // The parser's message quotes the body, which may hold anything.
    throw new DeviceError('BAD_RESPONSE', 'The answer is not JSON.', { reason: 'notJson', sent: true });
  }
}
