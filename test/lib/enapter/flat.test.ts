import assert from 'node:assert/strict';

import { telemetryOf } from '../../../lib/enapter/mqtt/flat';
import { manifestYaml } from '../../../lib/enapter/mqtt/manifest';
import { prepareValues } from '../../../lib/enapter/mqtt/payloads';
import { Usage } from '../../../lib/enapter/mqtt/usage';
import { unitsOf } from '../../../lib/measurements';

const NOW = Date.UTC(2026, 5, 15, 12);
const METER = { id: 'm', vendor: 'powerfox', model: 'poweropti', name: 'Meter' };
const UPS = { ...METER, vendor: 'powersentrix' };

const flattened = (message: { device: unknown; payload: unknown }) => telemetryOf(message, unitsOf);

const CASES: { name: string; device: unknown; payload: unknown; flat: unknown }[] = [
  {
    name: 'registers of a meter',
    device: METER,
    payload: { timestamp: '2026-06-15T12:00:00Z', power: 228, registers: { '1.8.0': 5, '16.7.0': null } },
    flat: { timestamp: '2026-06-15T12:00:00Z', power: 228, registers_1_8_0: 5, registers_16_7_0: null },
  },
  {
    name: 'supplies, cells and ports of a UPS',
    device: UPS,
    payload: {
      powerSource: 'mains',
      supplies: [{ mainVoltage: 54.1, cellVoltages: [4.1, null] }],
      outputs: [{ port: 0, on: true }],
    },
    flat: {
      powerSource: 'mains',
      supplies_0_mainVoltage: 54.1,
      supplies_0_cellVoltages_0: 4.1,
      supplies_0_cellVoltages_1: null,
      outputs_0_port: 0,
      outputs_0_on: true,
    },
  },
  {
    name: 'texts in a list, which can be sent',
    device: UPS,
    payload: { notes: ['a', 'b'] },
    flat: { notes: ['a', 'b'] },
  },
  {
    name: 'values of somebody else',
    device: { vendor: 'x' },
    payload: { a: { b: 1 } },
    flat: { a: { b: 1 } },
  },
  { name: 'no object', device: METER, payload: 7, flat: 7 },
];

describe('a reading as telemetry', () => {
  for (const { name, device, payload, flat } of CASES) {
    it(`flattens only what is ours: ${name}`, () => {
      assert.deepEqual(flattened({ device, payload }).payload, flat);
    });
  }

  it('is sent without a notice', () => {
    for (const { device, payload } of CASES.slice(0, 3)) {
      assert.deepEqual(prepareValues('telemetry', flattened({ device, payload }).payload, NOW).notices, []);
    }
  });
});

const FLEX = { ...METER, vendor: 'powerflex' };
const OWN = { ...METER, vendor: 'energy-devices' };

const UNITS: { name: string; device: unknown; payload: unknown; units: [name: string, unit: string][] }[] = [
  {
    name: 'a meter',
    device: METER,
    payload: { power: 228, energyImport: null, timestamp: '2026-06-15T12:00:00Z', registers: { '1.8.0': 5 } },
    units: [
      ['power', 'W'],
      ['energyImport', 'Wh'],
    ],
  },
  {
    name: 'lists and what is in them',
    device: UPS,
    payload: {
      totalPower: 5,
      temperatures: { board: 40 },
      supplies: [{ mainVoltage: 54.1, cellVoltages: [4.1, null] }],
      outputs: [{ port: 0, power: 7 }, { power: 8 }],
    },
    units: [
      ['totalPower', 'W'],
      ['temperatures_board', '°C'],
      ['supplies_0_mainVoltage', 'V'],
      ['supplies_0_cellVoltages_0', 'V'],
      ['supplies_0_cellVoltages_1', 'V'],
      ['outputs_0_power', 'W'],
      ['outputs_1_power', 'W'],
    ],
  },
  {
    name: 'two kinds of event that call different quantities a limit',
    device: UPS,
    payload: { event: 'lowBattery', batteryVoltage: 47, limit: 48 },
    units: [['batteryVoltage', 'V']],
  },
  { name: 'kW', device: FLEX, payload: { realTimeLoad: 12 }, units: [['realTimeLoad', 'kW']] },
  {
    name: 'a unit that the reading names',
    device: FLEX,
    payload: { maxLoad: 5, maxLoadUnit: 'A' },
    units: [],
  },
  {
    name: 'what is calculated',
    device: OWN,
    payload: { energy: 5, last: { demand: 7 }, coverage: 1 },
    units: [
      ['energy', 'Wh'],
      ['last_demand', 'W'],
    ],
  },
  { name: 'what has no table', device: { ...METER, vendor: 'enapter' }, payload: { power: 1 }, units: [] },
];

describe('the units of a reading as telemetry', () => {
  for (const { name, device, payload, units } of UNITS) {
    it(`are those of the table: ${name}`, () => {
      assert.deepEqual([...(flattened({ device, payload }).units ?? [])], units);
    });
  }

  it('are not those of somebody else', () => {
    assert.equal(flattened({ device: { vendor: 'x', id: 'x' }, payload: { power: 1 } }).units, undefined);
  });

  it('stand in the manifest, but where one name has two', () => {
    const usage = new Usage();
    const record = (message: { device: unknown; payload: unknown }): void => {
      const { payload, units } = flattened(message);
      usage.record('telemetry', prepareValues('telemetry', payload, NOW), units);
    };
    record({ device: METER, payload: { power: 228, importPower: 228 } });
    record({ device: UPS, payload: { outputs: [{ power: 7, on: true }] } });
    record({ device: undefined, payload: { importPower: 1 } });
    const yaml = manifestYaml(usage, 'Home', []);
    assert.deepEqual(
      yaml.match(/^ {2}\w+:$|unit:.*/gm),
      ['importPower:', 'outputs_0_on:', 'outputs_0_power:', 'unit: "W"', 'power:', 'unit: "W"'].map((line) =>
        line.endsWith(':') ? `  ${line}` : line,
      ),
    );
  });
});
