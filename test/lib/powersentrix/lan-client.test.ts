import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { Transport } from '../../../lib/core/http/transport';
import { LanClient } from '../../../lib/powersentrix/lan-client';
import { lanWay } from '../../../lib/powersentrix/ways';
import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import { failsWith } from '../../support/expect-error';
import { assertHides } from './hides';

describe("the client of the UPS's own interface", () => {
  let transport: Transport;
  beforeEach(() => (transport = new Transport()));
  afterEach(() => transport.close());
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

  it('has pages where a browser in the same network finds them', () => {
    const pageOf = (url: string): string | undefined =>
      lanWay(new LanClient({ url, apiKey: 'x' }, transport)).page;
    assert.equal(pageOf('192.168.1.50'), 'http://192.168.1.50');
    assert.equal(pageOf('https://ups.local:8443/rack/api_actions'), 'https://ups.local:8443');
    assert.equal(pageOf('http://[fe80::1%eth0]'), undefined, 'no URL has a zone');
    assert.equal(lanWay(client).page, undefined, 'this machine is another one in the browser');
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
