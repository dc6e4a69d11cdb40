import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { Transport } from '../../../lib/core/http/transport';
import type { TimeRange } from '../../../lib/core/windows';
import { PowerflexClient } from '../../../lib/powerflex/client';
import type { Batch } from '../../../lib/powerflex/influx';
import { type ReadOptions, readMeasurements } from '../../../lib/powerflex/reader';
import type { CtResponseRow } from '../../../lib/powerflex/rows';
import { SessionBuilder } from '../../../lib/powerflex/sessions';
import { startPowerflex } from '../../../simulators/powerflex';
import { failsWith } from '../../support/expect-error';
import { settle } from '../../support/fake-clock';

const HOUR = 3_600_000;
const T0 = Date.UTC(2025, 0, 1);
const HEAD = { columns: ['time'], tags: {} };

interface Call {
  range: TimeRange | undefined;
  /** passes rows on, by the seconds of their time */
  give: (...seconds: number[]) => Promise<void>;
  end: (partial?: boolean) => void;
  fail: (error: DeviceError) => void;
}

/** A client whose answers the test gives piece by piece. */
class Client {
  readonly calls: Call[] = [];

  readonly getMeasurementData: PowerflexClient['getMeasurementData'] = ({ range }, onBatch, signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DeviceError('CANCELLED', 'gone')));
      const give = async (...seconds: number[]): Promise<void> => {
        const batch: Batch = { head: HEAD, rows: seconds.map((second) => [T0 / 1000 + second]) };
        await onBatch(batch);
      };
      this.calls.push({ range, give, end: (partial = false) => resolve({ partial }), fail: reject });
    });
}

describe('readMeasurements', () => {
  let client: Client;
  let got: (string | null)[];

  beforeEach(() => {
    client = new Client();
    got = [];
  });

  function read(options: Partial<ReadOptions<'ct_response'>> = {}) {
    return readMeasurements(client, {
      measurement: 'ct_response',
      onRows: (rows) => void got.push(...rows.map(({ row }) => row.timestamp?.slice(11, 19) ?? null)),
      ...options,
    });
  }

  it('passes rows on while they arrive when there is no range', async () => {
    const progress: string[] = [];
    const done = read({ onProgress: (some, all) => progress.push(`${some}/${all}`) });
    await client.calls[0]?.give(1, 2);
    assert.deepEqual(got, ['00:00:01', '00:00:02']);
    client.calls[0]?.end(true);
    assert.deepEqual(await done, { rows: 2, partial: true });
    assert.deepEqual(progress, ['0/1', '1/1']);
    assert.equal(client.calls[0]?.range, undefined);
  });

  it('reads a long range in windows, several at a time, in order, and no row twice', async () => {
    const progress: string[] = [];
    const done = read({
      range: { start: T0, end: T0 + 4 * HOUR },
      ...{
        longest: HOUR,
        inFlight: 3,
        onProgress: (some: number, all: number) => progress.push(`${some}/${all}`),
      },
    });
    await settle();
    const [first, second, third] = client.calls;
    assert.equal(client.calls.length, 3);
    assert.deepEqual(second?.range, { start: T0 + HOUR, end: T0 + 2 * HOUR });
    // The server gives the end of a range too; the row belongs to the next window.
    await second.give(3600, 3700, 7200);
    second.end();
    await third?.give(7200);
    assert.deepEqual(got, []);
    await first?.give(0, 60);
    assert.deepEqual(got, ['00:00:00', '00:01:00'], 'the window whose turn it is does not wait for its end');
    await first?.give(3600, -1);
    first?.end();
    await settle();
    await third?.give(7300);
    assert.deepEqual(got, ['00:00:00', '00:01:00', '01:00:00', '01:01:40', '02:00:00', '02:01:40']);
    third?.end();
    await settle();
    client.calls[3]?.end();
    assert.deepEqual(await done, { rows: 6, partial: false });
    assert.deepEqual(progress, ['0/4', '1/4', '2/4', '3/4', '4/4']);
  });

  it('tells when a window is complete, in the order of the windows', async () => {
    const log: string[] = [];
    const done = read({
      range: { start: T0, end: T0 + 2 * HOUR },
      longest: HOUR,
      onRows: (rows) => void log.push(...rows.map(({ row }) => row.timestamp?.slice(11, 16) ?? '')),
      onWindow: () => void log.push('|'),
    });
    await settle();
    const [first, second] = client.calls;
    await second?.give(3600);
    second?.end();
    await settle();
    await first?.give(60);
    first?.end();
    await done;
    assert.deepEqual(log, ['00:01', '|', '01:00', '|']);
  });

  it('holds back a window that runs far ahead of its turn', async () => {
    const done = read({ range: { start: T0, end: T0 + 2 * HOUR }, longest: HOUR });
    await settle();
    const [first, second] = client.calls;
    const ahead = Array.from({ length: 21_000 }, (_, i) => 3600 + (i * 3600) / 21_000);
    let held = true;
    const giving = second?.give(...ahead).then(() => (held = false));
    await settle();
    assert.ok(held);
    first?.end();
    await giving;
    assert.equal(got.length, 21_000);
    second?.end();
    assert.equal((await done).rows, 21_000);
  });

  it('reads no faster than the rows are taken', async () => {
    let proceed = (): void => undefined;
    const done = read({ onRows: () => new Promise((resolve) => (proceed = resolve)) });
    let taken = false;
    const giving = client.calls[0]?.give(1).then(() => (taken = true));
    await settle();
    assert.ok(!taken);
    proceed();
    await giving;
    client.calls[0]?.end();
    await done;
  });

  it('ends with the error of a window after the rows before it, and cancels the others', async () => {
    const done = read({ range: { start: T0, end: T0 + 9 * HOUR }, longest: HOUR });
    await settle();
    const [first, second] = client.calls;
    second?.fail(new DeviceError('REJECTED', 'no'));
    await first?.give(5);
    first?.end();
    await failsWith(done, 'REJECTED');
    assert.deepEqual(got, ['00:00:05']);
  });

  it('cancels, also while a window waits for its turn', async () => {
    const abort = new AbortController();
    const done = read({ range: { start: T0, end: T0 + 2 * HOUR }, longest: HOUR, signal: abort.signal });
    await settle();
    void client.calls[1]?.give(...Array.from({ length: 21_000 }, () => 3600));
    await settle();
    abort.abort();
    await failsWith(done, 'CANCELLED');
  });

  it('keeps rows without a time', async () => {
    const done = read({ range: { start: T0, end: T0 + HOUR } });
    await settle();
    await client.calls[0]?.give(NaN, 1);
    client.calls[0]?.end();
    assert.equal((await done).rows, 2);
    assert.deepEqual(got, [null, '00:00:01']);
  });
});

describe('readMeasurements from a site', () => {
  it('gives the same rows however the server dresses them, and sessions that add up', async () => {
    let now = Date.UTC(2025, 5, 2);
    const start = now;
    const simulator = await startPowerflex({ now: () => now, step: 300, stations: 3 });
    const transport = new Transport();
    try {
      const { url, username, password, accId } = simulator;
      const client = new PowerflexClient({ url, username, password, accId }, transport);
      simulator.site.realTimeLoad = 0;
      now += 24 * HOUR;
      const read = async (longest?: number): Promise<CtResponseRow[]> => {
        const rows: CtResponseRow[] = [];
        const range = longest === undefined ? undefined : { start, end: now };
        await readMeasurements(client, {
          measurement: 'ct_response',
          onRows: (some) => void rows.push(...some.map(({ row }) => row)),
          ...(range ? { range, longest: longest ?? HOUR } : {}),
        });
        return rows;
      };
      const plain = await read();
      assert.equal(plain.length, 3 * 288);
      Object.assign(simulator.shape, { wrapped: true, time: 'rfc3339' });
      assert.deepEqual(await read(), plain);
      assert.deepEqual(await read(5 * HOUR), plain, 'in windows');
      Object.assign(simulator.shape, { tagged: true });
      const tagged = await read();
      const key = (row: CtResponseRow): string => `${row.timestamp}${row.evseAddress}`;
      const sort = (rows: CtResponseRow[]): CtResponseRow[] =>
        rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
      assert.deepEqual(sort(tagged), sort([...plain]));

      const builder = new SessionBuilder();
      for (const row of plain) builder.add({ row, time: Date.parse(row.timestamp ?? '') });
      const sessions = [...[...builder.flush()].flat(), ...builder.finish()];
      assert.ok(sessions.length >= 3, `${sessions.length} sessions`);
      for (const { energy, peakCurrent } of sessions) {
        assert.ok(energy !== null && energy >= 0 && energy <= 40_000);
        assert.ok(peakCurrent !== null && peakCurrent <= 32);
      }
      simulator.shape.error = 'database not found';
      await failsWith(read(), 'REJECTED');
    } finally {
      transport.close();
      await simulator.close();
    }
  });
});
