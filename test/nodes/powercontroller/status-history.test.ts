import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

import type { NodeInitializer } from 'node-red';

import { rangeOf } from '../../../lib/core/recent-range';
import { type PowercontrollerSimulator, startPowercontroller } from '../../../simulators/powercontroller';
import { codeOf, type Message, type TestFlow, unloadFlow } from '../../support/flow';
import { type Json, loadWith, node } from './support';

const DAY = 86_400_000;
const NOW = Date.UTC(2025, 6, 1);

describe('powercontroller-status: history', () => {
  let sim: PowercontrollerSimulator;
  let flow: TestFlow;

  beforeEach(async () => (sim = await startPowercontroller({ startAt: NOW, historyDays: 60 })));
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const load = async (more: Json = {}): Promise<TestFlow> =>
    (flow = await loadWith(sim, [node('status', { operation: 'history', deviceId: sim.deviceId, ...more })]));
  const out = (): Promise<Message> => flow.at('out').waitFor(() => true, 'message');
  const caught = (): Promise<Message> => flow.at('caught').waitFor(() => true, 'error');
  const shown = (fill: string): Promise<unknown> =>
    flow.statusOf('n').waitFor((status) => (status as Json).fill === fill, fill);
  const range = { start: NOW - 25 * DAY, end: NOW };

  it('sends one array in the order of time, and shows its progress', async () => {
    await load({ inFlight: 2, raw: true });
    flow.send('n', { payload: range, other: 1 });
    const msg = await out();
    const list = msg.payload as { timestamp: string }[];
    assert.equal(list.length, 25 * 96);
    assert.equal((msg.raw as unknown[]).length, 25 * 96);
    assert.deepEqual(
      list.map(({ timestamp }) => timestamp),
      list.map((_, i) => new Date(range.start + i * 900_000).toISOString()),
    );
    assert.equal(msg.other, 1);
    assert.equal('parts' in msg, false);
    const states = flow.statusOf('n').items.map((status) => (status as Json).text);
    assert.deepEqual(
      states.filter((text) => String(text).includes('/')),
      ['0/3', '1/3', '2/3', '3/3'],
    );
    assert.equal(((await shown('green')) as Json).text, 'n = 2400');
    assert.ok(sim.http.counters.maxInFlight <= 2);
  });

  it('sends a message a window, which a join node puts together', async () => {
    const join = { id: 'join', type: 'join', z: 'tab', x: 1, y: 1, mode: 'auto', wires: [['state']] };
    const status = node('status', {
      operation: 'history',
      output: 'windows',
      deviceId: sim.deviceId,
      wires: [['out', 'join'], []],
    });
    const core = (await import(require.resolve('@node-red/nodes/core/sequence/17-split.js'))) as {
      default: NodeInitializer;
    };
    flow = await loadWith(sim, [status, join], { token: sim.token }, {}, [core.default]);
    flow.send('n', { payload: range, parts: { id: 'outer' } });
    const joined = await flow.at('state').waitFor(() => true, 'joined');
    assert.equal((joined.payload as unknown[]).length, 25 * 96);
    const sizes = flow
      .at('out')
      .items.map((msg) => [(msg.payload as unknown[]).length, (msg.parts as Json).index]);
    assert.deepEqual(sizes, [
      [960, 0],
      [960, 1],
      [480, 2],
    ]);
    assert.deepEqual((flow.at('out').items[0]?.parts as Json).parts, { id: 'outer' });
  });

  it('answers an empty range with nothing in it', async () => {
    await load({ output: 'windows' });
    flow.send('n', { payload: { start: NOW, end: NOW } });
    const msg = await out();
    assert.deepEqual(msg.payload, []);
    assert.equal((msg.parts as Json).count, 1);
    assert.equal(sim.http.counters.requests, 0);
  });

  it('ends at the present when no end is given', async () => {
    await load();
    flow.send('n', { payload: { start: Date.now() - 1000 } });
    assert.deepEqual((await out()).payload, []);
  });

  it('is stopped by a message, with what waits behind it', async () => {
    await load();
    sim.faults.add({ kind: 'hang' });
    flow.send('n', { payload: range, n: 1 });
    flow.send('n', { payload: range, n: 2 });
    await sim.http.nextRequest();
    flow.send('n', { payload: { cancel: true } });
    const second = await flow.at('caught').waitFor((msg) => msg.n === 2, 'the second');
    assert.equal(codeOf(second), 'CANCELLED');
    assert.equal(flow.at('caught').items.length, 2);
    sim.faults.clear();
    flow.send('n', { payload: { start: NOW - DAY, end: NOW } });
    assert.equal(((await out()).payload as unknown[]).length, 96);
    flow.send('n', { cancel: true });
    await flow.at('completed').waitFor((msg) => msg.cancel === true, 'a cancel with nothing to cancel');
  });

  it('is stopped by closing', async () => {
    await load();
    sim.faults.add({ kind: 'hang' });
    flow.send('n', { payload: range });
    flow.send('n', { payload: range });
    await sim.http.nextRequest();
    await unloadFlow();
    assert.ok(sim.http.counters.requests <= 3);
  });

  for (const payload of [undefined, {}, 1_764_451_700_000, 'go', []]) {
    it(`means the range of the dialog by ${JSON.stringify(payload)}`, async () => {
      const dialog = { range: 'yesterday', days: 7, zone: 'America/New_York' } as const;
      await load(dialog);
      const before = rangeOf(dialog.range, dialog.days, dialog.zone, Date.now());
      flow.send('n', { payload });
      await out();
      const { path, query } = sim.http.log[0] ?? assert.fail('nothing was asked');
      assert.equal(path, '/v1/statuses');
      const asked = ['start', 'end'].map((name) => Date.parse(query.get(`date[${name}]`) ?? ''));
      // A day may have begun in between.
      const expected = [before, rangeOf(dialog.range, dialog.days, dialog.zone, Date.now())].map((one) => [
        one?.start,
        one?.end,
      ]);
      assert.ok(
        expected.some((one) => isDeepStrictEqual(one, asked)),
        String(asked),
      );
    });
  }

  it('prefers the message to the range of the dialog', async () => {
    await load({ range: 'lastMonth' });
    flow.send('n', { payload: { start: NOW - DAY, end: NOW } });
    assert.equal(((await out()).payload as unknown[]).length, 96);
  });

  for (const payload of [{ end: NOW }, { start: null }, { start: 'yesterday' }]) {
    it(`takes nothing of the dialog for ${JSON.stringify(payload)}`, async () => {
      await load({ range: 'days', days: 3 });
      flow.send('n', { payload });
      assert.equal(codeOf(await caught()), 'INVALID_INPUT');
      assert.equal(sim.http.counters.requests, 0);
    });
  }

  it('says at once that a zone is none', async () => {
    await load({ range: 'days', days: 3, zone: 'Europe/Nowhere' });
    assert.equal(((await shown('red')) as Json).text, 'status.unconfigured');
    flow.send('n', { payload: range });
    assert.equal(codeOf(await caught()), 'INVALID_INPUT');
  });

  for (const payload of [
    undefined,
    {},
    { start: 'yesterday' },
    { start: NOW, end: NOW - 1 },
    { start: NOW / 1000, end: NOW },
  ]) {
    it(`refuses ${JSON.stringify(payload)}`, async () => {
      await load();
      flow.send('n', { payload });
      assert.equal(codeOf(await caught()), 'INVALID_INPUT');
      assert.equal(sim.http.counters.requests, 0);
    });
  }

  it('has a red ring without an account', async () => {
    await load({ account: '' });
    assert.equal(((await shown('red')) as Json).text, 'status.unconfigured');
    flow.send('n', { payload: range });
    assert.equal(codeOf(await caught()), 'INVALID_INPUT');
  });
});
