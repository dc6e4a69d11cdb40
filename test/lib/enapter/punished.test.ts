import assert from 'node:assert/strict';

import { type SimBroker, startBroker } from '../../../simulators/enapter/broker';
import {
  COMMANDS,
  FROM,
  HARDWARE,
  plainConfig,
  startDevice,
  type TestDevice,
} from '../../support/enapter-device';
import { FakeClock } from '../../support/fake-clock';
import { Feed } from '../../support/feed';
import { Punishments } from '../../../lib/enapter/mqtt/punishments';

/** The broker of these tests ends a connection for anything longer. */
const MOST = 2000;
const LONG = 'x'.repeat(MOST);

interface GivenUp {
  topic: string;
  bytes: number;
}

describe('enapter: publications that the broker punishes', () => {
  let broker: SimBroker;
  let device: TestDevice;
  let givenUp: Feed<GivenUp>;
  let punishes: (topic: string, body: Buffer) => boolean;

  beforeEach(async () => {
    punishes = (_topic, body) => body.length > MOST;
    broker = await startBroker({ punishes: (topic, body) => punishes(topic, body) });
    givenUp = new Feed();
    device = startDevice(plainConfig(broker.port), { onGivenUp: (one) => givenUp.push(one) });
    await device.availability.waitFor(({ available }) => available, 'connection');
  });
  afterEach(async () => {
    await device.connection.close();
    await broker.close();
  });

  const arrival = (text: string): Promise<unknown> => broker.nextPublish(({ body }) => body.includes(text));

  const KINDS: readonly [what: string, topic: string, say: () => void][] = [
    ['telemetry', 'v1/telemetry', () => device.connection.publishValues('telemetry', 'long', { text: LONG })],
    [
      'properties',
      'v1/register',
      () => device.connection.publishValues('properties', 'long', { text: LONG }),
    ],
    ['a log', 'v3/logs', () => device.connection.publishLog(LONG)],
    [
      'an answer',
      'v1/command/responses',
      () => {
        device.connection.desk.receive(Buffer.from('{"id":"a","name":"long"}'));
        device.connection.desk.respond({ id: 'a', state: 'completed', payload: { LONG } });
      },
    ],
  ];
  for (const [what, topic, say] of KINDS) {
    it(`gives ${what} up after three losses, says so once, and sends the rest`, async () => {
      const { connection } = device;
      connection.desk.listen({ command: '', timeout: 60_000, take: () => undefined });
      const rest = Promise.all(
        ['before', 'after', 'property', 'source-0"', 'source-9"'].map((text) => arrival(`"${text}`)),
      );
      connection.publishLog('before');
      for (let n = 0; n < 10; n++) connection.publishValues('telemetry', `s${n}`, { text: `source-${n}` });
      say();
      connection.publishValues('properties', 'short', { text: 'property' });
      connection.publishLog('after');
      await rest;
      const [first] = [await givenUp.waitFor(() => true, 'given up')];
      assert.equal(first.topic, `${FROM}/${topic}`);
      assert.ok(first.bytes > MOST);
      assert.equal(broker.counters.punished, 3);
      // It stays given up, and short ones of the same source go out.
      const next = arrival('"last one"');
      connection.publishLog('last one');
      await next;
      assert.equal(broker.counters.punished, 3);
      assert.equal(broker.counters.clients, 4);
      assert.equal(givenUp.items.length, 1);
      assert.equal(connection.counts.givenUp, 1);
    });
  }

  it('refuses more of the same for a while, and takes what is shorter', async () => {
    const { connection } = device;
    connection.publishValues('telemetry', 'a', { text: LONG });
    await givenUp.waitFor(() => true, 'given up');
    assert.throws(() => connection.publishValues('telemetry', 'a', { text: `${LONG}x` }), {
      code: 'REJECTED',
      reason: 'enapterPunished',
    });
    const short = arrival('"short"');
    connection.publishValues('telemetry', 'a', { text: 'short' });
    await short;
    assert.equal(broker.counters.punished, 3);
  });

  it('counts losses of a source whose values are renewed all the time', async () => {
    const { connection } = device;
    const speaking = setInterval(() => {
      try {
        connection.publishValues('telemetry', 'a', { text: LONG, at: Date.now() });
      } catch {
        // It is refused once the broker's mind is known.
      }
    }, 1);
    try {
      await givenUp.waitFor(() => true, 'given up');
    } finally {
      clearInterval(speaking);
    }
    const rest = arrival('"rest"');
    connection.publishLog('rest');
    await rest;
    assert.equal(broker.counters.punished, 3);
  });

  it('gives up what goes to a topic that is not allowed', async () => {
    punishes = (topic) => topic.endsWith('/v3/logs');
    const { connection } = device;
    const rest = arrival('"power":1');
    for (let n = 0; n < 60; n++) {
      try {
        connection.publishLog(`log ${n}`);
      } catch {
        // Known by now.
      }
    }
    connection.publishValues('telemetry', 'a', { power: 1 });
    await rest;
    const { topic } = await givenUp.waitFor(() => true, 'given up');
    assert.equal(topic, `${FROM}/v3/logs`);
  });

  it('blames nobody when the broker dies again and again', async () => {
    const { connection } = device;
    for (let n = 0; n < 6; n++) {
      const from = device.availability.items.length;
      connection.publishValues('telemetry', 'a', { n });
      connection.publishLog(`log ${n}`);
      await broker.kill();
      await broker.start();
      await device.availability.waitFor(({ available }) => available, 'connection', { from });
    }
    const last = arrival('"log 5"');
    connection.publishLog('end');
    await last;
    assert.deepEqual(givenUp.items, []);
  });

  it('spares a topic for longer each time, and forgives it', async () => {
    const clock = new FakeClock();
    const punishments = new Punishments(clock);
    const refused = (): boolean => {
      try {
        return punishments.admit('t', LONG) < 0;
      } catch {
        return true;
      }
    };
    assert.equal(punishments.add('t', LONG), true);
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await clock.advance(minutes * 60_000 - 1);
      assert.equal(refused(), true, `${minutes} min`);
      assert.equal(punishments.admit('t', 'short'), 0);
      await clock.advance(1);
      assert.equal(punishments.admit('t', LONG), 2, 'under suspicion');
      assert.equal(punishments.add('t', LONG), false, 'said once');
    }
    punishments.forgive('t', 'short');
    assert.equal(refused(), true);
    punishments.forgive('t', LONG);
    assert.equal(punishments.admit('t', LONG), 0);
  });
});

describe('enapter: subscriptions, and retained and overlong commands', () => {
  let broker: SimBroker;
  let device: TestDevice | undefined;
  let punishes: (topic: string) => boolean;
  let killsAt: (topic: string) => boolean;
  beforeEach(async () => {
    punishes = () => false;
    killsAt = () => false;
    broker = await startBroker({
      punishes: (topic) => punishes(topic),
      killsAt: (topic) => killsAt(topic),
    });
  });
  afterEach(async () => {
    await device?.connection.close();
    await broker.close();
  });

  it('hands no retained command to the flow, tells of it once, and takes those of the moment', async () => {
    await broker.publish(COMMANDS, '{"id":"old","name":"x"}', { retain: true });
    const retained = new Feed<true>();
    device = startDevice(plainConfig(broker.port), { onRetained: () => retained.push(true) });
    const taken: string[] = [];
    const { desk } = device.connection;
    desk.listen({
      command: '',
      timeout: 5000,
      take: ({ id }) => {
        taken.push(id);
        desk.respond({ id, state: 'completed', payload: {} });
      },
    });
    await retained.waitFor(() => true, 'retained command');
    const responded = broker.nextPublish(({ body }) => body.includes('"new"'));
    await broker.publish(COMMANDS, '{"id":"new","name":"x"}');
    await responded;
    await device.connection.stop();
    device.connection.start();
    await broker.subscription(COMMANDS);
    const again = broker.nextPublish(({ body }) => body.includes('"newer"'));
    await broker.publish(COMMANDS, '{"id":"newer","name":"x"}');
    await again;
    assert.deepEqual(taken, ['new', 'newer']);
    assert.equal(retained.items.length, 1);
    assert.equal((device.connection.counts.commands as Record<string, number>).retained, 2);
  });

  it('leaves a command out that is longer than any, retained or not, and stays connected', async () => {
    const long = `{"id":"long","name":"x","arguments":{"a":"${'x'.repeat(400_000)}"}}`;
    await broker.publish(COMMANDS, long, { retain: true });
    const junk = new Feed<true>();
    device = startDevice(plainConfig(broker.port), { onJunk: () => junk.push(true) });
    await broker.subscription(COMMANDS);
    await broker.publish(COMMANDS, long);
    const responded = broker.nextPublish(({ body }) => body.includes('"short"'));
    await broker.publish(COMMANDS, '{"id":"short","name":"x"}');
    await responded;
    assert.equal(junk.items.length, 1, 'told once');
    assert.equal((device.connection.counts.commands as Record<string, number>).skipped, 2);
    assert.equal(broker.counters.clients, 1);
  });

  it('gives up the channel of the module where the broker ends connections for it, and nothing of the flow', async () => {
    const ucm = `v1/from/${HARDWARE}/ucm`;
    killsAt = (topic) => topic === COMMANDS;
    punishes = (topic) => topic.startsWith(ucm);
    const config = { ...plainConfig(broker.port), channelId: 'lua', ucm: true };
    const values = broker.nextPublish(({ body }) => body.includes('"power":1'));
    const log = broker.nextPublish(({ body }) => body.includes('"kept"'));
    const told: string[] = [];
    const started = startDevice(config, { onGivenUp: ({ topic }) => told.push(topic) });
    device = started;
    const { connection } = started;
    connection.publishLog('kept');
    connection.publishValues('telemetry', 'a', { power: 1 });
    await Promise.all([values, log]);
    const own = `v1/to/${HARDWARE}/lua/v1/command/requests`;
    connection.desk.listen({
      command: '',
      timeout: 5000,
      take: ({ id }) => connection.desk.respond({ id, state: 'completed', payload: {} }),
    });
    const responded = broker.nextPublish(({ body }) => body.includes('"completed"'));
    await broker.subscription(own);
    await broker.publish(own, '{"id":"a","name":"x"}');
    await responded;
    assert.deepEqual(
      told.filter((topic) => !topic.startsWith(ucm)),
      [],
    );
  });

  it('takes a connection that ends at the subscription for lost, not for refused', async () => {
    killsAt = (topic) => topic === COMMANDS;
    device = startDevice(plainConfig(broker.port));
    const { reason } = await device.availability.waitFor(({ available }) => !available, 'loss');
    assert.equal(reason?.code, 'UNREACHABLE');
    killsAt = () => false;
    await device.availability.waitFor(({ available }) => available, 'connection');
  });

  it('speaks for the channel of the module where the configuration is an older one', async () => {
    const ucm = `v1/from/${HARDWARE}/ucm`;
    const config = { ...plainConfig(broker.port), channelId: 'lua', ucm: true };
    const heard = Promise.all(
      ['v1/register', 'v1/telemetry'].map((topic) =>
        broker.nextPublish((message) => message.topic === `${ucm}/${topic}`),
      ),
    );
    device = startDevice(config);
    const [properties, telemetry] = (await heard).map(({ json }) => json as Record<string, unknown>);
    assert.deepEqual({ ...properties, timestamp: 0 }, { timestamp: 0, virtual: true, lua_api_ver: 1 });
    assert.deepEqual({ ...telemetry, timestamp: 0 }, { timestamp: 0, alerts: null });
    await broker.subscription(COMMANDS);
    const refused = broker.nextPublish(({ topic }) => topic === `${ucm}/v1/command/responses`);
    device.connection.desk.listen({
      command: '',
      timeout: 1000,
      take: () => assert.fail('not for the device'),
    });
    await broker.publish(COMMANDS, '{"id":"a","name":"upload_lua_script"}');
    assert.equal(((await refused).json as { state: string }).state, 'error');
  });
});
