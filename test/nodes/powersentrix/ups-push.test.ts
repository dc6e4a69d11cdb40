import assert from 'node:assert/strict';

import {
  type PowersentrixSimulator,
  Pusher,
  startPowersentrix,
  UpsModel,
} from '../../../simulators/powersentrix';
import {
  admin,
  catching,
  errorOf,
  type FlowNode,
  LEVEL,
  loadFlow,
  type Message,
  payloadOf,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { DOCUMENTED_COMPLEX, DOCUMENTED_IDENT } from '../../lib/powersentrix/documented';
import { eventsNode, NODES, portNode, pushDevice, statusNode } from './bench';
import type { ReceiverPart } from '../../../nodes/powersentrix/parts';
import type { UpsPart } from '../../../nodes/powersentrix/parts';
import type { ConfigNode } from '../../../nodes/shared/config-node';
import { catchRed, type PushServer, startPushServer } from './push-server';

const COMPANY = 'company-id/7';
const SECRET = 'deadbeef00';
const RECEIVER: FlowNode = { id: 'r', type: 'ups-receiver', path: '/powersentrix' };
const QUERY = `companyId=${encodeURIComponent(COMPANY)}&cmm=ups-01`;
const DATA = JSON.stringify(DOCUMENTED_COMPLEX);
const LOG = JSON.stringify({
  ord: 1,
  code: 'I/E01',
  cmm: 'somebody else',
  description: 'Output 1 turned ON',
  params: '',
  timestamp: '2026-10-25 02:30:00',
});

describe('a UPS that pushes', () => {
  let flow: TestFlow;
  let server: PushServer | undefined;
  let ups: PowersentrixSimulator | undefined;
  const { probe, caught } = catchRed();

  const load = async (nodes: FlowNode[], secret = '', apiKey = ''): Promise<PushServer> => {
    const credentials = { companyId: COMPANY, secret };
    flow = await loadFlow(
      [probe, ...NODES],
      [TAB, ...['out', 'state', 'done', 'event', 'caught'].map(sink), catching(), ...nodes],
      { r: credentials, r2: credentials, d: { apiKey } },
    );
    server ??= await startPushServer(caught());
    return server;
  };
  afterEach(async () => {
    await unloadFlow();
    await server?.close();
    await ups?.close();
    server = ups = undefined;
  });
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });

  it('is read as it comes, in all three spellings', async () => {
    const { post } = await load([RECEIVER, pushDevice(), statusNode({ raw: true }), eventsNode()]);
    for (const spelling of ['api', 'api/v1', 'api/v1/api']) {
      const reply = await post(`/powersentrix/${spelling}/setUpsData?${QUERY}`, DATA);
      assert.deepEqual(reply, { status: 200, text: '{"responseMessage":"OK"}' });
    }
    const msg = await next('out', 2);
    assert.equal(flow.at('out').items.length, 3);
    const { config, upsData } = msg.raw as typeof DOCUMENTED_COMPLEX;
    assert.deepEqual(upsData, DOCUMENTED_COMPLEX.upsData);
    // Who knows these two can push.
    assert.deepEqual(config.settings.remoteServer, {
      serverUrl: '[redacted]',
      companyId: '[redacted]',
      upsId: 'ups-01',
    });
    assert.equal((msg.device as { id: string }).id, 'ups-01');
    assert.equal(payloadOf(msg).name, 'ups-01');
    assert.equal(payloadOf(await next('state')).available, true);
  });

  it('registers though its description holds a question mark as it is', async () => {
    const { post } = await load([RECEIVER, pushDevice(), eventsNode()]);
    const reply = await post(
      `/powersentrix/api/setNewUps?upsDescription=Where?&${QUERY}`,
      JSON.stringify(DOCUMENTED_IDENT),
    );
    assert.equal(reply.status, 200);
    assert.equal(payloadOf(await next('event')).description, 'Where?');
  });

  it('is heard by the other listeners when one fails, and answered', async () => {
    const { post } = await load([RECEIVER, pushDevice(), eventsNode()]);
    const receiver = (flow.node('r') as ConfigNode<ReceiverPart>).holder.part;
    const device = (flow.node('d') as ConfigNode<UpsPart>).holder.part;
    const fail = (): never => {
      throw new Error('a listener failed');
    };
    receiver.attach('ups-01', fail);
    device.ups.onPush(fail);
    Reflect.set(flow.node('e'), 'context', fail);
    assert.equal((await post(`/powersentrix/api/setUpsLog?${QUERY}`, LOG)).status, 200);
    assert.equal(payloadOf(await next('event')).event, 'log');
    assert.equal(flow.log(LEVEL.error).length, 2);
  });

  it('answers a message with its last push, or says that there is none', async () => {
    const { post } = await load([RECEIVER, pushDevice(), statusNode()]);
    flow.send('s', { payload: 1 });
    assert.equal(errorOf(await next('caught')).code, 'UNREACHABLE');
    await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA);
    await next('out');
    flow.send('s', { payload: 2, asked: true });
    assert.equal((await next('out', 1)).asked, true);
  });

  it('sends registrations and log records, each once, in UTC', async () => {
    const { post } = await load([RECEIVER, pushDevice(), eventsNode(), statusNode()]);
    await post(
      `/powersentrix/api/setNewUps?${QUERY}&upsDescription=Server%20Room`,
      JSON.stringify(DOCUMENTED_IDENT),
    );
    const registered = payloadOf(await next('event'));
    assert.deepEqual(
      [registered.event, registered.cmm, registered.description, registered.address],
      ['registered', 'ups-01', 'Server Room', '127.0.0.1'],
    );
    await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA);
    for (let n = 0; n < 3; n++) await post(`/powersentrix/api/setUpsLog?${QUERY}`, LOG);
    await post(`/powersentrix/api/setUpsLog?${QUERY}`, LOG.replace('"ord":1', '"ord":2'));
    await next('event', 2);
    assert.deepEqual(payloadOf(await next('event', 1)), {
      event: 'log',
      cmm: 'ups-01',
      code: 'I/E01',
      description: 'Output 1 turned ON',
      params: '',
      timestamp: '2026-10-25T00:30:00.000Z',
      localTime: '2026-10-25 02:30:00',
      ambiguous: true,
    });
    assert.equal(flow.at('event').items.length, 3);
  });

  it('hears of a power failure at once', async () => {
    const { url } = await load([RECEIVER, pushDevice(), eventsNode()]);
    const model = new UpsModel();
    const pusher = new Pusher(model, { serverUrl: `${url}/powersentrix`, companyId: COMPANY });
    await pusher.boot();
    model.setMains(false);
    const lost = await flow.at('event').waitFor((msg) => payloadOf(msg).change === 'mainsLost', 'mains lost');
    assert.equal(payloadOf(lost).cmm, 'ups-01');
    model.setMains(true);
    await flow.at('event').waitFor((msg) => payloadOf(msg).change === 'mainsRestored', 'mains restored');
    pusher.close();
    assert.ok(pusher.results.every(({ status }) => status === 200));
  });

  it('is unavailable when its pushes stay away, and back with the next', async () => {
    const { post } = await load([RECEIVER, pushDevice({ interval: 1 }), statusNode()]);
    await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA);
    const lost = await flow.at('state').waitFor((msg) => payloadOf(msg).available === false, 'late');
    const reason = payloadOf(lost).reason as { code: string; message: string };
    assert.equal(reason.code, 'UNREACHABLE');
    flow.send('s', { payload: 1 });
    assert.equal(errorOf(await next('caught')).code, 'UNREACHABLE');
    await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA);
    await next('state', 2);
    assert.deepEqual(
      flow.at('state').items.map((msg) => payloadOf(msg).available),
      [true, false, true],
    );
  });

  it('takes no commands by itself, and commands only at the address that was set', async () => {
    ups = await startPowersentrix();
    await load([RECEIVER, pushDevice(), portNode({ port: 0, action: 'off' })]);
    flow.send('p', { payload: 1 });
    assert.equal(errorOf(await next('caught')).code, 'NOT_SUPPORTED');
    await unloadFlow();
    await server?.close();
    server = undefined;

    const { post } = await load(
      [RECEIVER, pushDevice({ url: ups.url }), portNode({ port: 0, action: 'off' })],
      '',
      ups.apiKey,
    );
    // A push names another address; nobody goes there.
    const elsewhere = await startPowersentrix();
    const body = structuredClone(DOCUMENTED_COMPLEX);
    Object.assign(body.config.settings, { ip: `127.0.0.1:${elsewhere.http.port}` });
    await post(`/powersentrix/api/setUpsData?${QUERY}`, JSON.stringify(body));
    flow.send('p', { payload: 1 });
    assert.equal(payloadOf(await next('done')).on, false);
    assert.deepEqual([ups.model.toggles, elsewhere.http.counters.requests], [1, 0]);
    await elsewhere.close();
  });

  it('is refused with a wrong company, path, secret, method or type, without a word too many', async () => {
    const { post } = await load([RECEIVER, pushDevice(), statusNode()], SECRET);
    const path = `/powersentrix/${SECRET}/api/setUpsData`;
    const json = { 'content-type': 'application/json' };
    const cases: [
      expected: number,
      path: string,
      body?: string,
      headers?: Record<string, string>,
      method?: string,
    ][] = [
      [401, `${path}?companyId=wrong&cmm=ups-01`],
      [401, `${path}?cmm=ups-01`],
      [401, `${path}?${QUERY}&companyId=again`],
      [400, `${path}?companyId=${encodeURIComponent(COMPANY)}`],
      [400, `${path}?companyId=${encodeURIComponent(COMPANY)}&cmm=`],
      [404, `/powersentrix/api/setUpsData?${QUERY}`],
      [404, `/powersentrix/wrong/api/setUpsData?${QUERY}`],
      [404, `/powersentrix/${SECRET}/api/v2/setUpsData?${QUERY}`],
      [404, `/powersentrix/${SECRET}?${QUERY}`],
      [405, `${path}?${QUERY}`, '', {}, 'GET'],
      [200, `${path}?${QUERY}`, DATA, { 'content-type': 'text/plain' }],
      [415, `${path}?${QUERY}`, DATA, { ...json, 'content-encoding': 'gzip' }],
      [413, `${path}?${QUERY}`, `"${'x'.repeat(65 * 1024)}"`],
      [413, `${path}?${QUERY}`, `"${'x'.repeat(65 * 1024)}"`, { ...json, 'transfer-encoding': 'chunked' }],
      [400, `${path}?${QUERY}`, '{"config":'],
      [400, `${path}?${QUERY}`, ''],
      [200, `${path}?${QUERY}`, DATA, {}],
      [200, `${path}?${QUERY}`, DATA, { 'content-type': 'application/vnd.ups+json; charset=utf-8' }],
    ];
    for (const [expected, where, body = DATA, headers = json, method = 'POST'] of cases) {
      const { status, text } = await post(where, body, headers, method);
      assert.equal(status, expected, `${method} ${where} ${body.slice(0, 20)}: ${text}`);
      assert.ok((status === 404 || text.length < 100) && !/\bat .*:\d+|node_modules/.test(text), text);
    }
    assert.ok(!JSON.stringify(flow.log()).includes(COMPANY));
  });

  it('reads a body that other middleware has parsed already', async () => {
    const { post, red: api } = await load([RECEIVER, pushDevice(), statusNode()]);
    const bodies: unknown[] = [];
    // In front of the receiver, as the httpNodeMiddleware setting would be.
    api.httpNode.use((request, _response, next) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const kind = request.headers['x-body'];
        request.body =
          kind === 'text'
            ? text
            : kind === 'buffer'
              ? Buffer.concat(chunks)
              : kind === 'json'
                ? (JSON.parse(text) as unknown)
                : undefined;
        bodies.push(request.body);
        next();
      });
    });
    const { stack } = (api.httpNode as unknown as { _router: { stack: unknown[] } })._router;
    stack.unshift(stack.pop());
    const send = (kind: string, body = DATA): Promise<{ status: number }> =>
      post(`/powersentrix/api/setUpsData?${QUERY}`, body, {
        'content-type': 'application/json',
        'x-body': kind,
      });
    for (const kind of ['text', 'buffer', 'json']) assert.equal((await send(kind)).status, 200, kind);
    assert.equal((await send('none')).status, 400);
    assert.equal((await send('text', '{')).status, 400);
    assert.equal((await send('json', `"${'x'.repeat(65 * 1024)}"`)).status, 413);
    assert.equal(bodies.length, 6);
  });

  it('is listed though no node uses it', async () => {
    const { post } = await load([RECEIVER, pushDevice()]);
    await post(`/powersentrix/api/setNewUps?${QUERY}`, JSON.stringify(DOCUMENTED_IDENT));
    await post(`/powersentrix/api/setUpsData?${QUERY.replace('ups-01', 'stranger')}`, DATA);
    const { body } = await admin().get('/energy-devices/ups-receiver/r/registrations');
    const { upses } = body as { upses: Record<string, unknown>[] };
    assert.deepEqual(
      upses.map(({ cmm, model, serialNumber, firmware, address, assigned, pushes }) => [
        cmm,
        model,
        serialNumber,
        firmware,
        address,
        assigned,
        pushes,
      ]),
      [
        ['ups-01', 'PWX-12-4422', 'PSX-2024-001234', 'v2.1.0', '127.0.0.1', true, 1],
        ['stranger', 'PWX-12-4422', 'PSX-2024-001234', 'v2.1.0', '127.0.0.1', false, 1],
      ],
    );
    const none = (await admin().get('/energy-devices/ups-receiver/d/registrations')).body;
    assert.deepEqual(none, { upses: [], problem: { reason: 'notDeployed', params: {} } });
    const addresses = (await admin().get('/energy-devices/ups-receiver/r/addresses')).body as {
      addresses: unknown[];
    };
    assert.ok(Array.isArray(addresses.addresses));
    const diagnostics = await admin().get('/energy-devices/ups-receiver/r/diagnostics');
    assert.equal((diagnostics.body as { upses: number }).upses, 2);
    assert.ok(!diagnostics.text.includes(COMPANY));
  });

  it('has its path for itself', async () => {
    const { post } = await load([
      RECEIVER,
      { ...RECEIVER, id: 'r2', path: 'powersentrix/' },
      pushDevice({ receiver: 'r2' }),
      statusNode(),
    ]);
    assert.deepEqual(
      flow
        .log(LEVEL.warn)
        .filter(({ id }) => id !== 'd')
        .map(({ msg, id }) => [id, msg]),
      [['r2', 'Another receiver has this path already. Give each one a path of its own.']],
    );
    flow.send('s', { payload: 1 });
    assert.match(errorOf(await next('caught')).message, /path/);
    assert.equal((await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA)).status, 200);
    const { body } = await admin().get('/energy-devices/ups-receiver/r2/registrations');
    assert.equal((body as { problem: { reason: string } }).problem.reason, 'powersentrixReceiverTwice');
  });

  it('removes its routes when it closes', async () => {
    const { post, red: api, root } = await load([RECEIVER]);
    const sizes = (): number[] =>
      [api.httpNode, root].map(
        (app) => (app as unknown as { _router: { stack: unknown[] } })._router.stack.length,
      );
    const before = sizes();
    assert.equal((await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA)).status, 200);
    await unloadFlow();
    assert.equal((await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA)).status, 404);
    assert.deepEqual(
      sizes(),
      before.map((size) => size - 1),
    );
  });
});
