import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { Transport } from '../../../lib/core/http/transport';
import { PowerflexClient, type PowerflexSettings } from '../../../lib/powerflex/client';
import type { ExternalSignal } from '../../../lib/powerflex/dcm';
import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import type { SimRequest } from '../../../simulators/support/server';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';

const SIGNAL: ExternalSignal = { name: 'grid', maxLoad: 21.6, maxLoadUnit: 'kW', enabled: true };
const isSet = ({ path }: SimRequest): boolean => path.startsWith('/set_');

describe('PowerflexClient', () => {
  let simulator: PowerflexSimulator;
  let transport: Transport;

  beforeEach(async () => {
    simulator = await startPowerflex();
    transport = new Transport();
  });

  afterEach(async () => {
    transport.close();
    await simulator.close();
  });

  function client(settings: Partial<PowerflexSettings> = {}, clock?: FakeClock): PowerflexClient {
    const { url, username, password } = simulator;
    return new PowerflexClient({ url, accId: '02', username, password, ...settings }, transport, clock);
  }

  const paths = (): string[] => simulator.http.log.map(({ method, path }) => `${method} ${path}`);
  const bodies = (path: RegExp): unknown[] =>
    simulator.http.log.filter((one) => path.test(one.path)).map(({ body }) => JSON.parse(body) as unknown);

  it('sends what the vendor documents', async () => {
    const powerflex = client();
    await powerflex.setRealTimeLoad(1100);
    const held = await powerflex.setTargetPeakPower({ Jun: 700, Jul: 555 });
    assert.deepEqual([held.Jun, held.Jul, held.Aug], [700, 555, 200]);
    assert.deepEqual(await powerflex.getTargetPeakPower(), held);
    assert.deepEqual(await powerflex.getExternalSignals(), []);
    assert.deepEqual(await powerflex.setExternalSignal(SIGNAL), SIGNAL);
    assert.deepEqual(await powerflex.getExternalSignals(), [SIGNAL]);
    assert.deepEqual(await powerflex.getExternalSignal('grid'), SIGNAL);
    assert.deepEqual(paths(), [
      'POST /login',
      'POST /set_real_time_load/2',
      'POST /set_target_peak_power_kW/2',
      'GET /get_target_peak_power_kW/2',
      'POST /get_external_signal/2',
      'POST /set_external_signal/2',
      'POST /get_external_signal/2',
      'POST /get_external_signal/2',
    ]);
    assert.deepEqual(bodies(/set_real|set_target|signal/), [
      { real_time_load_kW: 1100 },
      { target_peak_power: { Jun: 700, Jul: 555 } },
      {},
      { max_load: 21.6, max_load_unit: 'kW', is_enabled: true, name: 'grid' },
      {},
      { name: 'grid' },
    ]);
    const headers: SimRequest['headers'] = simulator.http.log[1]?.headers ?? {};
    assert.equal(headers['content-type'], 'application/json');
    assert.match(headers.authorization ?? '', /^Bearer eyJ/);
    assert.deepEqual(bodies(/login/), [{ username: simulator.username, password: simulator.password }]);
  });

  it('asks for measurements with a time filter only when there is a range', async () => {
    const powerflex = client();
    await powerflex.getMeasurementData({ measurement: 'ct_response' }, () => undefined);
    const range = { start: 1_700_000_000_500, end: 1_700_000_060_001 };
    await powerflex.getMeasurementData({ measurement: 'evse_request', range }, () => undefined);
    assert.deepEqual(bodies(/measurement/), [
      { measurement: 'ct_response' },
      { measurement: 'evse_request', time_filter: [1_700_000_000, 1_700_000_061] },
    ]);
  });

  it('logs in once for four calls at once, also when their token has expired', async () => {
    const powerflex = client();
    const four = (): Promise<unknown> =>
      Promise.all([
        powerflex.getTargetPeakPower(),
        powerflex.getExternalSignals(),
        powerflex.setRealTimeLoad(5),
        powerflex.setTargetPeakPower({ Jan: 9 }),
      ]);
    await four();
    assert.equal(simulator.logins, 1);
    simulator.expireTokens();
    await four();
    assert.equal(simulator.logins, 2);
    assert.equal(simulator.http.log.filter(isSet).length, 6, 'each refused set call was sent once more');
  });

  it('repeats a set call once after a 401, and no more', async () => {
    const powerflex = client();
    simulator.faults.add({ kind: 'status', status: 401, times: 1, match: isSet });
    await powerflex.setRealTimeLoad(7);
    assert.equal(simulator.site.realTimeLoad, 7);
    assert.equal(simulator.logins, 2);
    simulator.faults.add({ kind: 'status', status: 401, match: isSet });
    await failsWith(powerflex.setRealTimeLoad(8), 'AUTH_FAILED');
    assert.equal(simulator.http.log.filter(isSet).length, 4);
    assert.equal(simulator.site.realTimeLoad, 7);
  });

  it('logs in again when the server cannot read the token any more', async () => {
    const powerflex = client();
    await powerflex.getTargetPeakPower();
    simulator.faults.add({
      kind: 'status',
      status: 422,
      times: 1,
      body: '{"msg":"Signature verification failed"}',
    });
    await powerflex.setTargetPeakPower({ Jan: 9 });
    assert.equal(simulator.logins, 2);
    simulator.faults.add({ kind: 'status', status: 422, times: 1, body: '{"msg":"bad month"}' });
    await failsWith(powerflex.setTargetPeakPower({ Jan: 9 }), 'REJECTED');
  });

  it('renews the token before its day is over', async () => {
    const clock = new FakeClock();
    const powerflex = client({}, clock);
    await powerflex.getTargetPeakPower();
    await clock.advance(21 * 3_600_000);
    await powerflex.getTargetPeakPower();
    assert.equal(simulator.logins, 1);
    await clock.advance(3_600_000);
    await powerflex.getTargetPeakPower();
    assert.equal(simulator.logins, 2);
  });

  for (const kind of ['reset', 'resetAfter', 'truncate'] as const) {
    it(`does not repeat a set call whose connection drops (${kind}), and says that nobody knows`, async () => {
      const powerflex = client();
      await powerflex.getTargetPeakPower();
      simulator.faults.add({ kind, match: isSet });
      await failsWith(powerflex.setRealTimeLoad(5), 'OUTCOME_UNKNOWN');
      await failsWith(powerflex.setTargetPeakPower({ Jan: 9 }), 'OUTCOME_UNKNOWN');
      await failsWith(powerflex.setExternalSignal(SIGNAL), 'OUTCOME_UNKNOWN');
      assert.equal(simulator.http.log.filter(isSet).length, 3);
    });
  }

  it('says so too when no answer comes, or one that makes no sense', async () => {
    const powerflex = client({ timeout: 1500 });
    await powerflex.getTargetPeakPower();
    simulator.faults.add({ kind: 'hang', times: 1 });
    await failsWith(powerflex.setRealTimeLoad(5), 'OUTCOME_UNKNOWN');
    for (const body of ['<html>', '', '{}', '[]']) {
      simulator.faults.add({ kind: 'body', body, times: 2 });
      await failsWith(powerflex.setTargetPeakPower({ Jan: 9 }), 'OUTCOME_UNKNOWN');
      await failsWith(powerflex.setExternalSignal(SIGNAL), 'OUTCOME_UNKNOWN');
    }
  });

  it('takes any answer to a load, except one that tells another', async () => {
    const powerflex = client();
    for (const body of ['', 'OK', '{"msg":"success"}', '{"real_time_load_kW":5}']) {
      simulator.faults.add({ kind: 'body', body, times: 1, match: isSet });
      await powerflex.setRealTimeLoad(5);
    }
    simulator.faults.add({ kind: 'body', body: '{"real_time_load_kW":4}', times: 1, match: isSet });
    const error = await failsWith(powerflex.setRealTimeLoad(5), 'CONFLICT');
    assert.deepEqual(error.params, { asked: '5 kW', held: '4 kW' });
  });

  it('reports an echo that differs as a conflict with both values', async () => {
    const powerflex = client();
    const echo = { ...simulator.site.targets, Jun: 650 };
    simulator.faults.add({ kind: 'body', body: JSON.stringify(echo), times: 1, match: isSet });
    assert.deepEqual((await failsWith(powerflex.setTargetPeakPower({ Jun: 700 }), 'CONFLICT')).params, {
      asked: 'Jun 700 kW',
      held: 'Jun 650 kW',
    });
    const other = { is_enabled: true, max_load: 20, max_load_unit: 'kW', name: 'grid' };
    simulator.faults.add({ kind: 'body', body: JSON.stringify(other), times: 1, match: isSet });
    const { params } = await failsWith(powerflex.setExternalSignal(SIGNAL), 'CONFLICT');
    assert.deepEqual(params, { asked: 'grid: 21.6 kW, enabled', held: 'grid: 20 kW, enabled' });
  });

  it('does not try refused credentials again', async () => {
    const powerflex = client({ password: 'not-the-password' });
    const error = await failsWith(powerflex.getTargetPeakPower(), 'AUTH_FAILED');
    assert.equal(error.reason, 'powerflexLogin');
    assert.deepEqual(error.params, { status: 401, message: 'Bad username or password' });
    await failsWith(powerflex.setRealTimeLoad(5), 'AUTH_FAILED');
    assert.equal(simulator.http.log.length, 1);
  });

  it('refuses a login without a token', async () => {
    simulator.faults.add({ kind: 'body', body: '{"token":"x"}' });
    assert.equal((await failsWith(client().getTargetPeakPower(), 'BAD_RESPONSE')).reason, 'powerflexNoToken');
  });

  it('passes the vendor’s reason on, without any secret', async () => {
    const { password } = simulator;
    const powerflex = client();
    await powerflex.getTargetPeakPower();
    const token = simulator.http.log[1]?.headers.authorization?.slice(7) ?? '';
    const body = JSON.stringify({ msg: `no: ${password} ${token}` });
    simulator.faults.add({ kind: 'status', status: 400, body });
    const error = await failsWith(powerflex.setRealTimeLoad(5), 'REJECTED');
    assert.equal(error.params.message, 'no: [redacted] [redacted]');
    assert.ok(!inspect(error, { depth: 9 }).includes(token));
  });

  it('says that a site is not there', async () => {
    await failsWith(client({ accId: 3 }).getTargetPeakPower(), 'NOT_FOUND');
  });

  it('refuses unusable settings before anything is sent', () => {
    for (const settings of [
      { accId: '' },
      { accId: 'two' },
      { accId: -1 },
      { accId: 1.5 },
      { accId: undefined },
      { accId: '1/../2' },
      { username: '' },
      { password: undefined },
      { url: 'ftp://host' },
      { url: '' },
    ]) {
      assert.throws(() => client(settings), { code: 'INVALID_INPUT' }, JSON.stringify(settings));
    }
    assert.equal(client({ url: 'host.powerflex.com:9443' }).baseUrl, 'https://host.powerflex.com:9443');
    assert.equal(simulator.http.log.length, 0);
  });

  it('cancels a login in flight when it closes', async () => {
    simulator.faults.add({ kind: 'hang' });
    const powerflex = client();
    const arrived = simulator.http.nextRequest();
    const outcome = failsWith(powerflex.getTargetPeakPower(), 'CANCELLED');
    await arrived;
    powerflex.close();
    await outcome;
  });
});
