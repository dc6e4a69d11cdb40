import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { installHomeAssistant, rulesOfHomeAssistant } from '../support/home-assistant';
import { HomeAssistantBench } from '../support/home-assistant-bench';
import { feed } from '../support/home-assistant-flow';
import { LOAD, METER, meter, now, others } from '../support/home-assistant-messages';
import { RULES } from '../support/home-assistant-rules';
import { usesNutServer } from './nut';

describe('a real Home Assistant', () => {
  const bench = new HomeAssistantBench();
  const { assistant } = bench;
  let why: string | undefined;
  let firedAt = '';

  before(async function () {
    this.timeout(600_000);
    why = installHomeAssistant();
    if (why === undefined) await bench.open();
  });
  after(() => bench.close());
  beforeEach(function () {
    if (why !== undefined && this.currentTest?.title !== 'can be had, or says why not') this.skip();
  });
  afterEach(async function () {
    if (why === undefined && this.currentTest?.state !== 'failed') {
      assert.deepEqual(await assistant.complaints(), []);
    }
  });

  it('can be had, or says why not', () => {
    if (why !== undefined) console.log(`      skipped: ${why}`);
  });

  it('has the rules that are checked in', () => {
    assert.deepEqual(rulesOfHomeAssistant(), RULES);
  });

  it('1: shows every entity with its class, unit, category and name', async () => {
    await feed(bench.runtime, meter(), ...others());
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '230');
    await assistant.waitFor('sensor.server_room_total_power', (one) => one !== undefined);
    await assistant.waitFor('sensor.demand_average', (one) => one?.state === '3000');
    const all = await bench.registry();
    const documents = [...bench.observer.retained].filter(([topic]) => topic.endsWith('/config'));
    assert.equal(documents.length, 7);
    const states = await assistant.states();
    for (const [, text] of documents) {
      const { components } = JSON.parse(text) as { components: Record<string, Record<string, unknown>> };
      for (const component of Object.values(components)) {
        const id = String(component.unique_id);
        const found = all.get(id);
        assert.ok(found, id);
        assert.equal(found.entity_id, component.default_entity_id, id);
        assert.equal(found.entity_category ?? undefined, component.entity_category, id);
        assert.equal(found.disabled_by, component.enabled_by_default === false ? 'integration' : null, id);
        if (found.disabled_by !== null) continue;
        const attributes: Record<string, unknown> = states.get(found.entity_id)?.attributes ?? {};
        assert.equal(attributes.device_class, component.device_class, id);
        assert.equal(attributes.unit_of_measurement, component.unit_of_measurement, id);
        assert.equal(attributes.state_class, component.state_class, id);
      }
    }
    const name = (id: string): unknown => states.get(id)?.attributes.friendly_name;
    assert.equal(name('sensor.meter_power'), 'Meter Power');
    assert.equal(name('binary_sensor.meter_connection'), 'Meter Connectivity');
    assert.equal(name('sensor.meter_energy_import'), 'Meter Energy import');
    assert.equal(name('switch.boiler_relay'), 'Boiler');
    const devices = await assistant.devices();
    const byName = new Map(devices.map((one) => [one.name, one]));
    assert.equal(byName.get('Demand')?.via_device_id, byName.get('Meter')?.id);
    assert.equal(byName.get('12')?.via_device_id, byName.get('Garage')?.id);
  });

  it('2: shows what did not arrive as unknown, and a number again', async () => {
    await feed(bench.runtime, meter({ power: null }));
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === 'unknown');
    await feed(bench.runtime, meter({ power: 99.5 }));
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '99.5');
  });

  it('3: shows what cannot be reached as unavailable, and says why', async () => {
    const reason = { code: 'TIMEOUT', message: 'No answer.' };
    await feed(bench.runtime, { device: METER, payload: { available: false, since: now(), reason } });
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === 'unavailable');
    const connection = await assistant.waitFor(
      'binary_sensor.meter_connection',
      (one) => one?.state === 'off',
    );
    assert.equal(connection.attributes.message, 'No answer.');
    await feed(bench.runtime, { device: METER, payload: { available: true, since: now() } });
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '99.5');
    await assistant.waitFor('binary_sensor.meter_connection', (one) => one?.state === 'on');
  });

  it('10: switches, and shows the state that was seen', async () => {
    const on = await bench.entity('nred_powersentrix_ups_port_3');
    const before = (await assistant.waitFor(on, (one) => one?.state === 'on' || one?.state === 'off')).state;
    const wanted = before === 'on' ? 'off' : 'on';
    await assistant.callService('switch', `turn_${wanted}`, on);
    await assistant.waitFor(on, (one) => one?.state === wanted);
    assert.ok(bench.ups.http.log.some(({ query }) => query.get('fn') === '3'));
    // A command that fails moves nothing.
    bench.ups.faults.add({ kind: 'status', status: 403, match: ({ query }) => query.get('fn') === '3' });
    const from = bench.runtime.debug.length;
    await assistant.callService('switch', `turn_${before}`, on);
    await bench.runtime.waitForDebug(({ id }) => id === 'errors', { from });
    bench.ups.faults.clear();
    assert.equal((await assistant.states()).get(on)?.state, wanted);
  });

  it('11: fires an event once', async () => {
    const changed = { event: 'status', change: 'mainsLost', cmm: null };
    const id = await bench.entity('nred_powersentrix_ups_event');
    assert.equal((await assistant.states()).get(id)?.state, 'unknown');
    const device = { id: 'ups', vendor: 'powersentrix', model: 'UPS', name: 'Server room' };
    await feed(bench.runtime, { device, payload: changed });
    const fired = await assistant.waitFor(id, (one) => one?.state !== 'unknown');
    assert.equal(fired.attributes.event_type, 'mainsLost');
    firedAt = fired.state;
  });

  it('12: keeps a dip and a jump from the counter', async () => {
    await new Promise((resolve) => setTimeout(resolve, 10_500));
    await feed(bench.runtime, meter());
    await assistant.waitFor('sensor.meter_energy_import', (one) => one?.state === '5000.5');
    await feed(bench.runtime, meter({ energyImport: 0 }));
    await feed(bench.runtime, meter({ energyImport: 50_000_000, power: 7 }));
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '7');
    assert.equal((await assistant.states()).get('sensor.meter_energy_import')?.state, '5000.5');
    await feed(bench.runtime, meter({ energyImport: 5_000_600 }));
    await assistant.waitFor('sensor.meter_energy_import', (one) => one?.state === '5000.6');
    await assistant.call('energy/save_prefs', {
      energy_sources: [
        {
          ...{
            type: 'grid',
            stat_energy_from: 'sensor.meter_energy_import',
            stat_energy_to: 'sensor.meter_energy_export',
          },
          ...{
            stat_cost: null,
            stat_compensation: null,
            entity_energy_price: null,
            number_energy_price: null,
          },
          ...{ entity_energy_price_export: null, number_energy_price_export: null },
          ...{ cost_adjustment_day: 0, stat_rate: 'sensor.meter_power' },
        },
      ],
    });
  });

  it('15: gets a tariff later, and loses what a device has no more', async () => {
    await feed(bench.runtime, meter({ energyImportTariff1: 900_000 }));
    await assistant.waitFor('sensor.meter_energy_import_tariff_1', (one) => one !== undefined);
    assert.ok((await bench.registry()).has('nred_powersentrix_ups_port_3_restart'));
    await bench.deploy(bench.flow({ node: { allowRestart: false } }));
    await feed(bench.runtime, meter(), ...others());
    await assistant.waitFor('sensor.meter_energy_import_tariff_1', (one) => one !== undefined);
    for (const end = Date.now() + 20_000; Date.now() < end;) {
      if (!(await bench.registry()).has('nred_powersentrix_ups_port_3_restart')) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const left = [...(await bench.registry()).keys()].filter((id) => id.endsWith('_restart'));
    assert.deepEqual(left, []);
    assert.ok((await bench.registry()).has('nred_powersentrix_ups_port_3'));
  });

  it('7: keeps all ids over a deploy and a restart', async () => {
    const ids = async (): Promise<unknown[]> =>
      (await assistant.entities()).map(({ id, entity_id, unique_id }) => [id, entity_id, unique_id]).sort();
    const before = await ids();
    await bench.deploy(bench.flow({ node: { allowRestart: false, name: 'renamed' } }));
    await feed(bench.runtime, meter(), ...others());
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '230');
    await bench.runtime.stop();
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === 'unavailable');
    await bench.start({ node: { allowRestart: false } });
    await feed(bench.runtime, meter(), ...others());
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '230');
    await assistant.waitFor('sensor.demand_average', (one) => one?.state === '3000');
    const after = await ids();
    assert.deepEqual(after, before);
    const doubled = (await assistant.entities()).filter(
      (one) => one.entity_id.endsWith('_2') && !one.unique_id.endsWith('_2'),
    );
    assert.deepEqual(doubled, []);
  });

  it('4: has all states within 10 s of its own restart, and no event again', async () => {
    const event = await bench.entity('nred_powersentrix_ups_event');
    await feed(bench.runtime, { device: METER, payload: { available: true, since: now() } });
    await assistant.stop();
    await assistant.start();
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '230', 10_000);
    const { state } = await assistant.waitFor(event, (one) => one?.state !== 'unavailable');
    assert.ok(state === 'unknown' || state === firedAt, state);
  });

  it('5: has all states again after the broker has lost everything', async () => {
    await bench.killBroker();
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === 'unavailable');
    await bench.startBroker();
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '230', 60_000);
  }).timeout(120_000);

  it('9: leaves a device alone that was removed in it, until the next deploy', async () => {
    const found = (await assistant.devices()).find(({ name }) => name === 'Boiler');
    assert.ok(found);
    await assistant.call('config/device_registry/remove_config_entry', {
      ...{ device_id: found.id, config_entry_id: found.config_entries[0] },
    });
    await bench.observer.empties('energy-devices/automate-green_c1/connection');
    await feed(bench.runtime, ...others(), meter({ power: 41 }));
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '41');
    assert.equal(
      (await assistant.devices()).some(({ name }) => name === 'Boiler'),
      false,
    );
    await bench.deploy(bench.flow({ node: { allowRestart: false, name: 'again' } }));
    await feed(bench.runtime, ...others(), meter());
    await assistant.waitFor('switch.boiler_relay', (one) => one?.state === 'on');
  });

  it('6: shows that Node-RED was killed: at once with a will, by the watch without one', async () => {
    await bench.runtime.kill();
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === 'unavailable', 5000);
    await assistant.waitFor('switch.boiler_relay', (one) => one?.state === 'unavailable', 5000);
    const node = { allowRestart: false };
    await bench.start({ node, broker: {} });
    await feed(bench.runtime, meter(), ...others());
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '230');
    await bench.runtime.kill();
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === 'unavailable', 45_000);
    await bench.start({ node });
    await feed(bench.runtime, meter(), ...others());
    await assistant.waitFor('sensor.meter_power', (one) => one?.state === '230');
  });

  it('14: stays quiet with 100 devices of 20 entities and more', async () => {
    const cpu = (): number => {
      const text = execFileSync('ps', ['-o', 'cputimes=', '-p', String(assistant.pid)], { encoding: 'utf8' });
      return Number(text.trim());
    };
    await bench.deploy(bench.flow({ node: { every: 10, watch: 0, allowRestart: false }, more: [LOAD] }));
    for (let i = 0; i < 100; i++)
      await bench.observer.holds(`energy-devices/powersentrix_load${i}/state`, undefined, 60_000);
    await assistant.waitFor('sensor.load_99_total_power', (one) => Number(one?.state) > 0, 60_000);
    const ofLoad = (): string[] =>
      bench.observer.seen.items.slice(from).flatMap(({ topic }) => (topic.includes('_load') ? [topic] : []));
    const from = bench.observer.seen.items.length;
    const used = cpu();
    const begun = performance.now();
    await bench.observer.seen.waitFor(() => ofLoad().length >= 300, '300 messages', {
      from,
      timeout: 90_000,
    });
    const seconds = (performance.now() - begun) / 1000;
    const rate = bench.observer.highestRate((topic) => topic.includes('_load'), from);
    console.log(
      `      at most ${rate.toFixed(3)} messages a second and device, ${cpu() - used} s of CPU in ${seconds.toFixed(0)} s`,
    );
    const counts = new Map<string, number>();
    for (const topic of ofLoad()) counts.set(topic, (counts.get(topic) ?? 0) + 1);
    const most = Math.ceil(seconds / 10) + 1;
    for (const [topic, count] of counts) assert.ok(count <= most, `${topic}: ${count} in ${seconds} s`);
  }).timeout(180_000);

  it('reads a UPS with its own NUT integration, and switches its port', () => usesNutServer(assistant));

  it('13: finds nothing wrong with the energy dashboard, whose sums are what was used', async function () {
    this.timeout(400_000);
    await feed(bench.runtime, meter({ energyImport: 5_000_600 }));
    // The recorder makes its statistics every five minutes.
    const end = Date.now() + 330_000;
    for (;;) {
      const { energy_sources: sources } = await assistant.call<{ energy_sources: unknown[][] }>(
        'energy/validate',
      );
      if (sources.every((one) => one.length === 0)) break;
      assert.ok(Date.now() < end, JSON.stringify(sources));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const found = await assistant.call<Record<string, { sum: number }[]>>(
      'recorder/statistics_during_period',
      {
        ...{ start_time: new Date(Date.now() - 3_600_000).toISOString(), period: '5minute' },
        ...{ statistic_ids: ['sensor.meter_energy_import'], types: ['sum'] },
      },
    );
    const sum = found['sensor.meter_energy_import']?.at(-1)?.sum ?? NaN;
    assert.ok(Math.abs(sum - 0.1) < 1e-6, `sum ${sum}`);
  });

  it('8: leaves nothing behind when the node is deleted', async () => {
    await bench.deploy(bench.flow().filter(({ id }) => id !== 'ha'));
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      if ((await assistant.devices()).length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.deepEqual(await assistant.devices(), []);
    const left = [...bench.observer.retained.keys()].filter((topic) =>
      /^(homeassistant|energy-devices)\//.test(topic),
    );
    assert.deepEqual(left, []);
  });
});
