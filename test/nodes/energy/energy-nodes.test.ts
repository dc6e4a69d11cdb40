import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { iso, lastNoon, next, useUserFolder } from '../../support/energy-bench';
import { catching, LEVEL, loadFlow, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const MODULES = [nodeSet('energy-demand'), nodeSet('energy-counter')];
const MINUTE = 60_000;

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
  const folder = useUserFolder();

  const load = (node: Record<string, unknown>): Promise<TestFlow> =>
    loadFlow(MODULES, [TAB, node, ...['one', 'two', 'caught'].map(sink), catching()]);

  it('tell the demand with the message that brought the reading', async () => {
    const flow = await load(demandNode());
    const start = lastNoon();
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

  it('keep the highest of the month of readings that come after it has ended', async () => {
    const flow = await load(demandNode());
    const start = Date.UTC(2026, 2, 31, 23, 15);
    const powers = [2000, 3000, 8000, 1000, 1000];
    const told: unknown[] = [];
    for (const [i, power] of powers.entries()) {
      flow.send('node', { payload: { timestamp: iso(start + i * 15 * MINUTE), power } });
      for (let messages = i === 0 ? 1 : 2; messages > 0; messages--) {
        const { payload } = (await next(flow.at('one'))) as {
          payload: {
            closed: boolean;
            monthPeak: { demand: number } | null;
            lastMonth: { peak: number } | null;
          };
        };
        if (payload.closed) told.push([payload.monthPeak?.demand, payload.lastMonth?.peak]);
      }
    }
    assert.deepEqual(told, [
      [2000, undefined],
      [3000, undefined],
      [undefined, 8000],
      [1000, 8000],
    ]);
  });

  it('tell the end of a window, and go on after a restart', async () => {
    const start = lastNoon();
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
    const start = lastNoon();
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
    const hour = lastNoon();
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
    await mkdir(join(folder(), 'energy-devices'));
    await writeFile(join(folder(), 'energy-devices', 'node.json'), '{"version":');
    let flow = await load(counterNode());
    flow.send('node', { payload: { power: 100 } });
    await next(flow.at('one'));
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg.includes('stateDamaged')));
    assert.ok((await readdir(join(folder(), 'energy-devices'))).includes('node.json.damaged'));
    await unloadFlow();

    await rm(join(folder(), 'energy-devices'), { recursive: true });
    await writeFile(join(folder(), 'energy-devices'), '');
    flow = await load(counterNode());
    flow.send('node', { payload: { power: 100 } });
    await next(flow.at('one'));
    await unloadFlow();
  });

  /** Places where nothing can be written, whoever runs the test. */
  const UNWRITABLE: [what: string, code: RegExp, prepare: () => Promise<void>][] = [
    [
      'a full disk',
      /ENOSPC/,
      async () => {
        await mkdir(join(folder(), 'energy-devices'));
        await symlink('/dev/full', join(folder(), 'energy-devices', 'node.json.new'));
      },
    ],
    ['a folder that is read-only', /E[A-Z]+/, () => symlink('/proc', join(folder(), 'energy-devices'))],
    ['a file in place of the folder', /E[A-Z]+/, () => writeFile(join(folder(), 'energy-devices'), '')],
  ];
  for (const [what, code, prepare] of UNWRITABLE) {
    it(`go on with ${what}, say so once, and tell what has ended`, async function () {
      if (process.platform !== 'linux') this.skip();
      await prepare();
      const flow = await load(counterNode({ hours: true }));
      const hour = lastNoon();
      for (let i = 0; i < 3; i++) {
        flow.send('node', {
          payload: { timestamp: iso(hour + i * 60 * MINUTE), energyImport: 1000 + i * 100 },
        });
        const { payload } = (await next(flow.at('one'))) as { payload: { day: { import: number | null } } };
        assert.ok(payload.day);
      }
      const closed = [await next(flow.at('two')), await next(flow.at('two'))] as {
        payload: { period: string };
      }[];
      assert.ok(closed.every(({ payload }) => payload.period === 'hour' || payload.period === 'day'));
      const told = flow.log(LEVEL.warn).filter(({ msg }) => msg.includes('stateUnwritable'));
      assert.equal(told.length, 1);
      assert.match(told[0]?.msg ?? '', code);
    });
  }

  it('begin anew when the zone of the process has changed, and say so', async () => {
    const before = process.env.TZ;
    try {
      process.env.TZ = 'Asia/Tokyo';
      let flow = await load(counterNode({ zone: '' }));
      flow.send('node', { payload: { timestamp: iso(Date.now() - MINUTE), energyImport: 1000 } });
      const first = (await next(flow.at('one'))) as { payload: { day: { start: string } } };
      assert.equal(first.payload.day.start.slice(11, 16), '15:00');
      await unloadFlow();
      process.env.TZ = 'UTC';
      flow = await load(counterNode({ zone: '' }));
      flow.send('node', { payload: { timestamp: iso(Date.now()), energyImport: 1100 } });
      const anew = (await next(flow.at('one'))) as {
        payload: { day: { start: string; import: number | null } };
      };
      assert.deepEqual([anew.payload.day.start.slice(11, 16), anew.payload.day.import], ['00:00', null]);
      assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg.includes('energyAnew')));
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it('do not take a state that somebody has changed', async () => {
    let flow = await load(counterNode());
    flow.send('node', { payload: { timestamp: iso(Date.now() - MINUTE), energyImport: 1000 } });
    await next(flow.at('one'));
    await unloadFlow();
    const file = join(folder(), 'energy-devices', 'node.json');
    const text = await readFile(file, 'utf8');
    assert.ok(text.includes('1000000'));
    await writeFile(file, text.replace('1000000', '9'));
    flow = await load(counterNode());
    flow.send('node', { payload: { timestamp: iso(Date.now()), energyImport: 1100 } });
    const { payload } = (await next(flow.at('one'))) as { payload: { day: { import: number | null } } };
    assert.equal(payload.day.import, null);
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg.includes('stateDamaged')));
  });

  it('give the rows of a chart with the first reading and when something has ended', async () => {
    const hour = lastNoon();
    interface Charted {
      payload: { chart?: { hour: object[]; day: object[] } };
    }
    let flow = await load(counterNode({ hours: true }));
    const send = async (minutes: number): Promise<Charted['payload']['chart']> => {
      const energyImport = 1000 + minutes * 10;
      flow.send('node', { payload: { timestamp: iso(hour + minutes * MINUTE), energyImport } });
      return ((await next(flow.at('one'))) as unknown as Charted).payload.chart;
    };
    assert.equal(await send(0), undefined);
    const bars = [{ x: hour, y: 0.6, topic: 'import' }];
    assert.deepEqual((await send(60))?.hour, bars);
    assert.equal(await send(61), undefined);
    await unloadFlow();
    flow = await load(counterNode({ hours: true }));
    assert.deepEqual((await send(62))?.hour, bars);
    assert.equal(await send(63), undefined);
  });

  it('take a reading, prices and an availability in one message, and nothing of one with a mistake', async () => {
    const flow = await load(counterNode({ price: 'messages' }));
    const start = lastNoon();
    flow.send('node', { price: 0.25, payload: { timestamp: iso(start), energyImport: 1000 } });
    await next(flow.at('one'));
    flow.send('node', { price: 0.5, payload: { timestamp: 'never', energyImport: 1000 } });
    assert.equal(
      ((await next(flow.at('caught'))) as { error: { code: string } }).error.code,
      'INVALID_INPUT',
    );
    flow.send('node', {
      payload: {
        priceData: [{ start: iso(start), end: iso(start + 60 * MINUTE), value: 0.3 }],
        available: true,
        timestamp: iso(start + 5 * MINUTE),
        energyImport: 2000,
      },
    });
    const { payload } = (await next(flow.at('one'))) as { payload: { week: { cost: number } } };
    assert.equal(payload.week.cost, 0.3);
  });

  it('say that a time zone is not known', async () => {
    const flow = await load(demandNode({ zone: 'Mars/Base' }));
    const status = await next(flow.statusOf('node'));
    assert.equal(status.fill, 'red');
  });
});
