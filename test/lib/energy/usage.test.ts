import assert from 'node:assert/strict';

import type { MeterReading } from '../../../lib/energy/meter';
import { type ClosedPeriod, Usage, type UsageReport, type UsageSettings } from '../../../lib/energy/usage';
import { LocalTime } from '../../../lib/core/zone';
import { newSeed, Seeded } from '../../support/seeded';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const USUAL: UsageSettings = {
  zone: new LocalTime('UTC'),
  billingDay: 1,
  price: { kind: 'none' },
  feedIn: { kind: 'none' },
  base: null,
  longestGap: 5 * MINUTE,
};

const at = (time: string): number => Date.parse(time.includes('Z') ? time : `2026-03-${time}:00Z`);
const C = (time: string, value: number): MeterReading => ({ time: at(time), import: value });
const P = (time: string, power: number): MeterReading => ({ time: at(time), power });

class Run {
  usage: Usage;
  readonly closed: ClosedPeriod[] = [];

  constructor(readonly settings: Partial<UsageSettings> = {}) {
    this.usage = new Usage({ ...USUAL, ...settings });
  }

  take(...readings: MeterReading[]): UsageReport {
    let last: UsageReport | undefined;
    for (const reading of readings) {
      const { report, closed } = this.usage.take(reading, reading.time);
      this.closed.push(...closed);
      last = report ?? last;
    }
    assert.ok(last);
    return last;
  }

  restart(): void {
    const kept = JSON.parse(JSON.stringify(this.usage.state())) as ReturnType<Usage['state']>;
    this.usage = new Usage({ ...USUAL, ...this.settings }, kept);
  }

  of(kind: ClosedPeriod['kind']): ClosedPeriod[] {
    return this.closed.filter((one) => one.kind === kind);
  }
}

function near(actual: number | null | undefined, expected: number, digits = 6): void {
  assert.ok(
    typeof actual === 'number' && Math.abs(actual - expected) < 10 ** -digits,
    `${actual} for ${expected}`,
  );
}

describe('energy counter vectors', () => {
  it('1: a pair over midnight is split by time', () => {
    for (const [gap, estimated] of [
      [5, 300],
      [20, 0],
    ] as const) {
      const run = new Run({ longestGap: gap * MINUTE });
      const { day } = run.take(C('10T23:50', 10_000), C('11T00:10', 10_600));
      const [yesterday] = run.of('day');
      assert.deepEqual([yesterday?.import, yesterday?.estimated], [300, estimated]);
      assert.deepEqual([day.import, day.estimated], [300, estimated]);
    }
  });

  it('2: days that passed meanwhile are told, each once', () => {
    const run = new Run();
    run.take(C('10T12:00', 10_000));
    run.restart();
    const { day } = run.take(C('12T12:00', 34_000));
    assert.deepEqual(
      run.of('day').map((one) => one.import),
      [6000, 12_000],
    );
    assert.equal(day.import, 6000);
    assert.equal(run.of('hour').length, 48);
    const ends = run.closed.map(({ end }) => end);
    assert.deepEqual(
      ends,
      [...ends].sort((a, b) => a - b),
    );
  });

  it('3: a glitch is none', () => {
    const { day } = new Run().take(C('10T10:00', 5_000_500), C('10T10:01', 0), C('10T10:02', 5_000_600));
    assert.equal(day.import, 100);
  });

  it('4: a new meter goes on from its own base', () => {
    const { day } = new Run().take(
      C('10T10:00', 5_000_500),
      C('10T10:01', 12),
      C('10T10:02', 412),
      C('10T10:03', 912),
    );
    assert.equal(day.import, 900);
  });

  it('5: days of 23 and 25 hours', () => {
    for (const [day, energy] of [
      ['2026-03-29', 23_000],
      ['2026-10-25', 25_000],
    ] as const) {
      const run = new Run({ zone: new LocalTime('Europe/Berlin'), longestGap: HOUR });
      const noon = Date.parse(`${day}T12:00:00Z`);
      const times = Array.from({ length: 60 }, (_, i) => noon - 30 * HOUR + i * HOUR);
      run.take(...times.map((time) => ({ time, power: 1000 })));
      const found = run.of('day').find(({ start, end }) => noon >= start && noon < end);
      near(found?.import, energy);
    }
  });

  it('6: months begin on the billing day', () => {
    const run = new Run({ billingDay: 15 });
    const { month } = run.take(C('14T23:00', 10_000), C('15T01:00', 10_800));
    assert.deepEqual([run.of('month')[0]?.import, month.import], [400, 400]);
  });

  it('7: a price that changes at six', () => {
    const rows = [
      { from: 0, to: 360, price: 0.3 },
      { from: 360, to: 0, price: 0.2 },
    ];
    const run = new Run({ price: { kind: 'table', rows } });
    near(run.take(C('10T05:30', 10_000), C('10T06:30', 11_000)).day.cost, 0.25);
  });

  it('8: what has no price is told, and costs nothing', () => {
    const run = new Run({ price: { kind: 'messages' } });
    run.usage.importPrices.takeList([{ start: at('10T00:00'), end: at('11T00:00'), price: 0.3 }]);
    run.take(C('10T22:00', 10_000), C('11T00:00', 12_000));
    const { day, month } = run.take(C('11T01:00', 12_500));
    assert.deepEqual([day.unpriced, day.cost, month.unpriced], [500, null, 500]);
    near(month.cost, 0.6);
  });

  it('9: a negative price', () => {
    const run = new Run({ price: { kind: 'fixed', price: -0.05 } });
    near(run.take(C('10T10:00', 10_000), C('10T11:00', 12_000)).day.cost, -0.1);
  });

  it('10: a power holds no longer than it may', () => {
    const run = new Run();
    const { day } = run.take(P('10T10:00', 3000), P('10T10:30', 3000));
    near(day.import, 250);
    run.closed.push(...run.usage.tick(at('10T11:00') + 2000));
    const [hour] = run.of('hour');
    near(hour?.import, 500);
    near(hour?.coverage, 1 / 6);
  });

  it('11: two registers rise at once', () => {
    const base = { time: at('10T10:00'), import: 10_000, export: 500 };
    const { day } = new Run().take(base, { time: at('10T10:05'), import: 10_200, export: 550 });
    assert.deepEqual([day.import, day.export, day.net], [200, 50, 150]);
  });

  it('12: a year with drops and restarts sums up to the mWh', function () {
    this.timeout(60_000);
    const seeded = new Seeded(newSeed());
    const { seed } = seeded;
    const run = new Run({ zone: new LocalTime('Europe/Brussels'), longestGap: MINUTE });
    const zone = new LocalTime('Europe/Brussels');
    const first = zone.dayBegins(2026, 1, 1);
    const last = zone.dayBegins(2027, 1, 1);
    let counter = 1_000_000_000;
    let time = first;
    let atFirst = NaN;
    let atLast = NaN;
    const restarts = new Set(Array.from({ length: 20 }, () => seeded.below(365)));
    const step = 5 * MINUTE;
    while (time <= last) {
      const midnight = time === first || time === last;
      if (midnight || seeded.chance(0.7)) run.take({ time, import: counter / 1000 });
      if (time === first) atFirst = counter;
      if (time === last) atLast = counter;
      if ((time - first) % 86_400_000 === 0 && restarts.has((time - first) / 86_400_000)) run.restart();
      counter += seeded.below(400_000);
      time += step;
    }
    const days = run.of('day');
    const sum = days.reduce((total, { import: one }) => total + Math.round((one ?? NaN) * 1000), 0);
    assert.equal(days.length, 365, `seed ${seed}`);
    assert.equal(sum, atLast - atFirst, `seed ${seed}`);
    console.log(`    (seed ${seed}: ${sum / 1000} Wh in ${days.length} days)`);
  });
});
