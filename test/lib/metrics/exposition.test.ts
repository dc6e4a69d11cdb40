import assert from 'node:assert/strict';

import type { Notice } from '../../../lib/core/notices';
import { Exposition } from '../../../lib/metrics/exposition';
import { readMessage } from '../../../lib/metrics/read';
import { FakeClock } from '../../support/fake-clock';
import { parseExposition, type ParsedSample } from '../../support/prometheus-text';

const LIMIT = 60_000;
const METER = { vendor: 'powerfox', id: 'm1', name: 'Meter' };
const UPS = { vendor: 'powersentrix', id: 'u1', name: 'UPS' };
const HEATER = { vendor: 'automate-green', id: 'c1', name: 'Heater' };
const SITE = { vendor: 'powerflex', id: 's1', name: 'Garage' };
const EMS = { vendor: 'enapter', id: 'e1', name: 'Battery' };
const DERIVED = { vendor: 'energy-devices', id: 'd1', name: 'House' };

class Bench {
  readonly clock = new FakeClock();
  readonly notices: Notice[] = [];
  readonly exposition = new Exposition(LIMIT, (notice) => this.notices.push(notice), this.clock);

  tell(device: object, payload: unknown): this {
    for (const reading of readMessage({ device, payload })) this.exposition.take(reading);
    return this;
  }

  samples(): ParsedSample[] {
    return parseExposition(this.exposition.lines().join('')).samples;
  }

  /** Values by name and labels, without those of the device and without `left_out`. */
  values(): Record<string, number> {
    const all = this.samples().filter(({ name }) => name !== 'energy_device_series_left_out');
    return Object.fromEntries(
      all.map(({ name, labels, value }) => {
        const own = Object.entries(labels).filter(([label]) => !['vendor', 'device', 'name'].includes(label));
        const text = own.map(([label, one]) => `${label}=${one}`).join(',');
        return [name.replace('energy_device_', '') + (text === '' ? '' : `{${text}}`), value];
      }),
    );
  }
}

const CASES: [what: string, device: object, payloads: unknown[], values: Record<string, number>][] = [
  [
    'what did not arrive is none, and 0 is 0',
    METER,
    [{ power: 0, importPower: null, energyImport: 5_000_500, energyExport: Number.NaN, age: '3' }],
    { up: 1, power_watts: 0, energy_import_watthours_total: 5_000_500, age_seconds: 3 },
  ],
  [
    'a reading takes the place of the one before as a whole',
    METER,
    [
      { power: 1, energyImport: 5 },
      { power: 2, energyImport: null },
    ],
    { up: 1, power_watts: 2 },
  ],
  [
    'ports, supplies and blocks of a battery, as many as come',
    UPS,
    [
      {
        onBattery: true,
        totalPower: 60,
        supplies: [{ mainVoltage: 48.1, cellVoltages: [12.9, null, 13.1] }],
        outputs: [
          { port: 0, on: true, power: 60, voltage: 24, current: 2.5 },
          { port: 11, on: false, power: null, voltage: null, current: null },
        ],
        ident: { cpuLoad: 12 },
      },
    ],
    {
      up: 1,
      on_battery: 1,
      total_power_watts: 60,
      'supply_main_voltage_volts{supply=0}': 48.1,
      'supply_cell_voltage_volts{supply=0,cell=0}': 12.9,
      'supply_cell_voltage_volts{supply=0,cell=2}': 13.1,
      'port_on{port=0}': 1,
      'port_power_watts{port=0}': 60,
      'port_voltage_volts{port=0}': 24,
      'port_current_amperes{port=0}': 2.5,
      'port_on{port=11}': 0,
      ident_cpu_load_ratio: 0.12,
    },
  ],
  [
    'an event is no state',
    UPS,
    [{ event: 'status', change: 'lowBattery', batteryVoltage: 22, limit: 23 }],
    {},
  ],
  [
    'a status of a controller carries a part, and the rest stays',
    HEATER,
    [
      { type: 'update', averagePower: 900, flow: 3, energy: 15 },
      { type: 'relay', on: true, averagePower: null, flow: null },
    ],
    {
      up: 1,
      average_power_watts: 900,
      flow_cubic_meters_per_second: 0.00005,
      energy_watthours: 15,
      on: 1,
    },
  ],
  [
    'the answer to a command holds a status',
    HEATER,
    [{ accepted: true, command: 'on', status: { on: true } }],
    { up: 1, on: 1 },
  ],
  [
    'load, signals and targets of a site',
    SITE,
    [
      { realTimeLoad: 12.5 },
      { name: 'grid', maxLoad: 50, maxLoadUnit: 'kW', enabled: false },
      { name: 'fuse', maxLoad: 63, maxLoadUnit: 'A', enabled: true },
      { targets: { Jan: 40, Feb: 41 } },
      { targets: { Feb: 42 } },
    ],
    {
      up: 1,
      real_time_load_watts: 12_500,
      'max_load_watts{signal=grid}': 50_000,
      'signal_enabled{signal=grid}': 0,
      'max_load_amperes{signal=fuse}': 63,
      'signal_enabled{signal=fuse}': 1,
      'target_watts{month=Jan}': 40_000,
      'target_watts{month=Feb}': 42_000,
    },
  ],
  [
    'attributes of a device of an EMS',
    EMS,
    [
      { soc: { value: 81 }, open: { value: true }, mode: { value: 'eco' }, gone: { value: 1 } },
      { gone: { value: null } },
    ],
    { up: 1, 'attribute{attribute=soc}': 81, 'attribute{attribute=open}': 1 },
  ],
  [
    'running periods, and none that is over',
    DERIVED,
    [
      { timestamp: '2026-01-01T00:00:00Z', day: { import: 12, coverage: 0.5, cost: null } },
      { period: 'day', start: '2025-12-31T00:00:00Z', import: 9 },
    ],
    { up: 1, day_import_watthours: 12, day_coverage_ratio: 0.5 },
  ],
];

describe('the exposition', () => {
  for (const [what, device, payloads, values] of CASES) {
    it(what, () => {
      const bench = new Bench();
      for (const payload of payloads) bench.tell(device, payload);
      assert.deepEqual(bench.values(), values);
    });
  }

  it('takes the newest of a list, and none that is too old', () => {
    const bench = new Bench();
    const row = (ago: number, address: string, power: number): object => ({
      timestamp: new Date(bench.clock.now() - ago).toISOString(),
      evseAddress: address,
      energyDelivered: null,
      power,
    });
    bench.tell(SITE, [row(120_000, '1', 1), row(30_000, '1', 2), row(50_000, '1', 3), row(90_000, '2', 4)]);
    assert.deepEqual(
      bench.samples().map(({ name, labels, value }) => [name, labels.device, value]),
      [
        ['energy_device_up', 's1_1', 1],
        ['energy_device_power_watts', 's1_1', 2],
        ['energy_device_series_left_out', undefined, 0],
      ],
    );
  });

  it('tells nothing but up 0 of a device that is unavailable, at once, and of one whose values are too old', async () => {
    const bench = new Bench().tell(METER, { power: 7 });
    bench.tell(METER, { available: false, since: '2026-01-01T00:00:00Z', reason: { code: 'TIMEOUT' } });
    assert.deepEqual(bench.values(), { up: 0 });
    bench.tell(METER, { available: true });
    assert.deepEqual(bench.values(), { up: 1 });
    bench.tell(METER, { power: 8 });
    await bench.clock.advance(LIMIT);
    assert.deepEqual(bench.values(), { up: 1, power_watts: 8 });
    await bench.clock.advance(1);
    assert.deepEqual(bench.values(), { up: 0 });
    bench.tell(METER, { power: 9 });
    assert.deepEqual(bench.values(), { up: 1, power_watts: 9 });
    // The host has slept.
    bench.clock.moveWall(LIMIT + 5000);
    assert.deepEqual(bench.values(), { up: 0 });
  });

  it('ignores a reading that is older than the last one', () => {
    const bench = new Bench();
    bench.tell(METER, { power: 2, timestamp: '2026-01-01T00:00:10Z' });
    bench.tell(METER, { power: 1, timestamp: '2026-01-01T00:00:05Z' });
    assert.equal(bench.values().power_watts, 2);
  });

  it('gives all values of a device that was renamed its new name', () => {
    const bench = new Bench().tell(METER, { power: 2, energyImport: 5 });
    bench.tell({ ...METER, name: 'Cellar' }, { available: true });
    const names = bench.samples().flatMap(({ labels }) => labels.name ?? []);
    assert.deepEqual(names, ['Cellar', 'Cellar', 'Cellar']);
  });

  it('has room for 10,000 values, counts the rest, names it once, and gives free room away again', () => {
    const bench = new Bench();
    const device = (i: number): object => ({ vendor: 'enapter', id: `e${i}`, name: `Device ${i}` });
    const payload = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`a${i}`, { value: i }]));
    for (let round = 0; round < 3; round++) for (let i = 0; i < 101; i++) bench.tell(device(i), payload);
    bench.tell({ ...METER }, { power: 5 });
    // 100 devices with 100 lines each fill it; the rest has not even `up`.
    assert.deepEqual(bench.exposition.counts, { devices: 100, series: 10_000, leftOut: 2 });
    const samples = bench.samples();
    assert.equal(samples.length, 10_001);
    assert.deepEqual(samples.at(-1), {
      name: 'energy_device_series_left_out',
      labels: samples.at(-1)?.labels,
      value: 2,
    });
    assert.deepEqual(
      new Set(bench.notices.map(({ params }) => params?.name)),
      new Set(['Device 100', 'Meter']),
    );
    bench.tell(device(3), { available: false });
    bench.tell(METER, { power: 6 });
    assert.ok(bench.samples().some(({ labels, value }) => labels.name === 'Meter' && value === 6));
  });

  it('forgets a device of which nothing is heard for a week', async () => {
    const bench = new Bench().tell(METER, { power: 2 });
    await bench.clock.advance(7 * 86_400_000 + 1);
    assert.deepEqual(bench.values(), {});
    assert.equal(bench.exposition.counts.series, 0);
  });

  for (const [what, message] of [
    ['no device', { payload: { power: 1 } }],
    ['another vendor', { device: { vendor: 'acme', id: '1' }, payload: { power: 1 } }],
    ['a name that every object has', { device: { vendor: 'toString', id: '1' }, payload: { power: 1 } }],
    ['an empty id', { device: { ...METER, id: ' ' }, payload: { power: 1 } }],
    ['nothing that is known', { device: METER, payload: { weather: 'fair' } }],
    ['a text', { device: METER, payload: '230' }],
  ] as const) {
    it(`refuses a message with ${what}`, () => {
      assert.throws(() => [...readMessage(message)], { code: 'INVALID_INPUT' });
    });
  }
});
