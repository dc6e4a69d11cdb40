import assert from 'node:assert/strict';
import net from 'node:net';

import type { MqttModule } from '../../../lib/enapter/mqtt/link';
import { EnapterConnection } from '../../../lib/enapter/mqtt/connection';
import { type SimBroker, startBroker } from '../../../simulators/enapter/broker';
import { COMMANDS, FROM, plainConfig, startDevice, type TestDevice } from '../../support/enapter-device';
import { Feed } from '../../support/feed';
import { type Arrived, killTenTimes } from '../../support/enapter-kill';
import { until } from '../../support/fake-clock';
import { newSeed } from '../../support/seeded';

/** A way to the broker that a test can hold up. */
async function startProxy(
  target: number,
): Promise<{ port: number; sockets: Feed<net.Socket>; close: () => Promise<void> }> {
  const sockets = new Feed<net.Socket>();
  const server = net.createServer((socket) => {
    const upstream = net.connect(target, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => upstream.destroy());
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets.items) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as net.AddressInfo).port, sockets, close };
}

describe('enapter: connection', () => {
  let broker: SimBroker;
  let devices: TestDevice[];
  const start = (...given: Parameters<typeof startDevice>): TestDevice => {
    const device = startDevice(...given);
    devices.push(device);
    return device;
  };

  beforeEach(async () => {
    broker = await startBroker();
    devices = [];
  });
  afterEach(async () => {
    await Promise.all(devices.map(({ connection }) => connection.close()));
    await broker.close();
  });

  it('publishes to the exact topics, with whole seconds, at QoS 0 and not retained', async () => {
    const { connection } = start(plainConfig(broker.port));
    await broker.subscription(COMMANDS);
    const arrived = Promise.all(
      ['v1/telemetry', 'v1/register', 'v3/logs'].map((topic) =>
        broker.nextPublish((message) => message.topic === `${FROM}/${topic}`),
      ),
    );
    connection.publishValues('telemetry', 'a', { timestamp: 1_700_000_000_999, power: 1.5, alerts: [] });
    connection.publishValues('properties', 'a', { timestamp: 1735689605, model: 'x' });
    connection.publishLog({ message: 'hello', severity: 'warning', persist: true, timestamp: 1735689607 });
    const [telemetry, properties, log] = await arrived;
    assert.equal(telemetry?.body, '{"timestamp":1700000000,"alerts":[],"power":1.5}');
    assert.equal(properties?.body, '{"timestamp":1735689605,"model":"x"}');
    assert.equal(log?.body, '{"timestamp":1735689607,"message":"hello","severity":"warning","persist":true}');
    for (const message of [telemetry, properties, log]) {
      assert.deepEqual([message.qos, message.retain], [0, false]);
    }
  });

  it('publishes properties where the documentation says, if that is set', async () => {
    const { connection } = start(plainConfig(broker.port), { propertiesTopic: 'properties' });
    const arrived = broker.nextPublish();
    connection.publishValues('properties', 'a', { model: 'x' });
    assert.equal((await arrived).topic, `${FROM}/v1/properties`);
  });

  it('receives commands and answers them', async () => {
    const { connection } = start(plainConfig(broker.port));
    connection.desk.listen({
      command: 'reboot',
      timeout: 1000,
      take: ({ id }) => {
        connection.desk.respond({ id, state: 'log', payload: { message: 'half' } });
        connection.desk.respond({ id, state: 'completed', payload: { ok: true } });
      },
    });
    await broker.subscription(COMMANDS);
    const done = broker.nextPublish(({ body }) => body.includes('completed'));
    await broker.publish(COMMANDS, JSON.stringify({ id: 'a', name: 'reboot', arguments: null }));
    const { topic, json } = await done;
    assert.equal(topic, `${FROM}/v1/command/responses`);
    assert.deepEqual(json, { id: 'a', state: 'completed', payload: { ok: true } });
    assert.deepEqual(broker.published.at(-2)?.json, { id: 'a', state: 'log', payload: { message: 'half' } });
    assert.equal(connection.usage.commands.has('reboot'), true);
  });

  it('survives junk on the command topic', async () => {
    const junk = new Feed<true>();
    const { connection } = start(plainConfig(broker.port), { onJunk: () => junk.push(true) });
    await broker.subscription(COMMANDS);
    for (const body of ['', '{', '[]', '{"id":7}', '\u0000\u0001']) await broker.publish(COMMANDS, body);
    const response = broker.nextPublish();
    await broker.publish(COMMANDS, '{"id":"a","name":"x"}');
    assert.match((await response).body, /No node of the flow handles/);
    assert.equal(junk.items.length, 1, 'told once');
    assert.equal(connection.desk.stats.junk, 5);
  });

  it('keeps the newest values of each source, and logs, until there is a connection', async () => {
    const { port } = broker;
    await broker.kill();
    const { connection, availability } = start(plainConfig(port));
    const lost = await availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(lost.reason?.code, 'UNREACHABLE');
    for (let n = 1; n <= 3; n++) {
      connection.publishValues('telemetry', 'a', { n });
      connection.publishValues('telemetry', 'b', { m: n });
      connection.publishValues('properties', 'a', { n });
      connection.publishLog(`log ${n}`);
    }
    connection.forget('gone');
    const last = broker.nextPublish(({ body }) => body.includes('log 3'));
    await broker.start();
    await last;
    const bodies = broker.published.map(({ topic, json }) => {
      const { timestamp, ...rest } = json as { timestamp: number };
      assert.equal(Number.isInteger(timestamp), true);
      return `${topic.slice(FROM.length)} ${JSON.stringify(rest)}`;
    });
    assert.deepEqual(bodies.slice(0, 3), [
      '/v1/telemetry {"n":3}',
      '/v1/telemetry {"m":3}',
      '/v1/register {"n":3}',
    ]);
    assert.equal(bodies.length, 6);
    assert.equal((await availability.waitFor(({ available }) => available, 'availability')).available, true);
  });

  it('comes back when the broker is killed ten times, and loses nothing silently', async function () {
    this.timeout(60_000);
    const seed = newSeed();
    console.log(`        seed ${seed} (SEED repeats it)`);
    const arrived = new Feed<Arrived>();
    broker.onPublish = (message) => arrived.push(message);
    const device = start(plainConfig(broker.port));
    await broker.subscription(COMMANDS);
    await killTenTimes(
      {
        arrived,
        kill: () => broker.kill(),
        restart: async () => {
          await broker.start();
          await broker.subscription(COMMANDS);
        },
        sendCommand: (body) => broker.publish(COMMANDS, body),
      },
      device,
      seed,
    );
    assert.equal(broker.counters.clients, 11, 'one connection each time');
    assert.equal(broker.open, 1);
  });

  it('makes one connection each of a hundred times, and leaves none behind', async function () {
    this.timeout(60_000);
    for (let n = 0; n < 100; n++) {
      const { connection, availability } = startDevice(plainConfig(broker.port));
      connection.start();
      await availability.waitFor(({ available }) => available, 'availability');
      await connection.close();
      await connection.close();
    }
    assert.equal(broker.counters.connections, 100);
    assert.equal(broker.open, 0);
  });

  it('says what is left to say before it closes', async () => {
    const { connection, availability } = start(plainConfig(broker.port));
    const taken = new Feed<unknown>();
    connection.desk.listen({ command: '', timeout: 60_000, take: (command) => taken.push(command) });
    await availability.waitFor(({ available }) => available, 'availability');
    await broker.publish(COMMANDS, '{"id":"open","name":"x"}');
    await taken.waitFor(() => true, 'taken');
    const responded = broker.nextPublish(({ body }) => body.includes('"open"'));
    await connection.close();
    assert.match((await responded).body, /stopped or redeployed/);
    connection.desk.receive(Buffer.from('{"id":"late","name":"x"}'));
    assert.throws(() => connection.publishLog('x'), { code: 'CANCELLED' });
    assert.throws(() => connection.publishValues('telemetry', 'a', { a: 1 }), { code: 'CANCELLED' });
  });

  // Well before the time that a connection is given to be made.
  describe('closes without waiting', function () {
    this.timeout(15_000);

    it('with the broker gone', async () => {
      const { connection, availability } = startDevice(plainConfig(broker.port));
      await availability.waitFor(({ available }) => available, 'availability');
      await broker.kill();
      connection.publishLog('x');
      await connection.close();
    });

    it('with a broker that accepts and never answers', async () => {
      const sockets = new Feed<net.Socket>();
      const mute = net.createServer((socket) => sockets.push(socket));
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
      const { connection } = startDevice(plainConfig((mute.address() as net.AddressInfo).port));
      const socket = await sockets.waitFor(() => true, 'sockets');
      await connection.close();
      socket.destroy();
      await new Promise((resolve) => mute.close(resolve));
    });

    it('with a broker that stopped reading', async () => {
      const { port, sockets, close } = await startProxy(broker.port);
      const { connection, availability } = startDevice(plainConfig(port));
      await availability.waitFor(({ available }) => available, 'availability');
      const socket = await sockets.waitFor(() => true, 'sockets');
      socket.unpipe();
      socket.pause();
      connection.publishLog('never read');
      await connection.close();
      await close();
    });

    it('before it ever started, and while the client is being loaded', async () => {
      const config = plainConfig(broker.port);
      await new EnapterConnection({ config, propertiesTopic: 'register' }).close();
      let loaded: (module: MqttModule) => void = () => undefined;
      const { connection } = startDevice(config, {
        load: () => new Promise((resolve) => (loaded = resolve)),
      });
      await connection.close();
      loaded(await import('mqtt'));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(broker.counters.connections, 0);
    });
  });

  it('says that the broker refuses the password, and keeps trying slowly', async () => {
    await broker.close();
    broker = await startBroker({ admit: () => false });
    const { availability } = start(plainConfig(broker.port));
    const { reason } = await availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(reason?.code, 'AUTH_FAILED');
    assert.doesNotMatch(JSON.stringify(reason), /a-password/);
    assert.equal(broker.counters.clients, 0);
  });

  it('says that the broker does not let it receive commands', async () => {
    await broker.close();
    broker = await startBroker({ deaf: true });
    const { availability, connection } = start(plainConfig(broker.port));
    const { reason } = await availability.waitFor(({ available }) => !available, 'refusal');
    assert.equal(reason?.code, 'FORBIDDEN');
    assert.equal(connection.counts.connects, 0);
  });

  it('keeps only the newest values for a broker that is slow', async () => {
    const through = await startProxy(broker.port);
    const { connection, availability } = start(plainConfig(through.port));
    await availability.waitFor(({ available }) => available, 'connection');
    const [socket] = through.sockets.items;
    assert.ok(socket);
    socket.pause();
    const text = 'x'.repeat(100_000);
    for (let n = 1; n <= 300; n++) connection.publishValues('telemetry', 'a', { n, text });
    const newest = broker.nextPublish(({ json }) => (json as { n: number }).n === 300);
    socket.resume();
    await newest;
    assert.ok(broker.published.length < 250, `${broker.published.length} of 300 were sent`);
    await connection.close();
    await through.close();
  });

  it('stops and starts again, and knows what it knew', async () => {
    const { connection, availability } = start(plainConfig(broker.port));
    await availability.waitFor(({ available }) => available, 'connection');
    const first = broker.nextPublish();
    connection.publishValues('telemetry', 'a', { a: 1 });
    await first;
    await connection.stop();
    await connection.stop();
    assert.equal(broker.open, 0);
    const again = broker.nextPublish();
    connection.start();
    assert.equal(((await again).json as { a: number }).a, 1);
    assert.deepEqual(
      availability.items.map((one) => one.available),
      [true, true],
      'stopping is no outage',
    );
    assert.equal(connection.counts.losses, 0);
  });

  it('does not claim to be connected while it is stopped', async () => {
    const { connection, availability } = start(plainConfig(broker.port));
    await availability.waitFor(({ available }) => available, 'connection');
    await connection.stop();
    assert.equal(connection.availability, undefined);
  });

  it('makes one connection when it is stopped and started at once, connected or while the client is loaded', async () => {
    const { connection, availability } = start(plainConfig(broker.port));
    await availability.waitFor(({ available }) => available, 'connection');
    void connection.stop();
    connection.start();
    await availability.waitFor(({ available }) => available, 'connection', { from: 1 });
    const loads: (() => void)[] = [];
    const mqtt = await import('mqtt');
    const slow = start(plainConfig(broker.port), {
      load: () => new Promise((resolve) => loads.push(() => resolve(mqtt))),
    });
    await until(() => loads.length === 1);
    void slow.connection.stop();
    slow.connection.start();
    await until(() => loads.length === 2);
    for (const load of loads) load();
    await slow.availability.waitFor(({ available }) => available, 'connection');
    await connection.close();
    await slow.connection.close();
    await until(() => broker.open === 0);
    assert.equal(broker.counters.connections, 3);
  });

  it('gives a broker up that never answers the subscription', async () => {
    const sockets = new Feed<net.Socket>();
    const mute = net.createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(Buffer.from([0x20, 2, 0, 0])));
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as net.AddressInfo;
    const { connection, availability } = start(plainConfig(port), { subscribeTimeout: 5 });
    const { reason } = await availability.waitFor(() => true, 'outage');
    assert.equal(reason?.code, 'TIMEOUT');
    await until(() => sockets.items.length >= 2);
    await connection.close();
    for (const socket of sockets.items) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });

  it('says that the host does not exist', async () => {
    const { availability } = start({ ...plainConfig(1), host: 'broker.invalid' });
    const { reason } = await availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(reason?.reason, 'enapterNoHost');
  });
});
