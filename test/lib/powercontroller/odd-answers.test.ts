import assert from 'node:assert/strict';

import type { Notice } from '../../../lib/core/notices';
import type { TimeRange } from '../../../lib/core/windows';
import type { StatusQuery } from '../../../lib/powercontroller/client';
import { wholeHistory } from '../../../lib/powercontroller/history';
import {
  inOrder,
  normaliseStatus,
  parseStatuses,
  type StatusResponse,
} from '../../../lib/powercontroller/status';
import { StatusMemory, StatusReader } from '../../../lib/powercontroller/watch';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';
import { type Bench, startBench } from './support';

const DAY = 86_400_000;
const QUARTER = 900_000;
const NOW = Date.UTC(2025, 6, 1);
const RANGE = { start: NOW - 30 * DAY, end: NOW };

describe('odd answers of the Power Controller', () => {
  let bench: Bench;
  let notices: Notice[];
  beforeEach(async () => {
    bench = await startBench({ startAt: NOW, historyDays: 3 });
    notices = [];
  });
  afterEach(() => bench.close());

  const good = { id: 'good', date: '2025-06-30T00:00:00Z', type: 'update', info: { on: true } };
  const odd = [null, 7, 'x', [], {}, { foo: 1 }, { id: null, info: null }];

  it('cost the status, are named once, and never the list', async () => {
    const { simulator, connect } = bench;
    const client = connect({ onNotice: (notice) => notices.push(notice) });
    for (const body of [
      [...odd, good],
      { statuses: [...odd, good] },
      { statuses: [...odd, { status: good }] },
    ]) {
      simulator.faults.clear();
      await client.devices();
      simulator.faults.add({ kind: 'body', body: JSON.stringify(body) });
      const responses = await client.statuses({ device: simulator.deviceId });
      assert.deepEqual(
        responses.map(({ status: { id, on } }) => [id, on]),
        [['good', true]],
      );
    }
    assert.deepEqual(
      notices,
      odd.map((_, i) => ({ reason: 'powercontrollerStatus', params: { position: i + 1 } })),
    );
  });

  it('cost the device, are named once, and never the list', async () => {
    const { simulator, connect } = bench;
    const client = connect({ token: simulator.token, onNotice: (notice) => notices.push(notice) });
    const list = [null, 7, {}, { device: null }, { device: { id: '' } }, { id: 'x'.repeat(200) }];
    for (const body of [
      { devices: [...list, { device: { id: 'a' } }, { id: 5 }] },
      [...list, { id: 'a' }, { id: 5 }],
    ]) {
      simulator.faults.clear();
      simulator.faults.add({ kind: 'body', body: JSON.stringify(body) });
      const responses = await client.devices();
      assert.deepEqual(
        responses.map(({ device: { id } }) => id),
        ['a', '5'],
      );
    }
    assert.deepEqual(
      notices,
      list.map((_, i) => ({ reason: 'powercontrollerDevice', params: { position: i + 1 } })),
    );
  });

  it('may hold null for an empty list, a bare nan, a mark before and NUL behind', async () => {
    const { simulator, connect } = bench;
    const client = connect({ token: simulator.token });
    const device = simulator.deviceId;
    const ask = async (body: string): Promise<StatusResponse[]> => {
      simulator.faults.clear();
      simulator.faults.add({ kind: 'body', body });
      return client.statuses({ device });
    };
    assert.deepEqual(await ask('{"statuses":null}'), []);
    assert.deepEqual(await ask('null'), []);
    const [response] = await ask('\ufeff[{"id":"a","info":{"current":nan,"voltage":230,"power":-inf}}]\0\0');
    assert.deepEqual(
      [response?.status.current, response?.status.voltage, response?.status.energy],
      [null, 230, null],
    );
    simulator.faults.clear();
    simulator.faults.add({ kind: 'body', body: '{"devices":null}' });
    assert.deepEqual(await client.devices(), []);
  });

  for (const [name, body, reason] of [
    ['32 MB of {}', `[${'{},'.repeat(11_000_000)}{}]`, 'tooLong'],
    ['2 MB of {}', `[${'{},'.repeat(600_000)}{}]`, 'tooMuch'],
    ['20,001 statuses', JSON.stringify(Array(20_001).fill({ id: 'a' })), 'tooMuch'],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, 'tooDeep'],
  ] as const) {
    it(`are refused when they are ${name}`, async () => {
      const { simulator, connect } = bench;
      const client = connect({ token: simulator.token });
      simulator.faults.add({ kind: 'body', body });
      const error = await failsWith(client.statuses({ device: simulator.deviceId }), 'BAD_RESPONSE');
      assert.equal(error.reason, reason);
    });
  }

  it('are refused when they list more than 10,000 devices', async () => {
    const { simulator, connect } = bench;
    const client = connect({ token: simulator.token });
    simulator.faults.add({ kind: 'body', body: JSON.stringify(Array(10_001).fill({ id: 'a' })) });
    assert.equal((await failsWith(client.devices(), 'BAD_RESPONSE')).reason, 'tooMuch');
  });
});

describe('the date of a status', () => {
  const table: [unknown, string | null][] = [
    ['2025-06-30T12:00:00Z', '2025-06-30T12:00:00.000Z'],
    ['2025-06-30 12:00:00', '2025-06-30T12:00:00.000Z'],
    ['2025-06-30t12:00:00z', '2025-06-30T12:00:00.000Z'],
    ['2025-06-30T14:00:00+02:00', '2025-06-30T12:00:00.000Z'],
    [1_751_284_800, '2025-06-30T12:00:00.000Z'],
    [1_751_284_800_000, '2025-06-30T12:00:00.000Z'],
    ['1751284800000', '2025-06-30T12:00:00.000Z'],
    [1_751_284_800_000_000, '2025-06-30T12:00:00.000Z'],
    [0, null],
    ['1970-01-01T00:00:00Z', null],
    [1e20, null],
    ['June 30, 2025', null],
    [null, null],
    [{}, null],
  ];
  for (const [date, timestamp] of table) {
    it(`${JSON.stringify(date)} is ${String(timestamp)}`, () =>
      assert.equal(normaliseStatus({ date }).timestamp, timestamp));
  }
});

/** A cloud with these records that gives so many at most. */
class Cloud {
  requests: StatusQuery[] = [];
  constructor(
    public records: readonly Record<string, unknown>[],
    private readonly most = Infinity,
    private readonly which: 'oldest' | 'newest' = 'newest',
  ) {}

  readonly statuses = (query: StatusQuery): Promise<StatusResponse[]> => {
    this.requests.push(query);
    const { start = NOW - 2 * DAY, end = Infinity } = query;
    const found = this.records.filter(({ date }) => {
      const time = typeof date === 'string' && date !== 'yesterday' ? Date.parse(date) : start;
      return time >= start && time < end;
    });
    const page = this.which === 'oldest' ? found.slice(0, this.most) : found.slice(-this.most).reverse();
    return Promise.resolve(parseStatuses(page));
  };
}

const quarters = ({ start, end }: TimeRange): Record<string, unknown>[] =>
  Array.from({ length: (end - start) / QUARTER }, (_, i) => ({
    id: `q${i}`,
    date: new Date(start + i * QUARTER).toISOString(),
  }));

describe('a history', () => {
  const clock = new FakeClock(NOW);
  for (const most of [50, 100, 500, 777, 955, 1000]) {
    for (const which of ['oldest', 'newest'] as const) {
      it(`is whole from a server that gives the ${most} ${which}, in order and each once`, async () => {
        const cloud = new Cloud(quarters(RANGE), most, which);
        const all = await wholeHistory(cloud, 'dev', RANGE, { clock });
        assert.deepEqual(
          all.map(({ status }) => status.id),
          quarters(RANGE).map(({ id }) => id),
        );
      });
    }
  }

  it('has a status without a time once, however many windows it comes with', async () => {
    const timeless = [
      { id: 't' },
      { type: 'relay', info: { on: true } },
      { type: 'relay', date: 'yesterday' },
    ];
    const cloud = new Cloud([...quarters(RANGE), ...timeless]);
    const all = await wholeHistory(cloud, 'dev', RANGE, { clock });
    assert.equal(all.length, 30 * 96 + 3);
    assert.equal(all.filter(({ status }) => status.timestamp === null).length, 3);
  });

  it('asks in smaller windows where an answer is longer than what is parsed as a whole', async () => {
    const bench = await startBench({ startAt: NOW, historyDays: 30 });
    const { client, simulator } = bench;
    const long = 'x'.repeat(3 * 1024 * 1024);
    const isLong = ({ query }: { query: URLSearchParams }): boolean =>
      Date.parse(query.get('date[end]') ?? '') - Date.parse(query.get('date[start]') ?? '') > 4 * DAY;
    simulator.faults.add({ kind: 'body', body: `["${long}"]`, match: isLong });
    const all = await wholeHistory(client, simulator.deviceId, RANGE);
    assert.equal(all.length, 30 * 96);
    await bench.close();
  });

  it('gives up when even a minute is too much', async () => {
    const bench = await startBench({ startAt: NOW, historyDays: 1 });
    const { client, simulator } = bench;
    await client.devices();
    simulator.faults.add({ kind: 'body', body: `[${'{},'.repeat(300_000)}{}]` });
    const before = simulator.http.log.length;
    const error = await failsWith(
      wholeHistory(client, simulator.deviceId, RANGE, { inFlight: 1 }),
      'BAD_RESPONSE',
    );
    assert.equal(error.reason, 'tooMuch');
    assert.ok(simulator.http.log.length - before < 40);
    await bench.close();
  });
});

describe('a watch', () => {
  const clock = new FakeClock(NOW);

  it('tells a status without a date once, however long it keeps coming', () => {
    const memory = new StatusMemory('dev', { deviceId: 'dev', newest: NOW, seen: [] }, clock);
    const timeless = parseStatuses([{ id: 't', type: 'relay' }]);
    let told = memory.admit(timeless).length;
    for (let hour = 1; hour < 200; hour++) {
      const date = new Date(NOW + hour * 3_600_000).toISOString();
      const again = new StatusMemory('dev', JSON.parse(JSON.stringify(memory.state)), clock);
      told += again.admit([...timeless, ...parseStatuses([{ id: `h${hour}`, date }])]).length - 1;
      told += memory.admit([...timeless, ...parseStatuses([{ id: `h${hour}`, date }])]).length - 1;
    }
    assert.equal(told, 1);
  });

  for (const which of ['oldest', 'newest'] as const) {
    it(`finds all that is new with a server that gives the 100 ${which}`, async () => {
      const cloud = new Cloud(quarters({ start: NOW - 8 * DAY, end: NOW }), 100, which);
      const memory = new StatusMemory('dev', { deviceId: 'dev', newest: NOW - 8 * DAY, seen: [] }, clock);
      const reader = new StatusReader(cloud, 'dev', clock);
      const { signal } = new AbortController();
      const told = memory.admit(await reader.newOf(memory, signal));
      assert.equal(told.length, 8 * 96);
      assert.deepEqual(inOrder(told), told);
      await reader.newOf(memory, signal);
      const before = cloud.requests.length;
      assert.deepEqual(memory.admit(await reader.newOf(memory, signal)), []);
      assert.equal(cloud.requests.length, before + 1, 'a silent controller gets one request a reading');
    });
  }
});
