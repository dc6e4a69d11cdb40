import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { iso, next, useUserFolder } from '../../support/energy-bench';
import { catching, loadFlow, payloadOf, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const MODULES = ['energy-demand', 'energy-counter', 'energy-price-plan'].map(nodeSet);
const HOUR = 3_600_000;

/** A restart of a host whose clock is not set yet: what was kept lies ahead of it. */
describe('energy nodes on a clock that is not set yet', () => {
  const folder = useUserFolder();

  const load = (type: string, settings: object = {}): Promise<TestFlow> =>
    loadFlow(MODULES, [
      TAB,
      { id: 'node', z: 'tab', type, x: 100, y: 10, zone: 'UTC', wires: [['one'], ['two']], ...settings },
      ...['one', 'two', 'caught'].map(sink),
      catching(),
    ]);

  /** Moves the moment at which the node has kept its state. */
  async function keptAt(ahead: number): Promise<void> {
    const path = join(folder(), 'energy-devices', 'node.json');
    const kept = JSON.parse(await readFile(path, 'utf8')) as { at: number };
    assert.ok(Math.abs(kept.at - Date.now()) < HOUR);
    await writeFile(path, JSON.stringify({ ...kept, at: Date.now() + ahead }));
  }

  const WRONG: [string, number, number][] = [
    ['what was kept lies ahead', 2 * HOUR, 0],
    ['the meter, which never did, tells a time ahead', 0, 2 * HOUR],
  ];
  for (const type of ['energy-demand', 'energy-counter']) {
    for (const [what, kept, told] of WRONG) {
      it(`${type} waits until the clock is set: ${what}`, async () => {
        let flow = await load(type);
        flow.send('node', { payload: { timestamp: iso(Date.now()), energyImport: 1000 } });
        await next(flow.at('one'));
        await unloadFlow();
        await keptAt(kept);
        flow = await load(type);
        flow.send('node', { payload: { timestamp: iso(Date.now() + told), energyImport: 5000 } });
        await flow.statusOf('node').waitFor(({ text }) => text === 'shown.clock', 'waits');
        assert.deepEqual([flow.at('one').items.length, flow.at('caught').items.length], [0, 0]);
        if (kept > 0) return;
        // Its clock is set, and the reading is no longer ahead of it.
        flow.send('node', { payload: { timestamp: iso(Date.now()), energyImport: 1100 } });
        const { day } = payloadOf(await next(flow.at('one'))) as { day?: { import: number } };
        if (type === 'energy-counter') assert.equal(day?.import, 100);
      });
    }

    it(`${type} goes on with a meter whose clock was ahead before`, async () => {
      for (let i = 0; i < 2; i++) {
        const flow = await load(type);
        flow.send('node', { payload: { timestamp: iso(Date.now() + 2 * HOUR), energyImport: 1000 + i } });
        await next(flow.at('one'));
        await unloadFlow();
      }
    });
  }

  it('energy-price-plan stays in the day that has begun', async () => {
    const settings = { hours: 2, fallback: [{ from: '00:00', to: '24:00', on: 1 }] };
    for (const ahead of [0, 48 * HOUR]) {
      const flow = await load('energy-price-plan', settings);
      const { plans } = payloadOf(await next(flow.at('two'))) as { plans: { start: string }[] };
      assert.equal(Date.parse(plans[0]?.start ?? '') > Date.now(), ahead > 0);
      await unloadFlow();
      if (ahead === 0) await keptAt(48 * HOUR);
    }
  });
});
