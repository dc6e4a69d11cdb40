import { type TimeRange, streamWindows } from '../core/windows';
import type { PowerflexClient } from './client';
import type { Batch } from './influx';
import { type MappedRow, type Measurement, type PowerUnit, rowMapper, type RowOf } from './rows';

export interface ReadOptions<M extends Measurement> {
  measurement: M;
  /** half-open; without it, the server decides what it gives */
  range?: TimeRange | undefined;
  /** ms that one request asks for at the most; default a day */
  longest?: number;
  /** requests at a time; default 3 */
  inFlight?: number;
  powerUnit?: PowerUnit;
  /** Takes rows in the order of time of the windows; nothing further arrives while its promise is pending. */
  onRows: (rows: MappedRow<RowOf[M]>[]) => Promise<void> | void;
  /** When all rows of a window have been given, in the order of the windows; without a range, of the answer. */
  onWindow?: () => Promise<void> | void;
  /** After each window. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

export interface ReadResult {
  rows: number;
  /** the server left rows out */
  partial: boolean;
}

const DAY = 86_400_000;
const IN_FLIGHT = 3;
/** Rows that a window may bring before its turn has come; then it has to wait. */
const MOST_ROWS_AHEAD = 20_000;

type RowsOf<M extends Measurement> = MappedRow<RowOf[M]>[];

/**
 * Reads a time series of any length: long ranges in windows, several at a time, rows in order and in bounded memory.
 *
 * The rows of the window whose turn it is are passed on while they arrive. Rows outside of a window are dropped, so
 * neighbouring windows never give a row twice, whether the server includes the end of a range or not.
 */
export async function readMeasurements<M extends Measurement>(
  client: Pick<PowerflexClient, 'getMeasurementData'>,
  options: ReadOptions<M>,
): Promise<ReadResult> {
  const { measurement, range, powerUnit, onRows, onProgress, signal } = options;
  const longest = options.longest ?? DAY;
  const result: ReadResult = { rows: 0, partial: false };
  const take = async (rows: RowsOf<M>): Promise<void> => {
    if (rows.length === 0) return;
    result.rows += rows.length;
    await onRows(rows);
  };
  const fetch = async (
    window: TimeRange | undefined,
    pass: (rows: RowsOf<M>) => Promise<void>,
    abort: AbortSignal | undefined,
  ): Promise<void> => {
    const typed = typedRows(measurement, powerUnit, window);
    const query = { measurement, range: window };
    const { partial } = await client.getMeasurementData(query, (batch) => pass(typed(batch)), abort);
    result.partial ||= partial;
  };

  if (!range) {
    onProgress?.(0, 1);
    await fetch(undefined, take, signal);
    await options.onWindow?.();
    onProgress?.(1, 1);
    return result;
  }

  const turn = new Turn();
  const windows = streamWindows(range, {
    longest,
    inFlight: options.inFlight ?? IN_FLIGHT,
    signal,
    ...(onProgress ? { onProgress } : {}),
    fetch: async (window, abort) => {
      const index = Math.round((window.start - range.start) / longest);
      const waiting: RowsOf<M>[] = [];
      let ahead = 0;
      const pass = async (rows: RowsOf<M>): Promise<void> => {
        waiting.push(rows);
        ahead += rows.length;
        if (turn.of !== index && ahead > MOST_ROWS_AHEAD) await turn.reaches(index);
        if (turn.of === index) for (const some of waiting.splice(0)) await take(some);
      };
      await fetch(window, pass, abort);
      return waiting;
    },
  });
  for await (const { data, index } of windows) {
    for (const rows of data) await take(rows);
    await options.onWindow?.();
    turn.moveTo(index + 1);
  }
  return result;
}

/** Which window passes its rows on, and who waits for that. */
class Turn {
  of = 0;
  private readonly waiting = new Map<number, () => void>();

  moveTo(index: number): void {
    this.of = index;
    this.waiting.get(index)?.();
    this.waiting.delete(index);
  }

  reaches(index: number): Promise<void> {
    return new Promise((resolve) => this.waiting.set(index, resolve));
  }
}

function typedRows<M extends Measurement>(
  measurement: M,
  powerUnit: PowerUnit | undefined,
  window: TimeRange | undefined,
): (batch: Batch) => RowsOf<M> {
  let last: { head: Batch['head']; map: (values: unknown) => MappedRow<RowOf[M]> } | undefined;
  return ({ head, rows }) => {
    if (last?.head !== head) last = { head, map: rowMapper(measurement, head, powerUnit) };
    const mapped = rows.map(last.map);
    if (!window) return mapped;
    return mapped.filter(({ time }) => time === null || (time >= window.start && time < window.end));
  };
}
