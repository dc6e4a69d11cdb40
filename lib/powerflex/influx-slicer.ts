import { DeviceError } from '../core/errors';
import { DEEPEST, tooDeep } from '../core/json/parse';
import type { NoticeHandler } from '../core/notices';
import { isRecord } from '../core/values';
import {
  type Batch,
  type InfluxEnd,
  InfluxReader,
  notInflux,
  READ_BEFORE,
  readHead,
  type SeriesHead,
} from './influx';
import { parseJson, RowCutter, tooLong } from './influx-rows';

/** Bytes of what is not rows, and of one row; anything longer is something else. */
const MAX_KEPT = 256 * 1024;
/** Bytes of rows that wait for what stands behind them in their series. */
const MAX_HELD = 1024 * 1024;
/** Parts that are kept side by side. */
const MAX_PARTS = 500;
const PLACEHOLDER = Buffer.from(String(READ_BEFORE));
/** No key that matters is longer, not even with each letter written as an escape. */
const LONGEST_KEY = 42;

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Blanks, line ends and NULs, which separate documents. */
const BLANK = 0x20;
const BOM = [0xef, 0xbb, 0xbf];

/** Where series stand: in a result of a list, or in the only one; bare or below `data`. */
const SERIES_PATHS = new Set(['results.[].series.[]', 'series.[]'].flatMap((path) => [path, `data.${path}`]));

/** A list or object that is open at the present place, with the key last read in it. */
interface Frame {
  list: boolean;
  key: string;
}

/** The series that is being read. */
interface OpenSeries {
  /** where its text begins in the skeleton */
  from: number;
  /** bytes kept before it */
  kept: number;
  depth: number;
  head: SeriesHead | undefined;
  /** its rows have begun */
  hasRows: boolean;
  /** rows that came before the columns, or before it was known that no tags follow */
  held: Batch[] | undefined;
  heldBytes: number;
}

/**
 * Takes an InfluxDB 1.x answer apart while it arrives: rows are passed on as soon as they are complete, everything
 * else (the skeleton) is kept and read at the end of its series or document. Memory stays at about one piece, however
 * long the response is, and no step works on more than one piece.
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
  private readonly shortcut = { failed: undefined };
  /** while rows are read */
  private cutter: RowCutter | undefined;
  private documents = 0;
  /** series of the present document that were read while they arrived */
  private early = 0;
  private readonly reader: InfluxReader;
  private batches: Batch[] = [];
  private readonly onBatch = (batch: Batch): void => void this.batches.push(batch);

  /**
   * @param maxKept bytes that may be kept at the most of what is not rows, and of one row
   * @param onNotice hears of entries that cannot be read
   */
  constructor(
    private readonly maxKept = MAX_KEPT,
    onNotice?: NoticeHandler,
  ) {
    this.reader = new InfluxReader(onNotice);
  }

  /** Whether the next piece goes on with rows. */
  get readsRows(): boolean {
    return this.cutter !== undefined;
  }

  /**
   * Takes the next piece of the body and returns the rows that it completes.
   *
   * @throws DeviceError REJECTED for an error that the response carries, BAD_RESPONSE when it is not what is documented
   */
  push(chunk: Buffer): Batch[] {
    let at = 0;
    while (at < chunk.length) at = this.cutter ? this.cutRows(this.cutter, chunk, at) : this.scan(chunk, at);
    const { batches } = this;
    this.batches = [];
    return batches;
  }

  /**
   * Says that the body is complete.
   *
   * @throws DeviceError BAD_RESPONSE when it is not, or not what is documented
   */
  end(): InfluxEnd {
    if (this.stack.length > 0 || this.inString || this.cutter) parseJson('');
    if (this.documents === 0) {
      throw new DeviceError('BAD_RESPONSE', 'The answer is empty.', { reason: 'emptyResponse', sent: true });
    }
    return { batches: this.batches.splice(0), partial: this.reader.end() };
  }

  private scan(chunk: Buffer, start: number): number {
    let from = start;
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.inString) {
        this.readString(byte);
        continue;
      }
      if (this.stack.length === 0 && byte !== OPEN_OBJECT) {
        // Between documents.
        if (byte > BLANK && !BOM.includes(byte)) parseJson('');
        from = at + 1;
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
          if (this.isAtSeries()) {
            this.keep(chunk, from, at);
            from = at;
            this.beginSeries();
          }
          this.open(false);
          break;
        case OPEN_LIST:
          if (this.isAtValues()) {
            this.keep(chunk, from, at + 1);
            this.beginRows();
            return at + 1;
          }
          this.open(true);
          break;
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          this.stack.pop();
          if (this.series?.depth === this.stack.length || this.stack.length === 0) {
            this.keep(chunk, from, at + 1);
            from = at + 1;
            if (this.stack.length === 0) this.endDocument();
            else this.endSeries();
          }
          break;
      }
    }
    this.keep(chunk, from, chunk.length);
    return chunk.length;
  }

  private readString(byte: number): void {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) {
      this.inString = false;
      return;
    }
    if (this.text.length <= LONGEST_KEY) this.text += String.fromCharCode(byte);
  }

  private open(list: boolean): void {
    if (this.stack.length >= DEEPEST) throw tooDeep();
    this.stack.push({ list, key: '' });
  }

  private setKey(): void {
    const top = this.stack.at(-1);
    if (top) top.key = this.text.includes('\\') ? unescaped(this.text) : this.text;
  }

  private keep(chunk: Buffer, from: number, to: number): void {
    if (to <= from) return;
    this.keptBytes += to - from;
    if (this.keptBytes > this.maxKept) throw tooLong(this.maxKept);
    // A copy: a part of the piece would keep the whole of it in memory.
    this.skeleton.push(Buffer.from(chunk.subarray(from, to)));
  }

  private isAtSeries(): boolean {
    if (this.series || this.stack.at(-1)?.list !== true) return false;
    return SERIES_PATHS.has(this.stack.map(({ list, key }) => (list ? '[]' : key)).join('.'));
  }

  private isAtValues(): boolean {
    const { series, stack } = this;
    return series !== undefined && stack.length === series.depth + 1 && stack.at(-1)?.key === 'values';
  }

  private beginSeries(): void {
    const { skeleton, keptBytes, stack } = this;
    const place = { from: skeleton.length, kept: keptBytes, depth: stack.length };
    this.series = { ...place, head: undefined, hasRows: false, held: undefined, heldBytes: 0 };
    this.early++;
  }

  private beginRows(): void {
    const { series } = this;
    if (!series) return;
    // Of two lists the last one would count, and the rows of the first one are gone. Each would cost as much as all before.
    if (series.hasRows) throw notInflux();
    series.hasRows = true;
    const known = parseJson(`${this.textOf(series)}]}`);
    series.head ??= readHead(known);
    // Tags that stand behind the rows change what the rows mean.
    if (!series.head || !isRecord(known) || !('tags' in known)) series.held ??= [];
    this.cutter = new RowCutter(this.maxKept, this.shortcut, (rows, bytes) => this.take(series, rows, bytes));
  }

  private cutRows(cutter: RowCutter, chunk: Buffer, start: number): number {
    const at = cutter.take(chunk, start);
    if (at < chunk.length) {
      // The list of rows ends here; its bracket belongs to the skeleton again.
      this.cutter = undefined;
      this.stack.push({ list: true, key: '' });
    }
    return at;
  }

  private take(series: OpenSeries, rows: unknown[], bytes: number): void {
    const { head, held } = series;
    if (!held) {
      if (head) this.onBatch({ head, rows, bytes });
      return;
    }
    held.push({ head: head ?? { columns: [], tags: {} }, rows, bytes });
    series.heldBytes += bytes;
    if (series.heldBytes <= MAX_HELD) return;
    if (!head) throw tooLong(MAX_HELD);
    // So many rows are those of all stations, told apart by columns.
    series.held = undefined;
    this.batches.push(...held);
  }

  private textOf({ from }: OpenSeries): string {
    return Buffer.concat(this.skeleton.slice(from)).toString('utf8');
  }

  private endSeries(): void {
    const { series } = this;
    this.series = undefined;
    if (!series) return;
    const read = parseJson(this.textOf(series));
    // What stands here in place of the rows that were read is an empty list; anything else came after it and counts.
    if (series.hasRows && isRecord(read) && !isEmptyList(read.values)) throw notInflux();
    const head = this.reader.readSeries(read, this.onBatch);
    // Rows have been passed on with a head that turns out to have been incomplete.
    const isOther = JSON.stringify(head) !== JSON.stringify(series.head);
    if (series.head && !series.held && isOther) throw notInflux();
    if (head) for (const { rows, bytes = 0 } of series.held ?? []) this.onBatch({ head, rows, bytes });
    // There may be very many series: nothing of this one is kept.
    this.skeleton.splice(series.from, Infinity, PLACEHOLDER);
    this.keptBytes = series.kept + PLACEHOLDER.length;
    // Many small parts would weigh more than what they hold.
    if (this.skeleton.length > MAX_PARTS) this.skeleton = [Buffer.concat(this.skeleton)];
  }

  private endDocument(): void {
    const text = Buffer.concat(this.skeleton).toString('utf8');
    this.skeleton = [];
    this.keptBytes = 0;
    this.documents++;
    const early = this.reader.readDocument(parseJson(text), this.onBatch);
    // Rows were passed on of a list that does not count: it came twice, or another one counts.
    if (early < this.early) throw notInflux();
    this.early = 0;
  }
}

/** A key as the parser reads it. */
function unescaped(key: string): string {
  try {
    return String(JSON.parse(`"${key}"`));
  } catch {
    return key;
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
