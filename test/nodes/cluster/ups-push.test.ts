import assert from 'node:assert/strict';

import { until } from '../../support/fake-clock';
import {
  admin,
  type FlowNode,
  loadFlow,
  type Message,
  payloadOf,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { MemoryCluster } from '../../support/memory-cluster';
import { DOCUMENTED_COMPLEX, DOCUMENTED_IDENT } from '../../lib/powersentrix/documented';
import { eventsNode, NODES, pushDevice, statusNode } from '../powersentrix/bench';
import { catchRed, type PushServer, startPushServer } from '../powersentrix/push-server';

const COMPANY = 'company';
const QUERY = `companyId=${COMPANY}&cmm=ups-01`;
const RECEIVER: FlowNode = { id: 'r', type: 'ups-receiver', path: '/powersentrix' };

describe('pushes of a UPS, where several instances share the work', () => {
  let cluster: MemoryCluster;
  let flow: TestFlow;
  let server: PushServer | undefined;
  const { probe, caught } = catchRed();

  /** Begins an instance. */
  const load = async (more: FlowNode[] = [eventsNode(), statusNode()]): Promise<void> => {
    const sinks = ['out', 'state', 'event'].map(sink);
    flow = await loadFlow([probe, ...NODES], [TAB, ...sinks, RECEIVER, pushDevice(), ...more], {
      r: { companyId: COMPANY, secret: '' },
    });
    server = await startPushServer(caught());
  };
  const unload = async (): Promise<void> => {
    await unloadFlow();
    await server?.close();
    server = undefined;
  };
  const post = async (path: string, body: unknown): Promise<number> => {
    const reply = await server?.post(`/powersentrix/api/${path}?${QUERY}`, JSON.stringify(body));
    return reply?.status ?? 0;
  };
  const log = (text: string): Promise<number> =>
    post('setUpsLog', {
      ord: 1,
      code: 'I/E01',
      description: text,
      params: '',
      timestamp: '2026-10-25 02:30:00',
    });
  const data = (): Promise<number> => post('setUpsData', DOCUMENTED_COMPLEX);
  const register = (): Promise<number> => post('setNewUps', DOCUMENTED_IDENT);
  const told = (): unknown[] =>
    flow.at('event').items.map((msg) => payloadOf(msg).description ?? payloadOf(msg).event);
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });
  const vacate = async (): Promise<void> => {
    cluster.vacate();
    await until(() => flow.statusOf('e').items.at(-1)?.text === 'status.standby');
  };
  const registrations = async (): Promise<{ cmm: string; serialNumber: string | null }[]> => {
    const { body } = await admin().get('/energy-devices/ups-receiver/r/registrations');
    return (body as { upses: { cmm: string; serialNumber: string | null }[] }).upses;
  };

  beforeEach(() => {
    cluster = new MemoryCluster();
  });
  afterEach(async () => {
    await unload();
    cluster.close();
  });

  it('wait for the next owner where nobody owns anything, and are told once, in their order', async () => {
    await load();
    await cluster.owned();
    assert.equal(await log('before'), 200);
    await next('event');
    await vacate();
    for (const push of [() => log('first'), register, () => log('second'), () => log('second')])
      assert.equal(await push(), 200);
    assert.deepEqual(told(), ['before']);
    cluster.leave();
    await next('event', 3);
    assert.equal(await log('after'), 200);
    await next('event', 4);
    assert.deepEqual(told(), ['before', 'first', 'registered', 'second', 'after']);
  });

  it('that came to an instance that is no more are told by the next one, and those that it told are not', async () => {
    await load();
    await cluster.owned();
    await log('told');
    await register();
    await next('event', 1);
    await vacate();
    await log('left');
    await unload();
    cluster.leave();
    await load();
    await next('event');
    await log('new');
    await next('event', 1);
    assert.deepEqual(told(), ['left', 'new']);
  });

  it('are refused when more wait than can be kept, so that the UPS sends them again', async () => {
    await load();
    await cluster.owned();
    await vacate();
    const statuses = new Set<number>();
    for (let n = 0; n < 400; n++) statuses.add(await log(`line ${n}`));
    assert.deepEqual([...statuses], [200]);
    assert.equal(await log('one more'), 503);
    cluster.leave();
    await next('event', 399);
    assert.equal(await log('one more'), 200);
    await next('event', 400);
    assert.equal(new Set(told()).size, 401);
  });

  it('are refused where the engine is away', async () => {
    await load();
    await cluster.owned();
    cluster.cut(true);
    await until(() => flow.statusOf('s').items.at(-1)?.text === 'status.clusterLost');
    assert.equal(await data(), 503);
  });

  it('are silent elsewhere, and a new owner tells the newest status at once', async () => {
    await load();
    cluster.takeAll();
    await until(() => flow.statusOf('s').items.at(-1)?.text === 'cluster.standby');
    assert.equal(await data(), 200);
    assert.deepEqual(flow.at('out').items, []);
    cluster.leave();
    assert.equal(payloadOf(await next('out')).name, 'ups-01');
  });

  it('to another instance are told here, where this one owns the UPS', async () => {
    await load();
    await cluster.owned();
    const letter = {
      t: 'push',
      node: 'r',
      id: 'x',
      address: '10.0.0.9',
      kind: 'data',
      cmm: 'ups-01',
      query: QUERY,
    };
    for (const odd of [{}, { kind: 'odd' }, { json: 7 }, { cmm: 7 }, { id: 7 }, { node: 'other' }])
      cluster.letter({ ...letter, json: {}, ...odd });
    cluster.letter({ ...letter, json: DOCUMENTED_COMPLEX });
    await next('out');
    assert.equal(flow.at('out').items.length, 1);
  });

  it('make a UPS known to all, also to one that begins later', async () => {
    await load([]);
    await cluster.owned();
    await register();
    await until(() => Array.isArray(cluster.keptOf('r')?.upsRegistrations));
    await unload();
    cluster.takeAll();
    const all = { scope: 'receiver', receiver: 'r', device: '' };
    await load([statusNode(all)]);
    await until(() => flow.statusOf('s').items.length > 0);
    let known = await registrations();
    while (known.length === 0) known = await registrations();
    assert.equal(known[0]?.serialNumber, DOCUMENTED_IDENT.sn);
  });
});
