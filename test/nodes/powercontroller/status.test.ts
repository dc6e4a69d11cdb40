import assert from 'node:assert/strict';

import { recall } from '../../../nodes/powercontroller/watch-context';
import { statusText } from '../../../nodes/powercontroller/watch-node';
import { normaliseStatus } from '../../../lib/powercontroller/status';
import { type PowercontrollerSimulator, startPowercontroller } from '../../../simulators/powercontroller';
import { codeOf, LEVEL, type Message, payloadOf, type TestFlow, unloadFlow } from '../../support/flow';
import { type Json, loadWith, node } from './support';

const DAY = 86_400_000;
const NOW = Date.UTC(2025, 6, 1);

describe('powercontroller-status', () => {
  let sim: PowercontrollerSimulator;
  let flow: TestFlow;

  beforeEach(async () => (sim = await startPowercontroller({ startAt: NOW, historyDays: 60 })));
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const load = async (operation: string, more: Json = {}): Promise<TestFlow> =>
    (flow = await loadWith(sim, [node('status', { operation, deviceId: sim.deviceId, ...more })]));
  const out = (wanted: (msg: Message) => boolean = () => true): Promise<Message> =>
    flow.at('out').waitFor(wanted, 'message');
  const caught = (): Promise<Message> => flow.at('caught').waitFor(() => true, 'error');
  const shown = (fill: string): Promise<unknown> =>
    flow.statusOf('n').waitFor((status) => (status as Json).fill === fill, fill);

  describe('get, list and refresh', () => {
    it('get gives the last status with the configuration, in the message that asked', async () => {
      await load('get', { raw: true });
      flow.send('n', { payload: 'go', other: 1 });
      const msg = await out();
      const payload = payloadOf(msg);
      assert.equal(payload.deviceId, sim.deviceId);
      assert.equal(payload.duration, 900);
      assert.equal((payload.configuration as { ffr: Json }).ffr.enable, false);
      assert.equal(msg.other, 1);
      assert.equal(msg.topic, sim.deviceId);
      assert.equal((msg.device as Json).serialNumber, 'PC-ZXCVBNMASDF-001');
      assert.equal((msg.raw as Json).sn, 'PC-ZXCVBNMASDF-001');
      assert.equal(((await shown('green')) as Json).text, '○ 0 W');
      await flow.at('completed').waitFor(() => true, 'complete');
    });

    for (const [operation, payload] of [
      ['get', ''],
      ['history', { start: NOW - DAY, end: NOW }],
    ] as const) {
      it(`${operation} takes the message's topic, else its own, else the device's id`, async () => {
        const topicOf = async (topic: string): Promise<unknown> => {
          const before = flow.at('out').items.length;
          flow.send('n', { payload, topic });
          return (await out(() => flow.at('out').items.length > before)).topic;
        };
        await load(operation, { topic: 'mine' });
        assert.equal(await topicOf('theirs'), 'theirs');
        await unloadFlow();
        await load(operation, { topic: 'mine' });
        assert.equal(await topicOf(''), 'mine');
        await unloadFlow();
        await load(operation);
        assert.equal(await topicOf(''), sim.deviceId);
      });
    }

    it('list gives every controller', async () => {
      await load('list', { raw: true, topic: 'mine' });
      flow.send('n', { payload: '' });
      const msg = await out();
      assert.deepEqual(
        (msg.payload as Json[]).map(({ id }) => id),
        [sim.deviceId],
      );
      assert.equal((msg.raw as Json[]).length, 1);
      assert.equal(msg.topic, 'mine');
    });

    it('refresh has the controller report first', async () => {
      await load('refresh');
      sim.controller(sim.deviceId).switch(true, 'manual');
      flow.send('n', {});
      assert.equal(payloadOf(await out()).on, true);
      assert.deepEqual(
        sim.http.log.map(({ method, path }) => `${method} ${path}`),
        ['GET /v1/statuses', `POST /v1/devices/${sim.deviceId}/status`],
      );
    });

    it('refresh waits for the new status when the answer does not hold it', async () => {
      await load('refresh');
      const asking = ({ method }: { method: string }): boolean => method === 'POST';
      sim.faults.add({ kind: 'body', body: '{"responseCodes":[100]}', times: 1, match: asking });
      const controller = sim.controller(sim.deviceId);
      controller.switch(true, 'manual');
      flow.send('n', {});
      await sim.http.nextRequest(asking);
      controller.update('api');
      const payload = payloadOf(await out());
      assert.deepEqual([payload.type, payload.reason, payload.on], ['update', 'api', true]);
      assert.equal((payload.configuration as { ffr: Json }).ffr.enable, false);
    });

    it('report failures once, with their code', async () => {
      await load('get', { deviceId: '' });
      flow.send('n', { deviceId: 'nobody' });
      assert.equal(codeOf(await caught()), 'NOT_FOUND');
      assert.equal(((await shown('red')) as Json).text, 'status.NOT_FOUND');
      flow.send('n', { deviceId: '../signin' });
      const second = await flow.at('caught').waitFor((msg) => codeOf(msg) === 'INVALID_INPUT', 'second');
      assert.equal(second.deviceId, '../signin');
      assert.equal(flow.at('completed').items.length, 0);
    });

    for (const operation of ['get', 'refresh', 'history']) {
      it(`${operation} refuses a message that was meant for another device`, async () => {
        await load(operation);
        flow.send('n', { deviceId: 'other', payload: { start: NOW - DAY, end: NOW } });
        assert.equal(codeOf(await caught()), 'INVALID_INPUT');
        assert.equal(sim.http.counters.requests, 0);
      });
    }

    it('have a red ring without an account', async () => {
      await load('get', { account: 'gone' });
      assert.equal(((await shown('red')) as Json).text, 'status.unconfigured');
      flow.send('n', {});
      assert.equal(codeOf(await caught()), 'INVALID_INPUT');
    });
  });

  describe('watch', () => {
    const watch = (more: Json = {}): Promise<TestFlow> => load('watch', { interval: 3600, ...more });
    const asked = async (n: number): Promise<void> => {
      flow.send('n', { ask: n });
      await flow.at('completed').waitFor((msg) => msg.ask === n, `asked ${n}`);
    };

    it('begins with the newest status, says that it is available, and sends relay and trigger events once', async () => {
      await watch({ raw: true });
      const first = await out();
      assert.equal(payloadOf(first).type, 'update');
      assert.equal(first.topic, sim.deviceId);
      assert.equal((first.raw as Json).deviceId, sim.deviceId);
      assert.equal(payloadOf(await flow.at('state').waitFor(() => true, 'state')).available, true);

      const device = sim.controller(sim.deviceId);
      device.config.ffr = { enabled: true, tripThreshold: 59.7, returnThreshold: 59.8 };
      device.switch(true, 'manual');
      device.setFrequency(59.5);
      await asked(1);
      await asked(2);
      const events = flow.at('out').items.slice(1);
      assert.deepEqual(
        events.map((msg) => [payloadOf(msg).type, payloadOf(msg).reason, payloadOf(msg).on, msg.ask]),
        [
          ['relay', 'manual', true, 1],
          ['trigger', 'ffr', null, 1],
          ['relay', 'ffr', false, 1],
        ],
      );
      assert.equal(flow.at('caught').items.length, 0);
    });

    it('remembers an empty first look', async () => {
      sim.faults.add({ kind: 'body', body: '{"statuses":[]}' });
      await watch();
      await flow.at('state').waitFor(() => true, 'state');
      await asked(1);
      assert.deepEqual(await recall(flow.node('n'), new AbortController().signal), {
        deviceId: sim.deviceId,
        newest: null,
        seen: [],
      });
    });

    it('tells what is new where its context cannot be written, and says why', async () => {
      await watch();
      await out();
      const set = (_key: string, _value: unknown, told: (error: Error) => void): void =>
        told(new Error('full'));
      Object.assign(flow.node('n'), { context: () => ({ set }) });
      sim.controller(sim.deviceId).switch(true, 'manual');
      await asked(1);
      assert.equal(payloadOf(flow.at('out').items.at(-1) ?? {}).type, 'relay');
      const warned = flow.log(LEVEL.warn).map(({ msg }) => msg);
      assert.deepEqual(
        warned.map((text) => text.includes('cannot be written: full')),
        [true],
        String(warned),
      );
    });

    it('shows trouble and recovery, and logs each once', async () => {
      await watch();
      await out();
      sim.faults.add({ kind: 'status', status: 401, times: 1 });
      flow.send('n', { ask: 1 });
      assert.equal(codeOf(await caught()), 'AUTH_FAILED');
      assert.deepEqual(await shown('red'), { fill: 'red', shape: 'ring', text: 'status.AUTH_FAILED' });
      const states = flow.at('state').items.map((msg) => payloadOf(msg).available);
      assert.deepEqual(states, [true, false]);
      assert.equal(flow.log(LEVEL.warn).length, 1);
      assert.equal(sim.http.log.filter(({ path }) => path.endsWith('/signin')).length, 0);
    });

    it('needs an account and a device', async () => {
      await watch({ deviceId: '' });
      assert.equal(((await shown('red')) as Json).text, 'status.unconfigured');
      flow.send('n', {});
      assert.equal(codeOf(await caught()), 'INVALID_INPUT');
      await unloadFlow();
      await watch({ account: '' });
      flow.send('n', {});
      assert.equal(codeOf(await caught()), 'INVALID_INPUT');
    });

    it('raises an interval that is too short, and says so', async () => {
      await watch({ interval: 1 });
      await out();
      assert.deepEqual(
        flow.log(LEVEL.warn).map(({ msg }) => msg),
        ['log.settingLimited'],
      );
    });
  });

  it('says beside the node what a status is about', () => {
    const text = (info: Json): string => statusText(normaliseStatus({ info }));
    assert.equal(text({ on: true, power: 10, duration: 3600 }), '● 10 W');
    assert.equal(text({ frequency: 59.6 }), '59.6 Hz');
    assert.equal(text({ on: true }), 'status.loadOn');
    assert.equal(text({ on: false }), 'status.loadOff');
    assert.equal(text({}), 'status.watching');
  });
});
