import assert from 'node:assert/strict';

import { type NutUpsOptions, PowersentrixNutUps } from '../../../lib/powersentrix/nut-ups';
import { StatusReader } from '../../../lib/powersentrix/status';
import { UpsModel } from '../../../simulators/powersentrix';
import { FakeClock } from '../../support/fake-clock';

type Complex = Parameters<StatusReader['read']>[0];

const OPTIONS: NutUpsOptions = {
  description: 'Rack',
  interval: 10_000,
  lowAfter: null,
  rule: 'all',
  ports: new Set(),
  estimate: null,
};

describe('PowersentrixNutUps', () => {
  let clock: FakeClock;
  let model: UpsModel;
  let reader: StatusReader;
  let ups: PowersentrixNutUps;
  beforeEach(() => {
    clock = new FakeClock();
    model = new UpsModel({ now: () => clock.now() });
    reader = new StatusReader();
    ups = new PowersentrixNutUps(clock, OPTIONS);
  });
  const read = (odd?: object): void => {
    if (odd) model.odd = { ...odd };
    else model.odd = {};
    ups.take(reader.read(model.complex() as unknown as Complex));
  };
  const status = (): string | undefined => ups.variables()?.get('ups.status');
  const SILENT = { ps: [{ main: 'x', batt: 'x', load: 'x', buv: 'x' }] };

  it('says nothing before its first reading, nor of one that tells no source', () => {
    assert.equal(status(), undefined);
    read(SILENT);
    assert.equal(status(), undefined);
    read();
    assert.equal(status(), 'OL');
  });

  it('keeps its last state while nobody knows, and loses it after three intervals', async () => {
    model.setMains(false);
    read();
    for (let second = 0; second < 30; second++) {
      read(SILENT);
      assert.equal(status(), 'OB');
      await clock.advance(1000);
    }
    assert.equal(status(), undefined);
    assert.equal(ups.holdsClients, true);
    read();
    assert.equal(status(), 'OB');
  });

  it('keeps its last state after readings fail, for three intervals and at most a minute', async () => {
    for (const [interval, kept] of [
      [10_000, 30_000],
      [300_000, 60_000],
    ] as const) {
      ups.update({ ...OPTIONS, interval });
      read();
      await clock.advance(kept - 1);
      ups.setAvailable(false);
      assert.equal(status(), 'OL');
      await clock.advance(1);
      assert.equal(status(), undefined);
      ups.setAvailable(true);
      assert.equal(status(), 'OL');
    }
  });

  it('never loses a UPS of which nobody says that it is lost', async () => {
    read();
    await clock.advance(1e9);
    assert.equal(status(), 'OL');
  });

  it('says LB only with OB', () => {
    model.charge = 0.05;
    read();
    assert.equal(status(), 'OL');
    model.setMains(false);
    read();
    assert.equal(status(), 'OB LB');
  });

  it('counts a real outage within a test from its own beginning', async () => {
    ups.update({ ...OPTIONS, lowAfter: 60_000 });
    const forced = (): void => {
      const complex = model.complex() as { config: { settings: Record<string, unknown> } };
      complex.config.settings.forcePowerFromBatteries = 1;
      ups.take(reader.read(complex as unknown as Complex));
    };
    forced();
    await clock.advance(120_000);
    forced();
    assert.equal(status(), 'OL DISCHRG');
    model.setMains(false);
    forced();
    assert.equal(status(), 'OB');
    await clock.advance(59_999);
    assert.equal(status(), 'OB');
    await clock.advance(1);
    assert.equal(status(), 'OB LB');
    model.setMains(true);
    read();
    assert.equal(status(), 'OL');
  });

  it('takes a word that the battery is low, on battery only and until the mains are back', () => {
    read();
    assert.equal(ups.callLow(true), false);
    model.setMains(false);
    read();
    assert.equal(status(), 'OB');
    assert.equal(ups.callLow(true), true);
    assert.equal(status(), 'OB LB');
    assert.equal(ups.callLow(false), true);
    assert.equal(status(), 'OB');
    ups.callLow(true);
    model.setMains(true);
    read();
    model.setMains(false);
    read();
    assert.equal(status(), 'OB');
  });

  it('judges anew with other rules', () => {
    read({
      ps: [
        { main: 0, load: 4810, batt: 5000, buv: 4800 },
        { main: 5410, load: 4810, batt: 5000, buv: 4800 },
      ],
    });
    assert.equal(status(), 'OL');
    ups.update({ ...OPTIONS, rule: 'any' });
    assert.equal(status(), 'OB');
  });
});
