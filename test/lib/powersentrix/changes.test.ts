import assert from 'node:assert/strict';

import { ChangeWatch } from '../../../lib/powersentrix/changes';
import { normaliseStatus, type UpsStatus } from '../../../lib/powersentrix/status';

interface Look {
  main?: number | null;
  ports?: (number | null)[];
  board?: number | null;
  mcu?: number | null;
  cell?: number[];
}

function status({ main = 5410, ports = [1, 0], board = 40, mcu = 45, cell = [1305, 1305] }: Look): UpsStatus {
  const upsData = { ps: [{ main, buv: 4800, cell }], outputs: ports, temps: { board, mcu } };
  return normaliseStatus({ config: {}, upsData });
}

const limits = { temperature: 60, imbalance: 0.3 };

describe('ChangeWatch', () => {
  const names = (watch: ChangeWatch, look: Look): string[] =>
    watch.update(status(look)).map(({ change }) => change);

  it('tells mains lost and restored once each', () => {
    const watch = new ChangeWatch(limits);
    assert.deepEqual(names(watch, {}), []);
    assert.deepEqual(names(watch, { main: 0 }), ['mainsLost']);
    assert.deepEqual(names(watch, { main: 0 }), []);
    assert.deepEqual(names(watch, { main: null }), []);
    assert.deepEqual(names(watch, {}), ['mainsRestored']);
  });

  it('tells a fault that was there first, but not after a restart again', () => {
    const watch = new ChangeWatch(limits);
    const bad = { main: 0, board: 80, cell: [1305, 1205] };
    assert.deepEqual(names(watch, bad), ['mainsLost', 'overTemperature', 'batteryImbalance']);
    const again = new ChangeWatch(limits, JSON.parse(JSON.stringify(watch.state)));
    assert.deepEqual(names(again, bad), []);
    assert.deepEqual(names(again, {}), ['mainsRestored', 'temperatureNormal', 'batteryBalanced']);
    const damaged = [{ ports: 5 }, { ports: [], unbalanced: [] }, { ...watch.state, hot: 'x' }];
    for (const state of damaged) assert.deepEqual(names(new ChangeWatch(limits, state), bad).length, 3);
    assert.deepEqual(names(new ChangeWatch(limits, { ports: [], unbalanced: [] }), {}), []);
  });

  it('remembers though the first port and the first supply tell nothing', () => {
    const bad = (main: number): UpsStatus =>
      normaliseStatus({
        config: {},
        upsData: {
          ps: [
            { main, buv: 4800, cell: [] },
            { main, buv: 4800, cell: [1305, 1205] },
          ],
          outputs: [null, 1],
        },
      });
    const watch = new ChangeWatch(limits);
    watch.update(bad(0));
    assert.deepEqual(watch.state, {
      battery: true,
      out: [true, true],
      ports: [null, true],
      hot: false,
      unbalanced: [null, true],
      present: [true, true],
      low: [],
    });
    // What a store in memory hands back, what one on disk does, and what older versions left in either.
    const holes: unknown[] = [];
    holes[1] = true;
    const stored = [
      watch.state,
      structuredClone(watch.state),
      { ...watch.state, ports: holes, unbalanced: holes },
      { ...watch.state, ports: [undefined, true], unbalanced: [undefined, true] },
    ];
    for (const state of stored.flatMap((one): unknown[] => [one, JSON.parse(JSON.stringify(one))])) {
      const again = new ChangeWatch(limits, state);
      assert.deepEqual(again.state, watch.state);
      assert.deepEqual(again.update(bad(0)), []);
      assert.deepEqual(again.update(bad(5410)), [{ change: 'mainsRestored' }]);
    }
  });

  it('tells which port changed', () => {
    const watch = new ChangeWatch(limits);
    watch.update(status({}));
    assert.deepEqual(watch.update(status({ ports: [1, 1] })), [
      { change: 'portChanged', port: 1, description: null, on: true },
    ]);
    assert.deepEqual(names(watch, { ports: [null, 1] }), []);
    assert.deepEqual(names(watch, { ports: [0, 1] }), ['portChanged']);
  });

  it('does not chatter at a limit', () => {
    const watch = new ChangeWatch(limits);
    const temperatures = [60, 60.5, 59.5, 60.5, 58].map((board) => names(watch, { board }));
    assert.deepEqual(temperatures, [[], ['overTemperature'], [], [], ['temperatureNormal']]);
    assert.deepEqual(names(watch, { mcu: 61 }), ['overTemperature']);
    assert.deepEqual(names(watch, { board: null, mcu: null }), []);
    const cells = [1275, 1274, 1276, 1280].map((low) => names(watch, { mcu: 61, cell: [1305, low] }));
    assert.deepEqual(cells, [[], ['batteryImbalance'], [], ['batteryBalanced']]);
    assert.deepEqual(names(watch, { mcu: 61, cell: [1305] }), []);
  });

  it('watches no limit that is not set', () => {
    const watch = new ChangeWatch({ temperature: null, imbalance: null });
    assert.deepEqual(names(watch, { board: 99, cell: [1305, 900] }), []);
  });
});
