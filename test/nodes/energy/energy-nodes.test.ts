import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import helper from 'node-red-node-test-helper';

import type { Feed } from '../../support/feed';
import { LEVEL, loadFlow, type TestFlow, unloadFlow } from '../../support/helper-flow';
import { nodeSet } from '../../support/node-set';

const MODULES = [nodeSet('energy-demand'), nodeSet('energy-counter')];
const MINUTE = 60_000;

/** The start of the running quarter of an hour, some quarters ago: readings lie in the past. */
const begin = (): number => Math.floor(Date.now() / (15 * MINUTE)) * 15 * MINUTE - 60 * MINUTE;
const iso = (ms: number): string => new Date(ms).toISOString();

const seen = new WeakMap<object, number>();

/** The next thing that comes, one after the other. */
function next<T>(feed: Feed<T>): Promise<T> {
  const from = seen.get(feed) ?? 0;
  seen.set(feed, from + 1);
  return feed.waitFor(() => true, `item ${from}`, { from });
}

const TAB = { id: 'tab', type: 'tab' };
const OUT = { x: 300, y: 10, z: 'tab', type: 'helper' };
const ONE = { ...OUT, id: 'one' };
const TWO = { ...OUT, id: 'two' };
const CAUGHT = { ...OUT, id: 'caught' };
const CATCH = { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, wires: [['caught']] };

const demandNode = (settings: object = {}): Record<string, unknown> => ({
  ...{ id: 'node', z: 'tab', type: 'energy-demand', name: 'house', x: 100, y: 10, wires: [['one'], ['two']] },
  ...{ window: '15', target: 4000, zone: 'UTC', smoothing: 0, longestGap: 3600, ...settings },
});
const counterNode = (settings: object = {}): Record<string, unknown> => ({
  ...{
    id: 'node',
    z: 'tab',
    type: 'energy-counter',
    name: 'house',
    x: 100,
    y: 10,
    wires: [['one'], ['two']],
  },
  ...{ zone: 'UTC', longestGap: 3600, ...settings },
});

describe('energy nodes', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'energy-nodes-'));
    helper.settings({ userDir: folder });
  });
  afterEach(async () => {
    await unloadFlow();
    helper.settings({});
    await rm(folder, { recursive: true, force: true });
  });

  const load = (node: Record<string, unknown>): Promise<TestFlow> =>
    loadFlow(MODULES, [TAB, node, ONE, TWO, CATCH, CAUGHT]);

  it('tell the demand with the message that brought the reading', async () => {
    const flow = await load(demandNode());
    const start = begin();
    flow.send('node', {
      payload: { timestamp: iso(start), power: 6000 },
      mine: 1,
      device: { id: 'meter-7' },
    });
    const first = await next(flow.at('one'));
    assert.equal(first.mine, 1);
    const { id, vendor, model, name, via } = first.device as Record<string, unknown>;
    assert.deepEqual(
      [id, vendor, model, name, via],
      ['node', 'energy-devices', 'energy-demand', 'house', 'meter-7'],
    );
    flow.send('node', { payload: { timestamp: iso(start + 5 * MINUTE), power: 6000 }, load: 5000 });
    const { payload } = (await next(flow.at('one'))) as { payload: Record<string, unknown> };
    assert.deepEqual(
      [payload.energy, payload.projected, payload.allowedPower, payload.reduction, payload.margin],
      [500, 6000, 3000, 3000, -500],
    );
    assert.equal(payload.allowedLoad, 2000);
    const over = (await next(flow.at('two'))) as { payload: Record<string, unknown> };
    assert.deepEqual([over.payload.over, over.payload.target], [true, 4000]);
  });

  it('tell the end of a window, and go on after a restart', async () => {
    const start = begin();
    let flow = await load(demandNode());
    flow.send('node', { payload: { timestamp: iso(start), energyImport: 1_000_000 } });
    await next(flow.at('one'));
    await unloadFlow();
    flow = await load(demandNode());
    flow.send('node', { payload: { timestamp: iso(start + 15 * MINUTE), energyImport: 1_000_800 } });
    const closed = (await next(flow.at('one'))) as {
      payload: { closed: boolean; last: Record<string, unknown> };
    };
    assert.equal(closed.payload.closed, true);
    assert.deepEqual([closed.payload.last.energy, closed.payload.last.demand], [800, 3200]);
    await next(flow.at('one'));
    await unloadFlow();

    flow = await load(demandNode({ window: '30' }));
    flow.send('node', { payload: { timestamp: iso(start + 20 * MINUTE), energyImport: 1_000_900 } });
    const anew = (await next(flow.at('one'))) as { payload: { last: unknown; peaks: unknown[] } };
    assert.deepEqual([anew.payload.last, anew.payload.peaks], [null, []]);
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg.includes('energyAnew')));
  });

  it('send a limit for the cars only, and none while their draw is not known', async () => {
    const flow = await load(demandNode({ output: 'powerflex-dcm' }));
    const start = begin();
    flow.send('node', { payload: { timestamp: iso(start), power: 3000 } });
    flow.send('node', { payload: { timestamp: iso(start + 1000), power: 3000 }, load: 1000 });
    const { payload } = await next(flow.at('one'));
    assert.deepEqual(payload, { maxLoad: 2.001, maxLoadUnit: 'kW', enabled: true });
  });

  it('refuse what is no reading, and change nothing', async () => {
    const flow = await load(demandNode());
    for (const msg of [
      { payload: 'on' },
      { payload: {} },
      { payload: { power: 'nan' } },
      { payload: { power: 5, timestamp: 'yesterday' } },
      { payload: { target: -1 } },
      { payload: { reset: 'year' } },
    ]) {
      flow.send('node', msg);
      const { error } = (await next(flow.at('caught'))) as { error: { code: string } };
      assert.equal(error.code, 'INVALID_INPUT', JSON.stringify(msg));
    }
    assert.equal(flow.at('one').items.length, 0);
  });

  it('count by day and month, and tell each hour once', async () => {
    const flow = await load(counterNode({ hours: true, price: 'fixed', fixedPrice: 0.3, currency: 'EUR' }));
    const hour = Math.floor(Date.now() / (60 * MINUTE)) * 60 * MINUTE - 120 * MINUTE;
    flow.send('node', { payload: { timestamp: iso(hour), energyImport: 10_000 } });
    await next(flow.at('one'));
    flow.send('node', { payload: { timestamp: iso(hour + 60 * MINUTE), energyImport: 11_000 } });
    const closed = (await next(flow.at('two'))) as { payload: Record<string, unknown> };
    assert.deepEqual(
      [closed.payload.period, closed.payload.import, closed.payload.cost, closed.payload.currency],
      ['hour', 1000, 0.3, 'EUR'],
    );
    assert.equal(closed.payload.key, `node hour ${iso(hour)}`);
    const { payload } = (await next(flow.at('one'))) as { payload: { month: Record<string, unknown> } };
    assert.equal(typeof payload.month.import, 'number');
  });

  it('survive a damaged state and a folder that cannot be written', async () => {
    let flow = await load(counterNode());
    await unloadFlow();
    await writeFile(join(folder, 'energy-devices', 'node.json'), '{"version":');
    flow = await load(counterNode());
    flow.send('node', { payload: { power: 100 } });
    await next(flow.at('one'));
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg.includes('stateDamaged')));
    assert.ok((await readdir(join(folder, 'energy-devices'))).includes('node.json.damaged'));
    await unloadFlow();

    await rm(join(folder, 'energy-devices'), { recursive: true });
    await writeFile(join(folder, 'energy-devices'), '');
    flow = await load(counterNode());
    flow.send('node', { payload: { power: 100 } });
    await next(flow.at('one'));
    await unloadFlow();
  });

  it('say that a time zone is not known', async () => {
    const flow = await load(demandNode({ zone: 'Mars/Base' }));
    const status = await next(flow.statusOf('node'));
    assert.equal(status.fill, 'red');
  });
});
