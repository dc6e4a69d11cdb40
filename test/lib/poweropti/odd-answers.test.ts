import assert from 'node:assert/strict';

import type { Notice } from '../../../lib/core/notices';
import { Transport } from '../../../lib/core/http/transport';
import { PoweroptiClient } from '../../../lib/poweropti/client';
import { shortObis } from '../../../lib/poweropti/obis';
import { parseReading } from '../../../lib/poweropti/reading';
import { type PoweroptiSimulator, startPoweropti } from '../../../simulators/poweropti';
import { FakeClock } from '../../support/fake-clock';

const TIME = 1757053304;
type Values = Record<string, unknown>;
const bodyOf = (values: Values, timestamp: unknown = TIME): unknown => ({
  timestamp,
  values: Object.entries(values).map(([obis, value]) => ({ obis, value })),
});

describe('the sign and size of a power', () => {
  const table: [Values, number | null][] = [
    // signed 1.7.0, as the vendor documents it
    [{ '1.7.0': 228 }, 228],
    [{ '1.7.0': -500 }, -500],
    [{ '1.7.0': 0 }, 0],
    [{ '1.7.0': -0 }, 0],
    // import and export apart
    [{ '1.7.0': 0, '2.7.0': 512 }, -512],
    [{ '1.7.0': 228, '2.7.0': 0 }, 228],
    [{ '1.7.0': 228, '2.7.0': 500 }, -272],
    [{ '1.7.0': 500, '2.7.0': 228 }, 272],
    [{ '1.7.0': 300, '2.7.0': 300 }, 0],
    [{ '1.7.0': -512, '2.7.0': 512 }, -512],
    [{ '2.7.0': 512 }, -512],
    [{ '2.7.0': 0 }, null],
    [{ '1-0:1.7.0*255': '0', '1-0:2.7.0*255': '512.5' }, -512.5],
    // the balance
    [{ '16.7.0': -512 }, -512],
    [{ '1.7.0': 0, '16.7.0': -512 }, -512],
    [{ '1.7.0': 512, '16.7.0': -512 }, -512],
    [{ '1.7.0': 0, '2.7.0': 0, '16.7.0': -512 }, -512],
    [{ '1.7.0': 228, '2.7.0': 500, '16.7.0': -272 }, -272],
    [{ '1.7.0': 228, '16.7.0': 0 }, 228],
    [{ '2.7.0': 300, '16.7.0': 0 }, 0],
    [{ '1.7.0': null, '16.7.0': 99 }, 99],
    // numbers without their sign, and of no meter
    [{ '1.7.0': 2 ** 32 - 500 }, -500],
    [{ '1.7.0': String(2 ** 32 - 500) }, -500],
    [{ '16.7.0': 2 ** 32 - 500 }, -500],
    [{ '1.7.0': 0, '16.7.0': 2 ** 32 - 500 }, -500],
    [{ '1.7.0': 2 ** 32 - 1 }, null],
    [{ '1.7.0': 2 ** 32 }, null],
    [{ '1.7.0': 2 ** 31 }, null],
    [{ '1.7.0': -(2 ** 31) }, null],
    [{ '1.7.0': 2 ** 31 - 1 }, null],
    [{ '1.7.0': 2 ** 31 - 500 }, null],
    [{ '1.7.0': 2 ** 24 - 500 }, null],
    [{ '1.7.0': 2 ** 32 - 500.5 }, null],
    [{ '1.7.0': 18_446_744_073_709_551_116 }, null],
    [{ '1.7.0': 1e300 }, null],
    [{ '1.7.0': 0, '2.7.0': 2 ** 32 - 1 }, null],
    [{ '1.7.0': 69_000 }, 69_000],
    // what cannot be read
    [{ '1.7.0': 'nan' }, null],
    [{ '1.7.0': 'inf', '2.7.0': 512 }, null],
    [{ '1.7.0': 0, '2.7.0': 'nan' }, null],
    [{ '1.7.0': 0, '2.7.0': null }, null],
    [{ '1.7.0': 0, '16.7.0': 'nan' }, null],
    [{ '1.7.0': 0, '2.7.0': 512, '16.7.0': 'nan' }, -512],
    [{ '1.7.0': 0, '2.7.0': 0, '16.7.0': null }, 0],
    [{ '1.7.0': 0, '2.7.0': null, '16.7.0': 0 }, 0],
    [{ '1.7.0': 228, '2.7.0': 'nan' }, 228],
    [{ '1.7.0': 0, '2.7.0': -512 }, null],
    [{ '1.7.0': 228, '1-0:1.7.0*255': 500 }, null],
    [{ '1.7.0': 228, '1-0:1.7.0*255': 228 }, 228],
    [{ '1.7.0': null, '1-0:1.7.0*255': 228 }, 228],
    [{}, null],
  ];
  for (const [values, power] of table) {
    it(`makes ${String(power)} of ${JSON.stringify(values)}`, () => {
      const reading = parseReading(bodyOf(values));
      assert.equal(reading.power, power);
      assert.equal(reading.importPower, power === null ? null : Math.max(power, 0));
      assert.equal(reading.exportPower, power === null ? null : Math.max(0, -power));
      for (const value of Object.values(reading.registers)) assert.ok(Math.abs(value ?? 0) <= 10e6);
    });
  }
});

describe('the size of an energy', () => {
  const table: [unknown, number | null][] = [
    [17784955, 17784955],
    ['17784955.5', 17784955.5],
    [0, 0],
    [-1, null],
    [2 ** 64, null],
    [1e14, null],
    ['nan', null],
    [null, null],
    [{}, null],
    ['', null],
    [true, null],
  ];
  for (const [value, energy] of table) {
    it(`makes ${String(energy)} of ${JSON.stringify(value)}`, () => {
      const reading = parseReading(bodyOf({ '1.8.0': value, '2.8.0': value }));
      assert.deepEqual([reading.energyImport, reading.energyExport], [energy, energy]);
    });
  }

  it('takes a total of 0 beside a tariff that is not for unknown', () => {
    const reading = parseReading(bodyOf({ '1.8.0': 0, '1.8.1': 17784955, '1.8.2': 0 }));
    assert.deepEqual([reading.energyImport, reading.energyImportTariff1], [null, 17784955]);
    assert.equal(parseReading(bodyOf({ '1.8.0': 0, '1.8.1': 0 })).energyImport, 0);
  });
});

describe('shortObis', () => {
  const table = {
    '1.7.0': '1.7.0',
    '1-0:1.7.0*255': '1.7.0',
    '1-0:1.7.0': '1.7.0',
    '01-00:01.07.00*255': '1.7.0',
    '1.7.0*255': '1.7.0',
    '1.7.0&255': '1.7.0',
    '1-0:1.7.0.255': '1.7.0',
    '01.07.00': '1.7.0',
    '1-0:16.7.0*255': '16.7.0',
    '1-1:1.7.0': '1-1:1.7.0',
    '6-0:1.8.0*255': '6-0:1.8.0*255',
    '1-0:1.8.0*01': '1-0:1.8.0*01',
    '1.8.0*0': '1.8.0*0',
    'C.1.0': 'C.1.0',
    '0.0.0.0.0.0': '0.0.0.0.0.0',
  };
  for (const [code, short] of Object.entries(table)) {
    it(`${code} is ${short}`, () => assert.equal(shortObis(code), short));
  }
});

describe('the time of a reading', () => {
  const table: [unknown, string | null][] = [
    [TIME, '2025-09-05T06:21:44.000Z'],
    [String(TIME), '2025-09-05T06:21:44.000Z'],
    [TIME * 1000, '2025-09-05T06:21:44.000Z'],
    [TIME * 1e6, '2025-09-05T06:21:44.000Z'],
    ['2025-09-05 06:21:44', '2025-09-05T06:21:44.000Z'],
    [0, null],
    [86_400, null],
    [-5, null],
    [1_757_053_304e9 * 1e9, null],
    [null, null],
    ['', null],
    ['yesterday', null],
    [{}, null],
  ];
  for (const [timestamp, iso] of table) {
    it(`is ${String(iso)} for ${JSON.stringify(timestamp)}`, () => {
      const reading = parseReading(bodyOf({ '1.7.0': 5 }, timestamp));
      assert.deepEqual([reading.timestamp, reading.power], [iso, 5]);
    });
  }
});

describe('odd answers', () => {
  let meter: PoweroptiSimulator;
  let transport: Transport;
  let notices: Notice[];
  const clock = new FakeClock();
  let client: PoweroptiClient;
  beforeEach(async () => {
    meter = await startPoweropti();
    transport = new Transport();
    notices = [];
    client = new PoweroptiClient(
      { host: meter.url, apiKey: meter.apiKey, onNotice: (notice) => notices.push(notice) },
      transport,
      clock,
    );
  });
  afterEach(async () => {
    transport.close();
    await meter.close();
  });

  it('cost the entry, are named once, and never the list', async () => {
    const values = [null, 7, 'x', [], { value: 1 }, { obis: 1.7, value: 2 }, { obis: '', value: 3 }];
    const good = { obis: '1.7.0', value: 228 };
    const body = JSON.stringify({ timestamp: TIME, values: [...values, good, { obis: '1.8.0' }] });
    meter.faults.add({ kind: 'body', body });
    for (let i = 0; i < 3; i++) {
      const { reading } = await client.read();
      assert.deepEqual([reading.power, reading.energyImport], [228, null]);
    }
    assert.deepEqual(
      notices.map(({ reason, params }) => [reason, Object.values(params ?? {})[0]]),
      [...values.map((_, i) => ['poweroptiEntry', i + 1]), ['poweroptiUnreadable', '1.8.0']],
    );
  });

  it('may be framed by a byte order mark and NUL, and hold a bare nan', async () => {
    const body = `\ufeff{"timestamp":${TIME},"values":[{"obis":"1.7.0","value":nan},{"obis":"1.8.0","value":5}]}\0\0`;
    meter.faults.add({ kind: 'body', body });
    const { reading } = await client.read();
    assert.deepEqual([reading.power, reading.energyImport], [null, 5]);
  });

  it('without a time are read, with the arrival as their age, and said once', async () => {
    meter.faults.add({ kind: 'body', body: JSON.stringify(bodyOf({ '1.7.0': 5 }, 0)) });
    const { reading, age } = await client.read();
    assert.equal(reading.timestamp, null);
    assert.equal(age(), 0);
    await clock.advance(4000);
    assert.equal(age(), 4000);
    assert.equal((await client.read()).age(), 0);
    assert.deepEqual(notices, [{ reason: 'poweroptiWithoutTime' }]);
  });

  it('of a meter whose clock is off are as old as their arrival', async () => {
    meter.faults.add({ kind: 'body', body: JSON.stringify(bodyOf({ '1.7.0': 5 }, TIME)) });
    const { age } = await client.read();
    await clock.advance(2000);
    // The same measurement once more is no younger for it.
    assert.equal((await client.read()).age(), 2000);
    assert.equal(age(), 2000);
  });
});
