import assert from 'node:assert/strict';

import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import type { UpsPart } from '../../../nodes/powersentrix/parts';
import type { ConfigNode } from '../../../nodes/shared/config-node';
import { errorOf, LEVEL, type Message, payloadOf, type TestFlow, unloadFlow } from '../../support/flow';
import { eventsNode, lanDevice, load as loadNodes, portNode, statusNode } from './bench';

describe('a UPS at its own address', () => {
  let ups: PowersentrixSimulator;
  let flow: TestFlow;
  beforeEach(async () => (ups = await startPowersentrix()));
  afterEach(async () => {
    await unloadFlow();
    await ups.close();
  });
  const load = async (nodes: Record<string, unknown>[], apiKey = ups.apiKey): Promise<void> => {
    flow = await loadNodes(nodes, { d: { apiKey } });
  };
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });

  it('sends its status, and availability once', async () => {
    await load([lanDevice(ups.url), statusNode({ raw: true, topic: 'mine' })]);
    const msg = await next('out');
    const payload = payloadOf(msg);
    assert.deepEqual([payload.name, payload.powerSource, msg.topic], ['Rack', 'mains', 'mine']);
    assert.equal((payload.outputs as unknown[]).length, 12);
    assert.ok(Date.parse(payload.timestamp as string) > 0);
    assert.deepEqual(msg.device, {
      id: 'd',
      vendor: 'powersentrix',
      model: 'PWX-12-4422',
      name: 'Rack',
      serialNumber: 'PSX-2024-001234',
      firmware: 'v2.1.0',
    });
    assert.ok((msg.raw as { upsData: unknown }).upsData);
    assert.equal(payloadOf(await next('state')).available, true);
    const shown = await flow
      .statusOf('s')
      .waitFor((one) => (one as { fill?: string }).fill === 'green', 'status');
    assert.match(JSON.stringify(shown), /mains, \d+ W/);
    assert.equal(flow.at('state').items.length, 1);
  });

  it('has one id and one name, before its first status and after', async () => {
    await load([lanDevice(ups.url, { name: '' }), statusNode(), portNode({ port: 0, action: 'on' })]);
    const { device } = (flow.node('d') as ConfigNode<UpsPart>).holder.part;
    const before = device.info();
    assert.deepEqual([before.id, before.name, before.serialNumber], ['d', ups.url, undefined]);
    const msg = await next('out');
    const { id, name, serialNumber } = device.info();
    assert.deepEqual([id, name, serialNumber], [before.id, before.name, 'PSX-2024-001234']);
    assert.deepEqual([msg.topic, payloadOf(msg).name], [before.name, before.name]);
    flow.send('p', { payload: 1 });
    assert.equal((await next('done')).topic, before.name);
  });

  it('answers a message that asks, keeping it', async () => {
    await load([lanDevice(ups.url), statusNode({ raw: false })]);
    await next('out');
    flow.send('s', { payload: 1, topic: 'theirs', keep: [1] });
    const msg = await flow.at('out').waitFor(({ keep }) => keep !== undefined, 'answer');
    assert.deepEqual([msg.topic, msg.keep, 'raw' in msg], ['theirs', [1], false]);
  });

  it('names what it answers where an inject node left the topic empty', async () => {
    await load([lanDevice(ups.url), statusNode({ topic: 'mine' }), portNode({ port: 0, action: 'on' })]);
    flow.send('p', { payload: 1, topic: '' });
    assert.equal((await next('done')).topic, 'Rack');
    flow.send('s', { payload: 1, topic: '', asked: true });
    assert.equal((await flow.at('out').waitFor(({ asked }) => asked === true, 'answer')).topic, 'mine');
  });

  it('tells one change of a port, though a reading from before the command comes late', async () => {
    await load([lanDevice(ups.url), statusNode(), eventsNode(), portNode({ port: 0, action: 'off' })]);
    await next('out');
    const held = ups.http.nextRequest(({ query }) => query.get('fn') === '2');
    ups.faults.add({ kind: 'delay', ms: 2500, times: 1, match: ({ query }) => query.get('fn') === '2' });
    flow.send('s', { payload: 1, asked: true });
    await held;
    flow.send('p', { payload: 1 });
    await next('done');
    const response = await flow.at('out').waitFor(({ asked }) => asked === true, 'answer');
    assert.equal((payloadOf(response).outputs as { on: boolean }[])[0]?.on, false);
    flow.send('s', { payload: 2, again: true });
    await flow.at('out').waitFor(({ again }) => again === true, 'answer');
    assert.deepEqual(
      flow.at('event').items.map((msg) => [payloadOf(msg).change, payloadOf(msg).on]),
      [['portChanged', false]],
    );
  });

  it('reads currents and the mains limit as set', async () => {
    await load([lanDevice(ups.url, { currentUnit: '10mA', mainsThreshold: '55' }), statusNode()]);
    const payload = payloadOf(await next('out'));
    assert.equal((payload.outputs as { current: number }[])[0]?.current, 1.5);
    assert.equal(payload.powerSource, 'battery');
    const { fill, shape } = flow.statusOf('s').items.at(-1) ?? {};
    assert.deepEqual([fill, shape], ['yellow', 'dot']);
  });

  it('switches, and tells the listeners of the status what it has read', async () => {
    await load([lanDevice(ups.url), statusNode(), portNode()]);
    await next('out');
    flow.send('p', { payload: { port: 0, action: 'off' }, keep: 7 });
    const msg = await next('done');
    assert.deepEqual(msg.payload, { port: 0, action: 'off', on: false, changed: true, verified: true });
    assert.deepEqual([msg.keep, (msg.device as { name: string }).name], [7, 'Rack']);
    await flow.at('completed').waitFor(() => true, 'complete');
    const off = await flow
      .at('out')
      .waitFor((one) => (payloadOf(one).outputs as { on: boolean }[])[0]?.on === false, 'status');
    assert.ok(off);
    assert.deepEqual(flow.statusOf('p').items.at(-1), { fill: 'green', shape: 'dot', text: '0: off' });
    assert.equal(ups.model.toggles, 1);
  });

  it('answers ten commands at once, one done each', async () => {
    await load([lanDevice(ups.url), portNode({ port: '9', action: 'on' })]);
    for (let n = 0; n < 10; n++) flow.send('p', { payload: 'whatever', n });
    await flow.at('done').waitFor(({ n }) => n === 9, 'last');
    await flow.at('completed').waitFor(({ n }) => n === 9, 'complete');
    assert.equal(flow.at('done').items.length, 10);
    assert.equal(flow.at('completed').items.length, 10);
    assert.equal(ups.model.toggles, 1);
  });

  for (const [what, settings, message] of [
    ['an action that is none', { port: 0, action: 'of' }, /none of its choices/],
    ['a port that is none', { port: '12', action: 'off' }, /"port" is not valid/],
    ['the name of a variable', { port: '${UPS_TEST_UNSET}', action: 'off' }, /UPS_TEST_UNSET/],
  ] as const) {
    it(`never switches with ${what} in its settings`, async () => {
      await load([lanDevice(ups.url), portNode(settings)]);
      flow.send('p', { payload: 'off', port: 0 });
      const error = errorOf(await next('caught'));
      assert.equal(error.code, 'INVALID_INPUT');
      assert.match(error.message, message);
      assert.equal(ups.model.toggles, 0);
    });
  }

  it('restarts and describes', async () => {
    await ups.close();
    ups = await startPowersentrix({ restartMs: 1100 });
    await load([lanDevice(ups.url), portNode({ port: 1, action: 'restart' })]);
    flow.send('p', { payload: true });
    const { verified, on } = payloadOf(await next('done'));
    assert.deepEqual([on, verified], [true, true]);
    await unloadFlow();
    await load([lanDevice(ups.url), portNode()]);
    flow.send('p', { payload: { port: 1, action: 'describe', description: 'Core switch' }, topic: '' });
    const done = await next('done');
    assert.equal(payloadOf(done).changed, true);
    assert.notEqual(done.topic, '');
    assert.equal(ups.model.descriptions[1], 'Core switch');
  });

  for (const port of [-1, 12, 1.5, 'x', null, undefined]) {
    it(`refuses port ${String(port)} and sends nothing`, async () => {
      await load([lanDevice(ups.url), portNode()]);
      flow.send('p', { payload: { port, action: 'on' } });
      assert.equal(errorOf(await next('caught')).code, 'INVALID_INPUT');
      assert.equal(ups.http.counters.requests, 0);
    });
  }

  it('gives errors to Catch with their code, and shows them', async () => {
    ups.writeActions = false;
    await load([lanDevice(ups.url), portNode()]);
    flow.send('p', { payload: { port: 0, action: 'off' } });
    const error = errorOf(await next('caught'));
    assert.equal(error.code, 'FORBIDDEN');
    assert.match(error.message, /Enable API Write Actions/);
    assert.deepEqual(flow.statusOf('p').items.at(-1), {
      fill: 'red',
      shape: 'ring',
      text: 'status.FORBIDDEN',
    });
    assert.equal(flow.at('completed').items.length, 0);
  });

  it('answers a command that is under way when it closes', async () => {
    await load([lanDevice(ups.url), portNode()]);
    ups.faults.add({ kind: 'hang', match: ({ query }) => query.get('fn') === '3' });
    const reached = ups.http.nextRequest(({ query }) => query.get('fn') === '3');
    flow.send('p', { payload: { port: 0, action: 'off' } });
    await reached;
    await unloadFlow();
    assert.equal(ups.http.log.filter(({ query }) => query.get('fn') === '3').length, 1);
  });

  it('sends changes of the status as events', async () => {
    await load([lanDevice(ups.url), statusNode(), eventsNode()]);
    await next('out');
    ups.model.setMains(false);
    ups.model.temperatures.board = 70;
    ups.model.weakBlock = 100;
    ups.model.setPort(3, false);
    flow.send('s', { payload: 1 });
    await flow.at('event').waitFor((msg) => payloadOf(msg).change === 'batteryImbalance', 'events');
    assert.deepEqual(
      flow.at('event').items.map((msg) => [payloadOf(msg).event, payloadOf(msg).change]),
      [
        ['status', 'mainsLost'],
        ['status', 'portChanged'],
        ['status', 'overTemperature'],
        ['status', 'batteryImbalance'],
      ],
    );
  });

  it('sends only the kinds that are ticked', async () => {
    await load([lanDevice(ups.url), statusNode(), eventsNode({ events: 'log' })]);
    ups.model.setMains(false);
    await next('out');
    assert.equal(flow.at('event').items.length, 0);
    assert.equal(payloadOf(await next('state')).available, true);
  });

  const misconfigured: [string, Record<string, unknown>, string?][] = [
    ['no key', {}, ''],
    ['no address', { url: '' }],
    ['no source', { source: 'telepathy' }],
    ['a zone that is none', { timezone: 'Mars/Olympus' }],
    ['a TLS node that is gone', { tls: 'gone' }],
    ['no account', { source: 'cloud', account: '' }],
    ['no receiver', { source: 'push', receiver: 'gone' }],
  ];
  for (const [name, more, apiKey] of misconfigured) {
    it(`with ${name} says so, and sends nothing`, async () => {
      await load([lanDevice(ups.url, more), statusNode(), portNode(), eventsNode()], apiKey ?? ups.apiKey);
      for (const id of ['s', 'p', 'e']) {
        const shown = await flow.statusOf(id).waitFor(() => true, 'status');
        assert.deepEqual(shown, { fill: 'red', shape: 'ring', text: 'status.unconfigured' });
      }
      flow.send('p', { payload: { port: 1, action: 'on' } });
      assert.equal(errorOf(await next('caught')).code, 'INVALID_INPUT');
      flow.send('s', { payload: 1 });
      assert.equal(errorOf(await next('caught', 1)).code, 'INVALID_INPUT');
      assert.equal(ups.http.counters.requests, 0);
    });
  }

  it('with no device says so', async () => {
    await load([portNode({ device: 'gone' }), statusNode({ device: '' }), eventsNode({ device: 'p' })]);
    flow.send('p', { payload: true });
    assert.equal(errorOf(await next('caught')).code, 'INVALID_INPUT');
  });

  it('warns of an interval that is too short, and of two nodes for one UPS', async () => {
    await load([lanDevice(ups.url, { interval: 1 }), lanDevice(ups.url, { id: 'd2' })]);
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ msg }) => msg),
      ['log.settingLimited', '"apiKey" is not valid.'],
    );
    await unloadFlow();
    flow = await loadNodes([lanDevice(ups.url), lanDevice(ups.url, { id: 'd2' })], {
      d: { apiKey: 'k' },
      d2: { apiKey: 'k' },
    });
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ msg }) => msg),
      ['log.deviceTwice'],
    );
  });

  it('warns of numbers that cannot be read, and takes those of the dialog', async () => {
    const text = '${UPS_TEST_UNSET}';
    await load([
      lanDevice(ups.url, { interval: text, mainsThreshold: text }),
      lanDevice(ups.url, { id: 'd2', source: 'push', receiver: 'gone', interval: '0x10' }),
      statusNode(),
      eventsNode({ temperatureLimit: text, imbalanceLimit: text }),
    ]);
    const settingsOf = (id: string) => (flow.node(id) as unknown as { shown: Record<string, unknown> }).shown;
    const { interval, mainsThreshold } = settingsOf('d');
    assert.deepEqual([interval, mainsThreshold, settingsOf('d2').interval], [60, null, 300]);
    const warned = flow.log(LEVEL.warn).filter(({ msg }) => msg === 'log.settingUnreadable');
    assert.deepEqual(
      warned.map(({ id }) => id),
      ['d', 'd', 'd2', 'e', 'e'],
    );
    await next('out');
    ups.model.temperatures.board = 59;
    flow.send('s', { payload: 1 });
    await next('out', 1);
    ups.model.temperatures.board = 61;
    ups.model.weakBlock = 60;
    flow.send('s', { payload: 2 });
    await flow.at('event').waitFor((msg) => payloadOf(msg).change === 'batteryImbalance', 'events');
    assert.deepEqual(
      flow.at('event').items.map((msg) => [payloadOf(msg).change, payloadOf(msg).limit]),
      [
        ['overTemperature', 60],
        ['batteryImbalance', 0.5],
      ],
    );
  });

  it('does not watch a limit that is empty or 0, and says nothing of it', async () => {
    await load([
      lanDevice(ups.url),
      statusNode(),
      eventsNode({ temperatureLimit: '', imbalanceLimit: ' ' }),
      eventsNode({ id: 'e2', temperatureLimit: 0, imbalanceLimit: undefined }),
    ]);
    ups.model.temperatures.board = 99;
    ups.model.weakBlock = 300;
    flow.send('s', { payload: 1, asked: true });
    await flow.at('out').waitFor(({ asked }) => asked === true, 'answer');
    assert.deepEqual([flow.at('event').items, flow.log(LEVEL.warn)], [[], []]);
  });

  it('leaves nothing behind in thirty deploys', async () => {
    const count = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const cycle = async (): Promise<void> => {
      await load([lanDevice(ups.url), statusNode(), portNode(), eventsNode()]);
      flow.send('s', { payload: 1 });
      await next('out');
      await unloadFlow();
    };
    await cycle();
    const before = count();
    for (let n = 0; n < 30; n++) await cycle();
    assert.ok(count() <= before, `${count()} timers, ${before} before`);
  });
});
