import assert from 'node:assert/strict';

import { PowercontrollerClient } from '../../../lib/powercontroller/client';
import { commandRequest } from '../../../lib/powercontroller/input';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';
import { type Bench, startBench } from './support';

describe('PowercontrollerClient', () => {
  let bench: Bench;
  beforeEach(async () => (bench = await startBench({ historyDays: 2 })));
  afterEach(() => bench.close());

  const requests = (path: string): number =>
    bench.simulator.http.log.filter((request) => request.path === path).length;

  it('signs in with JSON and asks for a lifetime that it knows', async () => {
    const { simulator, client } = bench;
    await client.devices();
    const [signIn, list] = simulator.http.log;
    assert.equal(signIn?.path, '/v1/signin');
    assert.deepEqual(JSON.parse(signIn.body), {
      user: { email: 'user@example.com', password: 'mypassword' },
      expires: 1_209_600,
    });
    assert.match(String(list?.headers.authorization), /^Bearer session-1/);
  });

  it('lists, gets and adds controllers', async () => {
    const { client, simulator } = bench;
    const added = await client.add('PC-NEW', 'AT');
    assert.equal(added.device.serialNumber, 'PC-NEW');
    assert.equal(added.device.status.state, 'Initializing');
    const list = await client.devices();
    assert.deepEqual(
      list.map(({ device }) => device.id),
      [simulator.deviceId, added.device.id],
    );
    const { device } = await client.device(simulator.deviceId);
    assert.equal(device.model, 'power-controller-v10');
    assert.equal(device.status.on, false);
    assert.equal(device.configuration.ffr?.delay, 10);
  });

  it('asks for statuses by device, by date and by range, in UTC', async () => {
    const { client, simulator } = bench;
    const device = simulator.deviceId;
    const yesterday = await client.statuses({ device });
    assert.ok(yesterday.length >= 95 && yesterday.length <= 97, String(yesterday.length));
    const [start, end] = [Date.UTC(2025, 2, 30), Date.UTC(2025, 2, 31)];
    await client.statuses({ device, date: simulator.time() - 3_600_000 });
    await client.statuses({ device, start, end });
    const [, , byDate, byRange] = simulator.http.log;
    assert.match(String(byDate?.query.get('date')), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(byRange?.query.get('date[start]'), '2025-03-30T00:00:00.000Z');
    assert.equal(byRange.query.get('date[end]'), '2025-03-31T00:00:00.000Z');
    const tooLong = await failsWith(client.statuses({ device, start: 1e12, end: 2e12 }), 'REJECTED');
    assert.match(tooLong.message, /limited to 10 days/);
  });

  it('sends a command as it is, and gives the codes', async () => {
    const { client, simulator } = bench;
    const response = await client.send(commandRequest({ command: 'on_for', time: 60 }), simulator.deviceId);
    assert.deepEqual(response.responseCodes, [104]);
    assert.deepEqual(simulator.carriedOut, [
      { deviceId: simulator.deviceId, body: { command: { name: 'on_for', time: 60 } } },
    ]);
    const sent = simulator.http.log.at(-1);
    assert.equal(sent?.path, `/v1/devices/${simulator.deviceId}/command`);
    assert.equal(sent.headers['content-type'], 'application/json');
  });

  it('takes an answer without a body for a command that waits', async () => {
    const { client, simulator } = bench;
    simulator.controller(simulator.deviceId).online = false;
    const response = await client.send(commandRequest({ command: 'on', async: true }), simulator.deviceId);
    assert.deepEqual(response, { responseCodes: [], raw: undefined });
    assert.equal(simulator.http.log.at(-1)?.query.get('async'), 'true');
  });

  it('refuses with the code when the controller does', async () => {
    const { simulator, connect } = bench;
    const later = connect({ durationKey: 'delay' });
    const request = commandRequest({ command: 'on_for', time: 60 }, later.durationKey);
    const error = await failsWith(later.send(request, simulator.deviceId), 'REJECTED');
    assert.equal(error.reason, 'powercontrollerDeviceCode992');
    assert.equal(simulator.carriedOut.length, 0);
  });

  for (const [body, message] of [
    ['{"error":"device is locked by secret-password"}', 'device is locked by [redacted]'],
    ['{"error":{"message":"no such relay"},"responseCodes":[102]}', 'no such relay'],
    ['{"error":true}', ''],
    ['{"status":{"error":"offline"}}', ''],
    ['{"device":{"id":"x","errors":["no"]}}', ''],
    ['{"command":{"name":"on","error":{"code":7}}}', ''],
    ['{"success":false,"message":"not now","status":{"type":"relay"}}', 'not now'],
    ['{"ok":false,"command":{"name":"on"}}', ''],
    ['{"errors":[{"detail":"x"}],"message":"not done"}', 'not done'],
  ] as const) {
    it(`does not take ${body} for an acceptance`, async () => {
      const { simulator, connect } = bench;
      const client = connect({ token: simulator.token, password: 'secret-password' });
      simulator.faults.add({ kind: 'body', body });
      const error = await failsWith(client.send(commandRequest('on'), simulator.deviceId), 'REJECTED');
      assert.deepEqual([error.reason, error.params], ['powercontrollerErrorMessage', { message }]);
    });
  }

  for (const body of [
    ...['{}', '[]', 'null', '"ok"', '7', 'true', '{"login":"required"}', '{"message":"ok"}', '[{}]'],
    ...['{"code":404}', '{"code":200}', '{"responseCodes":["x"]}', '{"responseCodes":[]}', '{"code":nan}'],
    ...['{"responseCodes":[102,404]}', '{"device":"on"}', '\ufeff'],
    ...['{"status":{}}', '{"device":{},"message":"Device offline"}', '{"command":{}}', '{"success":true}'],
  ]) {
    it(`does not know what became of a command that is answered by ${JSON.stringify(body)}`, async () => {
      const { simulator, connect } = bench;
      const client = connect({ token: simulator.token });
      simulator.faults.add({ kind: 'body', body });
      const error = await failsWith(client.send(commandRequest('on'), simulator.deviceId), 'OUTCOME_UNKNOWN');
      assert.equal(error.sent, true);
    });
  }

  for (const body of [
    '{"responseCodes":[102]}',
    '{"code":"10"}',
    '\ufeff{"result":1001}\0',
    '{"error":0,"code":102}',
    '{"device":{"id":"6ItNKFLm_mS"}}',
    '{"status":{"type":"relay","deviceId":"6ItNKFLm_mS"}}',
    '{"command":{"name":"on"}}',
    '{"status":{"type":"relay"}}',
  ]) {
    it(`takes ${JSON.stringify(body)} for an acceptance`, async () => {
      const { simulator, connect } = bench;
      const client = connect({ token: simulator.token });
      simulator.faults.add({ kind: 'body', body });
      await client.send(commandRequest('off'), simulator.deviceId);
    });
  }

  it('takes an empty error for none', async () => {
    const { simulator, connect } = bench;
    const client = connect({ token: simulator.token });
    for (const error of ['null', 'false', '""', '0', '[]', '{}']) {
      simulator.faults.add({ kind: 'body', body: `{"error":${error},"code":102}`, times: 1 });
      await client.send(commandRequest('on'), simulator.deviceId);
    }
  });

  describe('never sends a command twice', () => {
    const on = commandRequest('on');

    for (const [what, fault, carriedOut] of [
      ['the connection drops after the command was carried out', { kind: 'resetAfter' }, 1],
      ['the connection drops before the server looks at it', { kind: 'reset' }, 0],
      ['the answer is cut short', { kind: 'truncate' }, 1],
      ['a gateway answers 502', { kind: 'status', status: 502 }, 0],
      ['the server fails', { kind: 'status', status: 500 }, 0],
      ['the answer is no JSON', { kind: 'body', body: '<html>' }, 0],
    ] as const) {
      it(`says that the outcome is unknown when ${what}`, async () => {
        const { client, simulator } = bench;
        await client.devices();
        simulator.faults.add({ ...fault, times: 1, match: ({ path }) => path.endsWith('/command') });
        const error = await failsWith(client.send(on, simulator.deviceId), 'OUTCOME_UNKNOWN');
        assert.equal(requests(`/v1/devices/${simulator.deviceId}/command`), 1);
        assert.equal(simulator.carriedOut.length, carriedOut);
        assert.ok(error.sent);
      });
    }

    it('says so when no answer comes in time', async () => {
      const { connect, simulator } = bench;
      const client = connect({ commandTimeout: 60 });
      await client.devices();
      simulator.faults.add({ kind: 'hang', processed: true });
      await failsWith(client.send(on, simulator.deviceId), 'OUTCOME_UNKNOWN');
      assert.equal(requests(`/v1/devices/${simulator.deviceId}/command`), 1);
    });

    it('says that the controller does not respond when the cloud says 503', async () => {
      const { client, simulator } = bench;
      simulator.controller(simulator.deviceId).online = false;
      const error = await failsWith(client.send(on, simulator.deviceId), 'OUTCOME_UNKNOWN');
      assert.equal(error.reason, 'powercontrollerNotResponding');
      assert.equal(error.status, 503);
      assert.equal(requests(`/v1/devices/${simulator.deviceId}/command`), 1);
    });

    it('says what it is when nothing was sent', async () => {
      const { simulator } = bench;
      const client = bench.connect({ token: simulator.token });
      await simulator.close();
      const error = await failsWith(client.send(on, simulator.deviceId), 'UNREACHABLE');
      assert.equal(error.sent, false);
    });

    it('sends it again, once, after an expired token: it was refused, not carried out', async () => {
      const { client, simulator } = bench;
      await client.devices();
      simulator.expireTokens();
      await client.send(on, simulator.deviceId);
      assert.equal(simulator.signIns, 2);
      assert.equal(simulator.carriedOut.length, 1);
    });
  });

  it('tries a reading call once more, and a window of a history as often as it is told to', async () => {
    const { client, simulator } = bench;
    await client.devices();
    simulator.faults.add({ kind: 'reset', times: 1 });
    assert.equal((await client.devices()).length, 1);
    simulator.faults.add({ kind: 'status', status: 503, times: 2 });
    await failsWith(client.devices(), 'UNREACHABLE');
    simulator.faults.add({ kind: 'reset', times: 2 });
    simulator.faults.add({ kind: 'status', status: 503, times: 3 });
    assert.ok((await client.statuses({ device: simulator.deviceId, retries: 5 })).length > 90);
  });

  it('signs in once for any number of waiting calls when the token has expired', async () => {
    const { client, simulator } = bench;
    await client.devices();
    simulator.expireTokens();
    await Promise.all(Array.from({ length: 30 }, () => client.device(simulator.deviceId)));
    assert.equal(simulator.signIns, 2);
  });

  it('signs in again before the token ends', async () => {
    const { connect, simulator } = bench;
    const clock = new FakeClock();
    const client = connect({}, clock);
    await client.devices();
    await clock.advance(12 * 86_400_000);
    await client.devices();
    assert.equal(simulator.signIns, 1);
    await clock.advance(1 * 86_400_000);
    await client.devices();
    assert.equal(simulator.signIns, 2);
    client.close();
  });

  it('takes a static token, and never signs in when it is refused', async () => {
    const { connect, simulator } = bench;
    const client = connect({ token: simulator.token, email: undefined, password: undefined });
    assert.equal((await client.devices()).length, 1);
    simulator.withdrawToken();
    const calls = await Promise.all(
      Array.from({ length: 5 }, () => failsWith(client.devices(), 'AUTH_FAILED')),
    );
    assert.deepEqual([...new Set(calls.map(({ reason }) => reason))], ['powercontrollerTokenRefused']);
    const before = simulator.http.log.length;
    await failsWith(client.devices(), 'AUTH_FAILED');
    assert.equal(simulator.http.log.length, before, 'a refused token is not tried again');
    assert.equal(requests('/v1/signin'), 0);
    assert.equal(client.refused?.reason, 'powercontrollerTokenRefused');
  });

  it('tries a wrong password once, and shows neither it nor the token', async () => {
    const { connect, simulator } = bench;
    const client = connect({ password: 'wrong-password' });
    simulator.faults.add({
      kind: 'status',
      status: 401,
      body: '{"message":"Bad password: wrong-password"}',
    });
    for (let i = 0; i < 3; i++) {
      const error = await failsWith(client.devices(), 'AUTH_FAILED');
      assert.equal(error.reason, 'powercontrollerSignInRefused');
      assert.ok(!`${error.message} ${JSON.stringify(error)}`.includes('wrong-password'));
    }
    assert.equal(requests('/v1/signin'), 1);
  });

  it('keeps the token of a sign-in out of what the vendor says', async () => {
    const { client, simulator } = bench;
    await client.devices();
    const token = /^Bearer (.+)$/.exec(String(simulator.http.log.at(-1)?.headers.authorization))?.[1] ?? '';
    simulator.faults.add({ kind: 'status', status: 400, body: JSON.stringify({ error: `bad ${token}` }) });
    const error = await failsWith(client.device(simulator.deviceId), 'REJECTED');
    assert.match(error.message, /bad \[redacted\]/);
  });

  it('is not content with a sign-in that gives no token, or a server that fails at it', async () => {
    const { client, simulator } = bench;
    simulator.faults.add({ kind: 'body', body: '{"message":"ok"}', times: 1 });
    assert.equal((await failsWith(client.devices(), 'BAD_RESPONSE')).reason, 'powercontrollerNoToken');
    simulator.faults.add({ kind: 'status', status: 500, times: 1 });
    await failsWith(client.devices(), 'BAD_RESPONSE');
    assert.equal((await client.devices()).length, 1);
  });

  it('accepts a bare list of statuses', async () => {
    const bare = await startBench({ bareStatuses: true, historyDays: 1 });
    assert.ok((await bare.client.statuses({ device: bare.simulator.deviceId })).length > 90);
    await bare.close();
  });

  it('refuses settings and ids that cannot work, and sends nothing', async () => {
    const { connect, client, transport, simulator } = bench;
    assert.throws(() => connect({ password: '' }), {
      code: 'INVALID_INPUT',
      reason: 'powercontrollerSignInEmpty',
    });
    assert.throws(() => connect({ url: 'ftp://x' }), { code: 'INVALID_INPUT' });
    assert.throws(() => connect({ token: 'a\r\nb' }), { code: 'INVALID_INPUT', reason: 'unsendable' });
    assert.equal(
      new PowercontrollerClient({ url: 'api.automategreen.com/v1/', token: 't' }, transport).baseUrl,
      'https://api.automategreen.com/v1',
    );
    for (const id of ['', '..', '.', 'a/b', 'a b', 'x'.repeat(129)]) {
      await failsWith(client.device(id), 'INVALID_INPUT');
      await failsWith(client.send(commandRequest('on'), id), 'INVALID_INPUT');
      await failsWith(client.statuses({ device: id }), 'INVALID_INPUT');
    }
    assert.equal(simulator.http.log.length, 0);
  });

  it('cancels what is in flight', async () => {
    const { client, simulator } = bench;
    await client.devices();
    simulator.faults.add({ kind: 'hang' });
    const abort = new AbortController();
    const reading = failsWith(client.devices(abort.signal), 'CANCELLED');
    const switching = failsWith(
      client.send(commandRequest('on'), simulator.deviceId, abort.signal),
      'OUTCOME_UNKNOWN',
    );
    await simulator.http.nextRequest(({ path }) => path.endsWith('/command'));
    abort.abort();
    await Promise.all([reading, switching]);
  });
});
