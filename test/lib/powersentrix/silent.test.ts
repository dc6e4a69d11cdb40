import assert from 'node:assert/strict';

import { ChangeWatch } from '../../../lib/powersentrix/changes';
import { StatusReader, type UpsStatus } from '../../../lib/powersentrix/status';
import { LIVE, names, type Numbers, ON_BATTERY, ONES, seen, ZEROS } from './looks';

describe('a supply without mains', () => {
  const silent: [what: string, looks: (Numbers | null)[][], events: string[], sources: string][] = [
    [
      'that falls silent',
      [
        [ON_BATTERY, LIVE],
        [ZEROS, LIVE],
        [LIVE, LIVE],
      ],
      ['mainsLost', 'supplyLost', 'mainsRestored,supplyBack'],
      'battery unknown mains',
    ],
    [
      'whose input is not measured once',
      [
        [ON_BATTERY, LIVE],
        [{ ...LIVE, main: 'nan' }, LIVE],
        [ON_BATTERY, LIVE],
      ],
      ['mainsLost', '', ''],
      'battery unknown battery',
    ],
    [
      'that is no object once',
      [
        [LIVE, ON_BATTERY],
        [LIVE, null],
        [LIVE, ON_BATTERY],
      ],
      ['mainsLost', 'supplyLost', 'supplyBack'],
      'battery unknown battery',
    ],
    [
      'in a list that is empty once',
      [[ON_BATTERY], [], [LIVE]],
      ['mainsLost', '', 'mainsRestored'],
      'battery unknown mains',
    ],
    [
      'whose limit is missing once',
      [[{ ...LIVE, main: 4700, batt: 4600 }], [{ ...LIVE, main: 4700, batt: 4600, buv: 'nan' }], [LIVE]],
      ['mainsLost,lowBattery', '', 'mainsRestored,batteryNormal'],
      'battery battery mains',
    ],
    [
      'beside one that had mains and falls silent',
      [
        [LIVE, LIVE],
        [LIVE, ONES],
      ],
      ['', 'supplyLost'],
      'mains mains',
    ],
  ];
  for (const [what, looks, events, sources] of silent) {
    it(what, () => {
      const { statuses, changes } = seen(looks.map((ps) => ({ ps })));
      assert.equal(statuses.map(({ powerSource }) => powerSource).join(' '), sources);
      assert.deepEqual(names(changes), events);
    });
  }

  const restarts: [what: string, then: Numbers, events: string[]][] = [
    ['still has none', { ...LIVE, main: 'nan' }, ['', 'mainsRestored']],
    ['is not fitted when it is blank from the start', ZEROS, ['mainsRestored,supplyLost', 'supplyBack']],
  ];
  for (const [what, then, events] of restarts) {
    it(`after a restart ${what}`, () => {
      const limits = { temperature: null, imbalance: null };
      const status = (...ps: Numbers[]): UpsStatus =>
        new StatusReader().read({ config: {}, upsData: { ps } });
      const before = new ChangeWatch(limits);
      before.update(status(ON_BATTERY, LIVE));
      const after = new ChangeWatch(limits, JSON.parse(JSON.stringify(before.state)));
      assert.deepEqual(names([after.update(status(then, LIVE)), after.update(status(LIVE, LIVE))]), events);
    });
  }

  it('counts no longer when the list has become shorter for good', () => {
    const { statuses, changes } = seen([{ ps: [LIVE, ON_BATTERY] }, { ps: [LIVE] }, { ps: [LIVE, LIVE] }]);
    assert.deepEqual(
      statuses.map(({ powerSource }) => powerSource),
      ['battery', 'mains', 'mains'],
    );
    assert.deepEqual(names(changes), ['mainsLost', 'mainsRestored,supplyLost', 'supplyBack']);
  });
});

describe('an alarm does not end', () => {
  const spread = (...cell: unknown[]) => ({ ps: [{ ...LIVE, cell }] });
  const temps = (board: unknown, mcu: unknown) => ({ temps: { board, mcu } });
  const cases: [what: string, looks: Parameters<typeof seen>[0], events: string[]][] = [
    [
      'while the hot sensor tells nothing',
      [temps(70, 40), temps('nan', 40), temps(70, 40), temps(-127, 41), temps(50, 41)],
      ['overTemperature', '', '', '', 'temperatureNormal'],
    ],
    [
      'for a sensor that is not there',
      [temps(70, null), temps(50, null)],
      ['overTemperature', 'temperatureNormal'],
    ],
    [
      'while the block that is off tells nothing',
      [
        spread(1305, 1305, 1200),
        spread(1305, 1305, 'nan'),
        spread(1305, 1305, 1200),
        spread(1305, 1305, 1300),
      ],
      ['batteryImbalance', '', '', 'batteryBalanced'],
    ],
    [
      'for a block that is never measured',
      [spread(1305, 1200, 65_535), spread(1305, 1300, 65_535)],
      ['batteryImbalance', 'batteryBalanced'],
    ],
  ];
  for (const [what, looks, events] of cases) {
    it(what, () => assert.deepEqual(names(seen(looks).changes), events));
  }

  it('but for a spread of 0, however small the limit is', () => {
    for (const imbalance of [0.01, 0.03, 0.05, 0.5]) {
      const watch = new ChangeWatch({ temperature: null, imbalance });
      const reader = new StatusReader();
      const events = [1305, 1200, 1305].map((low) =>
        watch.update(reader.read({ config: {}, upsData: spread(1305, low) })),
      );
      assert.deepEqual(names(events), ['', 'batteryImbalance', 'batteryBalanced'], `${imbalance}`);
    }
  });
});
