import assert from 'node:assert/strict';

import type { Notice } from '../../../lib/core/notices';
import { PowercontrollerCommands } from '../../../lib/powercontroller/commands';
import { wholeHistory } from '../../../lib/powercontroller/history';
import { commandRequest } from '../../../lib/powercontroller/input';
import { refreshed } from '../../../lib/powercontroller/refresh';
import { StatusMemory, StatusReader } from '../../../lib/powercontroller/watch';
import { systemClock } from '../../../lib/core/clock';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';
import { type Bench, hurried, startBench } from './support';

const NOW = Date.UTC(2025, 6, 1);
const MINE = '6ItNKFLm_mS';
const signal = new AbortController().signal;

/** whose a record says that it is, and whether it is believed */
const RECORDS: [string, Record<string, unknown>, boolean][] = [
  ['nobody', {}, true],
  ['null', { deviceId: null }, true],
  ['an empty text', { deviceId: '' }, true],
  ['this one', { deviceId: MINE }, true],
  ['this one as device', { device: MINE }, true],
  ['this one within device', { device: { id: MINE } }, true],
  ['nobody, with something of the device', { device: { sn: 'PC-1' } }, true],
  ['another one', { deviceId: 'other' }, false],
  ['one in other letters', { deviceId: MINE.toLowerCase() }, false],
  ['a number', { deviceId: 7 }, false],
  ['an endless text', { deviceId: MINE.repeat(100) }, false],
  ['an object', { deviceId: {} }, false],
  ['a name as device', { device: 'Boiler' }, true],
  ['another one within device', { device: { id: 'other' } }, false],
  ['another one, and this one as device', { deviceId: 'other', device: MINE }, false],
];

describe('a cloud that names another controller than the one that it was asked for', () => {
  let bench: Bench;
  let notices: Notice[];
  beforeEach(async () => {
    bench = await startBench(
      { startAt: NOW, historyDays: 1 },
      { onNotice: (notice) => notices.push(notice) },
    );
    notices = [];
  });
  afterEach(() => bench.close());

  /** What the cloud answers to this kind of request from now on. */
  const answer = (body: unknown, path: string): void => {
    bench.simulator.faults.clear();
    bench.simulator.faults.add({
      kind: 'body',
      body: JSON.stringify(body),
      match: (request) => request.path.endsWith(path),
    });
  };
  const record = (whose: Record<string, unknown>, i: number): Record<string, unknown> => ({
    id: `s${i}`,
    date: new Date(NOW - 60_000 + i).toISOString(),
    type: 'relay',
    reason: 'api',
    info: { on: true, current: 5 },
    ...whose,
  });
  const all = RECORDS.map(([, whose], i) => record(whose, i));
  const own = RECORDS.flatMap(([, , isOwn], i) => (isOwn ? [`s${i}`] : []));
  const foreign = { reason: 'powercontrollerForeignStatus', params: { device: MINE } };

  it('gives only the statuses of that one, and tells of the others once', async () => {
    answer({ statuses: all }, '/statuses');
    const { client } = bench;
    for (let i = 0; i < 2; i++) {
      const ids = (await client.statuses({ device: ` ${MINE} ` })).map(({ status: { id } }) => id);
      assert.deepEqual(ids, own);
    }
    assert.deepEqual(notices, [foreign]);
    const range = { start: NOW - 3_600_000, end: NOW };
    const history = await wholeHistory(client, MINE, range, { clock: hurried });
    assert.deepEqual(
      history.map(({ status: { id } }) => id),
      own,
    );
    const memory = new StatusMemory(MINE, { deviceId: MINE, newest: NOW - 7_200_000, seen: [] }, systemClock);
    const fresh = memory.admit(
      await new StatusReader(client, MINE, new FakeClock(NOW)).newOf(memory, signal),
    );
    assert.deepEqual(
      fresh.map(({ status: { id } }) => id),
      own,
    );
  });

  it('does not confirm a command by them', async () => {
    const { client, simulator } = bench;
    const commands = new PowercontrollerCommands(client);
    let i = 0;
    // Each look finds new ones.
    const next = (): unknown[] =>
      RECORDS.filter(([, , isOwn]) => !isOwn).map(([, whose]) => record(whose, i++));
    answer({ statuses: next() }, '/statuses');
    const running = commands.run(commandRequest('on'), MINE, { confirmWithin: 2500, signal });
    await simulator.http.nextRequest(({ path }) => path.endsWith('/command'));
    answer({ statuses: next() }, '/statuses');
    assert.equal((await failsWith(running, 'OUTCOME_UNKNOWN')).reason, 'powercontrollerNotConfirmed');
    assert.equal(simulator.carriedOut.length, 1);
  });

  for (const body of [
    { responseCodes: [102], deviceId: 'other' },
    { device: { id: 'other' } },
    { device: { id: MINE, deviceId: 'other' } },
    { status: { type: 'relay', deviceId: 'other' } },
    { command: { name: 'on', deviceId: 7 } },
  ]) {
    it(`does not take ${JSON.stringify(body)} for the acceptance of a command`, async () => {
      answer(body, '/command');
      const error = await failsWith(bench.client.send(commandRequest('on'), MINE), 'OUTCOME_UNKNOWN');
      assert.equal(error.reason, 'powercontrollerResponseNotUnderstood');
    });
  }

  it('is not believed about the device either', async () => {
    const { client } = bench;
    const status = { ...record({}, 0), state: 'Active' };
    answer({ device: { id: 'other', status } }, MINE);
    assert.equal((await failsWith(client.device(MINE), 'BAD_RESPONSE')).reason, 'powercontrollerOtherDevice');
    for (const [what, whose, isOwn] of RECORDS) {
      notices.length = 0;
      const told = { device: { id: MINE, status: { ...status, ...whose } } };
      const on = isOwn ? true : null;
      answer(told, MINE);
      const { device } = await bench.connect().device(MINE);
      assert.deepEqual([device.status.on, device.status.deviceId], [on, MINE], what);
      answer({ devices: [told] }, '/devices');
      const [listed] = await bench.connect().devices();
      assert.deepEqual([listed?.device.status.on, listed?.device.status.deviceId], [on, MINE], what);
      assert.deepEqual(notices, isOwn ? [] : [foreign, foreign], what);
    }
  });

  it('does not pass its status for the one that a controller was asked for', async () => {
    const { client, simulator } = bench;
    const status = record({}, 0);
    simulator.faults.add({
      kind: 'body',
      body: JSON.stringify({ device: { id: 'other', status } }),
      match: ({ path, method }) => method === 'POST' && path.endsWith('/status'),
    });
    const end = new AbortController();
    const asked = refreshed(client, MINE, end.signal);
    await simulator.http.nextRequest(({ path, method }) => method === 'POST' && path.endsWith('/status'));
    await simulator.http.nextRequest(({ path }) => path.endsWith('/statuses'));
    end.abort();
    await failsWith(asked, 'OUTCOME_UNKNOWN');
  });
});
