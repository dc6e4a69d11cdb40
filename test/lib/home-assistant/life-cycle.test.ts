import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { begin, CONFIG, METER, ROOT, state, UPS } from '../../support/home-assistant-export';

describe('the life of a device in Home Assistant', () => {
  it('begins 2 s after the first reading: config, availability, connection, state', async () => {
    const { clock, own, connect, power, topics, broker } = begin();
    connect();
    await clock.advance(5000);
    power(100);
    own.take({ device: { ...METER, serialNumber: 's1' }, payload: { available: true, since: null } });
    await clock.advance(1999);
    assert.deepEqual(topics(), []);
    await clock.advance(1);
    assert.deepEqual(topics(), [CONFIG, `${ROOT}/availability`, `${ROOT}/connection`, `${ROOT}/state`]);
    const document = broker.json(CONFIG);
    assert.equal((document.device as Record<string, unknown>).serial_number, 's1');
    assert.equal(JSON.stringify(document).includes('null'), false);
    assert.equal(state(broker).power, 100);
    assert.equal(state(broker).import_power, null);
    assert.equal(broker.retained.get(`${ROOT}/availability`), 'online');
  });

  it('waits for the broker', async () => {
    const { clock, connect, power, topics, broker } = begin();
    broker.connected = false;
    power(100);
    await clock.advance(60_000);
    assert.deepEqual(topics(), []);
    broker.connected = true;
    connect();
    await clock.advance(2000);
    assert.equal(topics()[0], CONFIG);
  });

  it('tells the last of many values every 10 s, and the same not again', async () => {
    const { clock, connect, power, broker } = begin();
    connect();
    power(1);
    await clock.advance(2000);
    broker.take();
    let count = 0;
    for (let i = 0; i < 600; i++) {
      await clock.advance(100);
      power(1000 + i);
      count += broker.take().length;
    }
    assert.ok(count <= 6, `${count} messages a minute`);
    await clock.advance(10_000);
    assert.equal(state(broker).power, 1599);
    broker.take();
    power(1599, { timestamp: state(broker).measured_at });
    await clock.advance(60_000);
    assert.deepEqual(broker.take(), []);
  });

  it('tells null for what did not arrive, and a number again', async () => {
    const { clock, connect, power, broker } = begin();
    connect();
    power(1);
    await clock.advance(12_000);
    power(null);
    await clock.advance(10_000);
    assert.equal(state(broker).power, null);
    power(5);
    await clock.advance(10_000);
    assert.equal(state(broker).power, 5);
  });

  it('shows that it cannot be reached, and why, at once', async () => {
    const { clock, connect, power, own, broker } = begin();
    connect();
    power(1);
    await clock.advance(2000);
    const reason = { code: 'TIMEOUT', message: 'No answer.' };
    own.take({ device: METER, payload: { available: false, since: '2026-01-01T00:00:00Z', reason } });
    assert.equal(broker.retained.get(`${ROOT}/availability`), 'offline');
    const { state: on, code, message } = broker.json(`${ROOT}/connection`);
    assert.deepEqual([on, code, message], ['OFF', 'TIMEOUT', 'No answer.']);
  });

  it('repeats what holds every third of the watch, only while the device is there', async () => {
    const { clock, connect, power, own, broker } = begin();
    connect();
    power(1);
    own.take({ device: METER, payload: { available: true } });
    await clock.advance(2000);
    broker.take();
    await clock.advance(300_000);
    assert.deepEqual(
      broker.take().map(({ topic, expiry }) => [topic, expiry]),
      [
        [`${ROOT}/availability`, 900],
        [`${ROOT}/state`, 900],
      ],
    );
    own.take({ device: METER, payload: { available: false } });
    broker.take();
    await clock.advance(300_000);
    assert.deepEqual(
      broker.take().map(({ topic }) => topic),
      [`${ROOT}/availability`],
    );
    assert.equal(broker.retained.get(`${ROOT}/availability`), 'offline');
  });

  it('is not there any more when nobody says so and nothing comes', async () => {
    const { clock, connect, power, broker } = begin();
    connect();
    power(1);
    await clock.advance(3000);
    await clock.advance(1_300_000);
    assert.equal(broker.retained.get(`${ROOT}/availability`), 'offline');
    power(2);
    assert.equal(broker.retained.get(`${ROOT}/availability`), 'online');
  });

  it('answers the birth of Home Assistant within 5 s, without the document', async () => {
    const { clock, connect, power, own, topics } = begin();
    connect();
    power(1);
    await clock.advance(2000);
    topics();
    own.received('birth', 'homeassistant/status', 'offline', false);
    own.received('birth', 'homeassistant/status', 'online', false);
    await clock.advance(5000);
    assert.deepEqual(topics(), [`${ROOT}/availability`, `${ROOT}/connection`, `${ROOT}/state`]);
  });

  it('is told anew to a broker that has lost all', async () => {
    const { clock, connect, power, own, broker, topics } = begin();
    connect();
    power(1);
    await clock.advance(2000);
    topics();
    broker.retained.clear();
    broker.connected = false;
    own.disconnected();
    power(7);
    await clock.advance(60_000);
    assert.deepEqual(topics(), []);
    broker.connected = true;
    connect();
    await clock.advance(100);
    assert.deepEqual(topics(), [CONFIG, `${ROOT}/availability`, `${ROOT}/connection`, `${ROOT}/state`]);
    assert.equal(state(broker).power, 7);
  });

  it('says offline when Node-RED stops, and nothing after the start until a reading comes', async () => {
    const first = begin();
    first.connect();
    first.power(1);
    await first.clock.advance(2000);
    first.own.close(false);
    assert.equal(first.broker.retained.get(`${ROOT}/availability`), 'offline');
    first.broker.take();

    const again = begin({}, first.broker);
    again.connect();
    await again.clock.advance(600_000);
    assert.deepEqual(again.topics(), []);
    assert.equal(again.own.counts.stale, 1);
    again.power(2);
    await again.clock.advance(2000);
    // The document is the same, so Home Assistant need not hear of it.
    assert.deepEqual(again.topics(), [`${ROOT}/availability`, `${ROOT}/connection`, `${ROOT}/state`]);
    assert.equal(again.own.counts.stale, 0);
  });

  it('leaves nothing behind when the node is deleted, not even of devices that were silent since the start', async () => {
    const first = begin();
    first.connect();
    first.power(1);
    first.own.take({ device: UPS, payload: { outputs: [], powerSource: 'mains' } });
    await first.clock.advance(2000);
    first.own.close(false);
    const again = begin({}, first.broker);
    again.connect();
    await again.clock.advance(3000);
    again.power(2);
    await again.clock.advance(2000);
    again.broker.take();
    again.own.close(true);
    assert.equal(again.broker.take()[0]?.topic, CONFIG);
    assert.deepEqual([...again.broker.retained.keys()], []);
  });

  it('keeps the devices of a deleted node where that is wanted', async () => {
    const { connect, power, clock, own, broker } = begin({ removes: false });
    connect();
    power(1);
    await clock.advance(2000);
    own.close(true);
    assert.equal(broker.retained.get(`${ROOT}/availability`), 'offline');
    assert.ok(broker.retained.has(CONFIG));
  });

  it('ends when the user removes the device in Home Assistant, until the next start', async () => {
    const { connect, power, clock, own, broker, notices, topics } = begin();
    connect();
    power(1);
    await clock.advance(2000);
    broker.retained.delete(CONFIG);
    for (let i = 0; i < 14; i++) own.received('config', CONFIG, '', false);
    assert.deepEqual([...broker.retained.keys()], []);
    assert.deepEqual(notices, [{ kind: 'removed', name: 'Meter' }]);
    topics();
    power(2);
    own.received('birth', 'homeassistant/status', 'online', false);
    await clock.advance(600_000);
    assert.deepEqual(topics(), []);
    assert.deepEqual(own.counts, { devices: 0, removed: 1, stale: 0 });
  });

  it('lists devices that nothing is heard of, and removes only its own', async () => {
    const mine = begin();
    mine.connect();
    mine.power(1);
    await mine.clock.advance(2000);
    mine.own.close(false);
    const other = begin({ instance: 'n2' }, mine.broker);
    other.connect();
    other.own.take({ device: UPS, payload: { outputs: [], powerSource: 'mains' } });
    await other.clock.advance(3000);
    other.own.close(false);
    const again = begin({}, mine.broker);
    again.connect();
    await again.clock.advance(2000);
    const stale = again.own.stale();
    assert.deepEqual(
      stale.map(({ name, own }) => [name, own]),
      [
        ['Meter', true],
        ['Server room', false],
      ],
    );
    assert.equal(again.own.removeStale(stale.map(({ device }) => device)), 1);
    assert.deepEqual(
      [...again.broker.retained.keys()].filter((topic) => topic.includes('powerfox')),
      [],
    );
    assert.ok([...again.broker.retained.keys()].some((topic) => topic.includes('powersentrix')));
  });

  it('adds what a device has only later, and takes away what it cannot have any more', async () => {
    const { connect, power, clock, broker } = begin();
    connect();
    power(1);
    await clock.advance(2000);
    const components = () => broker.json(CONFIG).components as Record<string, Record<string, unknown>>;
    assert.equal('energy_import_tariff_1' in components(), false);
    power(1, { energyImportTariff1: 5 });
    await clock.advance(2000);
    assert.equal(components().energy_import_tariff_1?.state_class, 'total_increasing');

    // It stays over a restart before its first value.
    const document = broker.json(CONFIG);
    (document.components as Record<string, unknown>).old_key = { platform: 'sensor', unique_id: 'x' };
    broker.retained.set(CONFIG, JSON.stringify(document));
    const again = begin({}, broker);
    again.connect();
    await again.clock.advance(2000);
    broker.take();
    again.power(1);
    await again.clock.advance(2000);
    const between = JSON.parse(broker.take()[0]?.payload ?? '') as typeof document;
    assert.deepEqual((between.components as Record<string, unknown>).old_key, { platform: 'sensor' });
    await again.clock.advance(2000);
    assert.equal('old_key' in components(), false);
    assert.equal('energy_import_tariff_1' in components(), true);
    assert.equal('energy_import_tariff_1' in state(broker), true);
  });

  it('keeps the ids of its entities when its name changes', async () => {
    const { connect, power, clock, own, broker } = begin();
    connect();
    power(1);
    await clock.advance(2000);
    const ids = () =>
      Object.values(broker.json(CONFIG).components as Record<string, Record<string, unknown>>).map((one) => [
        one.unique_id,
        one.default_entity_id,
      ]);
    const before = ids();
    own.take({ device: { ...METER, name: 'Zähler' }, payload: { power: 2 } });
    await clock.advance(2000);
    assert.equal((broker.json(CONFIG).device as Record<string, unknown>).name, 'Zähler');
    assert.deepEqual(ids(), before);
  });

  it('gives two devices of one name different entity ids', async () => {
    const { connect, clock, own, broker } = begin();
    connect();
    for (const id of ['a', 'b']) own.take({ device: { ...METER, id, name: '电表' }, payload: { power: 1 } });
    for (const id of ['c', 'd']) own.take({ device: { ...METER, id, name: 'UPS' }, payload: { power: 1 } });
    await clock.advance(2000);
    const ids = ['a', 'b', 'c', 'd'].flatMap((id) =>
      Object.values(
        broker.json(`homeassistant/device/nred_powerfox_${id}/config`).components as Record<
          string,
          Record<string, string>
        >,
      ).map((one) => String(one.default_entity_id)),
    );
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[a-z_]+\.[a-z0-9][a-z0-9_]*$/);
  });

  it('is told by one node only', async () => {
    const { connect, power, claims, own, notices, clock } = begin();
    connect();
    claims.add('powersentrix_u1');
    assert.throws(
      () => own.take({ device: UPS, payload: { outputs: [] } }),
      (thrown) => thrown instanceof DeviceError && thrown.code === 'CONFLICT',
    );
    power(1);
    await clock.advance(2000);
    own.received('connection', `${ROOT}/connection`, JSON.stringify({ instance: 'n1' }), false);
    assert.deepEqual(notices, []);
    own.received('connection', `${ROOT}/connection`, JSON.stringify({ instance: 'n2' }), false);
    own.received('connection', `${ROOT}/connection`, JSON.stringify({ instance: 'n2' }), false);
    assert.deepEqual(notices, [{ kind: 'twoPublishers', name: 'Meter' }]);
  });

  it('names the device that it belongs to once that is announced, and never itself', async () => {
    const { connect, clock, own, power, broker } = begin();
    connect();
    const demand = { id: 'd1', vendor: 'energy-devices', model: 'energy-demand', name: 'Demand', via: 'm1' };
    const payload = { windowStart: '2026-01-01T00:00:00Z', average: 5, monthPeak: null, last: null };
    own.take({ device: demand, payload });
    await clock.advance(2000);
    const topic = 'homeassistant/device/nred_energy-devices_d1/config';
    const via = () => (broker.json(topic).device as Record<string, unknown>).via_device;
    assert.equal(via(), undefined);
    power(1);
    await clock.advance(4000);
    assert.equal(via(), 'nred_powerfox_m1');
    own.take({ device: { ...demand, id: 'd2', via: 'd2' }, payload });
    await clock.advance(4000);
    assert.equal(
      JSON.stringify(broker.json('homeassistant/device/nred_energy-devices_d2/config')).includes('via'),
      false,
    );
  });
});
