import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';

import { type PoweroptiSimulator, startPoweropti } from '../../../simulators/poweropti';
import {
  catching,
  completing,
  type FlowNode,
  LEVEL,
  loadFlow,
  type Message,
  payloadOf,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const deviceNode = nodeSet('poweropti-device');
const meterNode = nodeSet('poweropti-meter');

const NODES = [deviceNode, meterNode];
const meter = (more: FlowNode = {}): FlowNode => ({
  id: 'm',
  type: 'poweropti-meter',
  ...PLACED,
  device: 'd',
  deadband: 0,
  raw: false,
  wires: [['out'], ['state']],
  ...more,
});

describe('poweropti nodes', () => {
  let sim: PoweroptiSimulator;
  let flow: TestFlow;

  const device = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
    id: 'd',
    type: 'poweropti-device',
    name: 'Grid meter',
    host: sim.host,
    interval: 1,
    staleAfter: 60,
    ...more,
  });
  const load = async (
    nodes: Record<string, unknown>[],
    apiKey: string | null = sim.apiKey,
  ): Promise<TestFlow> => {
    const sinks = ['out', 'state', 'caught', 'completed'].map(sink);
    const all = [TAB, ...sinks, catching(), completing('m'), ...nodes];
    flow = await loadFlow(NODES, all, apiKey === null ? {} : { d: { apiKey }, d2: { apiKey } });
    return flow;
  };
  const reading = (from = 0): Promise<Message> => flow.at('out').waitFor(() => true, 'reading', { from });
  const state = (from = 0): Promise<Message> =>
    flow.at('state').waitFor(() => true, 'availability', { from });

  beforeEach(async () => {
    sim = await startPoweropti();
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  it('send readings, availability and status by themselves', async () => {
    sim.setPower(-450);
    await load([device(), meter()]);
    const msg = await reading();
    const payload = payloadOf(msg);
    assert.deepEqual([payload.power, payload.importPower, payload.exportPower], [-450, 0, 450]);
    assert.equal(typeof payload.age, 'number');
    assert.equal(msg.topic, 'Grid meter');
    assert.deepEqual(msg.device, { id: 'd', vendor: 'powerfox', model: 'poweropti', name: 'Grid meter' });
    assert.equal('raw' in msg, false);
    assert.equal(payloadOf(await state()).available, true);
    const shown = await flow
      .statusOf('m')
      .waitFor((status) => (status as { fill?: string }).fill === 'green', 'status');
    assert.deepEqual(shown, { fill: 'green', shape: 'dot', text: '-450 W' });
  });

  it('keep every property of an incoming message, and complete it', async () => {
    await load([device({ interval: 3600 }), meter({ raw: true, topic: 'mine' })]);
    const req = { url: '/x' };
    flow.send('m', { payload: 'go', topic: 'theirs', req, other: [1] });
    const msg = await reading();
    assert.equal(msg.topic, 'theirs');
    assert.equal(msg.req, req);
    assert.deepEqual(msg.other, [1]);
    assert.deepEqual(Object.keys(msg.raw as object), ['timestamp', 'values']);
    await flow.at('completed').waitFor(() => true, 'complete');
    assert.equal(flow.at('caught').items.length, 0);
    assert.equal(sim.http.counters.requests, 1);
    // What an Inject node sends that has no topic.
    flow.send('m', { payload: 'go', topic: '', n: 2 });
    assert.equal((await flow.at('out').waitFor(({ n }) => n === 2, 'second')).topic, 'mine');
  });

  it('answer a burst of messages with two requests, each message once', async () => {
    await load([device({ interval: 3600 }), meter()]);
    for (let i = 0; i < 100; i++) flow.send('m', { payload: i, n: i });
    await flow.at('out').waitFor((msg) => msg.n === 99, 'the last answer');
    assert.equal(flow.at('out').items.length, 100);
    assert.ok(sim.http.counters.requests <= 2, String(sim.http.counters.requests));
    assert.equal(sim.http.counters.maxInFlight, 1);
  });

  it('share one request and one connection among all nodes of a device', async () => {
    await load([device(), meter(), meter({ id: 'm2', wires: [['out2'], []] }), sink('out2')]);
    await reading();
    await flow.at('out2').waitFor(() => true, 'reading at the second node');
    assert.equal(sim.http.counters.requests, 1);
    await sim.http.nextRequest();
    await sim.http.nextRequest();
    assert.equal(sim.http.counters.connections, 1);
    assert.equal(sim.http.counters.maxInFlight, 1);
  });

  it('give each flow a message of its own', async () => {
    await load([
      device(),
      meter({ raw: true }),
      meter({ id: 'm2', raw: true, wires: [['out2'], []] }),
      sink('out2'),
    ]);
    const first = await reading();
    const second = await flow.at('out2').waitFor(() => true, 'reading at the second node');
    const { registers } = payloadOf(first) as { registers: Record<string, unknown> };
    registers['1.8.0'] = 'changed by a flow';
    (first.raw as { values: unknown[] }).values.length = 0;
    assert.notEqual((payloadOf(second).registers as Record<string, unknown>)['1.8.0'], 'changed by a flow');
    assert.ok((second.raw as { values: unknown[] }).values.length > 0);
  });

  it('say when a setting cannot be read', async () => {
    await load([device({ interval: '0x10' }), meter()]);
    assert.ok(flow.log(LEVEL.warn).some((line) => line.msg === 'log.settingUnreadable'));
  });

  it('send no reading twice, and call values that stand still stale', async () => {
    sim.frozenClock = true;
    await load([device({ staleAfter: 1 }), meter()]);
    await reading();
    const stale = await flow.at('state').waitFor((msg) => payloadOf(msg).available === false, 'stale');
    assert.equal((payloadOf(stale).reason as { code: string }).code, 'STALE');
    await flow
      .statusOf('m')
      .waitFor((status) => (status as { text?: string }).text === 'status.STALE', 'status');
    await sim.http.nextRequest();
    assert.equal(flow.at('out').items.length, 1);
    sim.frozenClock = false;
    await flow.at('state').waitFor((msg) => payloadOf(msg).available === true, 'fresh again', { from: 2 });
    await reading(1);
    assert.deepEqual(
      flow.at('state').items.map((msg) => payloadOf(msg).available),
      [true, false, true],
    );
  });

  it('tell a wrong key once, in red, and poll no more', async () => {
    await load([device(), meter()], 'wrong-key-000');
    const lost = payloadOf(await state());
    assert.equal(lost.available, false);
    const reason = lost.reason as { code: string; message: string };
    assert.equal(reason.code, 'AUTH_FAILED');
    assert.match(reason.message, /PRO service/);
    await flow.statusOf('m').waitFor((status) => (status as { fill?: string }).fill === 'red', 'red ring');
    // A message still asks; its answer is an error, and nothing is told twice.
    flow.send('m', { payload: 1 });
    const caught = await flow.at('caught').waitFor(() => true, 'error');
    assert.equal((caught.error as { code: string }).code, 'AUTH_FAILED');
    assert.equal(sim.http.counters.requests, 2);
    assert.equal(flow.at('state').items.length, 1);
  });

  it('work with a right key after the next deploy', async () => {
    await load([device(), meter()], 'wrong-key-000');
    await state();
    await unloadFlow();
    await load([device(), meter()]);
    assert.equal(payloadOf(await state()).available, true);
  });

  it('log an outage in one line, its end in another, and give errors of inputs to Catch', async () => {
    await load([device(), meter()]);
    await reading();
    sim.faults.add({ kind: 'status', status: 500 });
    await flow.at('state').waitFor((msg) => payloadOf(msg).available === false, 'lost');
    flow.send('m', { payload: 'ask', keep: true });
    const caught = await flow.at('caught').waitFor(() => true, 'error');
    const error = caught.error as { code: string; message: string; source: { id: string } };
    assert.equal(error.code, 'BAD_RESPONSE');
    assert.equal(error.source.id, 'm');
    assert.equal(caught.keep, true);
    const down = flow.at('out').items.length;
    sim.faults.clear();
    await reading(down);
    assert.deepEqual(
      flow.log(LEVEL.warn).map((line) => line.id),
      ['d'],
    );
    assert.deepEqual(
      flow
        .log(LEVEL.info)
        .filter((line) => line.id === 'd')
        .map((line) => line.msg),
      ['log.back'],
    );
    assert.equal(flow.log(LEVEL.error).length, 0);
  });

  for (const [name, fault] of Object.entries({
    'half JSON': { kind: 'body', body: '{"timestamp":' },
    HTML: { kind: 'body', body: '<html>', contentType: 'text/html' },
    'an empty body': { kind: 'body', body: '' },
    'ten megabytes': { kind: 'body', body: 'x'.repeat(10_000_000) },
    'wrong types': { kind: 'body', body: '{"timestamp":[],"values":"no"}' },
  } as const)) {
    it(`survive ${name}`, async () => {
      sim.faults.add({ ...fault, times: 1 });
      await load([device(), meter()]);
      const lost = payloadOf(await state());
      assert.equal((lost.reason as { code: string }).code, 'BAD_RESPONSE');
      await reading();
    });
  }

  it('say that a deadband is no number, and send every reading', async () => {
    await load([device(), meter({ deadband: 'little' })]);
    await reading();
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ msg }) => msg),
      ['log.settingUnreadable'],
    );
  });

  it('keep quiet within the deadband, but answer when asked', async () => {
    sim.setPower(500);
    await load([device(), meter({ deadband: '50' })]);
    await reading();
    sim.setPower(530);
    await sim.http.nextRequest();
    await sim.http.nextRequest();
    assert.equal(flow.at('out').items.length, 1);
    flow.send('m', { payload: 'now' });
    assert.equal(payloadOf(await reading(1)).power, 530);
    sim.setPower(600);
    assert.equal(payloadOf(await reading(2)).power, 600);
  });

  it('show a dash when the power is missing', async () => {
    sim.dropRegisters = ['1.7.0'];
    await load([device(), meter()]);
    assert.equal(payloadOf(await reading()).power, null);
    await flow.statusOf('m').waitFor((status) => (status as { text?: string }).text === '– W', 'status');
  });

  const misconfigured: [string, () => Promise<TestFlow>][] = [
    ['an empty address', () => load([device({ host: '' }), meter()])],
    ['an address that is none', () => load([device({ host: 'ftp://x' }), meter()])],
    ['no key', () => load([device(), meter()], null)],
    ['no device', () => load([meter({ device: '' })])],
    ['a device that is gone', () => load([meter({ device: 'gone' })])],
    ['a disabled device', () => load([device({ d: true }), meter()])],
    ['a device of another type', () => load([meter({ device: 'out' })])],
  ];
  for (const [name, arrange] of misconfigured) {
    it(`with ${name} say so, and give an error to Catch`, async () => {
      await arrange();
      assert.deepEqual(await flow.statusOf('m').waitFor(() => true, 'status'), {
        fill: 'red',
        shape: 'ring',
        text: 'status.unconfigured',
      });
      flow.send('m', { payload: 1 });
      const caught = await flow.at('caught').waitFor(() => true, 'error');
      assert.equal((caught.error as { code: string }).code, 'INVALID_INPUT');
      assert.equal(sim.http.counters.requests, 0);
    });
  }

  it('raise an interval below a second, and say so', async () => {
    await load([device({ interval: '0.05' }), meter()]);
    await reading();
    const first = sim.http.log[0]?.time ?? 0;
    const second = (await sim.http.nextRequest()).time;
    assert.ok(second - first > 900, String(second - first));
    assert.ok(flow.log(LEVEL.warn).some((line) => line.msg === 'log.settingLimited'));
  });

  it('warn of two config nodes for one device', async () => {
    await load([device(), device({ id: 'd2', name: 'again' }), meter()]);
    assert.deepEqual(flow.log(LEVEL.warn).filter((line) => line.msg === 'log.deviceTwice').length, 1);
  });

  it('cancel a reading in flight when they close, at once', async () => {
    await load([device({ interval: 3600 }), meter()]);
    sim.faults.add({ kind: 'hang' });
    const gone = once(sim.http.server, 'connection').then(([socket]) => once(socket as Socket, 'close'));
    flow.send('m', { payload: 1 });
    await sim.http.nextRequest();
    await unloadFlow();
    await gone;
    assert.equal(sim.http.counters.openConnections, 0);
  });

  it('poll nothing when no node listens', async () => {
    await load([device()]);
    await unloadFlow();
    assert.equal(sim.http.counters.requests, 0);
  });

  it('leave no timer, socket or listener behind in a hundred deploys', async () => {
    const resources = (): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    };
    const cycle = async (): Promise<void> => {
      await load([device({ interval: 3600 }), meter()]);
      flow.send('m', { payload: 1 });
      await reading();
      await unloadFlow();
    };
    await cycle();
    const before = resources();
    for (let i = 0; i < 100; i++) await cycle();
    await sim.close();
    const after = resources();
    for (const kind of ['Timeout', 'TCPSocketWrap', 'TCPWRAP', 'Immediate']) {
      assert.ok((after[kind] ?? 0) <= (before[kind] ?? 0), `${kind}: ${JSON.stringify({ before, after })}`);
    }
    assert.equal(sim.http.counters.requests, 101);
  });
});
