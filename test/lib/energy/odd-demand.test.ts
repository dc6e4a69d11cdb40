import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';
import { Demand, type DemandReport } from '../../../lib/energy/demand';
import type { DemandSettings } from '../../../lib/energy/demand-report';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UTC = new LocalTime('UTC');

const DEMAND: DemandSettings = {
  ...{
    zone: UTC,
    window: 15 * MINUTE,
    step: 15 * MINUTE,
    counts: 'import',
    target: 0,
    hours: [],
    billingDay: 1,
  },
  ...{
    longestGap: HOUR,
    completeFrom: 0.95,
    smoothing: 0,
    peaks: 1,
    differentDays: false,
    floor: 0,
    ratchet: 0,
  },
};

const at = (text: string): number => Date.parse(text);
const copy = <T>(state: T): T => JSON.parse(JSON.stringify(state)) as T;

function last(reports: readonly DemandReport[]): DemandReport {
  const report = reports.at(-1);
  assert.ok(report);
  return report;
}

function near(actual: number | null | undefined, expected: number): void {
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 1e-6, `${actual} for ${expected}`);
}

describe('demand at odd times', () => {
  it('keeps the peaks of a month that passed while nobody looked out of the next one', () => {
    const demand = new Demand(DEMAND);
    demand.take({ time: at('2026-03-31T22:00:00Z'), import: 0 }, 0);
    demand.take({ time: at('2026-03-31T22:15:00Z'), import: 2000 }, 0);
    // 4.5 kWh in two hours, of which a quarter of an hour lies in April.
    const report = last(demand.take({ time: at('2026-04-01T00:15:00Z'), import: 6500 }, 0).reports);
    assert.deepEqual(
      [report.lastMonth?.figure, report.monthPeak?.demand, report.peaks.length],
      [8000, 2250, 1],
    );
    assert.equal(report.monthPeak?.start, at('2026-04-01T00:00:00Z'));
  });

  it('takes a target that was set in the dialog since, and keeps the one of a message otherwise', () => {
    const start = at('2026-03-10T10:00:00Z');
    const first = new Demand({ ...DEMAND, target: 4000 });
    first.take({ time: start, power: 1000 }, start);
    assert.equal(last(first.take({ time: start + MINUTE, power: 1000 }, start).reports).target, 4000);
    const targetOf = (setting: number, state: ReturnType<Demand['state']>): number | null =>
      last(
        new Demand({ ...DEMAND, target: setting }, copy(state)).take(
          { time: start + 2 * MINUTE, power: 1 },
          start,
        ).reports,
      ).target;
    assert.equal(targetOf(5000, first.state()), 5000);
    first.setTarget(3000);
    assert.equal(targetOf(4000, first.state()), 3000);
    assert.equal(targetOf(5000, first.state()), 5000);
  });

  it('lets the number of peaks and their days be changed without losing one', () => {
    const start = at('2026-03-01T00:00:00Z');
    const one = new Demand(DEMAND);
    let counter = 0;
    for (let i = 0; i < 3 * 96; i++)
      one.take({ time: start + i * 15 * MINUTE, import: (counter += 100 + i) }, 0);
    const three = new Demand({ ...DEMAND, peaks: 3, differentDays: true }, copy(one.state()));
    const { peaks } = last(three.take({ time: start + 3 * DAY, import: counter + 10 }, 0).reports);
    assert.deepEqual(
      peaks.map(({ day }) => day),
      ['2026-03-03', '2026-03-02', '2026-03-01'],
    );
  });

  it('leaves months of other years out of the ratchet', () => {
    const demand = new Demand({ ...DEMAND, ratchet: 0.8 });
    const month = (begin: string, wattHours: number): number => {
      const start = at(begin);
      demand.newMeter();
      demand.take({ time: start, import: 1000 }, 0);
      return last(demand.take({ time: start + 15 * MINUTE, import: 1000 + wattHours }, 0).reports).billed;
    };
    month('2025-01-10T10:00:00Z', 2500);
    assert.equal(month('2025-12-10T10:00:00Z', 100), 8000);
    assert.equal(month('2026-01-10T10:00:00Z', 100), 400);
  });

  it('makes no peak of hours that do not count', () => {
    const hours = [{ days: [6, 7], from: 0, to: 0, weight: 0 }];
    const demand = new Demand({ ...DEMAND, window: HOUR, step: HOUR, peaks: 3, differentDays: true, hours });
    const saturday = at('2026-08-01T00:00:00Z');
    let counter = 0;
    for (let i = 0; i <= 60; i++) demand.take({ time: saturday + i * HOUR, import: (counter += 1000) }, 0);
    assert.equal(
      last(demand.take({ time: saturday + 61 * HOUR, import: counter + 1000 }, 0).reports).peakAverage,
      1000,
    );
  });

  it('goes on when the clock was years ahead, and tells windows of now again', () => {
    const demand = new Demand(DEMAND);
    const real = at('2026-03-10T10:00:00Z');
    demand.take({ time: at('2030-01-01T00:00:00Z'), power: 1000 }, 0);
    demand.take({ time: at('2030-01-01T00:20:00Z'), power: 1000 }, 0);
    const closed: DemandReport[] = [];
    for (let i = 0; i < 60; i++) {
      closed.push(
        ...demand.take({ time: real + i * MINUTE, power: 1000 }, 0).reports.filter((one) => one.closed),
      );
    }
    assert.deepEqual(
      closed.map((one) => [one.last?.start, one.last?.complete]),
      [
        [real, false],
        [real + 15 * MINUTE, true],
        [real + 30 * MINUTE, true],
      ],
    );
    near(closed.at(-1)?.monthPeak?.demand, 1000);
  });

  it('projects nothing from a power that is too old', () => {
    const demand = new Demand({ ...DEMAND, longestGap: MINUTE, target: 4000 });
    const start = at('2026-03-10T10:00:00Z');
    demand.take({ time: start, power: 3000 }, start);
    const [report] = demand.tick(start + 15 * MINUTE + 2000);
    assert.deepEqual(
      [report?.last?.demand, report?.last?.energy, report?.projected, report?.reduction],
      [null, 50, null, null],
    );
  });

  it('tells how things stand when several windows have ended at once', () => {
    const demand = new Demand({ ...DEMAND, target: 4000 });
    const start = at('2026-03-10T10:00:00Z');
    demand.take({ time: start, import: 0 }, start);
    const { reports } = demand.take({ time: start + 40 * MINUTE, import: 4000 }, start);
    assert.deepEqual(
      reports.map((one) => [one.closed, one.last?.start, one.energy, one.allowedPower]),
      [start, start + 15 * MINUTE, start + 15 * MINUTE].map((window, i) => [i < 2, window, 1000, 0]),
    );
  });

  it('waits for a register that speaks twice a day without losing the other one', () => {
    const demand = new Demand({ ...DEMAND, counts: 'net', window: HOUR, step: MINUTE });
    const start = at('2026-03-10T00:00:00Z');
    let total = 0;
    for (let i = 0; i <= 12 * 60; i++) {
      const sparse = i % 720 === 0 ? { export: 0 } : {};
      for (const one of demand.take({ time: start + i * MINUTE, import: i * 10, ...sparse }, start).reports) {
        if (one.closed && one.last && one.last.end % HOUR === 0) total += one.last.energy;
      }
    }
    assert.equal(total, 7200);
  });
});
