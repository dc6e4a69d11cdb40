import assert from 'node:assert/strict';

import { finite, mapNumber, round, toSummable } from '../../lib/core/values';
import { takeReading } from '../../lib/energy/reading';
import { readController } from '../../lib/home-assistant/controller';
import { numberValue } from '../../lib/home-assistant/values';
import { viewOf } from '../../lib/outage/reading';
import { normaliseStatus as controllerStatus } from '../../lib/powercontroller/status';
import { rowMapper } from '../../lib/powerflex/rows';
import { parseReading } from '../../lib/poweropti/reading';
import { normaliseStatus as upsStatus } from '../../lib/powersentrix/status';
import { factsOf } from '../../lib/reports/grid-input';

const HUGE = [1e15, 1e16, 1e150, 1e200, 1e290, 1e302, 1e304, 1e306, Number.MAX_VALUE];
const TINY = [5e-324, 1e-300, 1e-10];

/** Where in a value a number is none, e.g. `outputs.0.power`; that is what JSON writes as `null` although it is there. */
function notFinite(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    notFinite(inner, path === '' ? key : `${path}.${key}`),
  );
}

const at = 1_767_225_600;
const stamp = new Date(at * 1000).toISOString();

/** What each system makes of a number, and of another one that it is multiplied with, divided by or added to. */
const MAKES: Record<string, (a: number, b: number) => unknown> = {
  'a row of PowerFlex in kW': (a, b) =>
    rowMapper('ct_response', { columns: ['time', 'power', 'voltage', 'mamps_actual'], tags: {} })([
      at,
      a,
      b,
      a,
    ]).row,
  'a row of PowerFlex in W': (a) => rowMapper('ct_response', { columns: ['power'], tags: {} }, 'W')([a]).row,
  'a status of a controller': (a, b) =>
    controllerStatus({ date: at, info: { power: a, duration: b, temperature: a, toggleAt: b, toggleIn: a } }),
  'a status of a controller, the other way round': (a, b) =>
    controllerStatus({ info: { power: b, duration: a } }),
  'a status of a UPS': (a, b) =>
    upsStatus({
      config: {},
      upsData: {
        voltages: Array(12).fill(a),
        currents: Array(12).fill(b),
        ps: [{ main: a, load: a, batt: a, cell: [a, -b, b], limit: b }],
        temps: { board: a, mcu: b },
      },
    }),
  'a reading of a poweropti': (a, b) =>
    parseReading({
      timestamp: at,
      values: [
        ...['1.7.0', '2.7.0', '1.8.0', '2.8.0', '1.8.1'].map((obis) => ({ obis, value: a })),
        { obis: '16.7.0', value: -b },
      ],
    }),
  'a value of Home Assistant': (a, b) => [numberValue(a), numberValue(a, 1000), numberValue(b, 0.001)],
  'an energy that Home Assistant adds': (a) =>
    readController({
      device: { id: 'a' },
      payload: { type: 'update', timestamp: stamp, energy: a },
    } as unknown as Parameters<typeof readController>[0]),
  'a power beside the grid': (a, b) =>
    [
      { averagePower: a, duration: b },
      { name: 's', enabled: true, maxLoad: a, maxLoadUnit: 'kW' },
      { power: a },
      { realTimeLoad: a },
    ].flatMap((payload, i) => {
      const vendor = ['automate-green', 'powerflex', 'powerfox', 'powerflex'][i];
      return factsOf({ device: { vendor, id: 'x' }, payload }, 'UTC', at * 1000);
    }),
  'a UPS that a plan sees': (a, b) =>
    viewOf({ supplies: [{ batteryVoltage: a }], outputs: [{ port: 0, power: b }], totalPower: a }, 'all'),
};

describe('numbers that no device has', () => {
  for (const [what, make] of Object.entries(MAKES)) {
    it(`make none of ${what} that JSON cannot write`, () => {
      for (const a of [...HUGE, ...HUGE.map((one) => -one), ...TINY])
        for (const b of [1, -1, ...HUGE, ...TINY]) assert.deepEqual(notFinite(make(a, b)), [], `${a}, ${b}`);
    });
  }

  it('are no reading of an energy node, in any unit and at any place', () => {
    for (const value of HUGE.slice(1)) {
      for (const payload of [
        { power: value },
        { energyImport: value },
        { energyExport: -value },
        { realTimeLoad: value },
        { averagePower: value, duration: 900 },
      ]) {
        assert.throws(() => takeReading(payload, () => undefined, { zone: 'UTC' }, at * 1000), {
          code: 'INVALID_INPUT',
          reason: 'energyNoReading',
        });
      }
      const chosen = {
        ...{ power: 'p', import: 'i', export: '' },
        ...({ powerUnit: 'kW', energyUnit: 'kWh' } as const),
      };
      const lookup = (name: string): number => (name === 'p' ? value : 7);
      const { reading } = takeReading({}, lookup, { chosen, zone: 'UTC' }, at * 1000);
      assert.deepEqual([reading.power, reading.import], [null, 7000]);
    }
  });

  for (const [what, got, expected] of [
    ['a number that is rounded', round(1.23456789, 3), 1.235],
    ['the sum of 0.1 and 0.2', round(0.1 + 0.2), 0.3],
    ['one without digits behind its point', round(1e304), 1e304],
    ['the largest one', round(-Number.MAX_VALUE), -Number.MAX_VALUE],
    ['a conversion', mapNumber('2', (n) => n * 1000), 2000],
    ['a conversion of the largest one', mapNumber(Number.MAX_VALUE, (n) => n * 10), null],
    ['a conversion that divides by 0', mapNumber(0, (n) => n / 0), null],
    ['a finite number', finite(5), 5],
    ['infinity', finite(-Infinity), null],
    ['a number that is none', finite(NaN), null],
    ['nothing', finite(null), null],
    ['a number that can be summed up', toSummable('-12.5'), -12.5],
    ['the most of those', toSummable(1e15), 1e15],
    ['more than that', toSummable(-1.1e15), null],
    ['no number', toSummable('x'), null],
  ] as const) {
    it(`are told apart from those that it may have: ${what}`, () => assert.equal(got, expected));
  }
});
