import assert from 'node:assert/strict';

import { type EnapterSimulator, IDS, startEnapter } from '../../../simulators/enapter';
import { startHttp } from '../../../simulators/support/server';
import {
  admin,
  catching,
  LEVEL,
  loadFlow,
  type Message,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const accountNode = nodeSet('enapter-account');
const deviceNode = nodeSet('enapter-device');

const TOKEN = 'demo-access-token';

interface Reply extends Record<string, unknown> {
  ok: boolean;
  reason?: string;
}

describe('enapter-account and enapter-device', () => {
  let sim: EnapterSimulator;
  let flow: TestFlow;

  /** One node `n` with these properties, its output at `out`, its errors at `caught`. */
  async function load(node: Record<string, unknown>, token = TOKEN): Promise<void> {
    flow = await loadFlow(
      [accountNode, deviceNode],
      [
        TAB,
        { id: 'a', type: 'enapter-account', url: sim.url },
        {
          ...{ id: 'n', type: 'enapter-device', ...PLACED, account: 'a', wires: [['out']] },
          ...node,
        },
        sink('out'),
        catching(),
        sink('caught'),
      ],
      { a: { token } },
    );
  }

  async function ask(msg: Message): Promise<Message> {
    const from = flow.at('out').items.length;
    flow.send('n', msg);
    return flow.at('out').waitFor(() => true, 'answer', { from });
  }

  async function fails(msg: Message): Promise<string | undefined> {
    const from = flow.at('caught').items.length;
    flow.send('n', msg);
    const { error } = await flow.at('caught').waitFor(() => true, 'error', { from });
    return (error as { code?: string }).code;
  }

  beforeEach(async () => {
    sim = await startEnapter({ commandTimeout: 30 });
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  it('sends nothing when it is deployed', async () => {
    await load({ operation: 'generate_config', deviceId: IDS.meter });
    assert.equal(sim.http.counters.requests, 0);
  });

  it('updates with the form, what it leaves open coming from the payload, and keeps the message', async () => {
    await load({ operation: 'update', deviceId: IDS.lua, newName: 'From the form', slug: '' });
    const first = await ask({ payload: Date.now(), keep: 1 });
    assert.equal((first.payload as { name: string }).name, 'From the form');
    assert.equal(first.keep, 1);
    assert.deepEqual(first.device, { id: IDS.lua, vendor: 'enapter', model: 'LUA', name: 'From the form' });
    assert.equal(sim.http.log.at(-1)?.body, '{"name":"From the form"}');
    const second = await ask({ payload: { name: 'From the message', slug: 'new' } });
    assert.equal((second.payload as { slug: string }).slug, 'new');
    assert.equal((second.payload as { name: string }).name, 'From the form');
  });

  it('does what its dialog says to a device that an earlier node has read', async () => {
    const read = { id: IDS.meter, name: 'Old', slug: 'old', blueprintId: 'bluepri1', siteId: IDS.site };
    const CASES: [Record<string, unknown>, string, unknown][] = [
      [{ operation: 'update', newName: 'New', slug: 'new' }, 'name', 'New'],
      [{ operation: 'update', slug: 'newer' }, 'slug', 'newer'],
      [{ operation: 'update', newName: 'Newest' }, 'slug', 'old'],
      [{ operation: 'assign_blueprint', blueprintId: 'bluepri2' }, 'blueprintId', 'bluepri2'],
      [{ operation: 'execute', command: 'reboot', timeout: 1 }, 'name', 'reboot'],
    ];
    for (const [node, field, value] of CASES) {
      await load({ deviceId: IDS.meter, ...node });
      const { payload } = await ask({ payload: read });
      assert.equal((payload as Record<string, unknown>)[field], value, JSON.stringify(node));
      await unloadFlow();
    }
  });

  it('takes operation and device from the message', async () => {
    await load({ operation: 'msg' });
    const got = await ask({ operation: 'get', deviceId: IDS.meter, payload: { expand: 'communication' } });
    assert.equal((got.payload as { communication: { channelId: string } }).communication.channelId, 'ucm');
    const list = await ask({ operation: 'list', payload: {} });
    assert.equal((list.payload as unknown[]).length, 4);
    assert.equal('device' in list, false);
    const blueprint = await ask({
      operation: 'assign_blueprint',
      payload: { deviceId: IDS.meter, blueprintId: 'bluepri2' },
    });
    assert.equal((blueprint.payload as { blueprintId: string }).blueprintId, 'bluepri2');
    const made = await ask({ operation: 'create', payload: { name: 'New', siteId: IDS.site } });
    assert.equal(sim.store.devices.has((made.payload as { id: string }).id), true);
    assert.equal(await fails({ operation: 'fly' }), 'INVALID_INPUT');
    assert.equal(await fails({ operation: 'get' }), 'INVALID_INPUT');
    assert.equal(await fails({ operation: 'get', deviceId: 'none' }), 'NOT_FOUND');
  });

  it('takes an empty device id of the message for none', async () => {
    await load({ operation: 'get' });
    const { payload } = await ask({ deviceId: '', payload: { deviceId: IDS.meter } });
    assert.equal((payload as { id: string }).id, IDS.meter);
  });

  it('refuses a message that was meant for another device, and sends nothing', async () => {
    await load({ operation: 'msg', deviceId: IDS.lua, confirmDelete: true });
    for (const operation of ['get', 'update', 'delete', 'execute']) {
      const fields = { name: 'x', arguments: {} };
      assert.equal(await fails({ operation, deviceId: IDS.meter, payload: fields }), 'INVALID_INPUT');
      const payload = { ...fields, deviceId: IDS.meter };
      assert.equal(await fails({ operation, payload }), 'INVALID_INPUT');
    }
    assert.equal(sim.http.counters.requests, 0);
    const list = await ask({ operation: 'list', deviceId: IDS.meter, payload: {} });
    assert.equal((list.payload as unknown[]).length, 4);
  });

  it('uses no hidden field of the dialog where the message chooses the operation', async () => {
    await load({ operation: 'msg', deviceId: IDS.meter, newName: 'Left over', command: 'left_over' });
    const before = sim.http.counters.requests;
    assert.equal(await fails({ operation: 'update', payload: {} }), 'INVALID_INPUT');
    assert.equal(await fails({ operation: 'execute', payload: {} }), 'INVALID_INPUT');
    assert.equal(sim.http.counters.requests, before);
  });

  it('does not take a wait that is too long for none', async () => {
    await load({ operation: 'execute', deviceId: IDS.meter, command: 'x', timeout: '1.5' });
    assert.equal(((await ask({})).payload as { state: string }).state, 'TIMEOUT');
    const far = await ask({ payload: { timeout: 1e12 } });
    assert.equal((far.payload as { state: string }).state, 'TIMEOUT');
    assert.equal(await fails({ payload: { timeout: 'soon' } }), 'INVALID_INPUT');
    assert.equal(await fails({ payload: { wait: 'false' } }), 'INVALID_INPUT');
  });

  it('executes one command at a time on a device, in the order of the messages', async () => {
    await load({ operation: 'execute', deviceId: IDS.meter, command: 'x' });
    const wanted = Array.from({ length: 10 }, (_, n) => n);
    for (const n of wanted) flow.send('n', { payload: { arguments: { n } } });
    const numberOf = ({ payload }: Message): number => (payload as { arguments: { n: number } }).arguments.n;
    await flow.at('out').waitFor((response) => numberOf(response) === 9, 'last answer');
    const numbers = flow.at('out').items.map(numberOf);
    assert.deepEqual(numbers, wanted);
    assert.equal(sim.http.counters.maxInFlight, 1);
  });

  it('executes commands, waiting or not', async () => {
    await load({
      operation: 'execute',
      deviceId: IDS.meter,
      command: 'reboot',
      arguments: '{"delay":3}',
      timeout: 5,
    });
    const { payload } = await ask({ payload: 1 });
    assert.deepEqual((payload as { state: string; arguments: unknown }).arguments, { delay: 3 });
    assert.equal((payload as { state: string }).state, 'TIMEOUT');
    const started = (await ask({ payload: { wait: false } })).payload as { id: string; state: string };
    assert.equal(started.state, 'NEW');
    const later = (await ask({ payload: { executionId: started.id } })).payload as { name: string };
    assert.equal(later.name, 'reboot');
    assert.equal(await fails({ payload: { arguments: 'x' } }), 'INVALID_INPUT');
  });

  it('refuses arguments in the node that are no JSON', async () => {
    await load({ operation: 'execute', deviceId: IDS.meter, command: 'x', arguments: '{' });
    assert.equal(await fails({}), 'INVALID_INPUT');
  });

  it('reads telemetry, newest and over time', async () => {
    await load({ operation: 'telemetry', deviceId: IDS.meter, attributes: 'power' });
    const newest = await ask({});
    assert.deepEqual(newest.payload, { power: { value: null, timestamp: null, warning: 'no_recent_data' } });
    const range = { from: '2025-01-01T00:00:00Z', to: '2025-01-01T00:02:00Z', granularity: 60 };
    const series = (await ask({ payload: range })).payload as { rows: unknown[] };
    assert.equal(series.rows.length, 2);
  });

  it('marks the secret parts of a configuration', async () => {
    await load({ operation: 'generate_config', deviceId: IDS.meter, protocol: 'MQTT' });
    const { payload } = await ask({});
    const { secrets, config } = payload as { secrets: string[]; config: { mqtt_protocol: string } };
    assert.deepEqual(secrets, ['config.mqtt_credentials.password']);
    assert.equal(config.mqtt_protocol, 'MQTT');
  });

  it('deletes only when it is allowed to, whoever asks', async () => {
    await load({ operation: 'msg', deviceId: IDS.lua });
    const before = sim.http.counters.requests;
    assert.equal(await fails({ operation: 'delete' }), 'INVALID_INPUT');
    assert.equal(sim.http.counters.requests, before);
    await unloadFlow();
    await load({ operation: 'delete', deviceId: IDS.gateway, confirmDelete: true });
    assert.equal(await fails({}), 'CONFLICT');
    await unloadFlow();
    await load({ operation: 'delete', deviceId: IDS.lua, confirmDelete: true });
    assert.deepEqual((await ask({})).payload, { id: IDS.lua, deleted: true });
    assert.equal(sim.store.devices.has(IDS.lua), false);
  });

  it('sends many changes one after the other', async () => {
    await load({ operation: 'update' });
    for (let n = 0; n < 120; n++) flow.send('n', { deviceId: IDS.meter, payload: { name: `Name ${n}` } });
    await flow
      .at('out')
      .waitFor(({ payload }) => (payload as { name: string }).name === 'Name 119', 'the last one');
    assert.equal(flow.at('out').items.length, 120);
    assert.equal(sim.http.counters.maxInFlight, 1);
  });

  it('shows and reports what went wrong, once, without the token', async () => {
    await load({ operation: 'update', deviceId: IDS.meter, newName: 'x' });
    sim.faults.add({
      kind: 'status',
      status: 401,
      body: `{"errors":[{"message":"bad ${TOKEN}"}]}`,
      times: 1,
    });
    assert.equal(await fails({}), 'AUTH_FAILED');
    sim.faults.add({ kind: 'resetAfter', times: 1 });
    assert.equal(await fails({}), 'OUTCOME_UNKNOWN');
    assert.equal(flow.at('caught').items.length, 2);
    await flow
      .statusOf('n')
      .waitFor(({ fill, text }) => fill === 'yellow' && text === 'status.OUTCOME_UNKNOWN', 'status');
    await ask({});
    await flow
      .statusOf('n')
      .waitFor(({ fill, text }) => fill === 'green' && text === 'status.done', 'status');
    assert.doesNotMatch(
      JSON.stringify([flow.at('caught').items.map(({ error }) => error), flow.log()]),
      /demo-access/,
    );
  });

  it('gives up what is under way when it closes', async () => {
    await load({ operation: 'get', deviceId: IDS.meter });
    sim.faults.add({ kind: 'hang' });
    const arrived = sim.http.nextRequest();
    flow.send('n', {});
    await arrived;
    await unloadFlow();
    await load({ operation: 'get', deviceId: IDS.meter });
  });

  it('says that it is not configured', async () => {
    await load({ operation: 'get', account: '' });
    assert.equal(flow.statusOf('n').items.at(-1)?.text ?? 'status.unconfigured', 'status.unconfigured');
    assert.equal(await fails({}), 'INVALID_INPUT');
    await unloadFlow();
    await load({ operation: 'get', deviceId: IDS.meter }, '');
    assert.equal(await fails({}), 'INVALID_INPUT');
    assert.equal(flow.log(LEVEL.warn).length, 1);
    assert.equal(
      ((await admin().get('/energy-devices/enapter-account/a/diagnostics')).body as Reply).ok,
      undefined,
    );
  });

  const dialog = async (
    action: string,
    settings: unknown,
    credentials: unknown,
    id = 'a',
  ): Promise<Reply> => {
    const reply = await admin()
      .post(`/energy-devices/enapter-account/${id}/${action}`)
      .send({ settings, credentials });
    assert.equal(reply.status, 200);
    return reply.body as Reply;
  };

  it('tests an account that was never deployed, and a stored token', async () => {
    await load({ operation: 'get' });
    const response = await dialog('test', { url: sim.http.url }, { token: TOKEN }, 'new');
    assert.deepEqual(response, { ok: true, sites: ['Demo site'], devices: 4 });
    assert.equal((await dialog('test', { url: sim.url }, { token: '__PWRD__' })).ok, true);
    assert.equal((await dialog('test', { url: sim.url }, { token: 'wrong' })).code, 'AUTH_FAILED');
    assert.equal((await dialog('test', { url: sim.url }, {})).reason, 'enapterTokenEmpty');
    assert.equal((await dialog('test', { url: '' }, { token: TOKEN })).reason, 'addressEmpty');
  });

  it('passes the test where the sites may not be listed', async () => {
    await load({ operation: 'get' });
    const server = await startHttp(({ path }) =>
      path.endsWith('/sites') ? { status: 404 } : { json: { devices: [{ id: 'gw' }], total_count: 1 } },
    );
    const response = await dialog('test', { url: server.url }, { token: TOKEN });
    assert.deepEqual(response, { ok: true, sites: null, devices: 1 });
    await server.close();
  });

  it('lists devices, and generates a configuration when it is asked to', async () => {
    await load({ operation: 'get' });
    const { devices } = await dialog('devices', { url: sim.url }, { token: '__PWRD__' });
    assert.deepEqual((devices as unknown[])[0], { id: IDS.gateway, name: 'Gateway', type: 'GATEWAY' });
    assert.equal(sim.store.passwords.size, 0);
    const settings = { url: sim.url, deviceId: IDS.meter, protocol: 'MQTT' };
    const { config } = await dialog('generate', settings, { token: '__PWRD__' });
    assert.match(String(config), /"mqtt_host":"127.0.0.1"/);
    assert.equal(sim.store.passwords.size, 1);
    assert.equal(
      (await dialog('generate', { ...settings, protocol: 'x' }, { token: TOKEN })).reason,
      'enapterProtocol',
    );
  });

  it('offers diagnostics without the token', async () => {
    await load({ operation: 'get' });
    const reply = await admin().get('/energy-devices/enapter-account/a/diagnostics');
    assert.deepEqual((reply.body as { settings: unknown }).settings, { url: sim.http.url });
    assert.doesNotMatch(reply.text, /demo-access/);
  });
});
