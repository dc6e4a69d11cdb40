import assert from 'node:assert/strict';

import { type PowersentrixCloud, startPowersentrixCloud, UpsModel } from '../../../simulators/powersentrix';
import { errorOf, type FlowNode, type Message, type TestFlow, unloadFlow } from '../../support/flow';
import { eventsNode, load, statusNode } from './bench';

const idOf = ({ device }: Message): string => (device as { id: string }).id;

const isAvailable = ({ payload }: Message): boolean => (payload as { available: boolean }).available;

describe('all UPSes of an account', () => {
  let cloud: PowersentrixCloud;
  let flow: TestFlow;
  const addUps = (id: number): void => {
    cloud.upses.set(String(id), new UpsModel({ cmm: `ups-${id}`, description: `Rack ${id}` }));
  };
  beforeEach(async () => {
    cloud = await startPowersentrixCloud({ upses: new Map() });
    for (let id = 1; id <= 12; id++) addUps(id);
  });
  afterEach(async () => {
    await unloadFlow();
    await cloud.close();
  });
  const account = (): FlowNode => ({
    id: 'a',
    type: 'powersentrix-account',
    url: cloud.url,
    interval: 3600,
    currentUnit: 'mA',
  });
  const all = { scope: 'account', account: 'a', device: '' };
  const start = async (nodes: FlowNode[], password = cloud.password): Promise<void> => {
    flow = await load([account(), ...nodes], { a: { email: cloud.email, password } });
  };
  const asked = (path: string): number => cloud.http.log.filter((one) => one.path.endsWith(path)).length;
  /** Waits until each of these UPSes has been heard of on an output. */
  const heard = async (out: string, ids: number[], fits: (msg: Message) => boolean): Promise<Message[]> => {
    const messages: Message[] = [];
    for (const id of ids) {
      messages.push(
        await flow.at(out).waitFor((msg) => idOf(msg) === String(id) && fits(msg), `${out} ${id}`),
      );
    }
    return messages;
  };
  const ids = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_one, i) => from + i);

  it('are read with one login, a list and a request each, for any number of nodes', async () => {
    await start([statusNode(all), eventsNode(all)]);
    const messages = await heard('out', ids(1, 12), () => true);
    for (const [i, msg] of messages.entries()) {
      const device = msg.device as Record<string, unknown>;
      assert.equal(msg.topic, `Rack ${i + 1}`);
      assert.equal(device.name, `Rack ${i + 1}`);
      assert.equal(device.serialNumber, 'PSX-2024-001234');
      assert.equal((msg.payload as { powerSource: string }).powerSource, 'mains');
    }
    await heard('state', ids(1, 12), isAvailable);
    assert.equal(cloud.logins, 1);
    assert.equal(asked('getUpsList'), 1);
    assert.equal(asked('getUpsComplexObject'), 12);
    assert.ok(cloud.http.counters.maxInFlight <= 5, 'few at a time');
    await flow.statusOf('s').waitFor(({ text }) => text === '12/12', '12 of 12');
  });

  it('come and go by themselves', async () => {
    await start([statusNode(all)]);
    await heard('out', ids(1, 12), () => true);
    addUps(13);
    cloud.upses.delete('2');
    flow.send('s', { payload: 'now' });
    await heard('out', [13], () => true);
    const [gone] = await heard('state', [2], (msg) => !isAvailable(msg));
    assert.equal((gone?.payload as { reason: { code: string } }).reason.code, 'NOT_FOUND');
  });

  it('are read one by one where a message names one', async () => {
    await start([statusNode(all)]);
    await heard('out', ids(1, 12), () => true);
    const before = asked('getUpsComplexObject');
    flow.send('s', { payload: 'now', deviceId: '3', topic: 'mine' });
    const answer = await flow.at('out').waitFor((msg) => msg.topic === 'mine', 'answer');
    assert.equal(idOf(answer), '3');
    assert.equal(asked('getUpsComplexObject'), before + 1);
    flow.send('s', { payload: 'now', deviceId: 'none' });
    const caught = await flow.at('caught').waitFor(() => true, 'caught');
    assert.equal(errorOf(caught).code, 'NOT_FOUND');
  });

  it('tell their events, each about its UPS', async () => {
    await start([statusNode(all), eventsNode(all)]);
    await heard('out', ids(1, 12), () => true);
    const model = cloud.upses.get('5');
    assert.ok(model);
    model.mains = false;
    flow.send('s', { payload: 'now', deviceId: '5' });
    const lost = await flow
      .at('event')
      .waitFor((msg) => (msg.payload as { change?: string }).change === 'mainsLost', 'mains lost');
    assert.equal(idOf(lost), '5');
    assert.equal((lost.payload as { cmm: string }).cmm, 'ups-5');
    for (const id of ['s', 'e']) {
      await flow
        .statusOf(id)
        .waitFor(({ fill, shape }) => fill === 'yellow' && shape === 'dot', `yellow dot of ${id}`);
    }
    model.mains = true;
    flow.send('s', { payload: 'now', deviceId: '5' });
    const from = flow.statusOf('s').items.length;
    await flow
      .statusOf('s')
      .waitFor(({ fill, shape }) => fill === 'green' && shape === 'dot', 'green dot', { from });
  });

  it('say once why the list cannot be had', async () => {
    await start([statusNode(all)], 'wrong');
    flow.send('s', { payload: 'now' });
    const caught = await flow.at('caught').waitFor(() => true, 'caught');
    assert.equal(errorOf(caught).code, 'AUTH_FAILED');
    assert.deepEqual(flow.at('state').items, []);
  });
});
