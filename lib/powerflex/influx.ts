import { tooMuch } from '../core/budget';
import { DeviceError } from '../core/errors';
import type { NoticeHandler } from '../core/notices';
import { isRecord } from '../core/values';

/** What the rows of one series have in common. */
export interface SeriesHead {
  /** names of a row's values, in order */
  columns: readonly string[];
  /** values that hold for every row */
  tags: Readonly<Record<string, unknown>>;
}

/** Some rows of a series, in the order of the response. */
export interface Batch {
  head: SeriesHead;
  rows: unknown[];
  /** bytes of the response that they took, as far as is known */
  bytes?: number;
}

/** What is known at the end of a response. */
export interface InfluxEnd {
  /** rows that were not passed on before */
  batches: Batch[];
  /** the server left rows out */
  partial: boolean;
}

/** Columns and tags of a series; the vendor's have 17. */
const MAX_COLUMNS = 200;
/** Characters of the database's words that are looked at; what is shown of them is shorter. */
const LONGEST_WORDS = 2000;
/** Series of a response: one a station, or some. */
const MAX_SERIES = 20_000;

/**
 * The head of a series, or `undefined` while its columns are not known.
 *
 * @throws DeviceError BAD_RESPONSE `tooMuch`
 */
export function readHead(series: unknown): SeriesHead | undefined {
  if (!isRecord(series) || !Array.isArray(series.columns)) return undefined;
  const tags = isRecord(series.tags) ? series.tags : {};
  if (series.columns.length + Object.keys(tags).length > MAX_COLUMNS) throw tooMuch(MAX_COLUMNS, 'columns');
  return { columns: series.columns.map(String), tags };
}

export function notInflux(): DeviceError {
  return new DeviceError('BAD_RESPONSE', 'This is not the time series that PowerFlex documents.', {
    reason: 'powerflexSeries',
    sent: true,
  });
}

/** Stands in a document in place of a series that has been read while it arrived. */
export const READ_BEFORE = 0;

/**
 * Reads the documents of an InfluxDB 1.x answer, `{ results: [{ series: [{ name, tags?, columns, values, partial? }],
 * error? }] }`, or one result alone, bare or below `data`. A server that sends its response in chunks sends one document
 * after the other. A result without series has no rows; an entry that cannot be read costs that entry.
 */
export class InfluxReader {
  /** whether rows are missing, by the statement that they answer: of its chunks the last one tells */
  private readonly partial = new Map<unknown, boolean>();
  private series = 0;
  private readable = 0;
  private odd = 0;
  /** a series of the present document is marked as partial */
  private partialSeries = false;

  constructor(private readonly onNotice: NoticeHandler = () => undefined) {}

  /**
   * Reads a series.
   *
   * @param pass takes what rows stand in it
   * @returns its head, `undefined` when it cannot be read
   * @throws DeviceError BAD_RESPONSE `tooMuch`
   */
  readSeries(series: unknown, pass: (batch: Batch) => void): SeriesHead | undefined {
    if (++this.series > MAX_SERIES) throw tooMuch(MAX_SERIES, 'series');
    const head = readHead(series);
    const values = isRecord(series) ? (series.values ?? []) : undefined;
    if (!head || !isRecord(series) || !Array.isArray(values)) {
      this.lose();
      return undefined;
    }
    this.readable++;
    this.partialSeries ||= series.partial === true;
    if (values.length > 0) pass({ head, rows: values });
    return head;
  }

  /**
   * Reads a document.
   *
   * @returns how many of its series have been read while they arrived
   * @throws DeviceError REJECTED for a result's or the document's `error`, BAD_RESPONSE for another shape
   */
  readDocument(body: unknown, pass: (batch: Batch) => void): number {
    const inner = isRecord(body) && !hasResults(body) && isRecord(body.data) ? body.data : body;
    if (!isRecord(inner)) throw notInflux();
    refuseError(inner);
    if (!hasResults(inner)) throw notInflux();
    const results = 'results' in inner ? listOf(inner.results) : [inner];
    const statements = new Set<unknown>();
    let partial = false;
    let before = 0;
    for (const result of results) {
      if (!isRecord(result)) {
        this.lose();
        continue;
      }
      refuseError(result);
      const list = listOf(result.series);
      for (const series of list) {
        if (series === READ_BEFORE) before++;
        else this.readSeries(series, pass);
      }
      // A result of which every series is odd is none.
      if (list.length === 0) this.readable++;
      statements.add(result.statement_id);
      partial ||= result.partial === true;
    }
    if (results.length === 0) this.readable++;
    for (const statement of statements) this.partial.set(statement, partial || this.partialSeries);
    if (this.partial.size > MAX_SERIES) throw tooMuch(MAX_SERIES, 'results');
    this.partialSeries = false;
    return before;
  }

  /**
   * Says that no document follows.
   *
   * @returns whether the server left rows out
   * @throws DeviceError BAD_RESPONSE when there was nothing that can be read
   */
  end(): boolean {
    if (this.readable === 0) throw notInflux();
    return [...this.partial.values()].includes(true);
  }

  private lose(): void {
    this.odd++;
    if (this.odd === 1) this.onNotice({ reason: 'powerflexEntry' });
  }
}

function hasResults(holder: Record<string, unknown>): boolean {
  return 'results' in holder || 'series' in holder || 'statement_id' in holder;
}

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw notInflux();
  return value;
}

function refuseError(holder: Record<string, unknown>): void {
  if (holder.error === undefined || holder.error === null) return;
  const message = typeof holder.error === 'string' ? holder.error.slice(0, LONGEST_WORDS) : '';
  throw new DeviceError('REJECTED', `The time series database refused the query. It says: ${message}`, {
    reason: 'powerflexQuery',
    sent: true,
    params: { message },
  });
}
