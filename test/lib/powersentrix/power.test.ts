import assert from 'node:assert/strict';

import { ChangeWatch } from '../../../lib/powersentrix/changes';
import { StatusReader, type StatusOptions, type UpsStatus } from '../../../lib/powersentrix/status';
import { DEAD, LIVE, names, type Numbers, ON_BATTERY, ONES, seen, ZEROS } from './looks';

describe('where the power comes from', () => {
  const sources: [what: string, ps: (Numbers | null)[], source: string, options?: StatusOptions][] = [
    ['mains', [LIVE], 'mains'],
    ['battery', [ON_BATTERY], 'battery'],
    ['neither input nor limit', [{ main: 0, buv: 0 }], 'unknown'],
    ['neither, by text', [{ main: '0', buv: '0' }], 'unknown'],
    ['zeros', [ZEROS], 'unknown'],
    ['zeros with a set limit', [ZEROS], 'unknown', { mainsThreshold: 48 }],
    ['all bits', [ONES], 'unknown'],
    ['dead with a limit', [DEAD], 'unknown'],
    ['a dead input beside a live battery, no limit', [{ main: 0, batt: 5100, buv: 0 }], 'battery'],
    ['an input above the battery, no limit', [{ main: 5410, batt: 5220, buv: 0 }], 'mains'],
    ['an input below the battery, no limit', [{ main: 3000, batt: 5220, buv: 0 }], 'unknown'],
    ['an input alone', [{ main: 5410, buv: 0 }], 'unknown'],
    ['noise on all wires, no limit', [{ main: 150, load: 20, batt: 120, buv: 0 }], 'unknown'],
    ['noise for a limit', [{ main: 50, buv: 3 }], 'unknown'],
    ['an input of noise beside a battery', [{ main: 50, batt: 5220, buv: 3 }], 'unknown'],
    ['an input that is not measured', [{ ...LIVE, main: 65_535 }], 'unknown'],
    ['an input that is no number', [{ ...LIVE, main: 'nan' }], 'unknown'],
    ['a limit that is no number', [{ ...ON_BATTERY, buv: 'inf' }], 'battery'],
    ['an empty place beside mains', [LIVE, ZEROS], 'mains'],
    ['an empty place beside a battery', [ZEROS, ON_BATTERY], 'battery'],
    ['an odd entry beside a battery', [null, ON_BATTERY], 'battery'],
    ['nan in everything else', [{ main: 0, load: 'nan', batt: 'nan', buv: 4800, cell: ['nan'] }], 'battery'],
  ];
  for (const [what, ps, source, options] of sources) {
    it(`${what}: ${source}`, () => {
      const { powerSource, onBattery } = seen([{ ps }], options).statuses[0] ?? assert.fail();
      assert.equal(powerSource, source);
      assert.equal(onBattery, { mains: false, battery: true }[source] ?? null);
    });
  }

  const at = (...mains: number[]) => mains.map((main) => ({ ps: [{ ...LIVE, main }] }));
  const chatter: [what: string, looks: ReturnType<typeof at>, events: string[], options?: StatusOptions][] = [
    ['47.99 and 48.01 V', at(5410, 4799, 4801, 4799, 4801), ['', 'mainsLost', '', '', '']],
    [
      'up to the hysteresis',
      at(4799, 4849, 4850, 4849, 4800, 4799),
      ['mainsLost', '', 'mainsRestored', '', '', 'mainsLost'],
    ],
    ['a wider one', at(4799, 4899, 4900), ['mainsLost', '', 'mainsRestored'], { mainsHysteresis: 1 }],
    ['none', at(4799, 4800), ['mainsLost', 'mainsRestored'], { mainsHysteresis: 0 }],
    ['a set limit', at(5199, 5240, 5250), ['mainsLost', '', 'mainsRestored'], { mainsThreshold: 52 }],
    ['a gap between', at(4799, 65_535, 4810), ['mainsLost', '', '']],
  ];
  for (const [what, looks, events, options] of chatter) {
    it(`does not chatter: ${what}`, () => assert.deepEqual(names(seen(looks, options).changes), events));
  }
});

describe('supplies that tell nothing', () => {
  const cases: [what: string, looks: (Numbers | null)[][], fitted: unknown[], events: string[]][] = [
    [
      'never fitted',
      [
        [LIVE, ZEROS],
        [LIVE, ONES],
        [LIVE, DEAD],
      ],
      [true, false],
      ['', '', ''],
    ],
    ['lost and back', [[LIVE], [ZEROS], [ZEROS], [LIVE]], [true], ['', 'supplyLost', '', 'supplyBack']],
    ['lost to all bits', [[LIVE], [ONES]], [true], ['', 'supplyLost']],
    [
      'lost on battery',
      [[ON_BATTERY], [ZEROS], [LIVE]],
      [true],
      ['mainsLost', 'supplyLost', 'mainsRestored,supplyBack'],
    ],
    [
      'one of two',
      [
        [LIVE, LIVE],
        [LIVE, ZEROS],
      ],
      [true, true],
      ['', 'supplyLost'],
    ],
    [
      'fitted later',
      [
        [LIVE, ZEROS],
        [LIVE, LIVE],
        [LIVE, ZEROS],
      ],
      [true, true],
      ['', '', 'supplyLost'],
    ],
    ['odd from the start', [[LIVE, null]], [true, null], ['']],
  ];
  for (const [what, looks, fitted, events] of cases) {
    it(what, () => {
      const { statuses, changes } = seen(looks.map((ps) => ({ ps })));
      assert.deepEqual(
        statuses.at(-1)?.supplies.map((one) => one.fitted),
        fitted,
      );
      assert.deepEqual(names(changes), events);
    });
  }

  it('have no values, and a lost one leaves the source unknown', () => {
    const { statuses } = seen([{ ps: [LIVE] }, { ps: [ONES] }]);
    const { powerSource, lowBattery, supplies } = statuses[1] ?? assert.fail();
    assert.deepEqual([powerSource, lowBattery], ['unknown', null]);
    const {
      mainVoltage,
      loadVoltage,
      batteryVoltage,
      undervoltageLimit,
      cellVoltages,
      cellSpread,
      onBattery,
    } = supplies[0] ?? assert.fail();
    assert.deepEqual(
      [mainVoltage, loadVoltage, batteryVoltage, undervoltageLimit, cellVoltages, cellSpread, onBattery],
      [null, null, null, null, [], null, null],
    );
  });

  it('are missed after a restart too', () => {
    const reader = (): StatusReader => new StatusReader();
    const status = (entry: Numbers): UpsStatus => reader().read({ config: {}, upsData: { ps: [entry] } });
    const before = new ChangeWatch({ temperature: null, imbalance: null });
    before.update(status(LIVE));
    const after = new ChangeWatch(
      { temperature: null, imbalance: null },
      JSON.parse(JSON.stringify(before.state)),
    );
    assert.deepEqual(after.update(status(ZEROS)), [{ change: 'supplyLost', supply: 0 }]);
  });
});

describe('batteries', () => {
  const spreads: [what: string, entry: Numbers, spread: number | null][] = [
    ['removed', { ...LIVE, batt: 0, cell: [0, 0, 0, 0] }, null],
    ['removed, with noise', { ...LIVE, batt: 3, cell: [1, 2, 0, 3] }, null],
    ['removed, blocks not measured', { ...LIVE, batt: 0, cell: [65_535, 65_535] }, null],
    ['one block dead', { ...LIVE, cell: [0, 1305] }, 13.05],
    ['one block not measured', { ...LIVE, cell: [65_535, 1305, 1300] }, 0.05],
    ['one block no number', { ...LIVE, cell: ['nan', 1305, 1300] }, 0.05],
  ];
  for (const [what, entry, spread] of spreads) {
    it(`spread, ${what}`, () =>
      assert.equal(seen([{ ps: [entry] }]).statuses[0]?.supplies[0]?.cellSpread, spread));
  }

  it('that is removed is not balanced', () => {
    const unbalanced = { ...LIVE, cell: [1305, 1205] };
    const removed = { ...LIVE, batt: 0, cell: [0, 0] };
    const { changes } = seen([{ ps: [unbalanced] }, { ps: [removed] }, { ps: [LIVE] }]);
    assert.deepEqual(names(changes), ['batteryImbalance', '', 'batteryBalanced']);
  });

  const at = (...volts: number[]) => volts.map((batt) => ({ ps: [{ ...ON_BATTERY, batt }] }));
  const low: [
    what: string,
    looks: ReturnType<typeof at>,
    flags: (boolean | null)[],
    options?: StatusOptions,
  ][] = [
    ['limit and margin', at(4900, 4899, 4949, 4950), [false, true, true, false]],
    ['another margin', at(5000, 4999), [false, true], { lowBatteryMargin: 2 }],
    ['no margin', at(4800, 4799), [false, true], { lowBatteryMargin: 0 }],
    ['a set voltage', at(5100, 5099), [false, true], { lowBattery: 51 }],
    ['removed', at(4899, 0, 4940), [true, null, true]],
    ['not measured', at(65_535), [null]],
  ];
  for (const [what, looks, flags, options] of low) {
    it(`low: ${what}`, () => {
      const { statuses } = seen(looks, options);
      assert.deepEqual(
        statuses.map(({ lowBattery }) => lowBattery),
        flags,
      );
    });
  }

  it('are low once', () => {
    const { changes } = seen(at(5220, 4899, 4901, 4899, 4950));
    assert.deepEqual(changes.flat(), [
      { change: 'mainsLost' },
      { change: 'lowBattery', supply: 0, batteryVoltage: 48.99, limit: 49 },
      { change: 'batteryNormal', supply: 0, batteryVoltage: 49.5, limit: 49 },
    ]);
  });

  it('are unknown as a whole when one is', () => {
    const flagOf = (...ps: Numbers[]): unknown => seen([{ ps }]).statuses[0]?.lowBattery;
    assert.deepEqual(
      [
        flagOf(LIVE, ZEROS),
        flagOf(LIVE, { ...LIVE, batt: 'nan' }),
        flagOf({ ...LIVE, batt: 4810 }, { main: 5410 }),
        flagOf(),
      ],
      [false, null, true, null],
    );
  });
});

describe('temperatures of a sensor that has just started', () => {
  const day = '1d';
  type Look = [board: unknown, uptime?: unknown];
  const cases: [what: string, looks: Look[], boards: (number | null)[]][] = [
    ['85 first, and again', [[85], [85], [85]], [null, 85, 85]],
    ['85 after a value', [[42], [85]], [42, 85]],
    ['85 by text', [['85'], ['85.0']], [null, 85]],
    [
      '85 within the first minute',
      [
        [42, '10s'],
        [85, '50s'],
        [85, '1m 10s'],
      ],
      [42, null, 85],
    ],
    [
      '85 after a restart that was slept through',
      [
        [42, day],
        [85, '5m'],
        [85, '10m'],
      ],
      [42, null, 85],
    ],
    ['84 and 86', [[84, '5s']], [84]],
    ['disconnected, and 85 as it comes back', [[42], [-127], [85], [85]], [42, null, null, 85]],
    ['not measured, and 85 after it', [[42], [65_535], [85], [43]], [42, null, null, 43]],
    ['nan', [['nan'], [null], ['-inf'], [42]], [null, null, null, 42]],
  ];
  for (const [what, looks, boards] of cases) {
    it(what, () => {
      const { statuses } = seen(
        looks.map(([board, uptime = day]) => ({ temps: { board, mcu: 40 }, uptime })),
      );
      assert.deepEqual(
        statuses.map(({ temperatures }) => temperatures.board),
        boards,
      );
    });
  }

  it('do not alarm, and a true 85 °C does', () => {
    const looks = [85, 85, 42, -127].map((board) => ({ temps: { board, mcu: 40 } }));
    assert.deepEqual(names(seen(looks).changes), ['', 'overTemperature', 'temperatureNormal', '']);
  });
});

describe('numbers that are none', () => {
  const values = [
    'nan',
    'NaN',
    '-nan',
    'inf',
    'Infinity',
    '',
    '4810 V',
    65_535,
    '65535',
    {},
    [],
    true,
    '9'.repeat(5000),
  ];
  for (const value of values) {
    it(`${JSON.stringify(value).slice(0, 20)} costs itself`, () => {
      const reader = new StatusReader();
      const { outputs, supplies, temperatures, ventilation, powerSource, ident } = reader.read({
        config: { ident: { sn: 'S', cpuLoad: value, totalRamSize: value } },
        upsData: {
          voltages: [value, 1200],
          currents: [value, 500],
          outputs: [value, 1],
          ps: [{ ...ON_BATTERY, load: value, cell: [value, 1305] }],
          temps: { board: value, mcu: 40 },
          ventilation: value,
        },
      });
      assert.deepEqual([outputs[0]?.on, outputs[0]?.voltage, outputs[0]?.current], [null, null, null]);
      assert.deepEqual(
        [outputs[1]?.on, outputs[1]?.power, temperatures],
        [true, 6, { board: null, mcu: 40 }],
      );
      assert.deepEqual([supplies[0]?.loadVoltage, supplies[0]?.cellVoltages], [null, [null, 13.05]]);
      assert.deepEqual(
        [ventilation, powerSource, ident.cpuLoad, ident.totalRamSize],
        [null, 'battery', null, null],
      );
    });
  }
});

describe('after a restart of Node-RED', () => {
  const status = (entry: Numbers): UpsStatus =>
    new StatusReader().read({ config: {}, upsData: { ps: [entry] } });
  const restarted = (before: Numbers): ChangeWatch => {
    const watch = new ChangeWatch({ temperature: null, imbalance: null });
    watch.update(status(before));
    return new ChangeWatch({ temperature: null, imbalance: null }, JSON.parse(JSON.stringify(watch.state)));
  };

  it('tells that the mains are back, since nobody knows when', () => {
    const watch = restarted(ON_BATTERY);
    assert.deepEqual(watch.update(status({ main: 65_535, batt: 5220 })), []);
    assert.deepEqual(watch.update(status(LIVE)), [{ change: 'mainsRestored', since: 'unknown' }]);
    assert.deepEqual(watch.update(status(ON_BATTERY)), [{ change: 'mainsLost' }]);
    assert.deepEqual(watch.update(status(LIVE)), [{ change: 'mainsRestored' }]);
  });

  it('tells nothing of what has not changed', () => {
    for (const entry of [LIVE, ON_BATTERY]) assert.deepEqual(restarted(entry).update(status(entry)), []);
    assert.deepEqual(restarted(LIVE).update(status(ON_BATTERY)), [{ change: 'mainsLost' }]);
  });
});
