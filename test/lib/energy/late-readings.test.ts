import assert from 'node:assert/strict';

import { Demand } from '../../../lib/energy/demand';
import type { DemandReport } from '../../../lib/energy/demand-report';
import { Usage } from '../../../lib/energy/usage';
import { copy, DEMAND, USAGE } from '../../support/energy-settings';

const MINUTE = 60_000;
const at = (time: string): number => Date.parse(`2026-03-31T${time}:00Z`);

/** A meter in a cloud whose readings come 20 minutes after their time, in the last half hour of a month. */
const LATE = 20 * MINUTE;
const READINGS = [
  { time: at('23:30'), power: 2000 },
  { time: at('23:45'), power: 8000 },
  { time: at('23:59'), power: 8000 },
  { time: at('23:59') + MINUTE, power: 1000 },
];

describe('readings that come late', () => {
  const last = (reports: readonly DemandReport[]): DemandReport => {
    const report = reports.at(-1);
    assert.ok(report);
    return report;
  };

  it('make the peak of their own month, whatever the month is for the clock', () => {
    const demand = new Demand(DEMAND);
    const closed: number[] = [];
    let report: DemandReport | undefined;
    for (const { time, power } of READINGS) {
      const { reports } = demand.take({ time, power }, time + LATE);
      for (const one of reports.filter((each) => each.closed)) {
        assert.ok(one.last);
        // A node tells each window with a report of its own.
        const told = demand.reportOf(one.last);
        assert.deepEqual([told.last, told.closed], [one.last, true]);
        closed.push(one.last.demand ?? -1);
      }
      report = last(reports);
    }
    assert.deepEqual(closed, [2000, 8000]);
    assert.deepEqual([report?.monthPeak, report?.lastMonth?.peak], [null, 8000]);
  });

  for (const [what, happens] of [
    ['lost and found again', (demand: Demand) => demand],
    ['kept over a restart', (demand: Demand) => new Demand(DEMAND, copy(demand.state()))],
  ] as const) {
    it(`count for the demand of a meter that is ${what}`, () => {
      let demand = new Demand(DEMAND);
      demand.setAvailable(true, at('23:30') + LATE);
      const closed: DemandReport[] = [];
      for (const [i, { time, power }] of READINGS.entries()) {
        // By the clock, a window has ended that the meter has not told of yet.
        const now = time + LATE - 1000;
        if (i > 0 && what === 'lost and found again') {
          closed.push(...demand.setAvailable(false, now), ...demand.setAvailable(true, now));
        }
        closed.push(...demand.tick(now));
        demand = happens(demand);
        closed.push(...demand.tick(now));
        closed.push(...demand.take({ time, power }, time + LATE).reports.filter((one) => one.closed));
      }
      const demands = closed.map((one) => Math.round((one.last?.demand ?? -1) / 100) * 100);
      assert.deepEqual(demands, [2000, 8000]);
      assert.ok(closed.every((one) => (one.last?.coverage ?? 0) > 0.99));
    });

    it(`count for the use of a meter that is ${what}`, () => {
      let usage = new Usage(USAGE);
      usage.setAvailable(true, at('23:30') + LATE);
      const closed: [string, number][] = [];
      const note = (ended: ReturnType<Usage['tick']>): void => {
        for (const one of ended) closed.push([one.kind, Math.round((one.import ?? -1) / 10) * 10]);
      };
      for (const [i, { time, power }] of READINGS.entries()) {
        const now = time + LATE - 1000;
        if (i > 0 && what === 'lost and found again') {
          note(usage.setAvailable(false, now));
          note(usage.setAvailable(true, now));
        }
        note(usage.tick(now));
        if (what === 'kept over a restart') usage = new Usage(USAGE, copy(usage.state()));
        note(usage.tick(now));
        note(usage.take({ time, power }, time + LATE).closed);
      }
      assert.deepEqual(closed, [
        ['hour', 2500],
        ['day', 2500],
        ['month', 2500],
      ]);
    });
  }

  it('are no later because they are told again', () => {
    const start = at('12:00');
    const usage = new Usage({ ...USAGE, longestGap: MINUTE });
    usage.take({ time: start, power: 800 }, start);
    usage.setAvailable(true, start);
    for (let now = start; now <= start + 6 * 60 * MINUTE; now += MINUTE) {
      usage.take({ time: start, power: 800 }, now);
      usage.tick(now);
    }
    usage.setAvailable(false, start + 6 * 60 * MINUTE);
    assert.equal(usage.report(start + 6 * 60 * MINUTE).day.import, 4800);
  });

  it('are waited for although their counter is two days late', () => {
    const demand = new Demand(DEMAND);
    const late = 48 * 60 * MINUTE;
    const closed: DemandReport[] = [];
    const note = (reports: readonly DemandReport[]): void =>
      void closed.push(...reports.filter((one) => one.closed));
    for (let i = 0; i <= 6; i++) {
      const time = at('12:00') + i * 15 * MINUTE;
      note(demand.take({ time, import: 1000 + i * 2000 }, time + late).reports);
      assert.ok((demand.waitsFrom ?? 0) > time + late, 'it has just come');
      for (const available of [false, true]) note(demand.setAvailable(available, time + late + 14 * MINUTE));
    }
    assert.deepEqual(
      closed.map(({ last: window }) => window?.demand),
      Array(6).fill(8000),
    );
  });
});
