import assert from 'node:assert/strict';

import {
  catching,
  codeOf,
  type FlowNode,
  LEVEL,
  loadFlow,
  payloadOf,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';
import { parseExposition } from '../../support/prometheus-text';
import { catchRed, type PushServer, startPushServer } from '../powersentrix/push-server';

const METER = { vendor: 'powerfox', id: 'm1', name: 'Meter' };
const node = (settings: object = {}, id = 'node'): FlowNode => ({
  ...{ id, type: 'energy-metrics', ...PLACED, wires: [['out']], every: 0, access: 'open', ...settings },
});

describe('energy-metrics', () => {
  let flow: TestFlow;
  let server: PushServer;

  const load = async (nodes: FlowNode[], password?: string): Promise<void> => {
    const { probe, caught } = catchRed();
    const flowNodes = [TAB, ...nodes, sink('out'), sink('caught'), catching()];
    const credentials = password === undefined ? {} : { node: { password } };
    flow = await loadFlow([probe, nodeSet('energy-metrics')], flowNodes, credentials);
    server = await startPushServer(caught());
  };
  const get = (path = '/metrics', headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(server.url + path, { headers, method });
  const login = (password: string, user = 'prometheus') => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const tell = (payload: unknown, device: object = METER, id = 'node'): void =>
    flow.send(id, { payload, device });
  const shown = async (id = 'node'): Promise<string> => {
    const status = await flow.statusOf(id).waitFor(() => true, 'a status');
    return `${status.fill} ${status.text}`;
  };

  afterEach(async () => {
    await server.close();
    await unloadFlow();
  });

  it('answers with the values of the moment', async () => {
    await load([node()]);
    tell({ power: 230, energyImport: null });
    const response = await get();
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const values = parseExposition(await response.text()).samples.map(({ name, value }) => [name, value]);
    assert.deepEqual(values, [
      ['energy_device_up', 1],
      ['energy_device_power_watts', 230],
      ['energy_device_series_left_out', 0],
    ]);
    for (const path of ['/metrics/', '//metrics', '/metrics?x=1'])
      assert.equal((await get(path)).status, 200);
    for (const path of ['/metrics2', '/', '/metrics/x']) assert.equal((await get(path)).status, 404);
    const head = await get('/metrics', {}, 'HEAD');
    assert.deepEqual([head.status, await head.text()], [200, '']);
    const post = await get('/metrics', {}, 'POST');
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  });

  it('asks for its password, as that of any user or as a token, and bounds the guesses of a host', async () => {
    await load([node({ access: 'password' })], 'a "word": ü');
    assert.equal((await get('/metrics', login('a "word": ü'))).status, 200);
    assert.equal((await get('/metrics', login('a "word": ü', ''))).status, 200);
    const none = await get();
    assert.deepEqual([none.status, await none.text()], [401, 'a password is needed\n']);
    assert.match(String(none.headers.get('www-authenticate')), /^Basic/);
    const wrong = ['', 'a "word": ', 'a "word": üx', 'x'.repeat(1000)];
    for (const one of wrong) assert.equal((await get('/metrics', login(one))).status, 401, one);
    for (let i = wrong.length; i < 30; i++) assert.equal((await get('/metrics', login('no'))).status, 401);
    const late = await get('/metrics', login('a "word": ü'));
    assert.deepEqual([late.status, late.headers.get('retry-after')], [429, '60']);
    // Who gives none has not guessed, and is told what is needed.
    assert.equal((await get()).status, 401);
  });

  it('takes a token', async () => {
    await load([node({ access: 'password' })], 'token-of-its-own');
    assert.equal((await get('/metrics', { authorization: 'Bearer token-of-its-own' })).status, 200);
    assert.equal((await get('/metrics', { authorization: 'Bearer token-of-its' })).status, 401);
    assert.equal((await get('/metrics', { authorization: `Bearer ${'x'.repeat(3000)}` })).status, 401);
  });

  for (const [what, settings, text] of [
    ['a password is missing', { access: 'password' }, /password/i],
    ['httpNodeAuth is not set', { access: 'nodeRed' }, /httpNodeAuth/],
    ['the path is none', { path: 'a b' }, /path/i],
  ] as const) {
    it(`serves nothing, and says so in red, where ${what}`, async () => {
      await load([node(settings)]);
      assert.match(await shown(), /^red/);
      assert.ok(flow.log(LEVEL.warn).some(({ msg }) => text.test(msg)));
      assert.equal((await get()).status, 404);
      tell({ power: 1 });
      const caught = await flow.at('caught').waitFor(() => true, 'an error');
      assert.equal(codeOf(caught), 'INVALID_INPUT');
    });
  }

  it('tells a second node on one path in red, and leaves the first alone', async () => {
    await load([node(), node({ path: '/metrics/' }, 'second'), node({ path: 'other' }, 'third')]);
    assert.match(await shown('second'), /^red/);
    assert.ok(flow.log(LEVEL.warn).some(({ msg, id }) => id === 'second' && msg.includes('path')));
    tell({ power: 1 });
    tell({ power: 3 }, METER, 'third');
    assert.match(await (await get()).text(), /power_watts\{[^}]*\} 1\n/);
    assert.match(await (await get('/other')).text(), /power_watts\{[^}]*\} 3\n/);
  });

  it('leaves nothing behind when it closes', async () => {
    await load([node()]);
    tell({ power: 1 });
    assert.equal((await get()).status, 200);
    await unloadFlow();
    assert.equal((await get()).status, 404);
  });

  it('sends points, lines or rows, and works without Prometheus', async () => {
    await load([
      node({ prometheus: false }),
      node({ prometheus: false, output: 'lines' }, 'lines'),
      node({ prometheus: false, output: 'rows' }, 'rows'),
    ]);
    const timestamp = '2026-01-01T00:00:00.000Z';
    const sent: unknown[] = [];
    for (const id of ['node', 'lines', 'rows']) {
      const { length } = flow.at('out').items;
      tell({ power: 230, timestamp }, METER, id);
      const { payload, precision } = await flow.at('out').waitFor(() => true, 'a message', { from: length });
      sent.push([payload, precision]);
    }
    const tags = { vendor: 'powerfox', device: 'm1', name: 'Meter' };
    const [at, fields] = [Date.parse(timestamp), { power_watts: 230 }];
    assert.deepEqual(sent, [
      [[{ measurement: 'energy_device', tags, fields, timestamp: at }], 'ms'],
      [`energy_device,vendor=powerfox,device=m1,name=Meter power_watts=230 ${at}`, 'ms'],
      [
        [{ time: timestamp, vendor: 'powerfox', device: 'm1', name: 'power', value: 230, unit: 'W' }],
        undefined,
      ],
    ]);
    assert.equal((await get()).status, 404);
  });

  it('works through a long list in pieces, and sends what it makes of it in messages of 5,000', async () => {
    await load([node({ output: 'rows' })]);
    const controller = { vendor: 'automate-green', id: 'c', name: 'Heater' };
    const start = Date.now() - 12_000_000;
    const rows = Array.from({ length: 12_000 }, (_, i) => ({
      ...{ timestamp: new Date(start + i * 1000).toISOString(), type: 'update', averagePower: i },
    }));
    tell(rows, controller);
    const arrived = flow.at('out');
    await arrived.waitFor((msg) => (msg.payload as unknown[]).length === 2000, 'the last message');
    const values = arrived.items.flatMap(({ payload }) =>
      (payload as { value: number }[]).map(({ value }) => value),
    );
    assert.deepEqual(
      values,
      rows.map(({ averagePower }) => averagePower),
    );
    assert.match(await (await get()).text(), /average_power_watts\{[^}]*\} 11999\n/);
  });

  it('shows how much it tells, and refuses what it does not know', async () => {
    await load([node()]);
    tell({ weather: 'fair' });
    const caught = await flow.at('caught').waitFor(() => true, 'an error');
    assert.equal(codeOf(caught), 'INVALID_INPUT');
    assert.deepEqual(payloadOf(caught), { weather: 'fair' });
    tell({ power: 1 });
    const states = flow.statusOf('node');
    await states.waitFor(({ fill }) => fill === 'red', 'the error');
    await states.waitFor(({ text }) => text === 'shown.series', 'counts', { from: states.items.length - 1 });
  });
});
