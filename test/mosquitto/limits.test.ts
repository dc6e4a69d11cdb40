import assert from 'node:assert/strict';

import mqtt from 'mqtt';

import type { MqttVersion } from '../../lib/enapter/mqtt/link';
import { COMMANDS, HARDWARE, startDevice, type TestDevice } from '../support/enapter-device';
import type { Arrived } from '../support/enapter-kill';
import { Feed } from '../support/feed';
import { Mosquitto } from '../support/mosquitto';

const MOST = 2000;
const LONG = 'x'.repeat(MOST);

describe('enapter: what mosquitto does not take', () => {
  const mosquitto = new Mosquitto();
  let observer: mqtt.MqttClient;
  let arrived: Feed<Arrived>;
  let givenUp: Feed<{ topic: string; bytes: number }>;
  let device: TestDevice;

  before(async () => {
    await mosquitto.prepare({ broker: [`max_packet_size ${MOST}`] });
  });
  beforeEach(async () => {
    await mosquitto.start();
    arrived = new Feed();
    givenUp = new Feed();
    observer = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.plainPort}`, { reconnectPeriod: 0 });
    observer.on('message', (topic, payload) => arrived.push({ topic, json: JSON.parse(payload.toString()) }));
    await observer.subscribeAsync('v1/from/#');
  });
  afterEach(async () => {
    await device.connection.close();
    observer.end(true);
    await mosquitto.kill();
  });
  after(() => mosquitto.close());

  function start(version: MqttVersion): TestDevice {
    const tls = { ca: mosquitto.pem('ca').cert, ...mosquitto.pem('device') };
    device = startDevice(
      {
        host: '127.0.0.1',
        port: mosquitto.tlsPort,
        hardwareId: HARDWARE,
        channelId: 'ucm',
        protocol: 'MQTTS',
        tls,
      },
      { version, onGivenUp: (one) => givenUp.push(one) },
    );
    return device;
  }

  const has = (text: string): Promise<Arrived> =>
    arrived.waitFor(({ json }) => JSON.stringify(json).includes(text), text);

  it('gives up what it ends three connections for over MQTT 3.1.1, and sends the rest', async () => {
    const { connection, availability } = start('3.1.1');
    await availability.waitFor(({ available }) => available, 'connection');
    connection.publishLog('before');
    connection.publishLog(LONG);
    connection.publishLog('after');
    connection.publishValues('telemetry', 'a', { power: 1 });
    await Promise.all([has('"before"'), has('"after"'), has('"power":1')]);
    const { bytes } = await givenUp.waitFor(() => true, 'given up');
    assert.ok(bytes > MOST);
    assert.equal(connection.counts.losses, 3);
    assert.equal(givenUp.items.length, 1);
  });

  it('obeys beforehand what it says over MQTT 5, and loses no connection', async () => {
    const { connection, availability } = start('5');
    connection.publishLog(LONG);
    await givenUp.waitFor(() => true, 'given up');
    await availability.waitFor(({ available }) => available, 'connection');
    for (const say of [
      () => connection.publishLog(LONG),
      () => connection.publishValues('telemetry', 'a', { LONG }),
      () => connection.publishValues('properties', 'a', { LONG }),
    ]) {
      assert.throws(say, { code: 'INVALID_INPUT', reason: 'enapterPacketLimit' });
    }
    const { desk } = connection;
    desk.listen({
      command: '',
      timeout: 5000,
      take: ({ id }) => {
        assert.throws(() => desk.respond({ id, state: 'completed', payload: { LONG } }), {
          reason: 'enapterPacketLimit',
        });
        desk.respond({ id, state: 'completed', payload: { short: true } });
      },
    });
    await observer.publishAsync(COMMANDS, '{"id":"a","name":"x"}');
    await has('"short":true');
    // The longest that fits.
    const envelope = 5 + 2 + `v1/from/${HARDWARE}/ucm/v1/telemetry`.length + 1;
    const head = '{"timestamp":1735689601,"text":""}'.length;
    connection.publishValues('telemetry', 'a', {
      timestamp: 1735689601,
      text: 'y'.repeat(MOST - envelope - head),
    });
    await has('"yyy');
    assert.equal(connection.counts.losses, 0);
    assert.equal(givenUp.items.length, 1);
  });

  for (const version of ['3.1.1', '5'] as const) {
    it(`hands no retained command to the flow over MQTT ${version}`, async () => {
      await observer.publishAsync(COMMANDS, '{"id":"old","name":"x"}', { retain: true });
      const { connection, availability } = start(version);
      const taken: string[] = [];
      connection.desk.listen({
        command: '',
        timeout: 5000,
        take: ({ id }) => {
          taken.push(id);
          connection.desk.respond({ id, state: 'completed', payload: {} });
        },
      });
      await availability.waitFor(({ available }) => available, 'connection');
      await observer.publishAsync(COMMANDS, '{"id":"new","name":"x"}');
      await has('"new"');
      assert.deepEqual(taken, ['new']);
    });
  }
});
