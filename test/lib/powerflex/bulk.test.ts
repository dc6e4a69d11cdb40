import assert from 'node:assert/strict';

import { rowAt, startRowServer } from '../../../bench/support/row-server';
import type { Clock } from '../../../lib/core/clock';
import { systemClock } from '../../../lib/core/clock';
import { Transport } from '../../../lib/core/http/transport';
import { PowerflexClient } from '../../../lib/powerflex/client';
import { readMeasurements } from '../../../lib/powerflex/reader';
import { type CtResponseRow, type MappedRow, rowMapper } from '../../../lib/powerflex/rows';
import { COLUMNS } from '../../../simulators/powerflex';
import { usedHeap } from '../../support/heap';

/** Rows that the server sends in rotation. */
const PERIOD = 10_000;

describe('many rows', () => {
  async function read(
    rows: number,
    onRows: (rows: MappedRow<CtResponseRow>[]) => Promise<void> | void,
    clock: Clock = systemClock,
  ): Promise<number> {
    const server = await startRowServer(rows);
    const transport = new Transport();
    try {
      const settings = { url: server.url, accId: 2, username: 'user', password: 'pass' };
      const client = new PowerflexClient(settings, transport, clock);
      return (await readMeasurements(client, { measurement: 'ct_response', onRows })).rows;
    } finally {
      transport.close();
      await server.close();
    }
  }

  it('100,000 of them are correct, and everything else gets its turn all the while', async () => {
    const map = rowMapper('ct_response', { columns: COLUMNS.ct_response, tags: {} });
    const expected = Array.from({ length: PERIOD }, (_, i) => map(JSON.parse(JSON.stringify(rowAt(i)))).row);
    // By this clock every look at the time is a long time, so that each piece of the answer is a turn of its own.
    let time = 0;
    const hasty: Clock = { ...systemClock, monotonic: () => (time += 1000) };
    let turns = 0;
    let ticking = true;
    const tick = (): void => {
      turns++;
      if (ticking) setImmediate(tick);
    };
    tick();
    let index = 0;
    let mostInOneTurn = 0;
    let inTurn = { turn: 0, rows: 0 };
    const rows = await read(
      100_000,
      (some) => {
        inTurn =
          inTurn.turn === turns
            ? { turn: turns, rows: inTurn.rows + some.length }
            : { turn: turns, rows: some.length };
        mostInOneTurn = Math.max(mostInOneTurn, inTurn.rows);
        for (const { row } of some) {
          const wanted = expected[index++ % PERIOD];
          // deepEqual for each would take longer than all the rest.
          for (const key in row) {
            if (Reflect.get(row, key) !== Reflect.get(wanted ?? {}, key))
              assert.deepEqual(row, wanted, `row ${index}`);
          }
        }
      },
      hasty,
    );
    ticking = false;
    assert.equal(rows, 100_000);
    assert.equal(index, 100_000);
    assert.ok(mostInOneTurn <= 1500, `${mostInOneTurn} rows in one turn`);
    console.log(`      (at most ${mostInOneTurn} rows in a turn)`);
  });

  it('1,000,000 of them pass in bounded memory', async () => {
    const base = usedHeap();
    let peak = 0;
    let count = 0;
    const rows = await read(1_000_000, (some) => {
      const before = count;
      count += some.length;
      // What nobody holds any more is no memory of ours; how late it is collected depends on the rest of the process.
      if (Math.floor(count / 100_000) > Math.floor(before / 100_000)) peak = Math.max(peak, usedHeap());
    });
    assert.equal(rows, 1_000_000);
    assert.equal(count, 1_000_000);
    const more = peak - base;
    // All of them at once would be far above 600 MB.
    assert.ok(more < 64, `${more.toFixed(0)} MB`);
    console.log(`      (heap at most ${more.toFixed(0)} MB above the base)`);
  }).timeout(60_000);
});
