import assert from 'node:assert/strict';

import type { TimeRange } from '../../../lib/core/windows';
import type { PowerflexClient } from '../../../lib/powerflex/client';
import type { Batch } from '../../../lib/powerflex/influx';
import { readMeasurements } from '../../../lib/powerflex/reader';
import { failsWith } from '../../support/expect-error';

const HOUR = 3_600_000;
const T0 = Date.UTC(2025, 0, 1);

describe('readMeasurements of a server that gives only so many rows', () => {
  const STEP = 60_000;
  const range = { start: T0, end: T0 + 48 * HOUR };
  const tags = (station: number): Record<string, unknown> => ({ acs_id: String(station) });

  interface Server {
    /** rows of a series, or of the answer */
    limit: number;
    /** the newest of a window, not the oldest */
    newest?: boolean;
    /** a series a station, of which each has the limit */
    tagged?: boolean;
    /** the limit is that of all series together: whole series are left out */
    together?: boolean;
    /** says so */
    honest?: boolean;
    /** has no row between these */
    gap?: TimeRange;
  }

  /** Three stations with a row a minute. */
  function serve({ limit, newest = false, tagged = false, together = false, honest = false, gap }: Server) {
    let requests = 0;
    const all = Array.from({ length: (range.end - range.start) / STEP }, (_, i) => T0 + i * STEP).filter(
      (time) => !gap || time < gap.start || time >= gap.end,
    );
    const getMeasurementData: PowerflexClient['getMeasurementData'] = async ({ range: asked }, onBatch) => {
      requests++;
      // As the vendor's filter: whole seconds, the end included.
      const times = all.filter((time) => !asked || (time >= asked.start && time <= asked.end));
      const cut = (rows: unknown[][]): unknown[][] => (newest ? rows.slice(-limit) : rows.slice(0, limit));
      const row = (time: number, ...ids: string[]): unknown[] => [time / 1000, ...ids, 1];
      let partial = false;
      if (tagged) {
        let left = together ? limit : Infinity;
        for (let station = 0; station < 3; station++) {
          const rows = times.map((time) => row(time));
          const given = cut(rows).slice(0, left);
          partial ||= rows.length > given.length;
          left -= given.length;
          if (given.length === 0) continue;
          await onBatch({ head: { columns: ['time', 'power'], tags: tags(station) }, rows: given });
        }
      } else {
        const rows = times.flatMap((time) => ['0', '1', '2'].map((id) => row(time, id)));
        partial = rows.length > limit;
        await onBatch({ head: { columns: ['time', 'acs_id', 'power'], tags: {} }, rows: cut(rows) });
      }
      return { partial: honest && partial };
    };
    return { client: { getMeasurementData }, expected: all.length * 3, requests: () => requests };
  }

  for (const server of [
    { limit: 1000 },
    { limit: 1000, newest: true },
    { limit: 1000, honest: true },
    { limit: 777 },
    { limit: 500, tagged: true },
    { limit: 500, tagged: true, newest: true },
    { limit: 1024, tagged: true, honest: true },
    { limit: 10_000 },
    { limit: 1000, tagged: true, together: true },
    { limit: 2000, tagged: true, together: true },
    { limit: 777, tagged: true, together: true },
    { limit: 777, tagged: true, together: true, newest: true },
    { limit: 2880, tagged: true, together: true, honest: true },
    { limit: 4000, tagged: true, together: true, honest: true },
    { limit: 1500, tagged: true, together: true, gap: { start: T0 + 3 * HOUR, end: T0 + 20 * HOUR } },
    { limit: 1000, gap: { start: T0 + 3 * HOUR, end: T0 + 20 * HOUR } },
    { limit: 300, tagged: true, gap: { start: T0 + 20 * HOUR, end: T0 + 30 * HOUR } },
  ]) {
    it(`gets all of them, none twice: ${JSON.stringify(server)}`, async () => {
      const { client, expected, requests } = serve(server);
      const seen = new Set<string>();
      let rows = 0;
      const { partial, capped } = await readMeasurements(client, {
        measurement: 'ct_response',
        range,
        onRows: (some) => {
          rows += some.length;
          for (const { row } of some) seen.add(`${row.timestamp} ${row.acsId}`);
        },
      });
      assert.deepEqual([rows, seen.size, partial, capped], [expected, expected, false, undefined]);
      assert.ok(requests() < 40, `${requests()} requests`);
    });
  }

  it('says so when the rest cannot be had', async () => {
    const told: string[] = [];
    const stuck: PowerflexClient['getMeasurementData'] = async (_, onBatch) => {
      const rows = Array.from({ length: 1000 }, (_, i) => [T0 / 1000 + i, 1]);
      await onBatch({ head: { columns: ['time', 'power'], tags: {} }, rows });
      return { partial: false };
    };
    const options = { measurement: 'ct_response', onRows: () => undefined } as const;
    const onNotice = ({ reason }: { reason: string }): void => void told.push(reason);
    assert.equal(
      (await readMeasurements({ getMeasurementData: stuck }, { ...options, onNotice })).capped,
      true,
    );
    assert.deepEqual(told, ['powerflexCapped']);
  });
});

describe('readMeasurements of odd rows', () => {
  async function read(
    batches: readonly Batch[],
    range?: TimeRange,
  ): Promise<{ rows: unknown[]; told: unknown[]; result: object }> {
    const rows: unknown[] = [];
    const told: unknown[] = [];
    const getMeasurementData: PowerflexClient['getMeasurementData'] = async (_, onBatch) => {
      for (const batch of batches) await onBatch(batch);
      return { partial: false };
    };
    const result = await readMeasurements(
      { getMeasurementData },
      {
        ...{ measurement: 'ct_response', range, longest: HOUR },
        onRows: (some) => void rows.push(...some.map(({ row }) => [row.timestamp?.slice(11, 16), row.power])),
        onNotice: ({ reason, params }) => told.push(params ? [reason, params] : reason),
      },
    );
    return { rows, told, result };
  }

  const columns = ['time', 'power', 'voltage'];
  const at = (minute: number): number => T0 / 1000 + minute * 60;

  it('gives a row without a time once, whatever number of windows brings it', async () => {
    const rows = [
      [null, 1, 1],
      ['1970-01-01T00:00:00Z', 2, 1],
      [at(1), 3, 1],
      [at(61), 4, 1],
    ];
    const found = await read([{ head: { columns, tags: {} }, rows }], { start: T0, end: T0 + 3 * HOUR });
    assert.deepEqual(found.rows, [
      [undefined, 1000],
      [undefined, 2000],
      ['00:01', 3000],
      ['01:01', 4000],
    ]);
    assert.deepEqual(found.told, ['powerflexWithoutTime']);
    assert.deepEqual(found.result, { rows: 4, partial: false, withoutTime: 2 });
  });

  it('names a column that is null in every row, and no other', async () => {
    const { told, result } = await read([
      { head: { columns, tags: {} }, rows: [[at(1), 1, null]] },
      { head: { columns, tags: {} }, rows: [[at(2), null, 'nan']] },
    ]);
    assert.deepEqual(told, [['powerflexEmptyColumn', { column: 'voltage' }]]);
    assert.deepEqual(result, { rows: 2, partial: false, emptyColumns: ['voltage'] });
  });

  it('loses a row that is no list, and no other', async () => {
    const { rows, told } = await read([
      { head: { columns, tags: {} }, rows: [null, 7, {}, [at(1), 1, 1], 'x'] },
    ]);
    assert.deepEqual(rows, [['00:01', 1000]]);
    assert.deepEqual(told, ['powerflexRow']);
    await failsWith(read([{ head: { columns, tags: {} }, rows: [null, {}] }]), 'BAD_RESPONSE');
  });

  it('says that a row has another length than its columns', async () => {
    const { rows, told } = await read([
      {
        head: { columns, tags: {} },
        rows: [
          [at(1), 1],
          [at(2), 2, 3, 4],
        ],
      },
    ]);
    assert.deepEqual(rows, [
      ['00:01', 1000],
      ['00:02', 2000],
    ]);
    assert.deepEqual(told, ['powerflexRowLength']);
  });
});
