import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';
import { PricePlan } from '../../../lib/energy/price-plan';
import { searchAll, searchByProgram, type SearchSlot, type Wanted } from '../../support/plan-search';
import { newSeed, Seeded } from '../../support/seeded';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const zone = new LocalTime('Europe/Berlin');
/** the first instants of local days of 23, 24 and 25 hours */
const DAYS = [
  { start: Date.parse('2026-03-28T23:00:00Z'), hours: 23 },
  { start: Date.parse('2026-06-09T22:00:00Z'), hours: 24 },
  { start: Date.parse('2026-10-24T22:00:00Z'), hours: 25 },
];

/** Money per kWh, sometimes negative, and often the same. */
function prices(random: Seeded, start: number, count: number, step: number): SearchSlot[] {
  const spread = random.pick([3, 20, 1000]);
  return Array.from({ length: count }, (_, i) => ({
    start: start + i * step,
    end: start + (i + 1) * step,
    price: (random.below(spread) - Math.floor(spread / 4)) / 100,
  }));
}

function combinations(n: number, k: number): number {
  let result = 1;
  for (let i = 0; i < k; i++) result = (result * (n - i)) / (i + 1);
  return result;
}

const whole = (slots: readonly SearchSlot[]): SearchSlot[] =>
  slots.map((slot) => ({ ...slot, price: Math.round(slot.price * 100) }));

function oneDay(random: Seeded, step: number, search: typeof searchAll): void {
  const { start, hours } = random.pick(DAYS);
  const perHour = HOUR / step;
  const known = random.chance(0.2) ? 1 + random.below(hours - 1) : hours;
  const day = prices(random, start, known * perHour, step);
  const maxPrice = random.chance(0.2) ? random.below(10) / 100 : null;
  const block = random.chance(0.3);
  const longestPause = block || random.chance(0.4) ? Infinity : (1 + random.below(6 * perHour)) * step;
  let count = 1 + random.below(random.pick([24, known * perHour]));
  while (search === searchAll && !block && combinations(known, count) > 1000) count = 1 + random.below(count);
  const plan = new PricePlan({
    ...{
      need: count * step,
      block,
      from: 0,
      to: 0,
      longestPause,
      maxPrice,
      fallback: [],
      zone,
      isKept: true,
    },
  });
  const wanted: Wanted = { count, block, longestPause };
  const allowed = (slots: readonly SearchSlot[]): SearchSlot[] =>
    whole(slots.filter(({ price }) => maxPrice === null || price <= maxPrice));
  const taken = (now: number): number[] =>
    (plan.update(now)[0]?.slots ?? []).filter(({ on }) => on).map((slot) => slot.start);

  plan.prices.takeList(day);
  const first = search(allowed(day), wanted);
  assert.deepEqual(taken(start), first, 'as the day begins');

  // Other prices come in the middle of a slot.
  const begun = random.below(known * perHour);
  const now = start + begun * step + step / 2;
  plan.update(start + begun * step);
  const rest = prices(random, start, known * perHour, step).slice(begun + 1);
  plan.prices.takeList(rest);
  const ran = first.filter((one) => one <= now);
  const last = ran.at(-1);
  const left = { ...wanted, count: count - ran.length, after: last === undefined ? undefined : last + step };
  assert.deepEqual(taken(now), [...ran, ...search(allowed(rest), left)], `after ${begun} slots`);
}

describe('price plans on random days', () => {
  const seed = newSeed();
  for (const [name, step, search] of [
    ['hours against every possible set', HOUR, searchAll],
    ['quarters of an hour against a dynamic program', 15 * MINUTE, searchByProgram],
  ] as const) {
    it(`are the best: ${name} (SEED=${seed})`, () => {
      const random = new Seeded(seed);
      for (let i = 0; i < 1000; i++) oneDay(random, step, search);
    });
  }
});
