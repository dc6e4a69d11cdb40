import assert from 'node:assert/strict';

import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import { until } from '../../support/fake-clock';
import { LEVEL, type Message, type TestFlow, unloadFlow } from '../../support/flow';
import { MemoryCluster } from '../../support/memory-cluster';
import { flowNode, loadSite } from '../powerflex/support';

const HOUR = 3_600_000;

describe('a limit that is to be put back, where several instances share the work', () => {
  let sim: PowerflexSimulator;
  let cluster: MemoryCluster;
  let flow: TestFlow;

  /** Begins an instance: the one before it has ended. */
  const load = async (restoreAfter: number): Promise<void> => {
    const preset = { operation: 'set_external_signal', signalName: 'grid', maxLoad: '20', maxLoadUnit: 'kW' };
    flow = await loadSite(sim, [flowNode('powerflex-dcm', { ...preset, enabled: true, restoreAfter })]);
  };
  const next = (feed: string, from = 0): Promise<Message> =>
    flow.at(feed).waitFor(() => true, feed, { from });
  const sets = (): unknown[] =>
    sim.http.log
      .filter(({ path }) => path.startsWith('/set_'))
      .map(({ body }) => (JSON.parse(body) as { max_load: unknown }).max_load);
  const warnings = (): string[] => flow.log(LEVEL.warn).map(({ msg }) => msg);
  const pending = (): unknown =>
    (cluster.keptOf('n')?.powerflexSignals as { signals?: unknown } | undefined)?.signals;

  beforeEach(async () => {
    sim = await startPowerflex();
    sim.site.signals.set('grid', { name: 'grid', max_load: 100, max_load_unit: 'kW', is_enabled: true });
    cluster = new MemoryCluster();
  });
  afterEach(async () => {
    await unloadFlow();
    cluster.close();
    await sim.close();
  });

  it('is put back once, by the next owner', async () => {
    await load(0.02);
    flow.send('n', { payload: 12 });
    await next('out');
    await unloadFlow();
    assert.deepEqual(sets(), [12], 'the one that ends leaves it to the next');
    assert.equal((pending() as unknown[]).length, 1);
    await load(0.02);
    const restored = await next('out');
    assert.equal(restored.restored, true);
    assert.deepEqual(restored.payload, { name: 'grid', maxLoad: 100, maxLoadUnit: 'kW', enabled: true });
    assert.deepEqual(sets(), [12, 100]);
    assert.deepEqual(pending(), [], 'the one after that does it no more');
    assert.ok(!warnings().some((line) => line.startsWith('log.restore')));
  });

  it('is left alone by one that owns the node no more, and taken up again when it does', async () => {
    await load(0.02);
    flow.send('n', { payload: 12 });
    await next('out');
    cluster.takeAll();
    await until(() => flow.statusOf('n').items.at(-1)?.text === 'cluster.standby');
    cluster.leave();
    await next('out', 1);
    assert.deepEqual(sets(), [12, 100]);
  });

  it('waits for its time, also when the clock of the engine is put forward in between', async () => {
    await load(60);
    flow.send('n', { payload: 12 });
    await next('out');
    await unloadFlow();
    cluster.ahead = 2 * HOUR;
    await load(60);
    flow.send('n', { payload: 13 });
    assert.equal((await next('out')).restored, undefined);
    assert.deepEqual(sets(), [12, 13]);
    const [kept] = pending() as { before: { maxLoad: number }; left: number }[];
    assert.equal(kept?.before.maxLoad, 100, 'what was there before both of them');
    assert.ok(kept.left <= HOUR && kept.left > HOUR / 2);
  });

  it('is not put back over what somebody else has set, and a Catch node hears why', async () => {
    await load(0.02);
    flow.send('n', { payload: 12 });
    await next('out');
    await unloadFlow();
    sim.site.signals.set('grid', { name: 'grid', max_load: 5, max_load_unit: 'kW', is_enabled: true });
    await load(0.02);
    const caught = await next('caught');
    assert.equal((caught.error as { code: string }).code, 'CONFLICT');
    assert.deepEqual(sets(), [12]);
    assert.deepEqual(pending(), []);
  });

  it('is named in the log by a node that is for another site now', async () => {
    await load(60);
    flow.send('n', { payload: 12 });
    await next('out');
    await unloadFlow();
    const other = {
      ...sim,
      url: sim.url,
      accId: sim.accId + 1,
      username: sim.username,
      password: sim.password,
    };
    flow = await loadSite(other, [flowNode('powerflex-dcm', { operation: 'get_external_signal' })]);
    await until(() => warnings().includes('log.restoreOtherSite'));
    assert.deepEqual(sets(), [12]);
  });

  it('is named in the log by a node that is deleted, and forgotten', async () => {
    await load(60);
    flow.send('n', { payload: 12 });
    await next('out');
    await flow.node('n').close(true);
    assert.ok(warnings().includes('log.restorePending'));
    assert.equal(pending(), undefined);
  });
});
