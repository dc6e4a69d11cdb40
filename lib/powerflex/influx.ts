import { DeviceError } from '../core/errors';
import { isRecord } from '../core/units';

/** What the rows of one series have in common. */
export interface SeriesHead {
  /** names of a row's values, in order */
  columns: readonly string[];
  /** values that hold for every row */
  tags: Readonly<Record<string, unknown>>;
}

/** Some rows of a series, in the order of the answer. */
export interface Batch {
  head: SeriesHead;
  rows: unknown[];
}

/** What is known at the end of an answer. */
export interface InfluxEnd {
  /** rows that were not passed on before */
  batches: Batch[];
  /** the server left rows out */
  partial: boolean;
}

/** The head of a series, or `undefined` while its columns are not known. */
export function readHead(series: unknown): SeriesHead | undefined {
  if (!isRecord(series) || !Array.isArray(series.columns)) return undefined;
  const columns = series.columns.map(String);
  return { columns, tags: isRecord(series.tags) ? series.tags : {} };
}

export function notInflux(): DeviceError {
  return new DeviceError('BAD_RESPONSE', 'This is not the time series that PowerFlex documents.', {
    reason: 'powerflexSeries',
    sent: true,
  });
}

/**
 * Reads a whole InfluxDB 1.x answer, `{ results: [{ series: [{ name, tags?, columns, values, partial? }], error? }] }`,
 * bare or below `data`. A result without series has no rows.
 *
 * @throws DeviceError REJECTED for a result's or the answer's `error`, BAD_RESPONSE for another shape
 */
export function readInflux(body: unknown): InfluxEnd {
  const inner = isRecord(body) && !('results' in body) && isRecord(body.data) ? body.data : body;
  if (!isRecord(inner)) throw notInflux();
  refuseError(inner);
  if (!Array.isArray(inner.results)) throw notInflux();
  const end: InfluxEnd = { batches: [], partial: false };
  for (const result of inner.results as unknown[]) {
    if (!isRecord(result)) throw notInflux();
    refuseError(result);
    end.partial ||= result.partial === true;
    for (const series of listOf(result.series)) {
      const head = readHead(series);
      if (!head || !isRecord(series)) throw notInflux();
      end.partial ||= series.partial === true;
      const rows = listOf(series.values);
      if (rows.length > 0) end.batches.push({ head, rows });
    }
  }
  return end;
}

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw notInflux();
  return value;
}

function refuseError(holder: Record<string, unknown>): void {
  if (holder.error === undefined || holder.error === null) return;
  const message = typeof holder.error === 'string' ? holder.error.slice(0, 200) : '';
  throw new DeviceError('REJECTED', `The time series database refused the query. It says: ${message}`, {
    reason: 'powerflexQuery',
    sent: true,
    params: { message },
  });
}
