import assert from 'node:assert/strict';

import { type PowercontrollerSimulator, startPowercontroller } from '../../../simulators/powercontroller';
import { lastNoon } from '../../support/energy-bench';
import { codeOf, LEVEL, type Message, payloadOf, type TestFlow, unloadFlow } from '../../support/flow';
import { type Json, loadWith, node } from './support';

const idOf = ({ device }: Message): string => (device as { id: string }).id;
const isAvailable = (msg: Message): boolean => payloadOf(msg).available === true;

describe('all controllers of an account', () => {
  let simulator: PowercontrollerSimulator;
  let flow: TestFlow;
  beforeEach(async () => {
    // Just past a quarter of an hour, so that no controller has news of its own.
    simulator = await startPowercontroller({ historyDays: 1, startAt: lastNoon() + 60_000 });
    simulator.add('second', 'PC-2');
  });
  afterEach(async () => {
    await unloadFlow();
    await simulator.close();
  });

  const all = (more: Json = {}): Json => node('status', { operation: 'watchAll', ...more });
  const start = async (nodes: Json[] = [all()], account: Json = {}): Promise<void> => {
    flow = await loadWith(simulator, nodes, undefined, { interval: 3600, ...account });
  };
  const lists = (): number => simulator.http.log.filter(({ path }) => path === '/v1/devices').length;
  const told = (id: string, fits: (msg: Message) => boolean = () => true): Promise<Message> =>
    flow.at('out').waitFor((msg) => idOf(msg) === id && fits(msg), `status of ${id}`);
  const availabilityOf = (id: string, available: boolean): Promise<Message> =>
    flow.at('state').waitFor((msg) => idOf(msg) === id && isAvailable(msg) === available, `state of ${id}`);
  const lookNow = async (msg: Message = {}): Promise<void> => {
    const before = flow.at('completed').items.length;
    flow.send('n', { payload: 'now', ...msg });
    await flow.at('completed').waitFor(() => flow.at('completed').items.length > before, 'completed');
  };

  it('are told with one request, for any number of nodes', async () => {
    await start([all({ raw: true }), all({ id: 'other', topic: 'mine', wires: [['caught'], []] })]);
    const msg = await told('second');
    assert.equal(msg.topic, 'second');
    const { vendor, model, name, serialNumber } = msg.device as Json;
    assert.deepEqual(
      { vendor, model, name, serialNumber },
      { vendor: 'automate-green', model: 'power-controller-v10', name: 'PC-2', serialNumber: 'PC-2' },
    );
    assert.equal(payloadOf(msg).state, 'Active');
    assert.equal(payloadOf(msg).deviceId, 'second');
    assert.equal((msg.raw as Json).state, 'Active');
    await told(simulator.deviceId);
    await flow.at('caught').waitFor((one) => idOf(one) === 'second' && one.topic === 'mine', 'other node');
    await availabilityOf('second', true);
    await flow.statusOf('n').waitFor(({ text }) => text === '2/2', '2 of 2');
    assert.equal(lists(), 1);
    assert.equal(simulator.http.log.filter(({ path }) => path === '/v1/statuses').length, 0);
  });

  it('are each told again when something changes, and not because a timer runs down', async () => {
    await start();
    await told('second');
    await told(simulator.deviceId);
    simulator.controller('second').switch(true, 'api', 3600);
    await lookNow({ topic: 'asked' });
    const msg = await told('second', (one) => payloadOf(one).on === true);
    assert.equal(msg.topic, 'asked');
    await lookNow();
    assert.equal(flow.at('out').items.length, 3);
  });

  it('come and go by themselves', async () => {
    await start();
    await told('second');
    simulator.add('third', 'PC-3');
    simulator.remove('second');
    await lookNow();
    await told('third');
    assert.equal((payloadOf(await availabilityOf('second', false)).reason as Json).code, 'NOT_FOUND');
    const from = flow.at('out').items.length;
    simulator.add('second', 'PC-2');
    await lookNow({ deviceId: 'second' });
    await flow.at('out').waitFor((msg) => idOf(msg) === 'second', 'told again', { from });
    flow.send('n', { payload: 'now', deviceId: 'nobody' });
    assert.equal(codeOf(await flow.at('caught').waitFor(() => true, 'caught')), 'NOT_FOUND');
  });

  it('are lost and back together with their account, which the log tells once', async () => {
    for (let i = 0; i < 20; i++) simulator.add(`more_${i}`, `PC-M${i}`);
    await start();
    await told('more_19');
    simulator.faults.add({ kind: 'status', status: 503, times: 2 });
    flow.send('n', { payload: 'now' });
    await availabilityOf('more_0', false);
    await availabilityOf('second', false);
    assert.equal(flow.log(LEVEL.warn).filter(({ id }) => id === 'a').length, 1);
    simulator.faults.clear();
    const from = flow.at('state').items.length;
    await lookNow();
    await flow.at('state').waitFor((msg) => idOf(msg) === 'second' && isAvailable(msg), 'back', { from });
  });

  it('are told beside one that the cloud does not reach, which a yellow dot shows', async () => {
    simulator.controller('second').online = false;
    await start();
    assert.equal(payloadOf(await told('second')).state, 'Unavailable');
    await told(simulator.deviceId);
    const shown = await flow.statusOf('n').waitFor(({ fill }) => fill === 'yellow', 'yellow');
    assert.equal(shown.shape, 'dot');
    simulator.controller('second').online = true;
    await lookNow();
    await flow.statusOf('n').waitFor(({ fill }) => fill === 'green', 'green');
  });

  it('cost themselves alone where one of them cannot be read', async () => {
    const devices = [
      { device: { id: 'good', status: { info: { on: true } } } },
      { device: { sn: 1 } },
      'odd',
      null,
    ];
    simulator.faults.add({ kind: 'body', body: JSON.stringify({ devices }) });
    await start();
    assert.equal(payloadOf(await told('good')).on, true);
    await flow.statusOf('n').waitFor(({ text }) => text === '1/1', '1 of 1');
  });

  it('say once why there is no list', async () => {
    flow = await loadWith(simulator, [all()], { email: simulator.email, password: 'wrong' });
    flow.send('n', { payload: 'now' });
    assert.equal(codeOf(await flow.at('caught').waitFor(() => true, 'caught')), 'AUTH_FAILED');
    assert.deepEqual(flow.at('state').items, []);
    await flow.statusOf('n').waitFor(({ fill, shape }) => fill === 'red' && shape === 'ring', 'red ring');
  });

  it('may be a thousand, and the first 2000 are taken of more', async () => {
    const devices = Array.from({ length: 2001 }, (_one, i) => ({
      id: `c${i}`,
      status: { info: { on: true } },
    }));
    simulator.faults.add({
      kind: 'body',
      body: JSON.stringify({ devices: devices.slice(0, 1000) }),
      times: 1,
    });
    await start();
    await told('c999');
    await flow.statusOf('n').waitFor(({ text }) => text === '1000/1000', '1000');
    assert.equal(lists(), 1);
    simulator.faults.add({ kind: 'body', body: JSON.stringify({ devices }) });
    await lookNow();
    await told('c1999');
    assert.equal(flow.at('out').items.length, 2000);
    assert.equal(flow.log(LEVEL.warn).filter(({ msg }) => msg.includes('groupTooMany')).length, 1);
  });
});
