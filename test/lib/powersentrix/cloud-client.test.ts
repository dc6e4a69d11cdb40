import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { Transport } from '../../../lib/core/http/transport';
import { CloudClient } from '../../../lib/powersentrix/cloud-client';
import { type PowersentrixCloud, startPowersentrixCloud } from '../../../simulators/powersentrix';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';
import { assertHides } from './hides';

describe('the cloud client', () => {
  let transport: Transport;
  beforeEach(() => (transport = new Transport()));
  afterEach(() => transport.close());
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
