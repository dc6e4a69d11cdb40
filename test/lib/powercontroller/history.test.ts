import assert from 'node:assert/strict';

import { parseRange } from '../../../lib/core/windows';
import { history, wholeHistory } from '../../../lib/powercontroller/history';
import type { StatusQuery } from '../../../lib/powercontroller/client';
import type { StatusResponse } from '../../../lib/powercontroller/status';
import type { SimRequest } from '../../../simulators/support/server';
import { noise } from '../../../simulators/support/random';
import { failsWith } from '../../support/expect-error';
import { type Bench, startBench } from './support';

const DAY = 86_400_000;
const QUARTER = 900_000;
const NOW = Date.UTC(2025, 6, 1);
const YEAR = { start: NOW - 365 * DAY, end: NOW };

describe('history', () => {
  let bench: Bench;
  before(async () => (bench = await startBench({ startAt: NOW, historyDays: 366 })));
  beforeEach(() => bench.simulator.clear());
  after(() => bench.close());

  it('brings a year of quarter hours complete, in order and each once, through drops and 503s', async () => {
    const { client, simulator } = bench;
    const seed = 20_250_701;
    const tries = new Map<string, number>();
    const lots = new WeakMap<SimRequest, number>();
    /** 0 to 1, drawn once a request, the same in every run; the last try of a window always succeeds. */
    const lotOf = (request: SimRequest): number => {
      const drawn = lots.get(request);
      if (drawn !== undefined) return drawn;
      const start = request.query.get('date[start]');
      const attempt = start === null ? 5 : (tries.get(start) ?? 0);
      const lot = attempt >= 5 ? 1 : noise(seed + attempt, Date.parse(start ?? '') / DAY);
      if (start !== null) tries.set(start, attempt + 1);
      lots.set(request, lot);
      return lot;
    };
    // Every second try fails, in four ways.
    const unlucky =
      (from: number) =>
      (request: SimRequest): boolean =>
        lotOf(request) >= from && lotOf(request) < from + 0.125;
    simulator.faults.add({ kind: 'reset', match: unlucky(0) });
    simulator.faults.add({ kind: 'status', status: 503, match: unlucky(0.125) });
    simulator.faults.add({ kind: 'truncate', match: unlucky(0.25) });
    simulator.faults.add({
      kind: 'status',
      status: 429,
      headers: { 'Retry-After': '0' },
      match: unlucky(0.375),
    });

    const progress: string[] = [];
    const all = await wholeHistory(client, simulator.deviceId, YEAR, {
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
    const times = all.map(({ status }) => Date.parse(status.timestamp ?? ''));
    assert.equal(all.length, 35_040, `seed ${seed}`);
    assert.ok(
      times.every((time, i) => time === YEAR.start + i * QUARTER),
      'every quarter hour, in order',
    );
    assert.equal(new Set(all.map(({ status }) => status.id)).size, 35_040);
    assert.equal(progress.at(-1), '37/37');
    assert.equal(progress[0], '0/37');
    const requests = [...tries.values()].reduce((sum, n) => sum + n, 0);
    assert.ok(requests > 50, `37 windows took ${requests} requests, seed ${seed}`);
    assert.ok(simulator.http.counters.maxInFlight <= 4);
  });

  it('hands on window by window and never asks for more than ten days', async () => {
    const { client, simulator } = bench;
    const from = simulator.http.log.length;
    const sizes: number[] = [];
    const range = { start: NOW - 25 * DAY, end: NOW };
    for await (const { data, index, total } of history(client, simulator.deviceId, range, { inFlight: 2 })) {
      assert.equal(total, 3);
      assert.equal(index, sizes.length);
      sizes.push(data.length);
    }
    assert.deepEqual(sizes, [960, 960, 480]);
    for (const { query } of simulator.http.log.slice(from)) {
      const span = Date.parse(query.get('date[end]') ?? '') - Date.parse(query.get('date[start]') ?? '');
      assert.ok(span <= 10 * DAY);
    }
  });

  it('brings a record on a window’s edge once, even when the server gives it on both sides', async () => {
    const { client, simulator } = bench;
    const edge = NOW - 10 * DAY;
    const range = { start: NOW - 20 * DAY, end: NOW };
    const whole = await wholeHistory(client, simulator.deviceId, range);
    const time = ({ status }: StatusResponse): number => Date.parse(status.timestamp ?? '');
    const generous = {
      statuses: ({ start = 0, end = 0 }: StatusQuery) =>
        Promise.resolve(whole.filter((item) => time(item) >= start && time(item) <= end).reverse()),
    };
    assert.equal(whole.length, 20 * 96);
    assert.deepEqual(await wholeHistory(generous, simulator.deviceId, range), whole);
    assert.equal(whole.filter((item) => time(item) === edge).length, 1);

    const first = await wholeHistory(client, simulator.deviceId, { start: edge, end: edge + 1 });
    assert.equal(first.length, 1, 'the start is included');
    const none = await wholeHistory(bench.client, simulator.deviceId, {
      start: edge + 1,
      end: edge + QUARTER,
    });
    assert.equal(none.length, 0, 'the end is not');
  });

  it('waits for a window as long as the server asks, where that is allowed', async () => {
    const { client, simulator } = bench;
    const range = { start: NOW - DAY, end: NOW };
    for (const longestWait of [60_000, undefined]) {
      const headers = { 'Retry-After': '60' };
      simulator.faults.add({ kind: 'status', status: 429, headers, times: 1 });
      const options = longestWait === undefined ? {} : { longestWait };
      const all = wholeHistory(client, simulator.deviceId, range, options);
      if (longestWait === undefined) await failsWith(all, 'RATE_LIMITED');
      else assert.equal((await all).length, 96);
    }
  });

  it('takes a range of one second and an empty one, and refuses one that runs backwards', async () => {
    const { client, simulator } = bench;
    const device = simulator.deviceId;
    const from = simulator.http.log.length;
    assert.deepEqual(await wholeHistory(client, device, { start: NOW, end: NOW }), []);
    assert.equal(simulator.http.log.length, from, 'an empty range asks for nothing');
    assert.equal(
      (await wholeHistory(client, device, { start: NOW - QUARTER, end: NOW - QUARTER + 1000 })).length,
      1,
    );
    assert.throws(() => parseRange(NOW, NOW - 1), { code: 'INVALID_INPUT' });
  });

  it('counts days of daylight-saving changes as they are: in UTC', async () => {
    const { client, simulator } = bench;
    const days = [
      ['2025-03-30T00:00:00+01:00', '2025-03-31T00:00:00+02:00', 23 * 4],
      ['2024-10-27T00:00:00+02:00', '2024-10-28T00:00:00+01:00', 25 * 4],
      ['2025-03-30', '2025-03-31', 24 * 4],
    ] as const;
    for (const [start, end, count] of days) {
      const list = await wholeHistory(client, simulator.deviceId, parseRange(start, end));
      assert.equal(list.length, count, start);
    }
  });

  it('gives up with the reason when a window cannot be had', async () => {
    const { client, simulator } = bench;
    simulator.faults.add({
      kind: 'status',
      status: 500,
      match: ({ query }) => query.get('date[start]')?.startsWith('2025-06-21') ?? false,
    });
    const range = { start: NOW - 20 * DAY, end: NOW };
    await failsWith(wholeHistory(client, simulator.deviceId, range), 'BAD_RESPONSE');
  });

  it('ends at once when it is cancelled', async () => {
    const { client, simulator } = bench;
    simulator.faults.add({ kind: 'hang', match: ({ path }) => path === '/v1/statuses' });
    const abort = new AbortController();
    const all = wholeHistory(client, simulator.deviceId, YEAR, { signal: abort.signal });
    await simulator.http.nextRequest();
    abort.abort();
    await failsWith(all, 'CANCELLED');
  });
});
