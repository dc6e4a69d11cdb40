import { DeviceError } from '../core/errors';
import { type Batch, type InfluxEnd, notInflux, readHead, readInflux, type SeriesHead } from './influx';

/** What is not rows is small; anything longer is something else. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
/** No row is longer. */
const MAX_ROW_BYTES = 1024 * 1024;
/** Lists and objects in one another; the vendor's go seven deep. */
const DEEPEST = 50;
/** No key that matters is longer. */
const LONGEST_KEY = 16;

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BORDER = Buffer.from('],[');

/** A list or object that is open at the present place, with the key last read in it. */
interface Frame {
  list: boolean;
  key: string;
}

/** The series that is being read. */
interface OpenSeries {
  /** where its text begins in the skeleton */
  from: number;
  depth: number;
  head: SeriesHead | undefined;
  /** rows that came before the columns */
  held: unknown[][];
}

/**
 * Takes an InfluxDB 1.x answer apart while it arrives: rows are passed on as soon as they are complete, everything
 * else (the skeleton) is kept and read at the end. Memory stays at about one piece, however long the answer is, and
 * no step works on more than one piece.
 *
 * Places are found by bytes: all that matters for JSON's structure is ASCII, which never occurs inside a multi-byte
 * character, so a piece may end anywhere. Whatever does not look as expected simply stays in the skeleton.
 */
export class InfluxSlicer {
  private skeleton: Buffer[] = [];
  private keptBytes = 0;
  private readonly stack: Frame[] = [];
  private inString = false;
  private escaped = false;
  private text = '';
  private series: OpenSeries | undefined;

  /** the start of a row whose end has not arrived yet; `undefined` outside of rows */
  private rest: Buffer[] | undefined;
  private restBytes = 0;
  private rowDepth = 0;
  private anyRows = false;

  /** @param maxKept bytes that may be kept at the most of what is not rows, and of one row */
  constructor(private readonly maxKept = MAX_KEPT_BYTES) {}

  /**
   * Takes the next piece of the body and returns the rows that it completes.
   *
   * @throws DeviceError BAD_RESPONSE when it is not JSON
   */
  push(chunk: Buffer): Batch[] {
    const batches: Batch[] = [];
    let at = 0;
    while (at < chunk.length) {
      at = this.rest ? this.scanRows(chunk, at, batches) : this.scanSkeleton(chunk, at, batches);
    }
    return batches;
  }

  /**
   * Says that the body is complete.
   *
   * @throws DeviceError REJECTED for an error that the answer carries, BAD_RESPONSE when it is not what is documented
   */
  end(): InfluxEnd {
    return readInflux(parse(Buffer.concat(this.skeleton).toString('utf8')));
  }

  private scanSkeleton(chunk: Buffer, start: number, batches: Batch[]): number {
    let from = start;
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.inString) {
        this.readString(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.inString = true;
          this.text = '';
          break;
        case COLON:
          this.setKey();
          break;
        case OPEN_OBJECT:
          if (this.atSeries()) {
            this.keep(chunk, from, at);
            from = at;
            this.series = { from: this.skeleton.length, depth: this.stack.length, head: undefined, held: [] };
            this.anyRows = false;
          }
          this.open(false);
          break;
        case OPEN_LIST:
          if (this.atValues()) {
            this.keep(chunk, from, at + 1);
            this.beginRows();
            return at + 1;
          }
          this.open(true);
          break;
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          this.stack.pop();
          if (this.series?.depth === this.stack.length) {
            this.keep(chunk, from, at + 1);
            from = at + 1;
            this.endSeries(batches);
          }
          break;
      }
    }
    this.keep(chunk, from, chunk.length);
    return chunk.length;
  }

  private readString(byte: number | undefined): void {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) {
      this.inString = false;
      return;
    }
    if (byte !== undefined && this.text.length <= LONGEST_KEY) this.text += String.fromCharCode(byte);
  }

  private open(list: boolean): void {
    if (this.stack.length >= DEEPEST) throw notInflux();
    this.stack.push({ list, key: '' });
  }

  private setKey(): void {
    const top = this.stack.at(-1);
    if (top) top.key = this.text;
  }

  private keep(chunk: Buffer, from: number, to: number): void {
    if (to <= from) return;
    this.count(to - from);
    // A copy: a part of the piece would keep the whole of it in memory.
    this.skeleton.push(Buffer.from(chunk.subarray(from, to)));
  }

  private count(bytes: number): void {
    this.keptBytes += bytes;
    if (this.keptBytes > this.maxKept) throw tooLong(this.maxKept);
  }

  /** Whether the present place is an element of `series` in an element of `results`, bare or below `data`. */
  private atSeries(): boolean {
    const path = this.stack.map(({ list, key }) => (list ? '[]' : key)).join('.');
    return path === 'results.[].series.[]' || path === 'data.results.[].series.[]';
  }

  private atValues(): boolean {
    const { series, stack } = this;
    return series !== undefined && stack.length === series.depth + 1 && stack.at(-1)?.key === 'values';
  }

  private beginRows(): void {
    this.rest = [];
    this.restBytes = 0;
    this.rowDepth = 0;
    this.anyRows = false;
    if (this.series && !this.series.head)
      this.series.head = readHead(parse(`${this.textOfSeries(this.series)}]}`));
  }

  private textOfSeries({ from }: OpenSeries): string {
    return Buffer.concat(this.skeleton.slice(from)).toString('utf8');
  }

  private endSeries(batches: Batch[]): void {
    const { series } = this;
    this.series = undefined;
    if (!series || !this.anyRows) return;
    const head = readHead(parse(this.textOfSeries(series)));
    // Rows have been passed on with a head that turns out to have been incomplete.
    if (!head || (series.head && JSON.stringify(head) !== JSON.stringify(series.head))) throw notInflux();
    for (const rows of series.held) batches.push({ head, rows });
  }

  private scanRows(chunk: Buffer, start: number, batches: Batch[]): number {
    const from = this.takeWholeRows(chunk, start, batches);
    let { inString, escaped, rowDepth } = this;
    let lastEnd = -1;
    let at = from;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) rowDepth++;
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (rowDepth === 0) break;
        rowDepth--;
        if (rowDepth === 0) lastEnd = at + 1;
      }
    }
    Object.assign(this, { inString, escaped, rowDepth });
    const rest = this.rest ?? [];
    if (at < chunk.length) {
      // The list of rows ends here; its bracket belongs to the skeleton again.
      this.emit(parse(this.wrap([...rest, chunk.subarray(from, at)])), batches);
      this.rest = undefined;
      this.stack.push({ list: true, key: '' });
      return at;
    }
    if (lastEnd >= 0) {
      this.emit(parse(this.wrap([...rest, chunk.subarray(from, lastEnd)])), batches);
      this.rest = [Buffer.from(chunk.subarray(lastEnd))];
      this.restBytes = chunk.length - lastEnd;
    } else {
      this.restBytes += chunk.length - from;
      const limit = Math.min(MAX_ROW_BYTES, this.maxKept);
      if (this.restBytes > limit) throw tooLong(limit);
      rest.push(Buffer.from(chunk.subarray(from)));
    }
    return chunk.length;
  }

  /**
   * The short way: cuts at the last place that looks like a border of rows. Only a real border leaves whole JSON in
   * front of it (within a string or a nested list something would be left open), so the parser tells whether it is
   * one, much faster than looking at every byte.
   *
   * @returns where to go on looking
   */
  private takeWholeRows(chunk: Buffer, start: number, batches: Batch[]): number {
    const border = chunk.lastIndexOf(BORDER) + 1;
    if (border <= start) return start;
    let parsed: unknown;
    try {
      parsed = JSON.parse(this.wrap([...(this.rest ?? []), chunk.subarray(start, border)]));
    } catch {
      return start;
    }
    this.emit(parsed, batches);
    Object.assign(this, { rest: [], restBytes: 0, inString: false, escaped: false, rowDepth: 0 });
    return border;
  }

  /**
   * Rows as a JSON list. Later rows begin with the comma behind the row before them; a row put in front makes it whole
   * JSON, so that what the parser refuses in the whole it refuses in slices, too.
   */
  private wrap(slice: Buffer[]): string {
    const bytes = slice.length === 1 && slice[0] ? slice[0] : Buffer.concat(slice);
    return `${this.anyRows ? '[null' : '['}${bytes.toString('utf8')}]`;
  }

  private emit(parsed: unknown, batches: Batch[]): void {
    const rows = this.anyRows ? (parsed as unknown[]).slice(1) : (parsed as unknown[]);
    if (rows.length === 0) return;
    this.anyRows = true;
    const { series } = this;
    if (series?.head) batches.push({ head: series.head, rows });
    else series?.held.push(rows);
  }
}

function tooLong(bytes: number): DeviceError {
  return new DeviceError('BAD_RESPONSE', `The answer is longer than ${bytes} bytes.`, {
    reason: 'tooLong',
    sent: true,
    params: { bytes },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message quotes the body, which may hold anything.
    const empty = text === '';
    throw new DeviceError('BAD_RESPONSE', empty ? 'The answer is empty.' : 'The answer is not JSON.', {
      reason: empty ? 'emptyAnswer' : 'notJson',
      sent: true,
    });
  }
}
