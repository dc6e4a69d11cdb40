import assert from 'node:assert/strict';

import { quote } from '../../../lib/nut/line';
import {
  type NutMapping,
  nutVariables,
  onBatteryOf,
  outletCommand,
  outletCommands,
} from '../../../lib/powersentrix/nut';
import { normaliseStatus, type UpsStatus } from '../../../lib/powersentrix/status';
import { UpsModel } from '../../../simulators/powersentrix';

const MAPPING: NutMapping = { rule: 'all', ports: new Set(), estimate: null };
const MAINS = { onBattery: false, lowBattery: false, isTest: false };

type Complex = Parameters<typeof normaliseStatus>[0];

function statusOf(
  change: (complex: Record<string, Record<string, unknown>>) => void = () => undefined,
): UpsStatus {
  const complex = new UpsModel().complex() as Record<string, Record<string, unknown>>;
  change(complex);
  return normaliseStatus(complex as unknown as Complex);
}

const supply = (main: unknown, more: object = {}): object => ({
  main,
  load: 4810,
  batt: 5000,
  buv: 4800,
  cell: [],
  ...more,
});
const withSupplies = (...ps: object[]): UpsStatus => statusOf(({ upsData }) => upsData && (upsData.ps = ps));

describe('a UPS in the words of NUT', () => {
  it('has the lines that it can tell', () => {
    const variables = nutVariables(statusOf(), MAINS, MAPPING);
    const some = [
      'ups.status',
      'battery.voltage',
      'battery.voltage.low',
      'input.voltage',
      'output.voltage',
      'ups.realpower',
    ];
    assert.deepEqual(
      some.map((name) => variables.get(name)),
      ['OL', '52.2', '48', '54.1', '48.1', '47.41'],
    );
    assert.equal(variables.get('ups.serial'), 'PSX-2024-001234');
    assert.equal(variables.get('device.uptime'), '432000');
    assert.equal(variables.get('outlet.count'), '12');
    assert.equal(variables.get('outlet.5.desc'), 'NAS');
    assert.equal(variables.get('outlet.7.desc'), 'Port 6');
    assert.equal(variables.get('outlet.7.status'), 'off');
    assert.equal(variables.get('outlet.5.current'), '0.9');
    assert.ok(!variables.has('battery.charge') && !variables.has('battery.runtime'));
  });

  it('leaves out what is not there, and never says null, NaN, −1 or nothing', () => {
    const odd: unknown[] = [null, 'nan', 'inf', 65535, '', {}, [], -1, true];
    for (const value of odd) {
      const status = statusOf((complex) => {
        complex.config = { ident: value, settings: value, outputs: value };
        complex.upsData = {
          voltages: value,
          currents: [value, value],
          outputs: value,
          temps: value,
          uptime: value,
          ps: [supply(value, { load: value, batt: value, buv: value })],
        };
      });
      const variables = nutVariables(status, MAINS, MAPPING);
      for (const [name, text] of variables) {
        assert.doesNotMatch(
          text,
          /null|NaN|undefined|Infinity|^-1$|^$|e[+-]?\d/,
          `${name} with ${JSON.stringify(value)}`,
        );
      }
      assert.equal(variables.get('outlet.count'), '12');
      assert.ok(
        !variables.has('ups.temperature') &&
          !variables.has('ups.serial') &&
          !variables.has('outlet.1.current'),
      );
    }
  });

  it('says on the wire what port names mean', () => {
    const names: readonly (readonly [string, string])[] = [
      ['Rack #3 "A"', '"Rack \\#3 \\"A\\""'],
      ['C:\\NAS', '"C:\\\\NAS"'],
      ['Kotolňa 1', '"Kotolna 1"'],
      ['a\nb', '"a b"'],
      ['x'.repeat(300), `"${'x'.repeat(128)}"`],
    ];
    for (const [name, wire] of names) {
      const status = statusOf(({ config }) => config && (config.outputs = [{ id: 0, description: name }]));
      assert.equal(quote(nutVariables(status, MAINS, MAPPING).get('outlet.1.desc') ?? ''), wire);
    }
  });

  const SUPPLIES: readonly (readonly [
    what: string,
    ps: object[],
    all: boolean | null,
    any: boolean | null,
  ])[] = [
    ['both with mains', [supply(5410), supply(5410)], false, false],
    ['one without', [supply(0), supply(5410)], false, true],
    ['both without', [supply(0), supply(0)], true, true],
    [
      'one without, one that is not fitted',
      [supply(0), { main: 0, load: 0, batt: 0, buv: 0, cell: [] }],
      true,
      true,
    ],
    ['one without, one unreadable', [supply(0), supply('x', { load: null, batt: null })], null, true],
    ['one with mains, one unreadable', [supply(5410), supply('x', { load: null, batt: null })], false, false],
    ['none', [], null, null],
  ];
  for (const [what, ps, all, any] of SUPPLIES) {
    it(`is on battery with ${what}: ${all} by all, ${any} by any`, () => {
      const status = withSupplies(...ps);
      assert.deepEqual([onBatteryOf(status, 'all'), onBatteryOf(status, 'any')], [all, any]);
    });
  }

  const STATES: readonly (readonly [
    onBattery: boolean,
    lowBattery: boolean,
    isTest: boolean,
    words: string,
  ])[] = [
    [false, false, false, 'OL'],
    [false, true, false, 'OL'],
    [false, false, true, 'OL DISCHRG'],
    [false, true, true, 'OL DISCHRG'],
    [true, false, false, 'OB'],
    [true, true, false, 'OB LB'],
    [true, true, true, 'OB LB'],
  ];
  for (const [onBattery, lowBattery, isTest, words] of STATES) {
    it(`says ${words} (${onBattery}, ${lowBattery}, ${isTest})`, () => {
      const state = { onBattery, lowBattery, isTest };
      assert.equal(nutVariables(statusOf(), state, MAPPING).get('ups.status'), words);
    });
  }

  it('estimates charge and runtime where it is told of the battery, and says so', () => {
    const status = statusOf();
    const estimate = { full: 52.2, empty: null, capacity: 47.41 };
    const full = nutVariables(status, MAINS, { ...MAPPING, estimate });
    assert.deepEqual(
      ['battery.charge', 'battery.runtime', 'experimental.battery.estimated'].map((name) => full.get(name)),
      ['100', '3600', 'yes'],
    );
    const voltages: readonly (readonly [number, string])[] = [
      [5010, '50'],
      [4000, '0'],
      [6000, '100'],
    ];
    for (const [batt, charge] of voltages) {
      const half = nutVariables(withSupplies(supply(5410, { batt })), MAINS, { ...MAPPING, estimate });
      assert.equal(half.get('battery.charge'), charge);
    }
    const noLoad = statusOf(({ upsData }) => upsData && (upsData.currents = []));
    const unknown = nutVariables(noLoad, MAINS, { ...MAPPING, estimate });
    assert.deepEqual([unknown.get('battery.charge'), unknown.has('battery.runtime')], ['100', false]);
  });

  it('counts outlets from 1 and ports from 0', () => {
    assert.deepEqual(outletCommands(new Set([3])), [
      'outlet.4.load.on',
      'outlet.4.load.off',
      'outlet.4.load.cycle',
    ]);
    assert.deepEqual(outletCommand('outlet.4.load.cycle'), { port: 3, action: 'restart' });
    assert.deepEqual(outletCommand('outlet.12.load.off'), { port: 11, action: 'off' });
    for (const odd of ['outlet.0.load.off', 'outlet.4.load.offf', 'load.off', 'outlet.4.load.toggle', '']) {
      assert.equal(outletCommand(odd), null);
    }
    const variables = nutVariables(statusOf(), MAINS, { ...MAPPING, ports: new Set([3]) });
    assert.deepEqual(
      [variables.get('outlet.4.switchable'), variables.get('outlet.3.switchable')],
      ['yes', 'no'],
    );
  });
});
