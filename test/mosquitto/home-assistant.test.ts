import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { feed, homeAssistantFlow, Observer } from '../support/home-assistant-flow';
import { LOAD } from '../support/home-assistant-messages';
import { Mosquitto } from '../support/mosquitto';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

const METER = { id: 'm1', vendor: 'powerfox', model: 'poweropti', name: 'Meter' };
const CONTROLLER = { id: 'c1', vendor: 'automate-green', model: 'power-controller', name: 'Boiler' };
const CONFIG = 'homeassistant/device/nred_powerfox_m1/config';
const ROOT = 'energy-devices/powerfox_m1';

const reading = (power: number | null, more: object = {}): object => ({
  device: METER,
  payload: { timestamp: new Date().toISOString(), power, energyImport: null, ...more },
});
const relay = (on: boolean): object => ({
  device: CONTROLLER,
  payload: { type: 'relay', on, timestamp: new Date().toISOString() },
});

describe('home-assistant-device with mosquitto', () => {
  const mosquitto = new Mosquitto();
  let userDir: string;
  let runtime: Runtime;
  let observer: Observer;

  const flow = (node: object = {}, more: FlowNode[] = []): FlowNode[] =>
    homeAssistantFlow({ port: mosquitto.plainPort, node, more });
  const start = async (flows: FlowNode[] = flow()): Promise<void> => {
    runtime = await startRuntime({ userDir, flows });
  };
  const ours = (): string[] =>
    [...observer.retained.keys()].filter((topic) => /^(homeassistant|energy-devices)\//.test(topic));
  const idsIn = (text: string): unknown[] =>
    Object.values(
      (JSON.parse(text) as { components: Record<string, Record<string, unknown>> }).components,
    ).map((one) => [one.unique_id, one.default_entity_id]);

  before(async () => {
    await mosquitto.prepare();
  });
  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'home-assistant-'));
    await mosquitto.start();
    observer = await Observer.of(mosquitto.plainPort);
    await start();
  });
  afterEach(async () => {
    await runtime.stop();
    await observer.end();
    await mosquitto.kill();
    rmSync(userDir, { recursive: true, force: true });
  });
  after(() => mosquitto.close());

  it('announces a device with its first reading: config, availability, state, all kept', async () => {
    await feed(runtime, reading(100));
    await observer.holds(`${ROOT}/state`);
    const topics = observer.seen.items.map(({ topic }) => topic).filter((topic) => !topic.startsWith('$'));
    assert.deepEqual(topics, [CONFIG, `${ROOT}/availability`, `${ROOT}/connection`, `${ROOT}/state`]);
    assert.ok(observer.seen.items.every(({ retain }) => retain));
    assert.equal((JSON.parse(observer.retained.get(`${ROOT}/state`) ?? '') as { power: number }).power, 100);
    assert.doesNotMatch(observer.retained.get(CONFIG) ?? '', /null/);
  });

  it('tells all again to a broker that has lost what it kept', async () => {
    await feed(runtime, reading(100), relay(true));
    await observer.holds(`${ROOT}/state`);
    await observer.holds('energy-devices/automate-green_c1/state');
    const before = new Map(observer.retained);
    await observer.end();
    await mosquitto.kill();
    await mosquitto.start();
    observer = await Observer.of(mosquitto.plainPort);
    for (const [topic, payload] of before) {
      assert.equal(await observer.holds(topic, undefined, 40_000), payload, topic);
    }
  });

  it('says offline when it stops, nothing after the start, and the same ids with the next reading', async () => {
    await feed(runtime, reading(100, { energyImportTariff1: 5000 }));
    const config = await observer.holds(CONFIG);
    await observer.holds(`${ROOT}/state`);
    await runtime.stop();
    assert.equal(observer.retained.get(`${ROOT}/availability`), 'offline');
    const from = observer.seen.items.length;
    await start([]);
    await runtime.deploy(flow());
    await runtime.waitForStatus('ha', ({ text = '' }) => text.includes('silent: 1') || text.includes(': 1'));
    assert.equal(observer.seen.items.length, from);
    await feed(runtime, reading(200));
    await observer.holds(`${ROOT}/availability`, (payload) => payload === 'online');
    await observer.holds(`${ROOT}/state`, (payload) => payload.includes('200'));
    assert.deepEqual(idsIn(observer.retained.get(CONFIG) ?? ''), idsIn(config));
    assert.ok((observer.retained.get(`${ROOT}/state`) ?? '').includes('energy_import_tariff_1'));
  });

  it('leaves nothing behind when it is deleted', async () => {
    await feed(runtime, reading(100), relay(true));
    await observer.holds(`${ROOT}/state`);
    await observer.holds('energy-devices/automate-green_c1/state');
    await runtime.deploy(flow().filter(({ id }) => id !== 'ha' && id !== 'broker'));
    assert.deepEqual(ours(), []);
    const first = observer.seen.items.find(({ payload }) => payload === '');
    assert.match(first?.topic ?? '', /config$/);
  });

  it('leaves a device alone that the user has removed, until the next deploy', async () => {
    await feed(runtime, reading(100));
    await observer.holds(`${ROOT}/state`);
    // Home Assistant says it once for each entity.
    for (let i = 0; i < 5; i++) {
      await observer.client.publishAsync(CONFIG, '', { retain: true, qos: 1 });
    }
    await observer.empties(`${ROOT}/connection`);
    await feed(runtime, reading(200));
    await observer.client.publishAsync('homeassistant/status', 'online');
    await feed(runtime, relay(true));
    await observer.holds('energy-devices/automate-green_c1/state');
    assert.deepEqual(
      ours().filter((topic) => topic.includes('powerfox')),
      [],
    );
    await runtime.deploy(flow({ every: 11 }), { type: 'nodes' });
    await feed(runtime, reading(300));
    await observer.holds(CONFIG);
  });

  it('tells a second node that the first one has the device', async () => {
    await feed(runtime, reading(1));
    await observer.holds(`${ROOT}/state`);
    const second = flow()
      .filter(({ id }) => id === 'ha' || id === 'spread')
      .map((one) => ({ ...one, id: `${one.id}2`, ...(one.id === 'spread' ? { wires: [['ha2'], []] } : {}) }));
    const both = flow({}, second).map((one) =>
      one.id === 'in' ? { ...one, wires: [['spread', 'spread2']] } : one,
    );
    await runtime.deploy(both, { type: 'nodes' });
    await feed(runtime, reading(2));
    const { msg } = await runtime.waitForDebug(({ id }) => id === 'errors');
    assert.match(String(msg), /CONFLICT|Another node/);
  });

  it('hands a command on once, ignores a kept one, and moves no state before the answer', async () => {
    await feed(runtime, relay(true));
    const state = 'energy-devices/automate-green_c1/state';
    await observer.holds(state);
    const topic = 'energy-devices/automate-green_c1/relay/set';
    const from = observer.seen.items.length;
    await observer.client.publishAsync(topic, 'OFF', { retain: true, qos: 1 });
    await observer.client.publishAsync(topic, '', { retain: true, qos: 1 });
    await observer.client.publishAsync(topic, 'off', { qos: 1 });
    await observer.client.publishAsync(topic, 'OFF', { qos: 1 });
    await observer.client.publishAsync(topic, 'OFF', { qos: 1 });
    const { msg } = await runtime.waitForDebug(({ id }) => id === 'commands');
    assert.match(String(msg), /"payload":"off"/);
    assert.match(String(msg), /"commandFor":\{"vendor":"automate-green","id":"c1"\}/);
    // The next command shows that none was between them.
    await observer.client.publishAsync(topic, 'ON', { qos: 1 });
    await runtime.waitForDebug(
      ({ id, msg: text }) => id === 'commands' && String(text).includes('"payload":"on"'),
    );
    assert.equal(runtime.debug.filter(({ id }) => id === 'commands').length, 2);
    assert.equal(
      observer.seen.items.slice(from).some((one) => one.topic === state),
      false,
    );
    await feed(runtime, {
      device: CONTROLLER,
      payload: { accepted: true, command: 'off', verified: true, status: null },
    });
    await observer.holds(state, (payload) => payload.includes('"relay":"OFF"'));
  });

  it('has a component for what a device tells only later', async () => {
    await feed(runtime, reading(1));
    const config = await observer.holds(CONFIG);
    assert.doesNotMatch(config, /energy_export/);
    await feed(runtime, reading(1, { energyExport: 5 }));
    await observer.holds(CONFIG, (payload) => payload.includes('energy_export'));
  });

  it('tells of 100 devices at ten messages a second each no more than every 10 s', async () => {
    await runtime.deploy(flow({ watch: 0 }, [LOAD]));
    // All are announced before anything is counted.
    for (let i = 0; i < 100; i++)
      await observer.holds(`energy-devices/powersentrix_load${i}/state`, undefined, 60_000);
    const from = observer.seen.items.length;
    const begun = performance.now();
    await observer.seen.waitFor(() => observer.seen.items.length - from >= 300, '300 messages', {
      from,
      timeout: 90_000,
    });
    const seconds = (performance.now() - begun) / 1000;
    const rate = observer.highestRate(() => true, from);
    console.log(`      at most ${rate.toFixed(3)} messages a second and device`);
    // Each device has its own rhythm, so a window may hold one message more than its length says.
    const most = Math.ceil(seconds / 10) + 1;
    const counts = new Map<string, number>();
    for (const { topic } of observer.seen.items.slice(from, from + 300)) {
      counts.set(topic, (counts.get(topic) ?? 0) + 1);
    }
    for (const [topic, count] of counts) assert.ok(count <= most, `${topic}: ${count} in ${seconds} s`);
  }).timeout(180_000);
});
