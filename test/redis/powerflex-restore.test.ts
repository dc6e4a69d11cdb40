import assert from 'node:assert/strict';

import { type PowerflexSimulator, startPowerflex } from '../../simulators/powerflex';
import { kept, Pair } from '../support/cluster/pair';
import { RedisServer } from '../support/redis';
import type { Runtime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

/** min after which a limit is put back: long after a take-over of 4 to 5 s, and before it */
const LATER = 0.2;
const SOON = 0.05;
const MINUTE = 60_000;

/** A request that sets an external signal. */
interface Setting {
  name: string;
  max_load: number;
  max_load_unit: string;
  is_enabled: boolean;
}

describe('limits that an owner has set and was to put back, which is killed', function () {
  this.timeout(90_000);
  let sim: PowerflexSimulator;
  let redis: RedisServer;
  let pair: Pair;
  let survivor: Runtime;

  const placed = { z: 'tab', x: 200, y: 100 };
  const limit = (name: string, payload: string, restoreAfter: number): FlowNode[] => [
    {
      ...{ ...placed, id: name, type: 'powerflex-dcm', site: 'site', operation: 'set_external_signal' },
      ...{ signalName: name, maxLoadUnit: 'kW', enabled: true, restoreAfter, wires: [['debug'], []] },
    },
    {
      ...{ ...placed, id: `set-${name}`, type: 'inject', props: [{ p: 'payload' }] },
      ...{ payload, payloadType: 'num', wires: [[name]] },
    },
  ];
  const flows = (): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'site', type: 'powerflex-site', name: 'Garage', url: sim.url, accId: String(sim.accId) },
    ...limit('later', '12', LATER),
    ...limit('soon', '7', SOON),
    { ...placed, id: 'catch', type: 'catch', scope: null, wires: [['debug']] },
    { ...placed, id: 'debug', type: 'debug', active: true, complete: 'true', wires: [] },
  ];
  const settings = (): { setting: Setting; time: number }[] =>
    sim.http.log
      .filter(({ path }) => path.startsWith('/set_external_signal'))
      .map(({ body, time }) => ({ setting: JSON.parse(body) as Setting, time }));
  const of = (name: string): { setting: Setting; time: number }[] =>
    settings().filter(({ setting }) => setting.name === name);
  const told = (runtime: Runtime, ...words: RegExp[]): Promise<unknown> =>
    runtime.waitForDebug((message) => words.every((word) => word.test(JSON.stringify(message))), {
      timeout: 30_000,
    });
  const holds = (name: string, maxLoad: number): void => {
    sim.site.signals.set(name, { name, max_load: maxLoad, max_load_unit: 'A', is_enabled: true });
  };

  before(async () => {
    [redis, sim] = await Promise.all([RedisServer.start(), startPowerflex()]);
    holds('later', 100);
    holds('soon', 80);
    const { username, password } = sim;
    pair = await Pair.start({ redis, flows: flows(), credentials: { site: { username, password } } });
  });
  after(async () => {
    await pair.stop();
    await sim.close();
    await redis.stop();
  });

  it('are set once, though both instances have the message', async () => {
    const { owner } = pair;
    for (const name of ['later', 'soon'])
      await Promise.all(pair.all.map((one) => one.request(`inject/set-${name}`, { method: 'POST' })));
    await Promise.all([told(owner, /"later/, /maxLoad/), told(owner, /"soon/, /maxLoad/)]);
    await Promise.all([
      kept(redis, 'later', (text) => text.includes('100')),
      kept(redis, 'soon', (text) => text.includes('80')),
    ]);
    survivor = pair.other;
    await pair.kill(owner);
    assert.deepEqual(
      settings()
        .map(({ setting }) => setting.max_load)
        .sort(),
      [12, 7].sort(),
    );
  });

  it('are put back by the next owner: what is overdue at once, with the value from before', async () => {
    await told(survivor, /"soon/, /restored/);
    const [, restored, ...more] = of('soon');
    assert.deepEqual(restored?.setting, {
      ...{ name: 'soon', max_load: 80, max_load_unit: 'A', is_enabled: true },
    });
    assert.deepEqual(more, []);
    assert.equal(of('later').length, 1, 'the other one waits for its time');
    await pair.takenOver(survivor);
  });

  it('and what is not due yet at its time, once', async () => {
    await told(survivor, /"later/, /restored/);
    const [set, restored, ...more] = of('later');
    assert.ok(set && restored);
    assert.deepEqual(restored.setting, {
      ...{ name: 'later', max_load: 100, max_load_unit: 'A', is_enabled: true },
    });
    assert.deepEqual(more, []);
    assert.ok(restored.time - set.time >= LATER * MINUTE, 'not before its time');
  });

  it('nothing is left to be put back, and nothing was done twice', async () => {
    const nothing = (text: string): boolean => text.includes('"signals":[]');
    await Promise.all([kept(redis, 'later', nothing), kept(redis, 'soon', nothing)]);
    assert.deepEqual(
      settings()
        .map(({ setting }) => `${setting.name} ${setting.max_load}`)
        .sort(),
      ['later 100', 'later 12', 'soon 7', 'soon 80'],
    );
    assert.deepEqual(
      survivor.log.filter((line) => line.includes('[error]')),
      [],
    );
  });
});
