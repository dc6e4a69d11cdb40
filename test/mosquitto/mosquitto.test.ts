import assert from 'node:assert/strict';

import mqtt from 'mqtt';

import type { ConnectionConfig } from '../../lib/enapter/mqtt/config';
import { COMMANDS, HARDWARE, startDevice, type TestDevice } from '../support/enapter-device';
import { Feed } from '../support/feed';
import { type Arrived, killTenTimes } from '../support/enapter-kill';
import { Gate, Mosquitto } from '../support/mosquitto';
import { newSeed } from '../support/seeded';

describe('enapter: mosquitto over mutual TLS', () => {
  const mosquitto = new Mosquitto();
  const devices: TestDevice[] = [];
  let gate: Gate;
  let observer: mqtt.MqttClient;
  let arrived: Feed<Arrived>;

  /** Sees everything that any device publishes. */
  async function observe(): Promise<void> {
    observer = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.plainPort}`, { reconnectPeriod: 0 });
    observer.on('error', () => undefined);
    observer.on('message', (topic, payload) => arrived.push({ topic, json: JSON.parse(payload.toString()) }));
    await observer.subscribeAsync('v1/from/#');
  }

  function config(authority: 'ca' | 'other' = 'ca', pair = mosquitto.pem('device')): ConnectionConfig {
    return { ...head(), protocol: 'MQTTS', tls: { ca: mosquitto.pem(authority).cert, ...pair } };
  }

  function head(): Pick<ConnectionConfig, 'host' | 'port' | 'hardwareId' | 'channelId'> {
    return { host: '127.0.0.1', port: gate.port, hardwareId: HARDWARE, channelId: 'ucm' };
  }

  function start(...given: Parameters<typeof startDevice>): TestDevice {
    const device = startDevice(...given);
    devices.push(device);
    return device;
  }

  before(async () => {
    await mosquitto.prepare();
  });
  beforeEach(async () => {
    arrived = new Feed();
    gate = new Gate(mosquitto.tlsPort);
    await mosquitto.start();
    await observe();
    await gate.unlock();
  });
  afterEach(async () => {
    await Promise.all(devices.splice(0).map(({ connection }) => connection.close()));
    observer.end(true);
    await gate.lock();
    await mosquitto.kill();
  });
  after(() => mosquitto.close());

  it('connects although the certificate names another host, publishes, and receives commands', async () => {
    const { connection, availability } = start(config());
    connection.desk.listen({
      command: '',
      timeout: 5000,
      take: ({ id }) => connection.desk.respond({ id, state: 'completed', payload: { done: true } }),
    });
    await availability.waitFor(({ available }) => available, 'availability');
    connection.publishValues('telemetry', 'a', { timestamp: 1735689605, power: 1 });
    await observer.publishAsync(COMMANDS, '{"id":"a","name":"x"}');
    const response = await arrived.waitFor(({ topic }) => topic.endsWith('/responses'), 'arrived');
    assert.deepEqual(response.json, { id: 'a', state: 'completed', payload: { done: true } });
    assert.deepEqual(arrived.items[0]?.json, { timestamp: 1735689605, power: 1 });
  });

  it('never connects with the wrong authority', async () => {
    const { connection, availability } = start(config('other'));
    const { reason } = await availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(reason?.reason, 'enapterUnknownCa');
    while (gate.connections < 5) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(connection.counts.connects, 0);
  });

  it('never connects with a certificate that the broker does not know', async () => {
    const { connection, availability } = start(config('ca', mosquitto.pem('other')));
    await availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(connection.counts.connects, 0);
  });

  it('never speaks plain MQTT to the TLS port', async () => {
    const { connection, availability } = start({
      ...head(),
      protocol: 'MQTT',
      login: { username: 'a', password: 'b' },
    });
    await availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(connection.counts.connects, 0);
  });

  it('comes back when the broker is killed (SIGKILL) ten times, and loses nothing silently', async () => {
    const seed = newSeed();
    console.log(`        seed ${seed} (SEED repeats it)`);
    const device = start(config());
    await device.availability.waitFor(({ available }) => available, 'availability');
    await killTenTimes(
      {
        arrived,
        kill: async () => {
          const lost = device.availability.items.length;
          // What mosquitto passed on before its end is still to be read.
          const read = new Promise<void>((resolve) => observer.once('close', () => resolve()));
          await mosquitto.kill();
          await read;
          await device.availability.waitFor(({ available }) => !available, 'availability', { from: lost });
          await gate.lock();
        },
        restart: async () => {
          const before = device.availability.items.length;
          await mosquitto.start();
          await observe();
          await gate.unlock();
          await device.availability.waitFor(({ available }) => available, 'availability', { from: before });
        },
        sendCommand: async (body) => {
          await observer.publishAsync(COMMANDS, body);
        },
      },
      device,
      seed,
    );
    assert.equal(device.connection.counts.connects, 11, 'one connection each time');
    assert.equal(gate.open, 1);
  });

  it('makes one connection each of a hundred times, and leaves none behind', async () => {
    const before = gate.connections;
    for (let n = 0; n < 100; n++) {
      const { connection, availability } = startDevice(config());
      await availability.waitFor(({ available }) => available, 'availability');
      await connection.close();
    }
    assert.equal(gate.connections - before, 100);
    assert.equal(gate.open, 0);
  });

  it('closes without waiting with the broker gone', async function () {
    this.timeout(15_000);
    const { connection, availability } = startDevice(config());
    await availability.waitFor(({ available }) => available, 'availability');
    await mosquitto.kill();
    await connection.close();
  });
});
