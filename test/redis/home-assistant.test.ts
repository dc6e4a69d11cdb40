import assert from 'node:assert/strict';

import { type PowersentrixSimulator, startPowersentrix } from '../../simulators/powersentrix';
import { Pair } from '../support/cluster/pair';
import { feed, homeAssistantFlow, Observer, WITH_WILL } from '../support/home-assistant-flow';
import { Mosquitto } from '../support/mosquitto';
import { RedisServer } from '../support/redis';
import type { Runtime } from '../support/runtime';

const METER = { id: 'm1', vendor: 'powerfox', model: 'poweropti', name: 'Meter' };
const CONFIG = 'homeassistant/device/nred_powerfox_m1/config';
const ROOT = 'energy-devices/powerfox_m1';
const PRESENCE = 'node-red/status';
/** ms between two readings that each instance gets */
const READ_EVERY = 200;
/** Ports of the UPS that Home Assistant switches. */
const [PORT, OTHER_PORT] = [2, 3];

const isToggle = ({ query }: { query: URLSearchParams }): boolean => query.get('fn') === '3';

/**
 * Both instances get a reading of one meter, each with another power, so that a state tells who published it; a UPS is read and
 * switched by whoever owns it.
 */
describe('home-assistant-device when another instance takes over', function () {
  this.timeout(90_000);
  const mosquitto = new Mosquitto();
  let redis: RedisServer;
  let ups: PowersentrixSimulator;
  let pair: Pair;
  let observer: Observer;
  let config: string;
  let fed: NodeJS.Timeout;
  let isStanding: Runtime | undefined;
  /** of Home Assistant so far */
  let commands = 0;

  const placed = { z: 'tab', x: 200, y: 100 };
  const powerOf = (runtime: Runtime): number => (pair.nameOf(runtime) === 'pi-1' ? 1000 : 2000);
  /** The power of each state since then. */
  const powers = (from: number): unknown[] =>
    observer.seen.items
      .slice(from)
      .filter(({ topic }) => topic === `${ROOT}/state`)
      .map(({ payload }) => (JSON.parse(payload) as { power: unknown }).power);
  const words = (topic: string, from: number): string[] =>
    observer.seen.items
      .slice(from)
      .filter((one) => one.topic === topic)
      .map(({ payload }) => payload);
  const toggles = (): number => ups.http.log.filter(isToggle).length;
  /** Messages that the node has made of commands. */
  const handedOn = (runtime: Runtime): number => runtime.debug.filter(({ id }) => id === 'commands').length;
  /** The owner has told a state, and everything that Home Assistant looks at says that it is there. */
  const tells = async (owner: Runtime): Promise<void> => {
    const from = observer.seen.items.length;
    await observer.seen.waitFor(
      ({ topic, payload }) => topic === `${ROOT}/state` && payload.includes(`:${powerOf(owner)}`),
      'a state of the owner',
      { from },
    );
    await observer.holds(PRESENCE, (payload) => payload === 'online');
    await observer.holds(`${ROOT}/availability`, (payload) => payload === 'online');
    await observer.holds(`energy-devices/${await upsName()}/availability`, (payload) => payload === 'online');
  };
  const upsName = async (): Promise<string> => {
    const is = (topic: string): boolean => /^energy-devices\/powersentrix_[^/]+\/state$/.test(topic);
    const known = [...observer.retained.keys()].find(is);
    const topic = known ?? (await observer.seen.waitFor((one) => is(one.topic), 'the UPS')).topic;
    return topic.split('/')[1] ?? '';
  };
  /** A command of Home Assistant: the port is to be the other way. Resolves when its effect is told. */
  const carriedOut = async (port = PORT): Promise<void> => {
    const was = ups.model.outputs[port];
    const from = observer.seen.items.length;
    const payload = was ? 'OFF' : 'ON';
    await observer.client.publishAsync(`energy-devices/${await upsName()}/port_${port}/set`, payload);
    commands++;
    await observer.seen.waitFor(
      ({ topic, payload }) =>
        topic.startsWith('energy-devices/powersentrix_') &&
        topic.endsWith('/state') &&
        payload.includes(`"port_${port}":"${was ? 'OFF' : 'ON'}"`),
      'the effect of the command',
      { from },
    );
  };

  before(async () => {
    await mosquitto.prepare();
    await mosquitto.start();
    [redis, ups, observer] = await Promise.all([
      RedisServer.start(),
      startPowersentrix({}),
      Observer.of(mosquitto.plainPort),
    ]);
    const flows = homeAssistantFlow({
      port: mosquitto.plainPort,
      node: { every: 1 },
      broker: WITH_WILL,
      commandsTo: ['port'],
      more: [
        { id: 'ups', type: 'ups-device', name: 'UPS', source: 'lan', url: ups.url, interval: 5 },
        { ...placed, id: 'status', type: 'ups-status', device: 'ups', wires: [['ha'], ['ha']] },
        { ...placed, id: 'port', type: 'ups-port', device: 'ups', port: '', action: 'msg', wires: [['ha']] },
      ],
    });
    pair = await Pair.start({ redis, flows, credentials: { ups: { apiKey: ups.apiKey } } });
    fed = setInterval(() => {
      for (const one of pair.all.filter((runtime) => runtime !== isStanding)) {
        const payload = { timestamp: new Date().toISOString(), power: powerOf(one), energyImport: null };
        // One that ends meanwhile refuses it.
        feed(one, { device: METER, payload }).catch(() => undefined);
      }
    }, READ_EVERY);
  });
  afterEach(() => assert.equal(toggles(), commands));
  after(async () => {
    clearInterval(fed);
    await pair.stop();
    await observer.end();
    await ups.close();
    await mosquitto.close();
    await redis.stop();
  });

  it('the owner alone publishes, and carries out a command once', async () => {
    await tells(pair.owner);
    config = await observer.holds(CONFIG);
    await carriedOut();
    assert.deepEqual([...new Set(powers(0))], [powerOf(pair.owner)]);
  });

  it('a killed owner: its last will is said, and the next one is online, with the same document', async () => {
    const from = observer.seen.items.length;
    const { owner, other } = pair;
    // It dies with a command under way that has had its effect.
    const toggled = ups.http.nextRequest(isToggle);
    const before = carriedOut(OTHER_PORT);
    await toggled;
    await pair.kill(owner);
    await observer.seen.waitFor(({ topic, payload }) => topic === PRESENCE && payload === 'offline', 'will', {
      from,
    });
    // Nobody owns the UPS now.
    const meanwhile = carriedOut();
    await pair.takenOver(other);
    const since = observer.seen.items.length;
    await tells(other);
    await Promise.all([before, meanwhile]);
    assert.equal(handedOn(other), 1, 'the one that nobody had begun');
    assert.deepEqual([...new Set(powers(since))], [powerOf(other)]);
    assert.deepEqual([observer.retained.get(CONFIG), words(CONFIG, from).includes('')], [config, false]);
    await carriedOut();
  });

  it('one that stood still says nothing when it goes on, and takes no command', async () => {
    const next = await pair.rejoin();
    const { owner } = pair;
    isStanding = owner;
    process.kill(owner.pid, 'SIGSTOP');
    await pair.takenOver(next);
    await tells(next);
    const from = observer.seen.items.length;
    process.kill(owner.pid, 'SIGCONT');
    await owner.waitForStatus('ha', ({ text }) => (text ?? '').startsWith('standby'));
    isStanding = undefined;
    await carriedOut();
    await tells(next);
    assert.deepEqual([...new Set(powers(from))], [powerOf(next)]);
    assert.deepEqual(
      words(`${ROOT}/availability`, from).filter((word) => word !== 'online'),
      [],
    );
  });

  it('a last will that comes after the next one was there is taken back', async () => {
    const from = observer.seen.items.length;
    await pair.kill(pair.other);
    await observer.seen.waitFor(({ topic, payload }) => topic === PRESENCE && payload === 'offline', 'will', {
      from,
    });
    await tells(pair.owner);
    assert.equal(observer.retained.get(PRESENCE), 'online');
    await carriedOut();
  });

  it('an owner that is stopped leaves nothing offline', async () => {
    const next = await pair.rejoin();
    const from = observer.seen.items.length;
    await pair.leave(pair.owner);
    assert.ok(words(`${ROOT}/availability`, from).includes('offline'), 'until the next one tells');
    await pair.takenOver(next);
    await tells(next);
    assert.equal(observer.retained.get(CONFIG), config);
    await carriedOut();
  });
});
