import assert from 'node:assert/strict';

import { Demand } from '../../../lib/energy/demand';
import { HostClock } from '../../../lib/energy/host-clock';
import { Usage } from '../../../lib/energy/usage';
import { copy, DEMAND, USAGE } from '../../support/energy-settings';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOON = Date.UTC(2026, 2, 10, 12);

describe('the clock of the host', () => {
  const begun = { wall: NOON, steady: 5000 };
  const after = (ms: number, jump = 0): typeof begun => ({
    wall: NOON + ms + jump,
    steady: begun.steady + ms,
  });

  const unset: [string, number | null, number | null, number, boolean][] = [
    ['nothing was kept', null, NOON + HOUR, 0, false],
    ['what was kept has passed', NOON - HOUR, null, 0, false],
    ['what was kept has not', NOON + HOUR, null, 0, true],
    ['a minute lies between them', NOON + MINUTE, null, 0, false],
    ['the meter is ahead', NOON - HOUR, NOON + HOUR, 0, true],
    ['the meter is behind', NOON - HOUR, NOON - 2 * HOUR, 0, false],
    ['what was kept has not for ten minutes', NOON + HOUR, null, 10 * MINUTE, false],
  ];
  for (const [what, kept, told, since, expected] of unset) {
    it(`is ${expected ? 'not set yet' : 'taken as it is'} where ${what}`, () => {
      const clock = new HostClock(begun, kept);
      assert.equal(clock.isUnset(after(since), told), expected);
      const instead = expected && told === null ? kept : NOON + since;
      assert.equal(clock.reached(after(since)).wall, instead);
      clock.note(after(since));
      assert.equal(clock.isUnset(after(since), told), false, 'once a reading counts');
    });
  }

  it('goes on from the last reading, whatever it jumps to', () => {
    const clock = new HostClock(begun, null);
    assert.equal(clock.now(after(0)), null);
    assert.equal(clock.hasJumped(after(MINUTE, HOUR)), false);
    clock.note(after(0));
    for (const jump of [0, HOUR, -HOUR, 365 * 24 * HOUR]) {
      assert.equal(clock.now(after(MINUTE, jump)), NOON + MINUTE);
      assert.equal(clock.hasJumped(after(MINUTE, jump)), jump !== 0);
    }
    clock.note(after(MINUTE, HOUR));
    assert.equal(clock.now(after(2 * MINUTE)), NOON + 2 * MINUTE + HOUR);
  });
});

describe('a clock that was wrong', () => {
  it('does not erase months when it is years behind for some minutes', () => {
    for (const wrong of [0, Date.UTC(2025, 4, 1)]) {
      let demand = new Demand(DEMAND);
      let usage = new Usage(USAGE);
      let counter = 1000;
      const take = (time: number): { windows: number; periods: number } => ({
        windows: demand.take({ time, import: counter }, time).reports.filter(({ closed }) => closed).length,
        periods: usage.take({ time, import: counter }, time).closed.length,
      });
      for (let i = 0; i <= 96; i++, counter += 100) take(NOON + i * 15 * MINUTE);
      const [peaks, before] = [demand.state().peaks, usage.report(NOON + 24 * HOUR).year.import ?? 0];
      // A board without a battery: it begins anew, and its clock is set 3 minutes later.
      demand = new Demand(DEMAND, copy(demand.state()));
      usage = new Usage(USAGE, copy(usage.state()));
      for (let i = 0; i <= 18; i++) take(wrong + i * 10 * SECOND);
      const told = take(NOON + 24 * HOUR + 5 * MINUTE);
      assert.deepEqual(told, { windows: 0, periods: 0 });
      assert.deepEqual(copy(demand.state().peaks), copy(peaks));
      assert.equal(usage.report(NOON + 24 * HOUR + 5 * MINUTE).year.import, before + 100);
    }
  });

  it('has told a month too early, whose peaks come back', () => {
    const demand = new Demand(DEMAND);
    const end = Date.UTC(2026, 3, 1);
    const take = (time: number, power: number): ReturnType<Demand['take']> =>
      demand.take({ time, power }, time);
    for (let i = 0; i <= 20; i++) take(end - 5 * HOUR + i * 5 * MINUTE, 4000);
    // The clock is four hours ahead until it is set.
    for (let i = 0; i <= 3; i++) take(end + 20 * MINUTE + i * 5 * MINUTE, 1000);
    assert.equal(demand.state().peaks.month, end);
    for (let i = 0; i <= 15; i++) take(end - 3 * HOUR + i * MINUTE, 1000);
    const { peaks } = copy(demand.state());
    assert.deepEqual([peaks.month, peaks.past, peaks.peaks[0]?.demand], [Date.UTC(2026, 2, 1), [], 4000]);
  });
});

describe('a time that nobody saw', () => {
  const nap = 10 * HOUR;
  const longestGap = 5 * MINUTE;
  for (const [what, pass] of [
    ['the clock jumped', <T extends { interrupt: () => void }>(one: T) => (one.interrupt(), one)],
    ['Node-RED was off', undefined],
  ] as const) {
    it(`is not filled by a power under watch where ${what}`, () => {
      let demand = new Demand({ ...DEMAND, longestGap });
      let usage = new Usage({ ...USAGE, longestGap });
      for (const one of [demand, usage]) one.setAvailable(true, NOON);
      for (let time = NOON; time <= NOON + 30 * MINUTE; time += MINUTE) {
        demand.take({ time, power: 3000 }, time);
        usage.take({ time, power: 3000 }, time);
      }
      if (pass) for (const one of [demand, usage]) pass(one);
      else {
        demand = new Demand({ ...DEMAND, longestGap }, copy(demand.state()));
        usage = new Usage({ ...USAGE, longestGap }, copy(usage.state()));
      }
      for (const one of [demand, usage]) one.setAvailable(true, null);
      const time = NOON + 30 * MINUTE + nap;
      const closed = demand.take({ time, power: 300 }, time).reports.filter((one) => one.closed);
      assert.equal(closed.filter(({ last }) => last?.complete).length, 0);
      usage.take({ time, power: 300 }, time);
      // As long as without availability: the longest gap.
      assert.equal(usage.report(time).day.import, 1500 + 250);
    });
  }

  it('is no part of how often a meter is read', () => {
    const demand = new Demand({ ...DEMAND, longestGap: undefined });
    const read = (time: number): void => void demand.take({ time, power: 3000 }, time);
    for (let i = 0; i < 30; i++) read(NOON + i * MINUTE);
    const { rhythm } = demand.state().meter;
    demand.interrupt();
    read(NOON + nap);
    assert.deepEqual(demand.state().meter.rhythm, rhythm);
  });
});
