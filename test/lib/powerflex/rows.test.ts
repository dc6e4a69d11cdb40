import assert from 'node:assert/strict';

import { epochMs, MEASUREMENTS, rowFields, rowMapper } from '../../../lib/powerflex/rows';
import { COLUMNS } from '../../../simulators/powerflex';

const IDS = { acn_id: '0001', acc_id: '03', acg_id: '01', acs_id: '07', version: '3' };
const STATION = {
  evse_address: '0001-03-01-07',
  evse_type: 'Tesla',
  space_number: '112',
  charging_state: 'ADAPTIVE',
};

function map(measurement: (typeof MEASUREMENTS)[number], values: Record<string, unknown>, tags = {}) {
  return rowMapper(measurement, { columns: Object.keys(values), tags })(Object.values(values));
}

const TYPED = {
  timestamp: '2019-08-16T19:01:51.500Z',
  acnId: '0001',
  accId: '03',
  acgId: '01',
  acsId: '07',
  evseAddress: '0001-03-01-07',
  evseType: 'Tesla',
  spaceNumber: '112',
  chargingState: 'ADAPTIVE',
  version: '3',
};

describe('rowMapper', () => {
  it('brings ct_response to SI units', () => {
    const { row, time } = map('ct_response', {
      ...{ time: 1565982111.5, ...IDS, ...STATION },
      energy_delivered: 12_345_678,
      mamps_actual: 15_900,
      peak_rate: 32,
      phases: 'AB',
      pilot_actual: 16,
      power: 3.307,
      voltage: 208_123,
    });
    assert.deepEqual(row, {
      ...TYPED,
      energyDelivered: 12_345.678,
      current: 15.9,
      pilotCurrent: 16,
      power: 3307,
      voltage: 208.123,
      phases: 'AB',
      peakRate: 32,
    });
    assert.equal(time, 1565982111500);
  });

  it('brings evse_request to SI units', () => {
    const currents = { mamps_last: 15_000, mamps_limit: 16_000, mamps_rampdown: 6_001 };
    const { row } = map('evse_request', {
      time: '2019-08-16T19:01:51.500123456Z',
      ...IDS,
      ...STATION,
      ...currents,
    });
    assert.deepEqual(row, { ...TYPED, lastCurrent: 15, pilotCurrent: 16, rampdownCurrent: 6.001 });
  });

  it('brings evse_response to SI units', () => {
    const told = { connected: 1, contactor: 0, mamps_last: '15000', response_period: 4.2 };
    const { row } = map('evse_response', { time: '1565982111.5', ...IDS, ...STATION, ...told });
    assert.deepEqual(row, {
      ...{ ...TYPED, connected: true, contactorClosed: false, lastCurrent: 15, responsePeriod: 4.2 },
    });
  });

  it('finds values by column name in any order, and in the tags', () => {
    const mapped = map('ct_response', { version: '9', power: 1, time: 1e9 }, { acc_id: '03', acs_id: 7 });
    const { row } = mapped;
    assert.deepEqual(
      [row.version, row.accId, row.acsId, row.timestamp],
      ['9', '03', '7', '2001-09-09T01:46:40.000Z'],
    );
    assert.deepEqual(mapped.raw(), { acc_id: '03', acs_id: 7, version: '9', power: 1, time: 1e9 });
  });

  it('keeps what did not arrive, or is no number, as null and never as 0', () => {
    for (const measurement of MEASUREMENTS) {
      const names = ['time', 'power', 'voltage', 'mamps_actual', 'mamps_last', 'connected', 'charging_state'];
      for (const value of [null, 'x', '', {}, [], true]) {
        const { row, time } = map(measurement, Object.fromEntries(names.map((name) => [name, value])));
        for (const [name, got] of Object.entries(row)) {
          const kept = typeof value === 'string' && name === 'chargingState';
          const flag = value === true && name === 'connected';
          assert.equal(got, kept || flag ? value : null, `${measurement} ${name}`);
        }
        assert.equal(time, null);
      }
      const { row } = map(measurement, {});
      assert.deepEqual(Object.keys(row), rowFields(measurement));
      assert.deepEqual([...new Set(Object.values(row))], [null]);
    }
  });

  it('knows every documented column', () => {
    for (const measurement of MEASUREMENTS) {
      const columns = COLUMNS[measurement];
      const { row } = map(
        measurement,
        Object.fromEntries(columns.map((column) => [column, column === 'time' ? 1e9 : 1])),
      );
      assert.ok(!Object.values(row).includes(null), measurement);
      assert.equal(Object.keys(row).length, columns.length, measurement);
    }
  });

  it('leaves power alone where the site delivers W', () => {
    const head = { columns: ['power'], tags: {} };
    assert.equal(rowMapper('ct_response', head, 'W')([3307]).row.power, 3307);
  });

  it('is not misled by columns and tags named like a prototype', () => {
    const mapped = map(
      'ct_response',
      JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, unknown>,
    );
    assert.deepEqual(Object.keys(mapped.raw()), ['__proto__', 'constructor']);
    assert.equal(map('ct_response', {}, Object.create({ version: 'inherited' }) as object).row.version, null);
  });

  it('refuses a row that is no list', () => {
    assert.throws(() => rowMapper('ct_response', { columns: ['time'], tags: {} })({ time: 1 }), {
      code: 'BAD_RESPONSE',
    });
  });
});

describe('epochMs', () => {
  const at = Date.UTC(2019, 7, 16, 19, 1, 51);
  for (const value of [
    ...[1565982111, '1565982111', 1565982111000, 1565982111000000, 1565982111000000000, '1565982111000'],
    ...['2019-08-16T19:01:51Z', '2019-08-16T21:01:51+02:00', '2019-08-16T19:01:51', '2019-08-16 19:01:51'],
    ...['2019-08-16t19:01:51z', '2019-08-16T19:01:51.000000000Z', ' 2019-08-16T19:01:51Z '],
  ]) {
    it(`reads ${JSON.stringify(value)}`, () => assert.equal(epochMs(value), at));
  }

  it('keeps milliseconds', () => {
    for (const value of [1565982111.123, '2019-08-16T19:01:51.123456789Z', 1565982111123456789]) {
      assert.equal(epochMs(value), at + 123);
    }
  });

  for (const value of [
    ...[
      0,
      -5,
      NaN,
      1,
      1e30,
      'T',
      'yesterday',
      null,
      undefined,
      true,
      {},
      '1970-01-01T00:00:00Z',
      '57648-01-01T00:00:00Z',
    ],
    ...['2019-02-29T00:00:00Z', '2019-04-31T00:00:00Z', '2019-08-16T25:00:00Z', '2019-08-16X19:01:51Z'],
  ]) {
    it(`takes ${JSON.stringify([value])} for no time`, () => assert.equal(epochMs(value), null));
  }
});

describe('a row of another length than its columns', () => {
  const head = { columns: ['time', 'mamps_actual'], tags: { acs_id: '07' } };

  for (const [what, values, raw] of [
    ['longer', [1e9, 1000, 5, 6], { acs_id: '07', time: 1e9, mamps_actual: 1000 }],
    ['shorter', [1e9], { acs_id: '07', time: 1e9, mamps_actual: null }],
    ['empty', [], { acs_id: '07', time: null, mamps_actual: null }],
  ] as const) {
    it(`gives no value a wrong place: ${what}`, () => {
      const mapped = rowMapper('ct_response', head)([...values]);
      assert.equal(mapped.row.acsId, '07');
      assert.equal(mapped.row.current, values.length > 1 ? 1 : null);
      assert.equal(mapped.row.voltage, null);
      assert.deepEqual(mapped.raw(), raw);
      const untagged = rowMapper('ct_response', { columns: head.columns, tags: {} })([...values]);
      assert.deepEqual([untagged.row.acsId, untagged.row.voltage, untagged.row.version], [null, null, null]);
    });
  }

  it('does not hand on what is nested endlessly', () => {
    let nested: unknown = 1;
    for (let i = 0; i < 10_000; i++) nested = [nested];
    assert.throws(() => rowMapper('ct_response', head)([1e9, nested]).raw(), { reason: 'tooDeep' });
  });
});
