import { Budget } from '../core/budget';
import { type Clock, systemClock } from '../core/clock';
import type { NoticeHandler } from '../core/notices';
import { type TimeRange, streamWindows } from '../core/windows';
import type { PowerflexClient } from './client';
import { type Batch, notInflux } from './influx';
import { RowsInspector } from './rows-inspector';
import { type MappedRow, type Measurement, type PowerUnit, rowMapper, type RowOf } from './rows';
import { ServerLimits, WindowRows } from './window-rows';

export interface ReadOptions<M extends Measurement> {
  measurement: M;
  /** half-open; without it, the server decides what it gives */
  range?: TimeRange | undefined;
  /** ms that one request asks for at the most; default a day */
  longest?: number;
  /** requests at a time; default 3 */
  inFlight?: number;
  powerUnit?: PowerUnit;
  /**
   * Takes rows in the order of time of the windows; nothing further arrives while its promise is pending.
   *
   * @param bytes of the response that they took, as far as is known
   */
  onRows: (rows: MappedRow<RowOf[M]>[], bytes: number) => Promise<void> | void;
  /** When all rows of a window have been given, in the order of the windows; without a range, of the response. */
  onWindow?: () => Promise<void> | void;
  /** After each window. */
  onProgress?: (done: number, total: number) => void;
  /** Hears of what costs a part of a response, or makes it doubtful. */
  onNotice?: NoticeHandler;
  signal?: AbortSignal | undefined;
  clock?: Clock;
}

export interface ReadResult {
  rows: number;
  /** the server left rows out */
  partial: boolean;
  /** the server gives only so many rows at a time, and some could not be had */
  capped?: true;
  /** rows that have no usable time */
  withoutTime?: number;
  /** columns that are `null` in every row */
  emptyColumns?: string[];
}

const DAY = 86_400_000;
const IN_FLIGHT = 3;
/** Rows that a window may bring before its turn has come; then it has to wait. */
const MAX_ROWS_AHEAD = 20_000;
/** The same in bytes of the response. */
const MAX_BYTES_AHEAD = 4 * 1024 * 1024;
/** Bytes of all responses together: years of a garage. */
const MAX_BYTES = 4 * 1024 ** 3;
/** Counts of rows at which servers cut a response, where they do not say so. */
const COMMON_LIMIT = 1000;

type RowsOf<M extends Measurement> = MappedRow<RowOf[M]>[];
type Pass<M extends Measurement> = (rows: RowsOf<M>, bytes: number) => Promise<void>;

/**
 * Reads a time series of any length: long ranges in windows, several at a time, rows in order and in bounded memory.
 *
 * The rows of the window whose turn it is are passed on while they arrive. Rows outside of a window are dropped, so
 * neighbouring windows never give a row twice, whether the server includes the end of a range or not. Of a window of
 * which the server gave only a part the rest is asked for.
 *
 * @throws DeviceError what the client throws; TIMEOUT after ten minutes
 */
export async function readMeasurements<M extends Measurement>(
  client: Pick<PowerflexClient, 'getMeasurementData'>,
  options: ReadOptions<M>,
): Promise<ReadResult> {
  const { measurement, range, onRows, onProgress, signal, clock = systemClock } = options;
  const longest = options.longest ?? DAY;
  const budget = new Budget({ bytes: MAX_BYTES, clock });
  const inspector = new RowsInspector(measurement, range !== undefined, options.onNotice);
  const limits = new ServerLimits();
  const result: ReadResult = { rows: 0, partial: false };
  const take: Pass<M> = async (rows, bytes) => {
    if (rows.length === 0) return;
    result.rows += rows.length;
    await onRows(rows, bytes);
  };
  const ask = async (
    asked: TimeRange | undefined,
    looker: (head: Batch['head']) => (row: MappedRow<RowOf[M]>) => boolean,
    pass: Pass<M>,
    abort: AbortSignal | undefined,
  ): Promise<{ rows: number; partial: boolean }> => {
    const typed = typedRows(measurement, options.powerUnit);
    let rows = 0;
    let odd = 0;
    const onBatch = async (batch: Batch): Promise<void> => {
      const lists = listsOf(batch.rows);
      inspector.see(batch, lists);
      odd += batch.rows.length - lists.length;
      rows += lists.length;
      const mapped = typed({ ...batch, rows: lists });
      inspector.check(batch, mapped);
      const isNew = looker(batch.head);
      const some = mapped.filter((row) => (row.time === null ? inspector.mayPass(row) : isNew(row)));
      await pass(some, batch.bytes ?? 0);
    };
    const { partial } = await client.getMeasurementData(
      { measurement, range: asked, budget, onNotice: options.onNotice },
      onBatch,
      abort,
    );
    if (rows === 0 && odd > 0) throw notInflux();
    return { rows, partial };
  };

  if (!range) {
    onProgress?.(0, 1);
    const { rows, partial } = await ask(undefined, () => () => true, take, signal);
    result.partial = partial;
    if (!partial && rows > 0 && rows % COMMON_LIMIT === 0) result.capped = true;
    await options.onWindow?.();
    onProgress?.(1, 1);
  } else {
    const turn = new Turn();
    const windows = streamWindows(range, {
      longest,
      inFlight: options.inFlight ?? IN_FLIGHT,
      signal,
      ...(onProgress ? { onProgress } : {}),
      fetch: async (window, abort) => {
        const index = Math.round((window.start - range.start) / longest);
        const waiting: { rows: RowsOf<M>; bytes: number }[] = [];
        const ahead = { rows: 0, bytes: 0 };
        const pass: Pass<M> = async (rows, bytes) => {
          waiting.push({ rows, bytes });
          ahead.rows += rows.length;
          ahead.bytes += bytes;
          const isFar = ahead.rows > MAX_ROWS_AHEAD || ahead.bytes > MAX_BYTES_AHEAD;
          if (turn.of !== index && isFar) await turn.reaches(index);
          if (turn.of === index) for (const one of waiting.splice(0)) await take(one.rows, one.bytes);
        };
        const found = new WindowRows(window, clock.now(), limits);
        let [partial, total] = [false, 0];
        for (let part = found.next(); part; part = found.next()) {
          ({ partial, rows: total } = await ask(part.range, (head) => found.looker(head), pass, abort));
          found.done(partial, total);
        }
        // Of what was left out of the first response the last one tells whether it is still missing.
        result.partial ||= partial;
        if (found.capped) result.capped = true;
        return waiting;
      },
    });
    for await (const { data, index } of windows) {
      for (const { rows, bytes } of data) await take(rows, bytes);
      await options.onWindow?.();
      turn.moveTo(index + 1);
    }
  }
  if (limits.missed) result.capped = true;
  if (result.capped) options.onNotice?.({ reason: 'powerflexCapped' });
  return { ...result, ...inspector.result() };
}

/** The rows that are lists: all of them but in a response that is not what the vendor documents. */
function listsOf(rows: unknown[]): unknown[][] {
  return rows.every((row) => Array.isArray(row)) ? rows : rows.filter((row) => Array.isArray(row));
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
): (batch: Batch) => RowsOf<M> {
  let last: { head: Batch['head']; map: (values: unknown) => MappedRow<RowOf[M]> } | undefined;
  return ({ head, rows }) => {
    if (last?.head !== head) last = { head, map: rowMapper(measurement, head, powerUnit) };
    return rows.map(last.map);
  };
}
