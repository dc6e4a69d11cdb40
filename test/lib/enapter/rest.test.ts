import assert from 'node:assert/strict';

import type { DeviceError, ErrorCode } from '../../../lib/core/errors';
import { Transport } from '../../../lib/core/http/transport';
import { EnapterClient, parseApiUrl } from '../../../lib/enapter/rest/client';
import { type EnapterSimulator, IDS, startEnapter } from '../../../simulators/enapter';
import type { Fault } from '../../../simulators/support/faults';
import { startHttp } from '../../../simulators/support/server';
import { failsWith } from '../../support/expect-error';

const TOKEN = 'demo-access-token';

describe('enapter: HTTP client', () => {
  let simulator: EnapterSimulator;
  let transport: Transport;
  let client: EnapterClient;

  before(async () => {
    simulator = await startEnapter({ commandTimeout: 400 });
    transport = new Transport();
  });
  after(async () => {
    transport.close();
    await simulator.close();
  });
  beforeEach(() => {
    simulator.faults.clear();
    client = new EnapterClient({ url: simulator.url, token: TOKEN }, transport);
  });

  const sent = (): string[] => simulator.http.log.map(({ method, path }) => `${method} ${path}`);
  const lastBody = (): unknown => JSON.parse(simulator.http.log.at(-1)?.body ?? 'null');

  it('reads one device, with times and names as this package writes them', async () => {
    const device = await client.get(IDS.lua, 'communication,properties');
    assert.deepEqual(device, {
      id: IDS.lua,
      name: 'Hydrogen detector',
      slug: 'gas-detector',
      type: 'LUA',
      blueprintId: IDS.blueprint,
      siteId: IDS.site,
      authorizedRole: 'INSTALLER',
      updatedAt: '2025-01-01T00:00:00.000Z',
      implementedProfiles: ['sensor.gas'],
      communication: { type: 'UCM_LUA', upstreamId: IDS.gateway, hardwareId: null, channelId: null },
      properties: {},
    });
    assert.equal('communication' in (await client.get(IDS.lua)), false);
    assert.equal('manifest' in (await client.get(IDS.lua, ['manifest', 'connectivity', 'site'])), true);
  });

  it('takes updated_at as RFC 3339 too, and null for what did not arrive', async () => {
    const body = JSON.stringify({
      device: { id: 'x', updated_at: '2025-01-01T02:00:00+02:00', raised_alert_names: [] },
    });
    simulator.faults.add({ kind: 'body', body, times: 1 });
    const device = await client.get('x');
    assert.equal(device.updatedAt, '2025-01-01T00:00:00.000Z');
    assert.equal(device.name, null);
    assert.deepEqual(device.raisedAlertNames, []);
  });

  it('says over plain HTTP that it means it, with the token in its header', () => {
    const headers = simulator.http.log.at(-1)?.headers;
    assert.equal(headers?.['x-enapter-auth-token'], TOKEN);
    assert.equal(headers['x-enapter-allow-http'], 'true');
  });

  it('lists page by page, of one site too, and stops where it is told', async () => {
    for (let n = 0; n < 110; n++) simulator.store.create({ name: `Device ${n}`, site_id: IDS.site });
    const before = simulator.http.counters.requests;
    const devices = await client.list();
    assert.equal(devices.length, simulator.store.devices.size);
    assert.equal(simulator.http.counters.requests - before, 3);
    assert.equal((await client.list({ siteId: IDS.site, expand: 'communication' })).length, devices.length);
    assert.equal((await client.list({ limit: 60, offset: 10 })).length, 60);
    assert.deepEqual(await client.sites(), [{ id: IDS.site, name: 'Demo site' }]);
    for (const { id } of devices.slice(4)) simulator.store.devices.delete(id);
  });

  it('stops at an empty page where there is no total, and does not loop where offset is ignored', async () => {
    const page = (...ids: string[]): Fault => ({
      kind: 'body',
      body: JSON.stringify({ devices: ids.map((id) => ({ id })) }),
      times: 1,
    });
    for (const fault of [page('a', 'b'), page('c'), page()]) simulator.faults.add(fault);
    assert.equal((await client.list()).length, 3);
    for (const fault of [page('a', 'b'), page('a', 'b')]) simulator.faults.add(fault);
    assert.equal((await client.list()).length, 2);
    assert.equal(simulator.faults.size, 0);
  });

  it('gives a list up that never ends', async () => {
    let n = 0;
    const server = await startHttp(() => ({ json: { devices: [{ id: `d${n++}` }] } }));
    const endless = new EnapterClient({ url: server.url, token: TOKEN }, transport);
    await failsWith(endless.list(), 'BAD_RESPONSE');
    assert.equal(n, 1000);
    assert.equal((await endless.list({ limit: 3 })).length, 3);
    await server.close();
  });

  it('takes a token that was pasted with blanks', async () => {
    const pasted = new EnapterClient({ url: simulator.url, token: ` ${TOKEN}\n` }, transport);
    await pasted.get(IDS.meter);
    assert.throws(() => new EnapterClient({ url: simulator.url, token: ' ' }, transport), {
      reason: 'enapterTokenEmpty',
    });
  });

  it('does not take a missing or empty id for a success', async () => {
    for (const body of ['{"device_id":""}', '{"device_id":null}']) {
      simulator.faults.add({ kind: 'body', body, times: 1 });
      await failsWith(client.create({ name: 'x', siteId: IDS.site }), 'OUTCOME_UNKNOWN');
    }
  });

  it('does not guess whether an execution in an unknown state has ended', async () => {
    simulator.faults.add({ kind: 'body', body: '{"execution":{"state":"PAUSED"}}', times: 1 });
    const { id, finished, succeeded } = await client.execute(IDS.meter, { name: 'x' });
    assert.deepEqual([id, finished, succeeded], [null, null, false]);
  });

  it('sends in a PATCH only what was set', async () => {
    assert.equal((await client.update(IDS.lua, { name: ' Gas detector ' })).name, 'Gas detector');
    assert.deepEqual(lastBody(), { name: 'Gas detector' });
    assert.equal((await client.update(IDS.lua, { slug: 'gas' })).slug, 'gas');
    assert.deepEqual(lastBody(), { slug: 'gas' });
    await client.update(IDS.lua, { name: 'A', slug: 'b' });
    assert.deepEqual(lastBody(), { name: 'A', slug: 'b' });
  });

  for (const [what, call] of Object.entries<(c: EnapterClient) => Promise<unknown>>({
    'an empty update': (c) => c.update(IDS.lua, {}),
    'an empty name': (c) => c.update(IDS.lua, { name: ' ' }),
    'a name that is no text': (c) => c.update(IDS.lua, { name: 7 }),
    'a slug that is null': (c) => c.update(IDS.lua, { name: 'x', slug: null }),
    'no device id': (c) => c.get(''),
    'a device id that is a path': (c) => c.delete('../sites/1'),
    'a protocol that does not exist': (c) => c.generateConfig(IDS.lua, 'mqtt'),
    'no blueprint id': (c) => c.assignBlueprint(IDS.lua, undefined),
    'a new device without site': (c) => c.create({ name: 'x' }),
    'a new device without name': (c) => c.create({ siteId: IDS.site }),
    'a command without name': (c) => c.execute(IDS.meter, {}),
    'arguments that are a list': (c) => c.execute(IDS.meter, { name: 'x', arguments: [1] }),
    'an expansion that does not exist': (c) => c.get(IDS.lua, 'secrets'),
    'a limit of 0': (c) => c.list({ limit: 0 }),
    'telemetry without attributes': (c) => c.latest(IDS.meter, {}),
    'a time range that ends first': (c) =>
      c.timeseries(IDS.meter, { attributes: 'a', from: '2025-01-02', to: '2025-01-01' }),
    'a time that is none': (c) => c.timeseries(IDS.meter, { attributes: 'a', from: 'now', to: '2025-01-01' }),
  })) {
    it(`refuses ${what} and sends nothing`, async () => {
      const before = simulator.http.counters.requests;
      await failsWith(call(client), 'INVALID_INPUT');
      assert.equal(simulator.http.counters.requests, before);
    });
  }

  it('refuses an unusable account before it is used', () => {
    const refuses = (url: unknown, token: unknown): void =>
      assert.throws(() => new EnapterClient({ url, token }, transport), { code: 'INVALID_INPUT' });
    refuses(simulator.url, '');
    refuses(simulator.url, undefined);
    refuses(simulator.url, 'a\r\nb');
    refuses('ftp://x', TOKEN);
  });

  for (const url of [
    'https://api.enapter.com',
    'https://api.enapter.com/',
    'https://api.enapter.com/v3/',
    'api.enapter.com/v3',
  ]) {
    it(`takes the address ${url}`, () => assert.equal(parseApiUrl(url), 'https://api.enapter.com'));
  }
  it('takes the address of a gateway', () =>
    assert.equal(parseApiUrl('http://enapter-gateway.local/api'), 'http://enapter-gateway.local/api'));

  it('passes on why a device with running children is not deleted', async () => {
    const error = await failsWith(client.delete(IDS.gateway), 'CONFLICT');
    assert.match(error.message, /Delete the running devices first: A/);
    assert.equal(simulator.store.devices.has(IDS.gateway), true);
  });

  it('deletes, whatever the body of the answer is', async () => {
    const id = await client.create({ name: 'New', siteId: IDS.site, slug: 'new' });
    assert.equal(simulator.store.get(id).slug, 'new');
    await client.delete(id);
    assert.equal(simulator.store.devices.has(id), false);
    simulator.faults.add({ kind: 'body', body: '<html>', contentType: 'text/html', times: 1 });
    await client.delete(IDS.ups);
  });

  it('makes configurations of both kinds, and says why not', async () => {
    const config = await client.generateConfig(IDS.meter, 'MQTT');
    assert.equal(config.mqtt_protocol, 'MQTT');
    assert.equal(simulator.store.passwords.size, 1);
    const error = await failsWith(client.generateConfig(IDS.lua, 'MQTTS'), 'REJECTED');
    assert.match(error.message, /not possible to generate/);
  });

  it('assigns a blueprint', async () => {
    const device = await client.assignBlueprint(IDS.meter, 'bluepri2-60n4-4t9d-e6v0-69i310cb110e');
    assert.equal(device.blueprintId, 'bluepri2-60n4-4t9d-e6v0-69i310cb110e');
    await failsWith(client.assignBlueprint(IDS.meter, 'nonsense'), 'REJECTED');
  });

  it('takes a command that fails or times out as an outcome', async () => {
    const execution = await client.execute(IDS.meter, { name: 'reboot', arguments: { delay: 1 } });
    assert.equal(execution.state, 'TIMEOUT');
    assert.equal(execution.succeeded, false);
    assert.equal(execution.finished, true);
    assert.deepEqual(execution.arguments, { delay: 1 });
    assert.deepEqual(execution.log, []);
  });

  it('starts a command and asks for it later', async () => {
    const id = await client.startExecution(IDS.meter, { name: 'reboot' });
    const execution = await client.execution(IDS.meter, id);
    assert.equal(execution.finished, false);
    assert.equal(execution.name, 'reboot');
    await failsWith(client.execution(IDS.meter, 'none'), 'NOT_FOUND');
  });

  it('takes the outcome of another execution for none', async () => {
    const id = await client.startExecution(IDS.meter, { name: 'reboot' });
    const other = { execution: { id: 'another', state: 'SUCCESS', request: { name: 'reboot' } } };
    simulator.faults.add({ kind: 'body', body: JSON.stringify(other), times: 1 });
    await failsWith(client.execution(IDS.meter, id), 'BAD_RESPONSE');
    const own = { execution: { id: id.toUpperCase(), state: 'SUCCESS', request: { name: 'reboot' } } };
    simulator.faults.add({ kind: 'body', body: JSON.stringify(own), times: 1 });
    assert.equal((await client.execution(IDS.meter, id)).succeeded, true);
  });

  it('reads the newest values, and null where there is none', async () => {
    const hardware = simulator.store.get(IDS.meter).communication.hardware_id ?? '';
    const timestamp = Math.floor(Date.now() / 1000);
    simulator.store.publish(hardware, 'telemetry', {
      timestamp,
      power: 0,
      on: true,
      alerts: ['x'],
      text: 'a',
    });
    const found = await client.latest(IDS.meter, { attributes: 'power, on,alerts,text,none', relevance: 30 });
    const iso = new Date(timestamp * 1000).toISOString();
    assert.deepEqual(found, {
      power: { value: 0, timestamp: iso },
      on: { value: true, timestamp: iso },
      alerts: { value: ['x'], timestamp: iso },
      text: { value: 'a', timestamp: iso },
      none: { value: null, timestamp: null, warning: 'no_recent_data' },
    });
  });

  it('reads values over time', async () => {
    const series = await client.timeseries(IDS.meter, {
      attributes: ['power', 'energy'],
      from: '2025-01-01T00:00:00Z',
      to: '2025-01-01T00:15:00Z',
      granularity: 60,
    });
    assert.equal(series.rows.length, 15);
    const [first] = series.rows;
    assert.equal(first?.timestamp, '2025-01-01T00:00:00.000Z');
    assert.equal(typeof first.power, 'number');
    assert.equal(series.rows.map(({ power }) => power).indexOf(null), 9);
    assert.deepEqual(series.columns[1], { attribute: 'energy', device: IDS.meter, type: 'float' });
  });

  const said = JSON.stringify({
    errors: [{ code: 'oops', message: `No, not ${TOKEN}.`, details: { a: 1 } }],
  });
  const table: [Fault, ErrorCode, RegExp][] = [
    [{ kind: 'status', status: 400, body: said }, 'REJECTED', /No, not \[redacted\]\. \(oops\): \{"a":1\}/],
    [{ kind: 'status', status: 401, body: said }, 'AUTH_FAILED', /oops/],
    [{ kind: 'status', status: 403, body: '{"errors":[{"code":"only_code"}]}' }, 'FORBIDDEN', /only_code/],
    [{ kind: 'status', status: 404, body: '{"errors":["text"]}' }, 'NOT_FOUND', /text/],
    [{ kind: 'status', status: 409, body: '{"errors":[]}' }, 'CONFLICT', /HTTP 409/],
    [{ kind: 'status', status: 422, body: '[]' }, 'REJECTED', /HTTP 422/],
    [{ kind: 'status', status: 422, body: '{"errors":[7,{"details":"why"}]}' }, 'REJECTED', /why/],
    [{ kind: 'status', status: 429, headers: { 'Retry-After': '7' } }, 'RATE_LIMITED', /HTTP 429/],
    [{ kind: 'status', status: 500, body: '<html>boom</html>' }, 'BAD_RESPONSE', /^(?!.*boom)/],
    [{ kind: 'status', status: 503 }, 'UNREACHABLE', /HTTP 503/],
    [{ kind: 'status', status: 200, body: '' }, 'BAD_RESPONSE', /empty/],
    [{ kind: 'body', body: '<html>', contentType: 'text/html' }, 'BAD_RESPONSE', /not JSON/],
    [{ kind: 'body', body: '[]' }, 'BAD_RESPONSE', /no object/],
    [{ kind: 'body', body: '{"device":{}}' }, 'BAD_RESPONSE', /without id/],
  ];
  for (const [fault, code, text] of table) {
    const name =
      fault.kind === 'status' ? `status ${fault.status} ${fault.body ?? '-'}` : JSON.stringify(fault);
    it(`makes ${code} of ${name}`, async () => {
      // A change that was not clearly refused may have been made.
      const refused = fault.kind === 'status' && fault.status >= 400 && fault.status < 500;
      for (const [call, expected] of [
        [(): Promise<unknown> => client.get(IDS.meter), code],
        [(): Promise<unknown> => client.update(IDS.meter, { name: 'x' }), refused ? code : 'OUTCOME_UNKNOWN'],
      ] as const) {
        simulator.faults.add({ ...fault, times: 1 });
        const before = simulator.http.counters.requests;
        const error = await failsWith(call(), expected);
        if (expected === code) assert.match(error.message, text);
        assert.doesNotMatch(`${error.message}${JSON.stringify(error.params)}`, /demo-access/);
        assert.equal(simulator.http.counters.requests, before + 1, 'one request');
        if (fault.kind === 'status' && fault.status === 429) assert.equal(error.retryAfter, 7);
      }
    });
  }

  const changes: Record<string, (c: EnapterClient) => Promise<unknown>> = {
    update: (c) => c.update(IDS.meter, { name: 'x' }),
    delete: (c) => c.delete(IDS.meter),
    'generate configuration': (c) => c.generateConfig(IDS.meter, 'MQTT'),
    'assign blueprint': (c) => c.assignBlueprint(IDS.meter, 'bluepri2'),
    create: (c) => c.create({ name: 'x', siteId: IDS.site }),
    execute: (c) => c.execute(IDS.meter, { name: 'x' }),
    'start execution': (c) => c.startExecution(IDS.meter, { name: 'x' }),
  };
  for (const [name, call] of Object.entries(changes)) {
    for (const fault of ['resetAfter', 'gateway'] as const) {
      it(`${name}: sends once and says that the outcome is unknown (${fault})`, async () => {
        const before = simulator.http.counters.requests;
        simulator.faults.add(
          fault === 'gateway' ? { kind: 'status', status: 504, times: 1 } : { kind: 'resetAfter', times: 1 },
        );
        const error: DeviceError = await failsWith(call(client), 'OUTCOME_UNKNOWN');
        assert.equal(error.sent, true);
        assert.equal(simulator.http.counters.requests, before + 1);
      });
    }
  }

  it('says that nothing was sent when there is nobody to send to', async () => {
    const gone = new EnapterClient({ url: 'http://127.0.0.1:9', token: TOKEN }, transport);
    const error = await failsWith(gone.update(IDS.meter, { name: 'x' }), 'UNREACHABLE');
    assert.equal(error.sent, false);
  });

  it('gives a read up when its node closes', async () => {
    simulator.faults.add({ kind: 'hang', times: 1 });
    const abort = new AbortController();
    const arrived = simulator.http.nextRequest();
    const reading = failsWith(client.get(IDS.meter, undefined, abort.signal), 'CANCELLED');
    await arrived;
    abort.abort();
    await reading;
    assert.equal(sent().at(-1), `GET /v3/devices/${IDS.meter}`);
  });
});
