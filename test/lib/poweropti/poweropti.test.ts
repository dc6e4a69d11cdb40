import assert from 'node:assert/strict';

import type { DeviceError } from '../../../lib/core/errors';
import { Transport } from '../../../lib/core/http/transport';
import { PoweroptiClient } from '../../../lib/poweropti/client';
import { ReadingGate, StandstillWatch } from '../../../lib/poweropti/gate';
import { parseReading, type PoweroptiReading } from '../../../lib/poweropti/reading';
import { type PoweroptiSimulator, startPoweropti } from '../../../simulators/poweropti';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';

const DOCUMENTED = {
  timestamp: 1757053304,
  values: [
    { obis: '1.7.0', value: 228 },
    { obis: '1.8.0', value: 17784955 },
    { obis: '1.8.1', value: 17784955 },
    { obis: '1.8.2', value: 0 },
    { obis: '2.8.0', value: 181 },
  ],
};

const withValues = (...values: unknown[]): unknown => ({ timestamp: 1757053304, values });

describe('parseReading', () => {
  it('reads the documented answer', () => {
    assert.deepEqual(parseReading(DOCUMENTED), {
      timestamp: '2025-09-05T06:21:44.000Z',
      power: 228,
      importPower: 228,
      exportPower: 0,
      energyImport: 17784955,
      energyImportTariff1: 17784955,
      energyImportTariff2: 0,
      energyExport: 181,
      registers: { '1.7.0': 228, '1.8.0': 17784955, '1.8.1': 17784955, '1.8.2': 0, '2.8.0': 181 },
    });
  });

  it('makes a register that did not come null, never 0', () => {
    const reading = parseReading(withValues());
    assert.deepEqual(
      [reading.power, reading.importPower, reading.exportPower, reading.energyImport, reading.energyExport],
      [null, null, null, null, null],
    );
  });

  it('splits export from import', () => {
    const reading = parseReading(withValues({ obis: '1.7.0', value: -512 }));
    assert.deepEqual([reading.power, reading.importPower, reading.exportPower], [-512, 0, 512]);
  });

  it('takes 16.7.0 where 1.7.0 is missing, and numbers written as texts', () => {
    const reading = parseReading({ timestamp: '1757053304', values: [{ obis: '16.7.0', value: ' 99.5 ' }] });
    assert.equal(reading.power, 99.5);
    assert.equal(reading.timestamp, '2025-09-05T06:21:44.000Z');
  });

  it('knows the long form of a code and keeps unknown registers', () => {
    const reading = parseReading(
      withValues({ obis: '1-0:1.8.0*255', value: 5 }, { obis: '96.1.0', value: '7' }),
    );
    assert.equal(reading.energyImport, 5);
    assert.deepEqual(reading.registers, { '1-0:1.8.0*255': 5, '96.1.0': 7 });
  });

  it('takes no earlier period and no other channel for the present value', () => {
    const reading = parseReading(
      withValues(
        { obis: '1-0:1.8.0*255', value: 17784955 },
        { obis: '1-0:1.8.0*01', value: 16000000 },
        { obis: '1-0:1.7.0', value: 228 },
        { obis: '1-1:1.7.0', value: 9 },
        { obis: '1.7.0', value: null },
      ),
    );
    assert.deepEqual([reading.energyImport, reading.power], [17784955, 228]);
    assert.equal(reading.registers['1-0:1.8.0*01'], 16000000);
  });

  it('makes a value that is no number null', () => {
    for (const value of [null, 'n/a', {}, [], true, '', undefined]) {
      assert.equal(parseReading(withValues({ obis: '1.7.0', value })).power, null);
    }
  });

  it('passes over codes that no meter has', () => {
    const reading = parseReading(
      withValues(
        ...['__proto__', 'constructor', 'toString', '1'.repeat(50)].map((obis) => ({ obis, value: 1 })),
      ),
    );
    assert.deepEqual(reading.registers, {});
    assert.equal(Object.getPrototypeOf(reading.registers), Object.prototype);
  });

  it('refuses more registers than any meter has', () =>
    assert.throws(
      () => parseReading(withValues(...Array.from({ length: 201 }, () => ({ obis: '1.7.0', value: 1 })))),
      { code: 'BAD_RESPONSE', reason: 'tooMuch' },
    ));

  const wrong: unknown[] = [
    null,
    'text',
    7,
    [],
    {},
    { timestamp: 1757053304 },
    { timestamp: 1757053304, values: {} },
    { values: [] },
    { timestamp: 'yesterday', values: [] },
    { timestamp: 0, values: [null, 7, { value: 7 }, { obis: 1.7, value: 7 }] },
  ];
  for (const body of wrong) {
    it(`refuses ${JSON.stringify(body)}`, () =>
      assert.throws(() => parseReading(body), { code: 'BAD_RESPONSE', reason: 'poweroptiShape' }));
  }
});

describe('PoweroptiClient', () => {
  let meter: PoweroptiSimulator;
  let transport: Transport;
  const client = (settings: { host?: unknown; apiKey?: unknown; timeout?: number } = {}): PoweroptiClient =>
    new PoweroptiClient({ host: meter.url, apiKey: meter.apiKey, ...settings }, transport);

  beforeEach(async () => {
    meter = await startPoweropti({ path: '/lan/meter1' });
    transport = new Transport();
  });
  afterEach(async () => {
    transport.close();
    await meter.close();
  });

  it('reads a meter below a path, with the raw answer', async () => {
    meter.setPower(-321);
    const { reading, raw } = await client().read();
    assert.equal(reading.power, -321);
    assert.equal(reading.exportPower, 321);
    assert.ok((reading.energyImport ?? 0) > 0);
    assert.deepEqual(Object.keys(raw as object), ['timestamp', 'values']);
    assert.equal(meter.http.log[0]?.path, '/lan/meter1/value');
  });

  it('takes an address that ends in /value, with or without http', async () => {
    for (const host of [`${meter.url}/value`, `${meter.host}/value/`, meter.host, `${meter.url}/`]) {
      assert.ok((await client({ host }).read()).reading.timestamp);
    }
  });

  it('sends the literal key null', async () => {
    await failsWith(client({ apiKey: 'null' }).read(), 'AUTH_FAILED');
    assert.equal(meter.http.log[0]?.headers['x-api-key'], 'null');
  });

  it('names every cause of a refusal', async () => {
    const error = await failsWith(client({ apiKey: 'wrong-key-123' }).read(), 'AUTH_FAILED');
    for (const cause of ['key', 'PRO service', 'v2.02.07']) assert.ok(error.message.includes(cause));
    assert.ok(!error.message.includes('wrong-key-123'));
  });

  it('says that something else answers there', async () => {
    const error = await failsWith(client({ host: `${meter.url}/elsewhere` }).read(), 'NOT_FOUND');
    assert.match(error.message, /no \/value/);
  });

  for (const settings of [
    { host: '' },
    { host: 'ftp://x' },
    { host: null },
    { apiKey: '' },
    { apiKey: undefined },
  ]) {
    it(`refuses ${JSON.stringify(settings)} before anything is sent`, () => {
      assert.throws(() => client(settings), { code: 'INVALID_INPUT' });
      assert.equal(meter.http.counters.requests, 0);
    });
  }

  it('refuses a key that would break the request apart, without quoting it', () => {
    assert.throws(
      () => client({ apiKey: 'abc\r\nX-Evil: 1' }),
      (error: DeviceError) => error.code === 'INVALID_INPUT' && !error.message.includes('Evil'),
    );
  });

  for (const body of [
    '',
    '<html>',
    '{"timestamp":',
    '[]',
    '"x"',
    '{"timestamp":1,"values":[3]}',
    '{"timestamp":1,"values":[]}',
    'x'.repeat(10_000_000),
  ]) {
    it(`calls ${JSON.stringify(body.slice(0, 30))} (${body.length}) a bad response`, async () => {
      meter.faults.add({ kind: 'body', body });
      await failsWith(client().read(), 'BAD_RESPONSE');
    });
  }

  it('hands on how long a refused key is to wait', async () => {
    meter.faults.add({ kind: 'status', status: 401, headers: { 'Retry-After': '240' }, times: 1 });
    await assert.rejects(client().read(), { reason: 'poweroptiUnauthorized', retryAfter: 240 });
  });

  it('passes on other failures', async () => {
    meter.faults.add({ kind: 'status', status: 500, times: 1 });
    assert.equal((await failsWith(client().read(), 'BAD_RESPONSE')).reason, 'serverError');
    meter.faults.add({ kind: 'hang' });
    await failsWith(client({ timeout: 50 }).read(), 'TIMEOUT');
  });
});

describe('ReadingGate', () => {
  const reading = (timestamp: string | null, power: number | null): PoweroptiReading => ({
    ...parseReading(DOCUMENTED),
    timestamp,
    power,
  });

  it('passes no reading twice', () => {
    const gate = new ReadingGate(0);
    assert.deepEqual(
      [reading('a', 1), reading('a', 1), reading('b', 1)].map((one) => gate.admit(one)),
      [true, false, true],
    );
    gate.passed(reading('c', 1));
    assert.equal(gate.admit(reading('c', 1)), false);
    assert.deepEqual(
      [reading(null, 1), reading(null, 1)].map((one) => gate.admit(one)),
      [true, true],
      'without a time nothing is known to be a repeat',
    );
  });

  it('with a deadband waits until the power has moved, slow drift included', () => {
    const gate = new ReadingGate(10);
    const powers = [100, 105, 109.9, 110, 119, 120, null, null, 121];
    const passed = powers.filter((power, i) => gate.admit(reading(String(i), power)));
    assert.deepEqual(passed, [100, 110, 120, null, 121]);
  });
});

describe('StandstillWatch', () => {
  it('reports a time that stands still, by our own clock', async () => {
    const clock = new FakeClock();
    const watch = new StandstillWatch(60_000, clock);
    assert.equal(watch.assess('a'), undefined);
    await clock.advance(59_999);
    assert.equal(watch.assess('a'), undefined);
    await clock.advance(1);
    const error = watch.assess('a');
    assert.equal(error?.code, 'STALE');
    assert.deepEqual(error.params, { seconds: 60 });
    assert.equal(watch.assess('b'), undefined);
  });

  it('cannot tell it of a meter without a time', async () => {
    const clock = new FakeClock();
    const watch = new StandstillWatch(60_000, clock);
    watch.assess(null);
    await clock.advance(600_000);
    assert.equal(watch.assess(null), undefined);
  });
});
