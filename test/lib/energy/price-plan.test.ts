import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';
import { PricePlan, type PricePlanOptions } from '../../../lib/energy/price-plan';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const USUAL: PricePlanOptions = {
  need: 3 * HOUR,
  block: false,
  from: 0,
  to: 0,
  longestPause: Infinity,
  maxPrice: null,
  fallback: [],
  zone: new LocalTime('UTC'),
  isKept: true,
};

const DAY = Date.UTC(2026, 5, 10);
/** by the hour from 0 h */
const PRICES = [10, 9, 8, 7, 6, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

const list = (
  prices: readonly number[],
  start = DAY,
  step = HOUR,
): { start: number; end: number; price: number }[] =>
  prices.map((price, i) => ({ start: start + i * step, end: start + (i + 1) * step, price }));

function planner(options: Partial<PricePlanOptions> = {}, prices: readonly number[] = PRICES): PricePlan {
  const plan = new PricePlan({ ...USUAL, ...options });
  plan.prices.takeList(list(prices));
  return plan;
}

/** The hours of the first plan that are on. */
function hours(plan: PricePlan, now: number): number[] {
  const [first] = plan.update(now);
  return (first?.slots ?? []).filter(({ on }) => on).map(({ start }) => (start - DAY) / HOUR);
}

describe('price plan vectors', () => {
  it('1: split', () => assert.deepEqual(hours(planner(), DAY), [4, 5, 6]));

  it('2: one block within hours', () =>
    assert.deepEqual(hours(planner({ block: true, to: 4 * 60 }), DAY), [1, 2, 3]));

  it('3: never above a price, and what is missing is told', () => {
    const plan = planner({ need: 4 * HOUR, maxPrice: 6 });
    assert.deepEqual(hours(plan, DAY), [4, 5, 6]);
    assert.equal(plan.all[0]?.missing, HOUR);
  });

  it('4: of equal prices the earliest', () =>
    assert.deepEqual(hours(planner({}, Array<number>(24).fill(7)), DAY), [0, 1, 2]));

  it('5: what has begun stays when new prices come', () => {
    const plan = planner();
    assert.deepEqual(hours(plan, DAY), [4, 5, 6]);
    plan.update(DAY + 4 * HOUR);
    plan.update(DAY + 5 * HOUR);
    plan.prices.takeList(list(PRICES.map((price, hour) => (hour >= 7 && hour <= 9 ? 1 : price))));
    assert.deepEqual(hours(plan, DAY + 5.5 * HOUR), [4, 5, 7]);
  });

  it('6: a day of 23 hours', () => {
    const zone = new LocalTime('Europe/Berlin');
    const start = Date.parse('2026-03-28T23:00:00Z');
    const plan = new PricePlan({ ...USUAL, zone, need: 23 * HOUR });
    plan.prices.takeList(
      list(
        Array.from({ length: 48 }, (_, i) => i),
        start,
      ),
    );
    const [first] = plan.update(start);
    const on = (first?.slots ?? []).filter((slot) => slot.on).map((slot) => slot.start);
    assert.deepEqual([on.length, new Set(on).size, first?.missing], [23, 23, 0]);
    assert.equal((first?.end ?? 0) - (first?.start ?? 0), 23 * HOUR);
  });
});

describe('price plan', () => {
  it('goes on after a restart in the middle of a slot, and of a day', () => {
    const plan = planner();
    plan.update(DAY);
    plan.update(DAY + 4 * HOUR);
    const kept = JSON.parse(JSON.stringify(plan.state())) as ReturnType<PricePlan['state']>;
    const again = new PricePlan(USUAL, kept);
    assert.deepEqual(hours(again, DAY + 4.5 * HOUR), [4, 5, 6]);
    // An hour that was to begin while nobody listened has begun where the load keeps the plan itself.
    const late = new PricePlan(USUAL, kept);
    assert.deepEqual(hours(late, DAY + 6.5 * HOUR), [4, 5, 6]);
    assert.equal(late.isOn(DAY + 6.5 * HOUR), true);
    assert.equal(late.isOn(DAY + 7 * HOUR), false);
    // Else it has not run, and the one that runs now goes on.
    const missed = new PricePlan({ ...USUAL, isKept: false }, kept);
    assert.deepEqual(hours(missed, DAY + 6.5 * HOUR), [4, 6, 7]);
  });

  it('plans a window over midnight as one, and the next day when its prices come', () => {
    const plan = planner({ from: 22 * 60, to: 6 * 60 });
    const night = DAY + 12 * HOUR;
    assert.deepEqual(hours(plan, night), [22, 23], 'of what is known the cheapest');
    plan.prices.takeList(list([1, 2, 3, 4, 5, 6, 7, 8], DAY + 24 * HOUR));
    assert.deepEqual(hours(plan, night), [24, 25, 26]);
  });

  it('plans tomorrow too, as soon as it is known', () => {
    const plan = planner();
    plan.prices.takeList(list([...PRICES].reverse(), DAY + 24 * HOUR));
    const plans = plan.update(DAY + 13 * HOUR);
    assert.deepEqual(
      plans.map(({ start, slots }) => [
        (start - DAY) / HOUR,
        slots.filter(({ on }) => on).map((slot) => (slot.start - DAY) / HOUR),
      ]),
      [
        [0, [13, 14, 15]],
        [24, [41, 42, 43]],
      ],
    );
  });

  it('falls back to hours of a table while there are no prices, and counts what has run', () => {
    const plan = new PricePlan({ ...USUAL, fallback: [{ from: 60, to: 180, on: 1 }] });
    const on = (now: number): number[] =>
      (plan.update(now)[0]?.slots ?? []).filter((slot) => slot.on).map(({ start }) => (start - DAY) / HOUR);
    assert.deepEqual(on(DAY), [1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75]);
    assert.equal(plan.all[0]?.fallback, true);
    for (let hour = 1; hour < 3; hour += 0.25) plan.update(DAY + hour * HOUR);
    plan.prices.takeList(list(PRICES));
    assert.deepEqual(hours(plan, DAY + 2.9 * HOUR), [1, 2, 5], 'two of the three hours have run');
  });

  it('never pauses for longer than it may', () => {
    const prices = [1, 9, 9, 9, 9, 9, 9, 1, 9, 9, 9, 9, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1];
    assert.deepEqual(hours(planner({ longestPause: 4 * HOUR }, prices), DAY), [0, 2, 7]);
    assert.deepEqual(hours(planner({ longestPause: 6 * HOUR }, prices), DAY), [0, 7, 12]);
  });

  it('rounds up to slots, and takes quarters of an hour where those are told', () => {
    assert.deepEqual(hours(planner({ need: 1.2 * HOUR }), DAY), [4, 5]);
    const quarters = new PricePlan({ ...USUAL, need: 1.2 * HOUR });
    quarters.prices.takeList(
      list(
        PRICES.flatMap((price) => [price, price, price, price]),
        DAY,
        15 * MINUTE,
      ),
    );
    assert.deepEqual(hours(quarters, DAY), [4, 5, 5.25, 5.5, 5.75]);
  });

  it('leaves out slots that are not wholly within the hours', () =>
    assert.deepEqual(hours(planner({ from: 4 * 60 + 30, to: 7 * 60 + 30 }), DAY), [5, 6]));
});

/** Prices of two days in Norway, and what node-red-contrib-power-saver's own tests expect of them (ps-strategy-lowest-price). */
describe('price plan beside power-saver', () => {
  const FIRST = [
    0.2494, 0.2209, 0.2099, 0.219, 0.2614, 0.4426, 0.5433, 0.5667, 0.5847, 0.5762, 0.5391, 0.5124, 0.504,
    0.5057, 0.5066, 0.5136, 0.5143, 0.5306, 0.5534, 0.5511, 0.5491, 0.5485, 0.5481, 0.5218,
  ];
  const SECOND = [
    0.4533, 0.4196, 0.4037, 0.3829, 0.4555, 0.4721, 0.4903, 0.5028, 0.5163, 0.5264, 0.5346, 0.5224, 0.5071,
    0.5045, 0.5024, 0.5038, 0.5118, 0.5111, 0.5108, 0.5055, 0.5042, 0.5259, 0.5282, 0.5252,
  ];
  const start = Date.parse('2021-10-11T00:00:00+02:00');
  const day = { from: 10 * 60, to: 20 * 60 };
  const cases: [what: string, options: Partial<PricePlanOptions>, first: number[], second: number[]][] = [
    ['six hours, split', { ...day, need: 6 * HOUR }, [11, 12, 13, 14, 15, 16], [12, 13, 14, 15, 18, 19]],
    [
      'six hours, split, never above 0.51',
      { ...day, need: 6 * HOUR, maxPrice: 0.51 },
      [12, 13, 14],
      [12, 13, 14, 15, 19],
    ],
    ['four hours in one piece', { ...day, need: 4 * HOUR, block: true }, [11, 12, 13, 14], [12, 13, 14, 15]],
    ['the same, never above 0.23', { ...day, need: 4 * HOUR, block: true, maxPrice: 0.23 }, [], []],
    [
      'eight hours of the day, split',
      { need: 8 * HOUR },
      [0, 1, 2, 3, 4, 5, 12, 13],
      [0, 1, 2, 3, 4, 5, 6, 14],
    ],
  ];
  for (const [what, options, first, second] of cases) {
    it(`chooses the same: ${what}`, () => {
      const plan = new PricePlan({ ...USUAL, ...options, zone: new LocalTime('Europe/Oslo') });
      plan.prices.takeList(list([...FIRST, ...SECOND], start));
      const taken = plan
        .update(start)
        .flatMap(({ slots }) => slots.filter(({ on }) => on))
        .map((slot) => (slot.start - start) / HOUR);
      assert.deepEqual(taken, [...first, ...second.map((hour) => hour + 24)]);
    });
  }
});
