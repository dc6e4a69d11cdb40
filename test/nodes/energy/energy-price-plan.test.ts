import assert from 'node:assert/strict';

import { iso, next, useUserFolder } from '../../support/energy-bench';
import {
  catching,
  errorOf,
  loadFlow,
  payloadOf,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const MODULES = [nodeSet('energy-price-plan')];
const HOUR = 3_600_000;

const planNode = (settings: object = {}): Record<string, unknown> => ({
  ...{ id: 'node', z: 'tab', type: 'energy-price-plan', name: 'boiler', x: 100, y: 10 },
  ...{ hours: 2, zone: 'UTC', wires: [['one'], ['two'], ['three']], ...settings },
});

/** Prices by the hour from the start of the local day on, the given ones from the running hour on. */
function pricesFromNow(...prices: number[]): { value: number; start: string; end: string }[] {
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  return prices.map((value, i) => ({ value, start: iso(now + i * HOUR), end: iso(now + (i + 1) * HOUR) }));
}

describe('energy-price-plan', () => {
  useUserFolder();

  const load = (node: Record<string, unknown>): Promise<TestFlow> =>
    loadFlow(MODULES, [TAB, node, ...['one', 'two', 'three', 'caught'].map(sink), catching()]);

  /** A window of the hours around now, whatever time of the day it is. */
  const around = (): { from: string; to: string } => {
    const clock = (ms: number): string => iso(ms).slice(11, 16);
    const now = Math.floor(Date.now() / HOUR) * HOUR;
    return { from: clock(now - HOUR), to: clock(now + 6 * HOUR) };
  };

  it('tells off, the plan and the schedule, and of the last only what changes', async () => {
    const flow = await load(planNode({ ...around(), schedule: true }));
    const prices = pricesFromNow(9, 5, 3, 2, 8, 8);
    flow.send('node', { payload: { priceData: prices } });
    assert.equal((await next(flow.at('one'))).payload, false);
    const plan = payloadOf(await next(flow.at('two')));
    assert.deepEqual([plan.on, plan.next], [false, prices[2]?.start]);
    const chart = plan.chart as { y: number; topic: string }[];
    assert.deepEqual(
      chart.filter(({ topic }) => topic === 'on').map(({ y }) => y),
      [3, 2],
    );
    const at = (i: number): number => Date.parse(prices[i]?.start ?? '') / 1000;
    const schedule = [
      { name: 'on', when: at(2) },
      { name: 'off', when: at(4) },
    ];
    assert.deepEqual((await next(flow.at('three'))).payload, { command: 'configure', schedule });

    flow.send('node', { payload: prices });
    flow.send('node', {
      payload: { command: 'configure', deviceId: 'x', accepted: true, responseCodes: [117], status: null },
    });
    flow.send('node', { payload: { id: 'x', configuration: { ffr: null, schedule } } });
    flow.send('node', { payload: pricesFromNow(9, 1, 3, 2, 8, 8) });
    const changed = payloadOf(await next(flow.at('three')));
    assert.deepEqual(changed.schedule, [
      { name: 'on', when: at(1) },
      { name: 'off', when: at(2) },
      { name: 'on', when: at(3) },
      { name: 'off', when: at(4) },
    ]);
    assert.equal(flow.at('three').items.length, 2);
    assert.equal(flow.at('one').items.length, 1);
  });

  it('ends a window at midnight on the day on which it began', async () => {
    const flow = await load(planNode({ from: '00:01', to: '00:00' }));
    flow.send('node', { payload: pricesFromNow(9, 5) });
    const { plans } = payloadOf(await next(flow.at('two'))) as { plans: { start: string; end: string }[] };
    const [first] = plans;
    assert.equal(Date.parse(first?.end ?? '') - Date.parse(first?.start ?? ''), 24 * HOUR - 60_000);
  });

  it('goes on after a restart, and writes no schedule that the controller holds', async () => {
    const settings = { ...around(), schedule: true };
    let flow = await load(planNode(settings));
    flow.send('node', { payload: pricesFromNow(9, 5, 3, 2, 8, 8) });
    await next(flow.at('three'));
    flow.send('node', { payload: { command: 'configure', accepted: true, responseCodes: [] } });
    flow.send('node', { payload: pricesFromNow(9, 5, 3, 2, 8, 7) });
    await next(flow.at('two'));
    await unloadFlow();
    flow = await load(planNode(settings));
    assert.equal((await next(flow.at('one'))).payload, false);
    assert.equal(payloadOf(await next(flow.at('two'))).on, false);
    assert.equal(flow.at('three').items.length, 0);
  });

  it('tells nothing before it knows anything, and then the table', async () => {
    const flow = await load(planNode({ fallback: [{ from: '00:00', to: '24:00', on: 1 }] }));
    const plan = payloadOf(await next(flow.at('two')));
    assert.equal((plan.plans as { fallback: boolean }[])[0]?.fallback, true);
    await unloadFlow();
    const empty = await load(planNode());
    empty.send('node', { payload: { id: 'x', configuration: { schedule: [] } } });
    empty.send('node', { payload: 'cheap' });
    await next(empty.at('caught'));
    assert.deepEqual([empty.at('one').items.length, empty.at('three').items.length], [0, 0]);
  });

  it('refuses what holds no prices', async () => {
    const flow = await load(planNode());
    for (const payload of [
      {},
      'on',
      5,
      Date.now(),
      { priceData: 'no' },
      [{ value: 'x', start: 1 }],
      [7],
      null,
    ]) {
      flow.send('node', { payload });
      const { code } = errorOf(await next(flow.at('caught')));
      assert.equal(code, 'INVALID_INPUT', JSON.stringify(payload));
    }
  });

  for (const [what, settings] of [
    ['a time that is none', { from: '7' }],
    ['no hours', { hours: 0 }],
    ['a price that cannot be read', { maxPrice: 'cheap' }],
    ['a table with a mistake', { fallback: [{ from: '1', to: '2', on: 1 }] }],
  ] as const) {
    it(`does nothing with ${what}`, async () => {
      const flow = await load(planNode(settings));
      flow.send('node', { payload: pricesFromNow(1) });
      assert.equal(errorOf(await next(flow.at('caught'))).code, 'INVALID_INPUT');
      assert.equal(flow.at('one').items.length, 0);
    });
  }
});
