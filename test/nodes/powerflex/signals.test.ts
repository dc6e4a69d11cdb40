import assert from 'node:assert/strict';

import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import type { SimRequest } from '../../../simulators/support/server';
import { codeOf, LEVEL, type Message, type TestFlow, unloadFlow } from '../../support/flow';
import { flowNode, loadSite } from './support';

const isSet = ({ path }: SimRequest): boolean => path.startsWith('/set_');

describe('powerflex-dcm with external signals', () => {
  let sim: PowerflexSimulator;
  let flow: TestFlow;

  const load = async (node: Record<string, unknown>): Promise<void> => {
    flow = await loadSite(sim, [flowNode('powerflex-dcm', node)]);
  };
  const next = (feed: string, from = 0): Promise<Message> =>
    flow.at(feed).waitFor(() => true, feed, { from });
  const sets = (): unknown[] => sim.http.log.filter(isSet).map(({ body }) => JSON.parse(body) as unknown);
  const status = (pattern: RegExp): Promise<unknown> =>
    flow.statusOf('n').waitFor(({ text }) => pattern.test(text ?? ''), `status ${pattern}`);

  beforeEach(async () => {
    sim = await startPowerflex();
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const preset = {
    operation: 'set_external_signal',
    signalName: 'grid',
    maxLoad: '20',
    maxLoadUnit: 'kW',
    enabled: true,
  };

  it('sets one from a number of kW, or from its parts', async () => {
    await load(preset);
    flow.send('n', { payload: 12.5 });
    assert.deepEqual((await next('out')).payload, {
      name: 'grid',
      maxLoad: 12.5,
      maxLoadUnit: 'kW',
      enabled: true,
    });
    await status(/^12.5 kW$/);
    flow.send('n', { payload: { enabled: false } });
    assert.deepEqual((await next('out', 1)).payload, {
      name: 'grid',
      maxLoad: 20,
      maxLoadUnit: 'kW',
      enabled: false,
    });
    await status(/signalOff/);
    flow.send('n', { payload: { name: 'other', maxLoad: 100, maxLoadUnit: 'A' } });
    await next('out', 2);
    assert.deepEqual(sets(), [
      { max_load: 12.5, max_load_unit: 'kW', is_enabled: true, name: 'grid' },
      { max_load: 20, max_load_unit: 'kW', is_enabled: false, name: 'grid' },
      { max_load: 100, max_load_unit: 'A', is_enabled: true, name: 'other' },
    ]);
  });

  it('never takes a limit in a unit that nobody named', async () => {
    await load({ ...preset, maxLoadUnit: 'A' });
    flow.send('n', { payload: { maxLoad: 50 } });
    assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
    flow.send('n', { payload: { maxLoad: 50, maxLoadUnit: 'A' } });
    await next('out');
    assert.deepEqual(sets(), [{ max_load: 50, max_load_unit: 'A', is_enabled: true, name: 'grid' }]);
    flow.send('n', { payload: 30 });
    assert.equal(codeOf(await next('caught', 1)), 'INVALID_INPUT', 'a number is in kW');
  });

  for (const payload of [
    true,
    'on',
    '',
    null,
    undefined,
    [],
    NaN,
    -1,
    { maxLoad: '5' },
    { enabled: 'yes' },
    { name: '' },
    { maxload: 5 },
    { max_load: 5, max_load_unit: 'kW' },
    { power: 5000, timestamp: '2026-01-01T00:00:00Z' },
    { maxLoadUnit: 'A' },
  ]) {
    it(`refuses ${JSON.stringify(payload)} and sends nothing`, async () => {
      await load(preset);
      flow.send('n', { payload });
      assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
      assert.equal(sim.http.log.length, 0);
    });
  }

  it('says that the message names a unit and no limit of its own', async () => {
    await load(preset);
    flow.send('n', { payload: { maxLoadUnit: 'A' } });
    const { error } = await next('caught');
    assert.match((error as { message: string }).message, /another unit than the message/);
  });

  it('reads all, one by name, and the one of the dialog', async () => {
    await load({ operation: 'get_external_signal' });
    const signal = { name: 'grid', max_load: 5, max_load_unit: 'A', is_enabled: false };
    sim.site.signals.set('grid', signal);
    const held = { name: 'grid', maxLoad: 5, maxLoadUnit: 'A', enabled: false };
    flow.send('n', { payload: 1 });
    assert.deepEqual((await next('out')).payload, [held]);
    flow.send('n', { payload: { name: 'grid' } });
    assert.deepEqual((await next('out', 1)).payload, held);
    flow.send('n', { payload: { name: 'gone' } });
    assert.equal(codeOf(await next('caught')), 'NOT_FOUND');
  });

  for (const restoreAfter of ['an hour', '-5', true, '5 min']) {
    it(`sets no limit with ${restoreAfter} for the time until it is put back`, async () => {
      await load({ ...preset, restoreAfter });
      flow.send('n', { payload: 12 });
      assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
      assert.equal(sim.site.signals.get('grid'), undefined);
    });
  }

  it('puts back what was there before when no message follows', async () => {
    sim.site.signals.set('grid', { name: 'grid', max_load: 100, max_load_unit: 'kW', is_enabled: true });
    await load({ ...preset, restoreAfter: 0.005 });
    flow.send('n', { payload: 12 });
    await next('out');
    const restored = await next('out', 1);
    assert.equal(restored.restored, true);
    assert.deepEqual(restored.payload, { name: 'grid', maxLoad: 100, maxLoadUnit: 'kW', enabled: true });
    assert.equal(sim.site.signals.get('grid')?.max_load, 100);
  });

  it('tells a Catch node when somebody else has changed it, and leaves it alone', async () => {
    await load({ ...preset, restoreAfter: 0.005 });
    flow.send('n', { payload: 12 });
    await next('out');
    sim.site.signals.set('grid', { name: 'grid', max_load: 5, max_load_unit: 'kW', is_enabled: true });
    const caught = await next('caught');
    assert.equal(codeOf(caught), 'CONFLICT');
    assert.equal(caught.restored, false);
    assert.deepEqual(caught.payload, { name: 'grid' });
    assert.equal(sim.site.signals.get('grid')?.max_load, 5);
  });

  it('sets a limit with a restore beside a signal that nobody can read', async () => {
    sim.site.signals.set('odd', { name: 'odd', max_load: 1, max_load_unit: 'MW', is_enabled: true });
    await load({ ...preset, restoreAfter: 60 });
    flow.send('n', { payload: 12 });
    await next('out');
    assert.equal(sim.site.signals.get('grid')?.max_load, 12);
  });

  it('warns when it stops before it could put back', async () => {
    await load({ ...preset, restoreAfter: 60 });
    flow.send('n', { payload: 12 });
    await next('out');
    const node = flow.node('n');
    await new Promise<void>((resolve) => {
      void node.close(false).then(resolve);
    });
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg === 'log.restorePending'));
  });
});
