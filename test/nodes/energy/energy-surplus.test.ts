import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { next, useUserFolder } from '../../support/energy-bench';
import {
  catching,
  errorOf,
  LEVEL,
  loadFlow,
  payloadOf,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const MODULES = [nodeSet('energy-surplus')];

const surplusNode = (settings: object = {}): Record<string, unknown> => ({
  ...{ id: 'node', z: 'tab', type: 'energy-surplus', name: 'heater', x: 100, y: 10 },
  ...{ power: 2000, onAfter: 1, offAfter: 1, zone: 'UTC', wires: [['one'], ['two']], ...settings },
});

describe('energy-surplus', () => {
  const folder = useUserFolder();
  const stateFile = (): string => join(folder(), 'energy-devices', 'node.json');

  const load = (...nodes: Record<string, unknown>[]): Promise<TestFlow> =>
    loadFlow(MODULES, [TAB, ...nodes, ...['one', 'two', 'three', 'four', 'caught'].map(sink), catching()]);

  it('switches on what has lasted, having written it before, and tells the next load what is left', async () => {
    const flow = await load(surplusNode());
    flow.send('node', { payload: { power: -2500 }, topic: 'grid', device: { id: 'meter-7' }, load: 0 });
    const off = await next(flow.at('one'));
    assert.deepEqual([off.payload, off.topic], [false, 'grid']);
    const left = await next(flow.at('two'));
    assert.deepEqual([payloadOf(left).power, payloadOf(left).why, left.load], [-500, 'lasting', undefined]);
    const { id, vendor, model, via } = left.device as Record<string, unknown>;
    assert.deepEqual([id, vendor, model, via], ['node', 'energy-devices', 'energy-surplus', 'meter-7']);
    const on = await next(flow.at('one'));
    assert.equal(on.payload, true);
    const kept = JSON.parse(await readFile(stateFile(), 'utf8')) as { state: { surplus: { on: boolean } } };
    assert.equal(kept.state.surplus.on, true);
  });

  it('shares by wiring: of one surplus only the first load takes', async () => {
    const flow = await load(
      surplusNode({ wires: [['one'], ['second', 'two']] }),
      surplusNode({ id: 'second', wires: [['three'], ['four']] }),
    );
    flow.send('node', { payload: { power: -2500 } });
    await flow.at('one').waitFor(({ payload }) => payload === true, 'the first load');
    flow.send('node', { payload: { power: -500 } });
    await flow.at('four').waitFor((msg) => payloadOf(msg).surplus === 500, 'what the second one sees');
    assert.deepEqual(
      flow.at('three').items.map(({ payload }) => payload),
      [false],
    );
    flow.send('node', { payload: { power: -2600 } });
    await flow.at('three').waitFor(({ payload }) => payload === true, 'the second load');
  });

  for (const [output, expected, off] of [
    ['power', { power: 2300 }, { power: 0 }],
    ['current', { current: 10 }, { current: 0 }],
    [
      'powerflex-dcm',
      { maxLoad: 2.3, maxLoadUnit: 'kW', enabled: true },
      { maxLoad: 0, maxLoadUnit: 'kW', enabled: true },
    ],
  ] as const) {
    it(`tells a load that is modulated its ${output}`, async () => {
      const settings = { kind: 'modulate', power: 1380, max: 7360, step: 230, output, minOn: 0 };
      const flow = await load(surplusNode(settings));
      flow.send('node', { payload: { power: -2500 } });
      assert.deepEqual((await next(flow.at('one'))).payload, off);
      assert.deepEqual((await next(flow.at('one'))).payload, expected);
      flow.send('node', { payload: { available: false } });
      assert.deepEqual((await next(flow.at('one'))).payload, off);
      await flow.at('two').waitFor((msg) => payloadOf(msg).available === false, 'that the meter is lost');
      assert.equal(flow.log(LEVEL.warn).filter(({ msg }) => msg.includes('energyStale')).length, 1);
    });
  }

  it('keeps the minimum on time over a restart, and asks for a reading before it tells anything', async () => {
    let flow = await load(surplusNode());
    flow.send('node', { payload: { power: -2500 } });
    await flow.at('one').waitFor(({ payload }) => payload === true, 'on');
    await unloadFlow();
    flow = await load(surplusNode({ onAfter: 5 }));
    flow.send('node', { load: 1900 });
    flow.send('node', { payload: { power: 4000 } });
    await flow
      .at('two')
      .waitFor((msg) => payloadOf(msg).why === 'minimum' || payloadOf(msg).why === 'missing', 'why');
    assert.deepEqual(
      flow.at('one').items.map(({ payload }) => payload),
      [true],
    );
  });

  it('rests first when what was kept is lost', async () => {
    let flow = await load(surplusNode());
    flow.send('node', { payload: { power: -2500 } });
    await flow.at('one').waitFor(({ payload }) => payload === true, 'on');
    await unloadFlow();
    await writeFile(stateFile(), '{"version":');
    flow = await load(surplusNode());
    const statuses = flow.statusOf('node');
    flow.send('node', { payload: { power: -2500 } });
    await flow.at('two').waitFor((msg) => payloadOf(msg).why === 'rest', 'why it does not start');
    assert.ok(statuses.items.length > 0);
  });

  it('tells its command again where that is wanted, and by a change alone else', async () => {
    const flow = await load(surplusNode());
    for (const power of [100, 200, 300]) {
      flow.send('node', { payload: { power } });
      await next(flow.at('two'));
    }
    assert.deepEqual(
      flow.at('one').items.map(({ payload }) => payload),
      [false],
    );
  });

  it('refuses what is no reading of a power, and changes nothing', async () => {
    const flow = await load(surplusNode());
    for (const msg of [
      { payload: 'on' },
      { payload: {} },
      { payload: { energyImport: 5 } },
      { payload: { power: 'nan' } },
      { payload: { power: 5, timestamp: 'yesterday' } },
      { payload: { power: 5 }, load: 'much' },
      { payload: { priceData: 'cheap' } },
      { payload: { power: -9000, priceData: [{ value: 1 }] } },
    ]) {
      flow.send('node', msg);
      assert.equal(errorOf(await next(flow.at('caught'))).code, 'INVALID_INPUT', JSON.stringify(msg));
    }
    assert.deepEqual([flow.at('one').items.length, flow.at('two').items.length], [0, 0]);
  });

  for (const [what, settings] of [
    ['a time that is none', { until: '25:00' }],
    ['a most below the least', { kind: 'modulate', power: 3000, max: 2000 }],
    [
      'no whole ampere between them',
      { kind: 'modulate', power: 100, max: 200, output: 'current', phases: 3 },
    ],
    ['a zone that nobody knows', { zone: 'Moon/Sea' }],
    ['a power that is no number', { power: 'much' }],
  ] as const) {
    it(`does nothing with ${what}`, async () => {
      const flow = await load(surplusNode(settings));
      flow.send('node', { payload: { power: -9000 } });
      assert.equal(errorOf(await next(flow.at('caught'))).code, 'INVALID_INPUT');
    });
  }
});
