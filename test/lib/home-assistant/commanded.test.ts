import assert from 'node:assert/strict';

import { begin, CONTROLLER, state, UPS } from '../../support/home-assistant-export';

describe('events and commands', () => {
  it('an event waits for its document, and is not kept', async () => {
    const { connect, clock, own, broker } = begin();
    connect();
    own.take({ device: UPS, payload: { event: 'status', change: 'mainsLost', cmm: null } });
    await clock.advance(2000);
    assert.equal(
      broker.take().some(({ topic }) => topic.endsWith('/event')),
      false,
    );
    await clock.advance(2000);
    const [event] = broker.take();
    assert.equal(event?.topic, 'energy-devices/powersentrix_u1/event');
    assert.equal(event.retain, false);
    assert.deepEqual(JSON.parse(event.payload), { event_type: 'mainsLost', cmm: null });
  });

  const status = { on: true, type: 'relay', timestamp: '2026-01-01T00:00:00.000Z' };
  const set = 'energy-devices/automate-green_c1/relay/set';

  it('nothing is switched that was not ticked', async () => {
    const { connect, clock, own, broker, commands } = begin();
    connect();
    own.take({ device: CONTROLLER, payload: status });
    await clock.advance(2000);
    const { components } = broker.json('homeassistant/device/nred_automate-green_c1/config');
    assert.deepEqual(
      Object.values(components as Record<string, Record<string, unknown>>).filter(
        (one) => 'command_topic' in one,
      ),
      [],
    );
    assert.ok('relay_state' in (components as object));
    own.received('command', set, 'OFF', false);
    assert.deepEqual(commands, []);
    assert.equal(
      own.subscriptions().some(({ kind }) => kind === 'command'),
      false,
    );
  });

  it('a command goes out once and moves no state; the answer does, and an older reading does not take it back', async () => {
    const { connect, clock, own, broker, commands } = begin({ permissions: new Set(['switch']) });
    connect();
    const before = new Date(clock.now()).toISOString();
    own.take({ device: CONTROLLER, payload: { ...status, timestamp: before } });
    await clock.advance(2000);
    own.received('command', set, 'OFF', true);
    own.received('command', set, 'off', false);
    assert.deepEqual(commands, []);
    own.received('command', set, 'OFF', false);
    own.received('command', set, 'OFF', false);
    assert.deepEqual(commands, [
      {
        ...{ topic: 'Boiler', payload: 'off', deviceId: 'c1' },
        ...{ commandFor: { vendor: 'automate-green', id: 'c1' }, _ha: { key: 'relay' } },
      },
    ]);
    const root = 'energy-devices/automate-green_c1';
    assert.equal(state(broker, root).relay, 'ON');
    own.take({
      device: CONTROLLER,
      payload: { accepted: true, command: 'off', verified: false, status: null },
    });
    assert.equal(state(broker, root).relay, 'ON');
    own.take({
      device: CONTROLLER,
      payload: { accepted: true, command: 'off', verified: true, status: null },
    });
    assert.equal(state(broker, root).relay, 'OFF');
    await clock.advance(1000);
    const older = new Date(clock.now() - 2000).toISOString();
    own.take({ device: CONTROLLER, payload: { ...status, type: 'update', timestamp: older } });
    await clock.advance(20_000);
    assert.equal(state(broker, root).relay, 'OFF');
    own.take({ device: CONTROLLER, payload: { ...status, timestamp: new Date(clock.now()).toISOString() } });
    assert.equal(state(broker, root).relay, 'ON');
  });

  it('a command that comes before its device is announced waits for it, the newest of each topic, and not for long', async () => {
    const { connect, clock, own, commands } = begin({ permissions: new Set(['switch']) });
    connect();
    const soon = (payload: string): void => own.received('command', set, payload, false);
    soon('ON');
    soon('OFF');
    own.take({ device: CONTROLLER, payload: { ...status, timestamp: new Date(clock.now()).toISOString() } });
    assert.deepEqual(commands, []);
    await clock.advance(4000);
    assert.deepEqual(
      commands.map(({ payload }) => payload),
      ['off'],
    );
    const late = begin({ permissions: new Set(['switch']) });
    late.connect();
    late.own.received('command', set, 'OFF', false);
    await late.clock.advance(9000);
    const timestamp = new Date(late.clock.now()).toISOString();
    late.own.take({ device: CONTROLLER, payload: { ...status, timestamp } });
    await late.clock.advance(60_000);
    assert.deepEqual(late.commands, []);
  });

  it('rows of the past are no state', async () => {
    const { connect, clock, own, broker } = begin();
    connect();
    const at = (ms: number, on: boolean) => ({
      ...{ device: CONTROLLER },
      payload: { ...status, on, timestamp: new Date(clock.now() + ms).toISOString() },
    });
    own.take(at(-5000, true));
    await clock.advance(2000);
    own.take(at(-20_000, false));
    await clock.advance(20_000);
    assert.equal(state(broker, 'energy-devices/automate-green_c1').relay_state, 'ON');
  });

  it('a signal is set with all four properties of the last answer', async () => {
    const { connect, clock, own, commands, notices } = begin({ permissions: new Set(['limit', 'target']) });
    connect();
    const site = { id: 'h/1', vendor: 'powerflex', model: 'site', name: 'Garage' };
    own.take({ device: site, payload: { name: 'grid', maxLoad: 50, maxLoadUnit: 'A', enabled: false } });
    await clock.advance(2000);
    const root = 'energy-devices/powerflex_h-2f1';
    own.received('command', `${root}/signal_grid_enabled/set`, 'ON', false);
    own.received('command', `${root}/signal_grid_limit_a/set`, '20.5', false);
    own.received('command', `${root}/signal_grid_limit/set`, '20', false);
    assert.deepEqual(
      commands.map(({ operation, payload }) => [operation, payload]),
      [
        ['set_external_signal', { name: 'grid', maxLoad: 50, maxLoadUnit: 'A', enabled: true }],
        ['set_external_signal', { name: 'grid', maxLoad: 20.5, maxLoadUnit: 'A', enabled: false }],
      ],
    );
    own.take({ device: site, payload: { targets: { Jan: 10, Feb: 11 } } });
    await clock.advance(2000);
    own.received('command', `${root}/target_feb/set`, '42.5', false);
    own.received('command', `${root}/target_now/set`, '7', false);
    assert.deepEqual(
      commands.slice(2).map(({ payload }) => payload),
      [{ targets: { Feb: 42.5 } }, { targets: { Jan: 7 } }],
    );
    assert.deepEqual(notices, []);
  });
});

describe('counters over a restart', () => {
  it('go on where Home Assistant was, and do not follow a dip', async () => {
    const first = begin();
    first.connect();
    first.power(1, { energyImport: 5_000_400 });
    await first.clock.advance(11_000);
    first.power(1, { energyImport: 5_000_500 });
    await first.clock.advance(20_000);
    assert.equal(state(first.broker).energy_import, 5000.5);
    first.own.close(false);

    const again = begin({}, first.broker);
    // A reading may be there before the broker has told what it keeps.
    again.power(1, { energyImport: 0 });
    again.connect();
    await again.clock.advance(2000);
    assert.equal(state(again.broker).energy_import, 5000.5);
    again.power(1, { energyImport: 5_000_600 });
    await again.clock.advance(20_000);
    assert.equal(state(again.broker).energy_import, 5000.6);
  });

  it('a sum adds each status once', async () => {
    const { connect, clock, own, broker } = begin();
    connect();
    const root = 'energy-devices/automate-green_c1';
    const update = (ms: number, energy: number) =>
      own.take({
        device: CONTROLLER,
        payload: { type: 'update', on: true, energy, timestamp: new Date(clock.now() + ms).toISOString() },
      });
    update(0, 500);
    await clock.advance(2000);
    assert.equal(state(broker, root).energy_total, 0);
    await clock.advance(60_000);
    update(0, 20);
    update(0, 20);
    await clock.advance(60_000);
    update(-90_000, 99);
    assert.equal(state(broker, root).energy_total, 0.02);
    const again = begin({}, broker);
    again.connect();
    await again.clock.advance(130_000);
    own.close(false);
    again.own.take({
      device: CONTROLLER,
      payload: { type: 'update', on: true, energy: 30, timestamp: new Date(again.clock.now()).toISOString() },
    });
    await again.clock.advance(2000);
    assert.equal(state(broker, root).energy_total, 0.05);
  });
});
