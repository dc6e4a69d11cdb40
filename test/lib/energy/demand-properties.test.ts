import assert from 'node:assert/strict';

import { type ClosedWindow, Demand, type DemandReport } from '../../../lib/energy/demand';
import type { DemandSettings } from '../../../lib/energy/demand-report';
import type { MeterReading } from '../../../lib/energy/meter';
import { LocalTime } from '../../../lib/core/zone';
import { newSeed, Seeded } from '../../support/seeded';

const MINUTE = 60_000;
const WINDOW = 15 * MINUTE;
const BEGIN = Date.UTC(2026, 2, 3, 10);

const SETTINGS: DemandSettings = {
  zone: new LocalTime('Europe/Brussels'),
  window: WINDOW,
  step: WINDOW,
  counts: 'import',
  target: 4000,
  hours: [],
  billingDay: 1,
  longestGap: 24 * 60 * MINUTE,
  completeFrom: 0.95,
  smoothing: 0,
  peaks: 1,
  differentDays: false,
  floor: 0,
  ratchet: 0,
};

interface Outcome {
  closed: ClosedWindow[];
  last: DemandReport | undefined;
}

/** Feeds readings; before those of `restarts` the calculation is saved and begun again. */
function run(
  readings: readonly MeterReading[],
  settings: Partial<DemandSettings> = {},
  restarts: ReadonlySet<number> = new Set(),
): Outcome {
  let demand = new Demand({ ...SETTINGS, ...settings });
  const closed: ClosedWindow[] = [];
  let last: DemandReport | undefined;
  readings.forEach((reading, i) => {
    if (restarts.has(i)) {
      const kept = JSON.parse(JSON.stringify(demand.state())) as ReturnType<Demand['state']>;
      demand = new Demand({ ...SETTINGS, ...settings }, kept);
    }
    for (const report of demand.take(reading, reading.time).reports) {
      if (report.closed && report.last) closed.push(report.last);
      last = report;
    }
  });
  return { closed, last };
}

/** A counter read at random times over some hours, in whole Wh. */
function counterReadings(seeded: Seeded, from = BEGIN): MeterReading[] {
  const readings: MeterReading[] = [];
  let value = 1_000_000;
  for (let time = from; time < from + 5 * 60 * MINUTE; time += 1000 * (1 + seeded.below(900))) {
    readings.push({ time, import: value });
    value += seeded.below(300);
  }
  return readings;
}

const figures = ({ start, end, energy, demand }: ClosedWindow): unknown[] => [
  start,
  end,
  energy.toFixed(2),
  demand?.toFixed(1),
];

describe('demand', () => {
  const seed = newSeed();
  const times = 200;

  before(() => console.log(`    (seed ${seed})`));

  it('of all windows is the counter’s difference, however it is read', () => {
    const seeded = new Seeded(seed);
    for (let i = 0; i < times; i++) {
      const readings = counterReadings(seeded);
      const { closed, last } = run(readings);
      const total = closed.reduce((sum, { energy }) => sum + energy, last?.energy ?? 0);
      const [first] = readings;
      const difference = (readings.at(-1)?.import ?? NaN) - (first?.import ?? NaN);
      assert.ok(Math.abs(total - difference) < 0.0005, `${total} for ${difference}`);
    }
  });

  it('is not changed by a reading on the line between two others', () => {
    const seeded = new Seeded(seed);
    for (let i = 0; i < times; i++) {
      const readings = counterReadings(seeded);
      const denser = readings.flatMap((one, k) => {
        const next = readings[k + 1];
        if (!next || !seeded.chance(0.3)) return [one];
        const time = (one.time + next.time) / 2;
        return [one, { time, import: ((one.import ?? 0) + (next.import ?? 0)) / 2 }];
      });
      assert.deepEqual(run(denser).closed.map(figures), run(readings).closed.map(figures));
    }
  });

  it('moves with the readings', () => {
    const seeded = new Seeded(seed);
    for (let i = 0; i < times; i++) {
      const shift = WINDOW * (1 + seeded.below(20));
      const readings = counterReadings(seeded);
      const later = readings.map((one) => ({ ...one, time: one.time + shift }));
      const moved = run(later).closed.map((one) =>
        figures({ ...one, start: one.start - shift, end: one.end - shift }),
      );
      assert.deepEqual(moved, run(readings).closed.map(figures));
    }
  });

  it('survives a restart at any point without a trace', () => {
    const seeded = new Seeded(seed);
    for (let i = 0; i < times; i++) {
      const readings = counterReadings(seeded);
      const restarts = new Set(Array.from({ length: 5 }, () => 1 + seeded.below(readings.length - 1)));
      const step = seeded.pick([WINDOW, 5 * MINUTE]);
      assert.deepEqual(run(readings, { step }, restarts), run(readings, { step }));
    }
  });

  it('ends at the target when the allowed power is held', () => {
    const seeded = new Seeded(seed);
    let held = 0;
    for (let i = 0; i < 10_000; i++) {
      const step = seeded.pick([WINDOW, WINDOW, 5 * MINUTE]);
      const demand = new Demand({ ...SETTINGS, step });
      const take = (time: number, power: number): DemandReport => {
        const report = demand.take({ time, power }, time).reports.at(-1);
        assert.ok(report);
        return report;
      };
      let time = BEGIN;
      const moment = BEGIN + 3 * WINDOW + 1000 * seeded.below((WINDOW - MINUTE) / 1000 + 1);
      let power = seeded.below(5000);
      for (; time < moment; time += Math.min(1000 * (1 + seeded.below(240)), moment - time)) {
        if (seeded.chance(0.3)) power = seeded.below(9000);
        take(time, power);
      }
      const now = take(moment, power);
      const budget = (4000 * WINDOW) / 3_600_000;
      if (now.energy >= budget || now.allowedPower === null) continue;
      held++;
      // The same once more is no reading.
      if (now.allowedPower !== power) take(moment, now.allowedPower);
      const { last } = take(now.windowEnd, 0);
      assert.ok(last?.demand !== null && last !== null, `seed ${seed}, run ${i}`);
      assert.ok(last.demand <= 4000 + 1e-6, `${last.demand} W, seed ${seed}, run ${i}`);
      // A rolling window may end below: a later one that holds now as well was stricter.
      if (step === WINDOW) assert.ok(last.demand > 4000 - 1e-6, `${last.demand} W, seed ${seed}, run ${i}`);
    }
    assert.ok(held > 5000, `${held} of 10,000`);
  });
});
