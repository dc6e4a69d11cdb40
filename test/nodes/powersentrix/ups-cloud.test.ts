import assert from 'node:assert/strict';

import {
  type PowersentrixCloud,
  startPowersentrixCloud,
  type UpsModel,
} from '../../../simulators/powersentrix';
import {
  errorOf,
  type FlowNode,
  LEVEL,
  type Message,
  payloadOf,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { eventsNode, lanDevice, load as loadNodes, portNode, statusNode } from './bench';

describe('a UPS in the cloud', () => {
  let cloud: PowersentrixCloud;
  let model: UpsModel;
  let flow: TestFlow;
  beforeEach(async () => {
    cloud = await startPowersentrixCloud();
    const found = cloud.upses.get('42');
    assert.ok(found);
    model = found;
  });
  afterEach(async () => {
    await unloadFlow();
    await cloud.close();
  });
  const account = (more: FlowNode = {}): FlowNode => ({
    id: 'a',
    type: 'powersentrix-account',
    url: cloud.url,
    ...more,
  });
  const device = (more: FlowNode = {}): FlowNode =>
    lanDevice('', { source: 'cloud', account: 'a', upsId: '42', name: '', ...more });
  const load = async (nodes: FlowNode[], password = cloud.password): Promise<void> => {
    flow = await loadNodes(nodes, {
      a: { email: cloud.email, password },
      a2: { email: cloud.email, password },
    });
  };
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });

  it('is read and switched with one login', async () => {
    await load([account(), device(), statusNode(), portNode({ port: 2, action: 'toggle' })]);
    const msg = await next('out');
    assert.deepEqual([(msg.device as { id: string }).id, msg.topic], ['42', '42']);
    flow.send('p', { payload: 1 });
    assert.deepEqual((await next('done')).payload, {
      port: 2,
      action: 'toggle',
      on: false,
      changed: true,
      verified: true,
    });
    assert.equal(cloud.logins, 1);
  });

  it('offers neither restart nor description', async () => {
    await load([account(), device(), portNode({ port: 2, action: 'restart' })]);
    flow.send('p', { payload: 1 });
    assert.equal(errorOf(await next('caught')).code, 'NOT_SUPPORTED');
    assert.equal(cloud.http.counters.requests, 0);
  });

  it('tries a wrong password once, shows red, and stops', async () => {
    await load([account(), device(), statusNode()], 'wrong');
    const reason = payloadOf(await next('state')).reason as { code: string };
    assert.equal(reason.code, 'AUTH_FAILED');
    flow.send('s', { payload: 1 });
    assert.equal(errorOf(await next('caught')).code, 'AUTH_FAILED');
    await flow.statusOf('s').waitFor((one) => (one as { fill?: string }).fill === 'red', 'red');
    assert.equal(cloud.logins, 1);
  });

  it('brings new log records only, in UTC', async () => {
    model.record('I/OLD', 'before');
    const nodes = [account(), device(), statusNode(), eventsNode()];
    const pulled = (): Promise<unknown> => cloud.http.nextRequest(({ path }) => path.endsWith('getUpsLogs'));
    let reached = pulled();
    await load(nodes);
    await reached;
    await next('out');
    model.record('I/NEW', 'first');
    model.record('I/NEW', 'second');
    flow.send('s', { payload: 1 });
    const second = await flow.at('event').waitFor((msg) => payloadOf(msg).description === 'second', 'log');
    assert.deepEqual(
      flow.at('event').items.map((msg) => payloadOf(msg).description),
      ['first', 'second'],
    );
    const { timestamp, localTime, event, cmm } = payloadOf(second);
    assert.deepEqual([event, cmm], ['log', 'ups-01']);
    assert.ok(Math.abs(Date.parse(timestamp as string) - Date.now()) < 60_000, String(timestamp));
    assert.match(localTime as string, /^\d{4}-\d\d-\d\dT/);
    reached = pulled();
    flow.send('s', { payload: 2 });
    await reached;
    assert.equal(flow.at('event').items.length, 2);
    // Another account or UPS behind the same config node has other numbers.
    const stored = flow.node('e').context().get('energyDevicesUpsEvents') as { device: string };
    assert.equal(stored.device, `cloud ${cloud.url} 42`);
  });

  it('says once that the log cannot be read', async () => {
    cloud.faults.add({ kind: 'status', status: 500, match: ({ path }) => path.endsWith('getUpsLogs') });
    const pulled = (): Promise<unknown> => cloud.http.nextRequest(({ path }) => path.endsWith('getUpsLogs'));
    let reached = pulled();
    await load([account(), device(), statusNode(), eventsNode()]);
    await reached;
    reached = pulled();
    flow.send('s', { payload: 1 });
    await reached;
    reached = pulled();
    flow.send('s', { payload: 2 });
    await reached;
    assert.equal(flow.log(LEVEL.warn).filter(({ id }) => id === 'e').length, 1);
  });

  it('says what is missing', async () => {
    for (const [nodes, password] of [
      [[account(), device({ upsId: '' })], cloud.password],
      [[account(), device()], ''],
      [[account({ url: 'ftp://x' }), device()], cloud.password],
    ] as const) {
      await load([...nodes, statusNode()], password);
      flow.send('s', { payload: 1 });
      assert.equal(errorOf(await next('caught')).code, 'INVALID_INPUT');
      await unloadFlow();
    }
    await load([account(), account({ id: 'a2' })]);
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ msg }) => msg),
      ['log.accountTwice'],
    );
    assert.equal(cloud.http.counters.requests, 0);
  });
});
