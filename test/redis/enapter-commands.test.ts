import assert from 'node:assert/strict';

import mqtt, { type MqttClient } from 'mqtt';

import { kept, Pair } from '../support/cluster/pair';
import { COMMANDS, FROM, HARDWARE } from '../support/enapter-device';
import { Feed } from '../support/feed';
import { Mosquitto } from '../support/mosquitto';
import { RedisServer } from '../support/redis';
import type { Runtime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

/** ms between two tries of an EMS that gets no answer */
const AGAIN = 200;

interface Response {
  id: string;
  state: string;
  payload: Record<string, unknown>;
}

describe('commands that come again when the owner of the device has been killed', function () {
  this.timeout(90_000);
  const mosquitto = new Mosquitto();
  let redis: RedisServer;
  let pair: Pair;
  let ems: MqttClient;
  let killed: string;
  let survivor: Runtime;
  const responses = new Feed<Response>();

  const placed = { z: 'tab', x: 200, y: 100 };
  const flows: FlowNode[] = [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'con', type: 'enapter-connection', name: 'device', host: '' },
    {
      ...{
        ...placed,
        id: 'work',
        type: 'enapter-command-in',
        connection: 'con',
        command: 'work',
        timeout: 60,
      },
      wires: [['effect', 'debug']],
    },
    {
      ...{ ...placed, id: 'effect', type: 'function', outputs: 1, wires: [['response']] },
      func: "msg.payload = { by: env.get('ENERGY_DEVICES_CLUSTER_INSTANCE') }; return msg;",
    },
    { ...placed, id: 'response', type: 'enapter-command-response', result: 'completed', wires: [] },
    // Nobody answers what this one takes.
    {
      ...{
        ...placed,
        id: 'slow',
        type: 'enapter-command-in',
        connection: 'con',
        command: 'slow',
        timeout: 60,
      },
      wires: [['debug']],
    },
    { ...placed, id: 'debug', type: 'debug', active: true, complete: 'true', wires: [] },
  ];
  const send = (id: string, name: string): Promise<unknown> =>
    ems.publishAsync(COMMANDS, JSON.stringify({ id, name, arguments: {} }), { qos: 1 });
  /** Sends a command until it is answered, as the EMS does, and resolves with the answer. */
  const insist = async (id: string, name: string): Promise<Response> => {
    const from = responses.items.length;
    const answer = responses.waitFor((one) => one.id === id, `answer to ${id}`, { from, timeout: 30_000 });
    const again = setInterval(() => void send(id, name).catch(() => undefined), AGAIN);
    try {
      return await answer;
    } finally {
      clearInterval(again);
    }
  };
  const taken = (runtime: Runtime, id: string): number =>
    runtime.debug.filter((message) => JSON.stringify(message).includes(id)).length;
  const takes = (runtime: Runtime, id: string): Promise<unknown> =>
    runtime.waitForDebug((message) => JSON.stringify(message).includes(id));

  before(async () => {
    await mosquitto.prepare();
    await mosquitto.start();
    redis = await RedisServer.start();
    ems = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.plainPort}`);
    ems.on('error', () => undefined);
    ems.on('message', (_, payload) => responses.push(JSON.parse(payload.toString('utf8')) as Response));
    await ems.subscribeAsync(`${FROM}/v1/command/responses`, { qos: 1 });
    const config = {
      ...{ mqtt_host: '127.0.0.1', mqtt_port: mosquitto.plainPort, mqtt_protocol: 'MQTT' },
      ...{ hardware_id: HARDWARE, channel_id: 'ucm' },
      mqtt_credentials: { username: HARDWARE, password: 'a-password' },
    };
    pair = await Pair.start({ redis, flows, credentials: { con: { config: JSON.stringify(config) } } });
  });
  after(async () => {
    await pair.stop();
    await ems.endAsync(true);
    await mosquitto.close();
    await redis.stop();
  });

  it('are carried out by the owner, and nowhere else', async () => {
    const { owner, other } = pair;
    [killed, survivor] = [pair.nameOf(owner), other];
    assert.deepEqual(await insist('first-command', 'work'), {
      ...{ id: 'first-command', state: 'completed', payload: { by: killed } },
    });
    await takes(owner, 'first-command');
    assert.equal(taken(owner, 'first-command'), 1);
    await send('open-command', 'slow');
    await takes(owner, 'open-command');
    await kept(redis, 'con', (text) => text.includes('completed') && text.includes('open-command'));
    await pair.kill(owner);
  });

  it('get the answer of the one that is gone, while the new owner comes to be and afterwards', async () => {
    const earlier = { id: 'first-command', state: 'completed', payload: { by: killed } };
    assert.deepEqual(await insist('first-command', 'work'), earlier);
    await pair.takenOver(survivor);
    assert.deepEqual(await insist('first-command', 'work'), earlier);
  });

  it('get an error where it was begun and never finished', async () => {
    const { state, payload } = await insist('open-command', 'slow');
    assert.equal(state, 'error');
    assert.match(JSON.stringify(payload), /nobody knows whether it took effect/);
  });

  it('are not carried out a second time, and new ones are, once', async () => {
    const answer = await insist('second-command', 'work');
    assert.deepEqual(answer.payload, { by: pair.nameOf(survivor) });
    // What comes in the same order is told in the same order: nothing is on its way any more.
    await takes(survivor, 'second-command');
    const counts = ['first-command', 'open-command', 'second-command'].map((id) => taken(survivor, id));
    assert.deepEqual(counts, [0, 0, 1]);
  });
});
