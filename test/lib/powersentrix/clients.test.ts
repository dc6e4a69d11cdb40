import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { DeviceError } from '../../../lib/core/errors';
import { Transport } from '../../../lib/core/http/transport';
import { CloudClient } from '../../../lib/powersentrix/cloud-client';
import { LanClient } from '../../../lib/powersentrix/lan-client';
import {
  type PowersentrixCloud,
  type PowersentrixSimulator,
  startPowersentrix,
  startPowersentrixCloud,
} from '../../../simulators/powersentrix';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';

let transport: Transport;
beforeEach(() => (transport = new Transport()));
afterEach(() => transport.close());

/** Every text that an error can show, in every spelling in which a secret could stand there. */
function assertHides(error: DeviceError, secret: string): void {
  const shown = [inspect(error, { depth: 10 }), JSON.stringify(error), error.stack ?? '', error.message].join(
    '\n',
  );
  const query = new URLSearchParams({ s: secret }).toString().slice(2);
  for (const spelling of [secret, encodeURIComponent(secret), query]) {
    assert.ok(!shown.includes(spelling), `the secret shows in: ${shown}`);
  }
}

describe('the cloud client', () => {
  let cloud: PowersentrixCloud;
  let client: CloudClient;
  const clientFor = (settings: object = {}, clock?: FakeClock): CloudClient =>
    new CloudClient(
      { url: cloud.url, email: cloud.email, password: cloud.password, ...settings },
      transport,
      clock,
    );

  beforeEach(async () => {
    cloud = await startPowersentrixCloud();
    client = clientFor();
  });
  afterEach(async () => {
    client.close();
    await cloud.close();
  });
  const paths = (): string[] => cloud.http.log.map(({ path }) => path.slice('/api/v1/'.length));

  it('lists, and filters on the server', async () => {
    assert.deepEqual(await client.list(), [
      {
        id: '42',
        name: 'Server Room',
        model: 'PWX-12-4422',
        serialNumber: 'PSX-2024-001234',
        cmm: 'ups-01',
      },
    ]);
    assert.deepEqual(await client.list({ searchText: 'nowhere', searchType: 'PWX' }), []);
    const query = cloud.http.log.at(-1)?.query.toString();
    assert.equal(query, 'searchText=nowhere&searchType=PWX');
  });

  it('reads the status, the summary and the log', async () => {
    const complex = await client.readComplex('42');
    assert.equal((complex.upsData.outputs as unknown[]).length, 12);
    const info = await client.basicInfo('42');
    assert.deepEqual([info.model, info.cmm, info.raw.comFirmware], ['PWX-12-4422', 'ups-01', 'v3.2.1']);
    const ups = cloud.upses.get('42');
    for (let count = 0; count < 7; count++) ups?.record('I/X', `event ${count}`);
    const page = await client.logs('42', 1, 5);
    assert.deepEqual(
      page.map((record) => [record?.id, record?.description]),
      [
        [9002, 'event 1'],
        [9001, 'event 0'],
      ],
    );
  });

  it('accepts answers with and without the wrapper, and refuses what is neither', async () => {
    const body = (json: unknown, match = 'getUpsComplexObject'): void =>
      cloud.faults.add({
        kind: 'body',
        body: JSON.stringify(json),
        times: 1,
        match: ({ path }) => path.endsWith(match),
      });
    const complex = cloud.upses.get('42')?.complex();
    body(complex);
    assert.deepEqual((await client.readComplex('42')).upsData, complex?.upsData);
    const refused: [answer: unknown, code: DeviceError['code']][] = [
      [{ responseMessage: 'UPS is offline', responseObject: null }, 'REJECTED'],
      [{ responseMessage: 5 }, 'REJECTED'],
      [{ message: 'Something failed' }, 'REJECTED'],
      [{ responseMessage: 'OK', responseObject: { config: 5 } }, 'BAD_RESPONSE'],
      [{ responseMessage: 'OK' }, 'BAD_RESPONSE'],
      [[], 'BAD_RESPONSE'],
      [null, 'BAD_RESPONSE'],
      ['text', 'BAD_RESPONSE'],
    ];
    for (const [response, code] of refused) {
      body(response);
      await failsWith(client.readComplex('42'), code);
    }
    body({}, 'getUpsLogs');
    await failsWith(client.logs('42', 0, 50), 'BAD_RESPONSE');
    body([{ code: 5 }, { code: 'I/X', timestamp: '2026-05-08 14:00:00' }], 'getUpsLogs');
    const page = await client.logs('42', 0, 50);
    assert.deepEqual(
      page.map((record) => record?.code),
      [undefined, 'I/X'],
    );
    body({}, 'getUpsList');
    await failsWith(client.list(), 'BAD_RESPONSE');
    body([{ name: 'no id' }, null], 'getUpsList');
    await failsWith(client.list(), 'BAD_RESPONSE');
    body([], 'getBasicInfo');
    await failsWith(client.basicInfo('42'), 'BAD_RESPONSE');
  });

  it('logs in once for fifty calls with an expired token', async () => {
    await client.list();
    cloud.expireTokens();
    await Promise.all(Array.from({ length: 50 }, () => client.readComplex('42')));
    assert.equal(cloud.logins, 2);
  });

  it('renews a token before it ends', async () => {
    await cloud.close();
    cloud = await startPowersentrixCloud({ tokenLife: 100 });
    const clock = new FakeClock(Date.now());
    const other = clientFor({}, clock);
    await other.list();
    await clock.advance(80_000);
    await other.list();
    assert.equal(cloud.logins, 1);
    await clock.advance(15_000);
    await other.list();
    assert.equal(cloud.logins, 2);
    other.close();
  });

  it('tries a wrong password once', async () => {
    const wrong = clientFor({ password: 'wrong password' });
    for (let count = 0; count < 5; count++) {
      const error = await failsWith(wrong.list(), 'AUTH_FAILED');
      assert.equal(error.reason, 'powersentrixLoginRefused');
      assertHides(error, 'wrong password');
    }
    assert.equal(cloud.logins, 1);
    wrong.session.reset();
    await failsWith(wrong.list(), 'AUTH_FAILED');
    assert.equal(cloud.logins, 2);
  });

  it('says why a login failed', async () => {
    const respond = (status: number, message: string): void =>
      cloud.faults.add({ kind: 'status', status, body: JSON.stringify({ message }), times: 1 });
    respond(400, 'disabledLoginFromWeb');
    assert.equal((await failsWith(client.list(), 'AUTH_FAILED')).reason, 'powersentrixLoginDisabled');
    client.session.reset();
    respond(401, 'invalidEmailOrPassword');
    assert.equal((await failsWith(client.list(), 'AUTH_FAILED')).reason, 'powersentrixLoginRefused');
    client.session.reset();
    respond(401, 'no');
    assert.equal((await failsWith(client.list(), 'AUTH_FAILED')).reason, 'loginUnclear');
    client.session.reset();
    respond(403, 'locked');
    assert.equal((await failsWith(client.list(), 'AUTH_FAILED')).reason, 'loginUnclear');
    client.session.reset();
    cloud.faults.add({ kind: 'body', body: '{"message":"invalidEmailOrPassword"}', times: 1 });
    assert.equal((await failsWith(client.list(), 'AUTH_FAILED')).reason, 'powersentrixLoginRefused');
    assert.equal(client.session.refused?.code, 'AUTH_FAILED');
    client.session.reset();
    respond(400, 'malformed request');
    assert.match((await failsWith(client.list(), 'REJECTED')).message, /malformed request/);
    client.session.reset();
    respond(500, '');
    await failsWith(client.list(), 'BAD_RESPONSE');
    cloud.faults.add({ kind: 'body', body: '{}', times: 1 });
    await failsWith(client.list(), 'BAD_RESPONSE');
    assert.deepEqual(new Set(paths()), new Set(['user/authenticate']));
  });

  it('renews a token that is refused with another status', async () => {
    await client.list();
    const body = JSON.stringify({ message: 'Invalid authorization token' });
    cloud.faults.add({ kind: 'status', status: 400, body, times: 1 });
    await client.list();
    cloud.faults.add({
      kind: 'body',
      body: JSON.stringify({ responseMessage: 'Invalid authorization token' }),
      times: 1,
    });
    await client.list();
    assert.equal(cloud.logins, 3);
  });

  it('knows an unknown UPS and a forbidden command', async () => {
    assert.equal((await failsWith(client.readComplex('7'), 'NOT_FOUND')).reason, 'powersentrixNotFound');
    cloud.writeActions = false;
    const error = await failsWith(client.toggle('42', 0), 'FORBIDDEN');
    assert.match(error.message, /Enable API Write Actions/);
    cloud.writeActions = true;
    cloud.faults.add({
      kind: 'body',
      body: JSON.stringify({ responseMessage: 'Write permission missing' }),
      times: 1,
    });
    assert.match((await failsWith(client.toggle('42', 0), 'FORBIDDEN')).message, /Enable API Write Actions/);
  });

  it('shows neither password nor token, whatever the server says', async () => {
    await client.list();
    const { token, password } = cloud;
    const echo = JSON.stringify({ message: `bad: ${token} ${password} ${encodeURIComponent(password)}` });
    for (const status of [400, 403, 409, 500]) {
      cloud.faults.add({ kind: 'status', status, body: echo, times: 1 });
      const error = await client.readComplex('42').then(
        () => assert.fail('succeeded'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof DeviceError);
      assertHides(error, token);
      assertHides(error, password);
    }
    cloud.faults.add({
      kind: 'body',
      body: JSON.stringify({ responseMessage: `no ${token} ${password}` }),
      times: 1,
    });
    const error = await failsWith(client.readComplex('42'), 'REJECTED');
    assertHides(error, token);
    assertHides(error, password);
  });

  it('needs credentials and a usable address', () => {
    for (const settings of [{ email: '' }, { password: undefined }, { url: 'ftp://x' }]) {
      assert.throws(() => clientFor(settings), { code: 'INVALID_INPUT' });
    }
    assert.equal(clientFor({ url: '' }).baseUrl, 'https://view.powersentrix.com/api/v1');
  });
});

describe("the client of the UPS's own interface", () => {
  let ups: PowersentrixSimulator;
  let client: LanClient;
  beforeEach(async () => {
    ups = await startPowersentrix();
    client = new LanClient({ url: `${ups.url}/api_actions`, apiKey: ups.apiKey }, transport);
  });
  afterEach(() => ups.close());

  it('reads who it is and how it does', async () => {
    assert.equal((await client.readIdent()).sn, 'PSX-2024-001234');
    assert.equal((await client.readComplex()).config.ident !== undefined, true);
    await ups.close();
    ups = await startPowersentrix({ wrapped: true });
    const wrapped = new LanClient({ url: ups.url, apiKey: ups.apiKey }, transport);
    assert.equal((await wrapped.readIdent()).type, 'PWX-12-4422');
    assert.ok((await wrapped.readComplex()).upsData.outputs);
  });

  it('toggles, restarts and describes', async () => {
    await client.toggle(3);
    assert.equal(ups.model.outputs[3], false);
    await client.restart(0);
    assert.equal(ups.model.outputs[0], false);
    const text = 'Kamera + dvere & 100 % "ľ"';
    await client.describe(11, text);
    assert.equal(ups.model.descriptions[11], text);
    const [last] = ups.http.log.slice(-1);
    assert.deepEqual(
      [last?.query.get('fn'), last?.query.get('param1'), last?.query.get('param2')],
      ['5', '11', text],
    );
    await failsWith(client.restart(7), 'BAD_RESPONSE');
  });

  it('refuses a wrong key and a key without permission, with the hint', async () => {
    const wrong = new LanClient({ url: ups.url, apiKey: 'wrong-key' }, transport);
    const refused = await failsWith(wrong.readIdent(), 'AUTH_FAILED');
    assert.equal(refused.reason, 'powersentrixKeyRefused');
    assert.equal((await failsWith(wrong.toggle(1), 'AUTH_FAILED')).reason, 'powersentrixKeyRefused');
    ups.writeActions = false;
    assert.match((await failsWith(client.toggle(1), 'FORBIDDEN')).message, /Enable API Write Actions/);
    ups.writeActions = true;
    await client.readIdent();
    ups.faults.add({ kind: 'status', status: 401, times: 1 });
    assert.match((await failsWith(client.toggle(1), 'FORBIDDEN')).message, /Enable API Write Actions/);
    ups.faults.add({ kind: 'body', body: '{"error":"invalid apiKey"}', times: 1 });
    assert.equal((await failsWith(client.readComplex(), 'AUTH_FAILED')).reason, 'powersentrixKeyRefused');
    assert.deepEqual(ups.model.toggles, 0);
  });

  it('never shows the key, raw or encoded', async () => {
    const body = JSON.stringify({ error: `no: ${ups.apiKey} ${encodeURIComponent(ups.apiKey)}` });
    for (const status of [400, 401, 403, 404, 500, 302]) {
      ups.faults.add({ kind: 'status', status, body, headers: { location: '/elsewhere' }, times: 1 });
      assertHides(await thrownBy(client.readComplex()), ups.apiKey);
    }
    for (const kind of ['reset', 'truncate'] as const) {
      ups.faults.add({ kind, times: 1 });
      assertHides(await thrownBy(client.toggle(0)), ups.apiKey);
    }
    ups.faults.add({ kind: 'body', body, times: 1 });
    assertHides(await thrownBy(client.readComplex()), ups.apiKey);
    const quick = new LanClient({ url: ups.url, apiKey: ups.apiKey, timeout: 50 }, transport);
    ups.faults.add({ kind: 'hang', times: 1 });
    const late = await thrownBy(quick.toggle(0));
    assert.deepEqual([late.code, late.sent], ['TIMEOUT', true]);
    assertHides(late, ups.apiKey);
    const { url } = ups;
    await ups.close();
    const gone = await thrownBy(new LanClient({ url, apiKey: ups.apiKey }, transport).toggle(0));
    assert.deepEqual([gone.code, gone.sent], ['UNREACHABLE', false]);
    assertHides(gone, ups.apiKey);
  });

  it('sends a command once and follows no redirect', async () => {
    ups.faults.add({
      kind: 'status',
      status: 302,
      headers: { location: `${ups.url}/api_actions` },
      times: 1,
    });
    await failsWith(client.toggle(0), 'BAD_RESPONSE');
    ups.faults.add({ kind: 'status', status: 503, times: 1 });
    await failsWith(client.toggle(0), 'UNREACHABLE');
    assert.equal(ups.http.counters.requests, 2);
  });

  it('says when something else answers', async () => {
    const elsewhere = new LanClient({ url: `${ups.url}/other`, apiKey: ups.apiKey }, transport);
    assert.equal((await failsWith(elsewhere.readIdent(), 'NOT_FOUND')).reason, 'powersentrixLanNotFound');
    ups.faults.add({ kind: 'body', body: '{"sn":7}', times: 1 });
    await failsWith(client.readIdent(), 'BAD_RESPONSE');
    assert.throws(() => new LanClient({ url: ups.url, apiKey: '' }, transport), { code: 'INVALID_INPUT' });
    assert.throws(() => new LanClient({ url: '', apiKey: 'x' }, transport), { code: 'INVALID_INPUT' });
  });
});

async function thrownBy(work: Promise<unknown>): Promise<DeviceError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof DeviceError);
  return thrown;
}
