import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

import { rangeOf } from '../../../lib/core/recent-range';
import { sessionsOf } from '../../../lib/reports/session-input';
import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import { until } from '../../support/fake-clock';
import { codeOf, type Message, type TestFlow, unloadFlow } from '../../support/flow';
import { flowNode, loadSite } from './support';

const HOUR = 3_600_000;
const START = Date.UTC(2025, 5, 2);

type Rows = Record<string, unknown>[];

describe('powerflex-measurements', () => {
  let sim: PowerflexSimulator;
  let flow: TestFlow;

  const load = async (node: Record<string, unknown>): Promise<void> => {
    flow = await loadSite(sim, [flowNode('powerflex-measurements', { measurement: 'ct_response', ...node })]);
  };
  const next = (feed: string, from = 0): Promise<Message> =>
    flow.at(feed).waitFor(() => true, feed, { from });
  const complete = (): Promise<Message> =>
    flow.at('state').waitFor(({ payload }) => (payload as { complete: boolean }).complete, 'the end');
  const asked = (): unknown[] =>
    sim.http.log
      .filter(({ path }) => path === '/get_measurement_data')
      .map(({ body }) => JSON.parse(body) as unknown);
  const range = (hours: number): object => ({
    start: START,
    end: new Date(START + hours * HOUR).toISOString(),
  });

  beforeEach(async () => {
    let now = START;
    sim = await startPowerflex({ now: () => now, step: 600, stations: 2 });
    sim.site.realTimeLoad = 0;
    now += 24 * HOUR;
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  it('takes the topic of its own for a message without one', async () => {
    await load({ output: 'array' });
    flow.send('n', { payload: 'go', topic: '' });
    assert.equal((await next('out')).topic, 'Garage');
  });

  it('sends an array of typed rows, keeps the message, and reports the end', async () => {
    await load({ output: 'array' });
    const req = { url: '/x' };
    flow.send('n', { payload: 'go', topic: 'mine', req });
    const msg = await next('out');
    const rows = msg.payload as Rows;
    assert.equal(rows.length, 2 * 144);
    assert.deepEqual(
      [rows[0]?.timestamp, rows[0]?.accId, rows[0]?.voltage],
      ['2025-06-02T00:00:00.000Z', '02', 208],
    );
    assert.equal(msg.topic, 'mine');
    assert.equal((msg.req as { url: string }).url, '/x');
    assert.equal('raw' in msg, false);
    assert.equal((msg.device as { name: string }).name, 'Garage');
    const end = await complete();
    assert.deepEqual(end.payload, {
      ...{ measurement: 'ct_response', done: 1, total: 1, rows: 288, complete: true, partial: false },
    });
    await next('completed');
    assert.deepEqual(asked(), [{ measurement: 'ct_response' }]);
    assert.equal(flow.statusOf('n').items.at(-1)?.text, 'shown.rows');
  });

  it('includes the values as they came where that is wanted', async () => {
    await load({ output: 'array', raw: true });
    flow.send('n', {});
    const { payload, raw } = await next('out');
    assert.equal((raw as Rows).length, (payload as Rows).length);
    assert.deepEqual([(raw as Rows)[0]?.voltage, (raw as Rows)[0]?.acc_id], [208_000, '02']);
  });

  it('sends columns', async () => {
    await load({ output: 'columns', measurement: 'evse_response', raw: true });
    flow.send('n', { payload: {} });
    const { payload, raw } = await next('out');
    const columns = payload as Record<string, unknown[]>;
    assert.equal(columns.timestamp?.length, 288);
    assert.equal(columns.lastCurrent?.length, 288);
    assert.equal((raw as Rows).length, 288);
    sim.shape.error = null;
    flow.send('n', { payload: range(0) });
    const empty = (await next('out', 1)).payload as Record<string, unknown[]>;
    assert.deepEqual(Object.keys(empty), Object.keys(columns));
    assert.deepEqual(empty.timestamp, []);
  });

  it('sends a message a row, with parts that a join node understands', async () => {
    await load({ output: 'messages', rowsPerMessage: 1, raw: true });
    flow.send('n', { payload: range(2), own: { deep: [] } });
    await complete();
    const { items } = flow.at('out');
    assert.equal(items.length, 24);
    const parts = items.map(
      (msg) => msg.parts as { id: string; index: number; count?: number; type: string },
    );
    assert.deepEqual(
      parts.map(({ index }) => index),
      [...items.keys()],
    );
    assert.equal(new Set(parts.map(({ id }) => id)).size, 1);
    assert.deepEqual(
      parts.filter(({ count }) => count !== undefined).map(({ index, count }) => [index, count]),
      [[23, 24]],
    );
    assert.equal((items[0]?.raw as { voltage: number }).voltage, 208_000);
    assert.notEqual(items[0]?.own, items[1]?.own, 'what one flow changes must not reach another message');
    assert.equal((items[0]?.payload as { voltage: number }).voltage, 208);
  });

  it('sends several rows a message', async () => {
    await load({ output: 'messages', rowsPerMessage: 10, raw: true });
    flow.send('n', { payload: range(2) });
    await complete();
    const { items } = flow.at('out');
    assert.deepEqual(
      items.map(({ payload, raw }) => [(payload as Rows).length, (raw as Rows).length]),
      [
        [10, 10],
        [10, 10],
        [4, 4],
      ],
    );
    const last = items.at(-1)?.parts as Record<string, unknown>;
    assert.deepEqual([last.index, last.count, last.len], [2, 3, 10]);
  });

  for (const rowsPerMessage of [1, 2, 1000]) {
    it(`ends the sequence when there are no rows, ${rowsPerMessage} a message`, async () => {
      await load({ output: 'messages', rowsPerMessage });
      const outer = { id: 'o', type: 'array', index: 3, count: 7 };
      flow.send('n', { payload: { start: '2030-01-01', end: '2030-01-02' }, parts: outer });
      assert.equal(((await complete()).payload as { rows: number }).rows, 0);
      await next('completed');
      const [msg, ...more] = flow.at('out').items;
      assert.deepEqual(more, []);
      assert.deepEqual(msg?.payload, []);
      const { id, ...parts } = msg.parts as { id: string };
      assert.notEqual(id, 'o');
      // `join` puts lists together where `len` is above 1: of none it makes an empty one.
      assert.deepEqual(parts, {
        parts: outer,
        type: 'array',
        index: 0,
        count: 1,
        len: Math.max(2, rowsPerMessage),
      });
    });
  }

  it('keeps the sequence that a message belongs to inside its own', async () => {
    await load({ output: 'messages', rowsPerMessage: 10 });
    const outer = { id: 'o', type: 'array', index: 3, count: 7 };
    flow.send('n', { payload: range(2), parts: outer });
    await complete();
    const all = flow
      .at('out')
      .items.map(({ parts }) => parts as { parts: unknown; index: number; count?: number });
    assert(all.length > 1);
    for (const { parts } of all) assert.deepEqual(parts, outer);
    assert.equal(all.at(-1)?.count, all.length);
  });

  it('splits a long range, several requests at a time, with progress', async () => {
    await load({ output: 'array', windowHours: 2, inFlight: 3 });
    flow.send('n', { payload: range(8) });
    const rows = (await next('out')).payload as Rows;
    const times = rows.map(({ timestamp }) => String(timestamp));
    assert.equal(rows.length, 2 * 48);
    assert.deepEqual(times, [...times].sort());
    await complete();
    assert.deepEqual(
      flow.at('state').items.map(({ payload }) => {
        const { done, total } = payload as { done: number; total: number };
        return `${done}/${total}`;
      }),
      ['0/4', '1/4', '2/4', '3/4', '4/4'],
    );
    assert.equal(asked().length, 4);
    assert.deepEqual(asked()[0], {
      measurement: 'ct_response',
      time_filter: [START / 1000, START / 1000 + 7200],
    });
    assert.ok(sim.http.counters.maxInFlight <= 3);
  });

  it('reads the last hours that are set', async () => {
    await load({ output: 'array', hours: 48 });
    flow.send('n', { payload: { end: START + 2 * HOUR } });
    assert.equal(((await next('out')).payload as Rows).length, 24);
    flow.send('n', { payload: 1 });
    await next('out', 1);
    // The rows begin 22 hours after the day's begin, as they would if the server kept some back: that is asked.
    assert.equal(asked().length, 5, 'two days each, a day a request, and once for a rest');
  });

  it('means the range of the dialog by a message without one', async () => {
    const dialog = { range: 'lastMonth', days: 7, zone: 'Asia/Tokyo' } as const;
    await load({ output: 'array', windowHours: 744, ...dialog });
    const before = rangeOf(dialog.range, dialog.days, dialog.zone, Date.now());
    flow.send('n', { payload: 1 });
    await next('out');
    const [first] = asked() as { time_filter: [number, number] }[];
    const seconds = first?.time_filter.map((one) => one * 1000);
    // A month may have begun in between.
    const expected = [before, rangeOf(dialog.range, dialog.days, dialog.zone, Date.now())].map((one) => [
      one?.start,
      one?.end,
    ]);
    assert.ok(
      expected.some((one) => isDeepStrictEqual(one, seconds)),
      String(seconds),
    );
  });

  it('prefers the message to the range of the dialog, and an end alone is none', async () => {
    await load({ output: 'array', range: 'yesterday', hours: 48 });
    flow.send('n', { payload: range(2) });
    assert.equal(((await next('out')).payload as Rows).length, 24);
    flow.send('n', { payload: { end: START } });
    assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
  });

  it('refuses a zone that there is not', async () => {
    await load({ output: 'array', range: 'yesterday', zone: 'Europe/Nowhere' });
    flow.send('n', { payload: range(2) });
    assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
    assert.equal(sim.http.log.length, 0);
  });

  it('takes the measurement of the message', async () => {
    await load({ output: 'array' });
    flow.send('n', { payload: { measurement: 'evse_request' } });
    assert.ok('rampdownCurrent' in (((await next('out')).payload as Rows)[0] ?? {}));
  });

  for (const [payload, reason] of [
    [{ measurement: 'ct response' }, 'measurement'],
    [{ start: 'yesterday' }, 'time'],
    [{ start: 1_700_000_000 }, 'epoch seconds'],
    [{ start: START + 1, end: START }, 'a reversed range'],
    [{ end: START }, 'an end alone'],
  ] as const) {
    it(`refuses ${reason} and sends nothing`, async () => {
      await load({ output: 'array' });
      flow.send('n', { payload });
      assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
      assert.equal(sim.http.log.length, 0);
    });
  }

  it('makes charging sessions', async () => {
    await load({ output: 'array', sessions: true, windowHours: 6 });
    flow.send('n', { payload: range(24) });
    const sessions = (await next('out')).payload as Rows;
    assert.ok(sessions.length > 0);
    const [first] = sessions;
    assert.deepEqual(Object.keys(first ?? {}).slice(0, 5), [
      'start',
      'end',
      'startSeen',
      'endSeen',
      'energy',
    ]);
    assert.ok(Number(first?.energy) >= 0 && Number(first?.peakCurrent) <= 32);
    flow.send('n', { payload: { measurement: 'evse_request' } });
    assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
  });

  for (const output of ['array', 'columns'] as const) {
    it(`tells how the energy of a session grew, where it is wanted (${output})`, async () => {
      await load({ output, sessions: true, details: true, windowHours: 6 });
      flow.send('n', { payload: range(24) });
      const { payload } = await next('out');
      const { sessions, leftOut, bare } = sessionsOf(payload, 'site', 'UTC');
      assert.ok(sessions.length > 0);
      assert.deepEqual([leftOut, bare], [0, false]);
      for (const { stay } of sessions.filter((one) => one.stay.startSeen && one.stay.energy !== null)) {
        const counted = stay.course.at(-1)?.[1] ?? 0;
        assert.ok(Math.abs(counted - (stay.energy ?? 0)) <= 1, JSON.stringify(stay));
        assert.ok(stay.last !== null);
      }
    });
  }

  it('reports that the server left rows out', async () => {
    sim.shape.partial = true;
    await load({ output: 'array' });
    flow.send('n', {});
    assert.equal((await next('out')).partial, true);
    assert.equal(((await complete()).payload as { partial: boolean }).partial, true);
  });

  it('passes the database’s error on, and works again afterwards', async () => {
    sim.shape.error = 'timeout';
    await load({ output: 'array' });
    flow.send('n', {});
    assert.equal(codeOf(await next('caught')), 'REJECTED');
    assert.equal(flow.statusOf('n').items.at(-1)?.text, 'status.REJECTED');
    sim.shape.error = null;
    flow.send('n', {});
    await next('out');
  });

  it('gives one answer after the other', async () => {
    await load({ output: 'messages', rowsPerMessage: 1 });
    sim.faults.add({ kind: 'delay', ms: 50, times: 1, match: ({ path }) => path.startsWith('/get_m') });
    flow.send('n', { payload: range(1), n: 1 });
    flow.send('n', { payload: range(1), n: 2 });
    await flow.at('completed').waitFor(() => flow.at('completed').items.length === 2, 'both completed');
    assert.deepEqual(
      flow.at('out').items.map(({ n }) => n),
      [...Array<number>(12).fill(1), ...Array<number>(12).fill(2)],
    );
  });

  it('cancels what is under way when it closes', async () => {
    await load({ output: 'array' });
    sim.faults.add({ kind: 'hang', match: ({ path }) => path.startsWith('/get_m') });
    const arrived = sim.http.nextRequest(({ path }) => path.startsWith('/get_m'));
    flow.send('n', {});
    flow.send('n', {});
    await arrived;
    await unloadFlow();
    await until(() => sim.http.counters.inFlight === 0);
  });

  it('says that no site is chosen', async () => {
    await load({ output: 'array', site: 'gone' });
    flow.send('n', {});
    assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
  });
});
