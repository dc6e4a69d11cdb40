import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '../core/clock';
import type { NoticeHandler } from '../core/notices';
import type { Batch } from './influx';
import { InfluxSlicer } from './influx-slicer';

/** Pieces arrive faster than they are worked on, so that without a break nothing else would get its turn. */
const LONGEST_STRETCH_MS = 8;
/** Bytes that are taken apart in one turn: they may be a thousand series, each of which is parsed by itself. */
const LONGEST_PIECE = 16 * 1024;
/** The same while rows are read: they are cut and parsed all at once, and each time has its price. */
const LONGEST_ROWS = 64 * 1024;
/** Rows that are worked on in one turn. */
const LONGEST_BATCH = 2000;

/**
 * Takes the pieces of a response apart and passes their rows on, as fast as `onBatch` takes them, and so that others get
 * their turn in between.
 */
export class RowStream {
  private readonly slicer: InfluxSlicer;
  private turnBegan: number;

  constructor(
    private readonly onBatch: (batch: Batch) => Promise<void> | void,
    onNotice: NoticeHandler,
    private readonly clock: Clock,
  ) {
    this.slicer = new InfluxSlicer(undefined, onNotice);
    this.turnBegan = clock.monotonic();
  }

  async push(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + (this.slicer.readsRows ? LONGEST_ROWS : LONGEST_PIECE));
      at += piece.length;
      await this.take(this.slicer.push(piece));
      // A piece may complete no row and have cost much all the same.
      await this.pause();
    }
  }

  /** @returns whether the server left rows out. @throws DeviceError BAD_RESPONSE for a response that is cut off */
  async end(): Promise<{ partial: boolean }> {
    const { batches, partial } = this.slicer.end();
    await this.take(batches);
    return { partial };
  }

  private async take(batches: readonly Batch[]): Promise<void> {
    for (const batch of inStretches(batches)) {
      await this.onBatch(batch);
      await this.pause();
    }
  }

  private async pause(): Promise<void> {
    if (this.clock.monotonic() - this.turnBegan < LONGEST_STRETCH_MS) return;
    await nextTurn();
    this.turnBegan = this.clock.monotonic();
  }
}

/** Rows of one value are so short that a piece of a response holds too many of them for one turn. */
function* inStretches(batches: readonly Batch[]): Generator<Batch, void, void> {
  for (const batch of batches) {
    const { head, rows, bytes = 0 } = batch;
    if (rows.length <= LONGEST_BATCH) yield batch;
    else {
      for (let at = 0; at < rows.length; at += LONGEST_BATCH) {
        const some = rows.slice(at, at + LONGEST_BATCH);
        yield { head, rows: some, bytes: (bytes * some.length) / rows.length };
      }
    }
  }
}
