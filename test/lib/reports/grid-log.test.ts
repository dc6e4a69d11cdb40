import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';
import { factsOf } from '../../../lib/reports/grid-input';
import { GridLog, type GridState } from '../../../lib/reports/grid-log';
import { PowerRecord } from '../../../lib/reports/power-record';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 31, 20);
const OPTIONS = {
  zone: new LocalTime('Europe/Berlin'),
  ...{ baseline: 15 * MINUTE, respondWithin: MINUTE, tolerance: 0.05, gap: 2 * MINUTE, meter: '' },
};
const SITE = { vendor: 'powerflex' };

function tell(log: GridLog, device: object, payload: object, now: number): void {
  const msg = { device, payload, operation: 'set_external_signal' };
  for (const fact of factsOf(msg, 'UTC', now)) log.take(fact, now);
}

const signal = (enabled: boolean, name = 'GRID'): object => ({
  name,
  maxLoad: 4,
  maxLoadUnit: 'kW',
  enabled,
});

describe('a log of grid events', () => {
  it('counts an event where it ended, and the time that nobody watched in its own month', () => {
    let log = new GridLog(OPTIONS);
    const site = { ...SITE, id: 'site' };
    // Local midnight, the end of January, is at 23:00 UTC.
    const midnight = Date.UTC(2026, 0, 31, 23);
    tell(log, site, signal(false), T0);
    tell(log, site, signal(true), midnight - 30 * MINUTE);
    log = new GridLog(OPTIONS, JSON.parse(JSON.stringify(log.state(midnight - 15 * MINUTE))) as GridState);
    const [january] = log.resume(midnight + 15 * MINUTE);
    assert.deepEqual(january?.events, []);
    assert.equal(january.end, midnight);
    assert.deepEqual(january.sources[0]?.absent, { restart: 15 * 60 });
    assert.equal(january.sources[0].availability, 1 - 15 / 180);
    tell(log, site, signal(false), midnight + 30 * MINUTE);
    const [event] = log.ended(midnight + 40 * MINUTE);
    assert.deepEqual(
      [event?.start, event?.endSeen, event?.compliant],
      [midnight - 30 * MINUTE, true, 'unknown'],
    );
    const { events, sources } = log.running(midnight + 60 * MINUTE);
    assert.equal(events.length, 1);
    assert.deepEqual(sources[0]?.absent, { restart: 15 * 60 });
  });

  it('takes another limit as another event, and the same one as nothing', () => {
    const log = new GridLog(OPTIONS);
    const site = { ...SITE, id: 'site' };
    const limits = [40, 40, 15, 15, null];
    limits.forEach((maxLoad, i) => {
      const on = maxLoad !== null;
      tell(log, site, { name: 'G', maxLoad: maxLoad ?? 15, maxLoadUnit: 'kW', enabled: on }, T0 + i * MINUTE);
    });
    const told = log
      .ended(T0 + 60 * MINUTE)
      .map(({ start, end, limit }) => [(start - T0) / MINUTE, (end - T0) / MINUTE, limit]);
    assert.deepEqual(told, [
      [0, 2, 40_000],
      [2, 4, 15_000],
    ]);
  });

  it('judges an event of two days by all of its power', () => {
    for (const [breach, expected] of [
      [null, 'yes'],
      [MINUTE * 60 * 3, 'no'],
    ] as const) {
      const log = new GridLog(OPTIONS);
      const site = { ...SITE, id: 'site' };
      const end = T0 + 48 * 60 * MINUTE;
      tell(log, { id: 'meter' }, { timestamp: T0 - 15 * MINUTE, power: 9000 }, T0 - 15 * MINUTE);
      tell(log, site, signal(false), T0 - 14 * MINUTE);
      for (let now = T0 - 14 * MINUTE; now <= end; now += MINUTE) {
        const isOver = now - T0 === breach;
        tell(log, { id: 'meter' }, { timestamp: now, power: now < T0 || isOver ? 9000 : 3000 }, now);
        if (now === T0) tell(log, site, signal(true), now);
        log.ended(now);
      }
      tell(log, site, signal(false), end);
      const [event] = log.ended(end + 3 * MINUTE);
      assert.deepEqual([event?.compliant, event?.baseline, event?.response], [expected, 9000, 0]);
      assert.ok(Math.abs((event?.delivered ?? 0) - 6000) < 5);
      assert.ok(JSON.stringify(log.state(end)).length < 20_000);
    }
  });

  it('takes a time years ahead as now, so that what began can end', () => {
    const log = new GridLog(OPTIONS);
    const heater = { vendor: 'automate-green', id: 'heater' };
    tell(log, heater, { timestamp: Date.UTC(2099, 0), type: 'trigger', reason: 'ffr' }, T0);
    tell(log, heater, { timestamp: T0 + MINUTE, type: 'relay', reason: 'ffrr', on: true }, T0 + MINUTE);
    const [event] = log.ended(T0 + 10 * MINUTE);
    assert.deepEqual([event?.start, event?.end], [T0, T0 + MINUTE]);
  });

  it('fits into a file of 4 MB at its largest', () => {
    const log = new GridLog(OPTIONS);
    const text = 'ä'.repeat(90);
    let now = T0;
    for (let i = 0; i < 5400; i++)
      tell(log, { id: 'meter' }, { timestamp: T0 + i * 1000, power: 1234.567 + i }, T0 + i * 1000);
    for (let i = 0; i < 300; i++) {
      now += MINUTE;
      for (let device = 0; device < 150; device++) {
        const id = `${device}${text}`;
        const heater = { vendor: 'automate-green', id, name: id };
        tell(log, heater, { timestamp: now, type: 'update', averagePower: 1234.5678, duration: 60 }, now);
        if (i >= 40) continue;
        for (const enabled of [true, false])
          tell(log, { ...SITE, id, name: id }, signal(enabled, `${i}${text}`), now);
      }
      log.ended(now);
    }
    const kept = JSON.stringify({ log: log.state(now), pending: [log.running(now)] });
    assert.ok(kept.length < 4_000_000, `${kept.length}`);
    const { events, more, sources } = log.running(now);
    assert.deepEqual([events.length, sources.length], [1000, 100]);
    assert.ok(more > 1000);
  }).timeout(60_000);
});

describe('a record of power', () => {
  it('keeps the energy when it has too many pieces', () => {
    const record = new PowerRecord(2000, 100);
    for (let i = 0; i <= 1000; i++) record.add(i * 1000, i % 7, null);
    const pieces = record.between(0, 1_000_000);
    assert.ok(pieces.length <= 101);
    const [first] = pieces;
    const from = (first?.from ?? 0) / 1000;
    let sum = 0;
    for (let i = from; i < 1000; i++) sum += (i % 7) * 1000;
    const kept = pieces.reduce((all, { from: begin, to, power }) => all + power * (to - begin), 0);
    assert.ok(Math.abs(kept - sum) < 1e-6 * sum, `${kept} of ${sum}`);
  });

  for (const [what, duration] of [
    ['a value', null],
    ['a mean', 1000],
  ] as const) {
    it(`goes on behind ${what} of a clock that was a day ahead`, () => {
      let record = new PowerRecord(2000, 1000);
      record.add(86_400_000, 9000, duration);
      record = new PowerRecord(2000, 1000, record.state());
      for (let i = 1; i <= 300; i++) record.add(i * 1000, 100, duration);
      const known = record.between(0, 90_000_000).reduce((sum, { from, to }) => sum + to - from, 0);
      // A minute passes until it is sure.
      assert.ok(Math.abs(known - 240_000) <= 2000, `${known}`);
    });
  }
});
