import { COLUMNS, type Measurement, type Row } from './site';

/** How measurement data is dressed up; the vendor document leaves this open. */
export interface SeriesShape {
  /** puts the response below `data` */
  wrapped: boolean;
  /** one series a station, with its address and space as tags instead of columns */
  tagged: boolean;
  time: 'seconds' | 'rfc3339';
  /** the last series is marked as cut off by the server */
  partial: boolean;
  /** a statement's error instead of series */
  error: string | null;
}

export const PLAIN_SHAPE: SeriesShape = {
  wrapped: false,
  tagged: false,
  time: 'seconds',
  partial: false,
  error: null,
};

/** One result as InfluxDB 1.x answers a statement; the keys in alphabetical order, as the vendor's server writes them. */
export function result(name: Measurement, rows: Row[], shape: SeriesShape): Record<string, unknown> {
  if (shape.error !== null) return { error: shape.error, statement_id: 0 };
  if (rows.length === 0) return { statement_id: 0 };
  const columns: readonly string[] = COLUMNS[name];
  const series: Record<string, unknown>[] = shape.tagged
    ? byStation(name, rows, shape)
    : [{ columns, name, values: dress(rows, shape) }];
  const last = series.at(-1);
  if (last && shape.partial) last.partial = true;
  return { series, statement_id: 0 };
}

function byStation(name: Measurement, rows: Row[], shape: SeriesShape): Record<string, unknown>[] {
  const columns: readonly string[] = COLUMNS[name];
  const address = columns.indexOf('evse_address');
  const space = columns.indexOf('space_number');
  const untagged = (_: unknown, index: number): boolean => index !== address && index !== space;
  const stations = new Map<unknown, Row[]>();
  for (const row of rows) {
    const own = stations.get(row[address]) ?? [];
    stations.set(row[address], own);
    own.push(row);
  }
  return [...stations.values()].map((own) => ({
    columns: columns.filter(untagged),
    name,
    tags: { evse_address: own[0]?.[address], space_number: own[0]?.[space] },
    values: dress(own, shape).map((row) => row.filter(untagged)),
  }));
}

function dress(rows: Row[], shape: SeriesShape): Row[] {
  if (shape.time === 'seconds') return rows;
  return rows.map(([time, ...rest]) => [new Date(Number(time) * 1000).toISOString(), ...rest]);
}
