import assert from 'node:assert/strict';

import { type Car, type Month, randomMonth, reported } from '../../support/charging-months';
import { newSeed, Seeded } from '../../support/seeded';

/** A fifth of a campaign, for which MONTHS is 2000. */
const MONTHS = Number(process.env.MONTHS ?? 400);
const PIECES = 8;

describe('months of charging by chance', function () {
  this.timeout(300_000);
  const seed = newSeed();
  let cars = 0;
  let unknown = 0;

  before(() => console.log(`      seed ${seed}`));
  after(() => console.log(`      ${cars} cars billed, of ${unknown} the energy is not known`));

  for (let piece = 0; piece < PIECES; piece++) {
    it(`bill what the counters rose, and nobody twice, ${piece + 1} of ${PIECES}`, () => {
      const random = new Seeded(seed + piece);
      for (let i = 0; i < MONTHS / PIECES; i++) {
        const month = randomMonth(random);
        const habits = { days: random.pick([1, 1, 2, 4]), again: 0.2, restart: 0.2 };
        const { billed } = reported(random, month, habits);
        const where = `month ${i} of piece ${piece}, ${JSON.stringify({ ...habits, habit: month.habit })}`;
        for (const car of seenCars(month)) {
          const own = billed.filter(
            (one) => one.address === car.station && one.start < car.to && one.end > car.from,
          );
          const what = `${where}: ${JSON.stringify({ car, own })}`;
          assert.equal(own.filter(({ correction }) => !correction).length, 1, what);
          if (own.some(({ energy }) => energy === null)) {
            unknown++;
            continue;
          }
          cars++;
          const energy = own.reduce((sum, one) => sum + (one.energy ?? 0), 0);
          assert.ok(Math.abs(energy - car.energy) <= 1, what);
          const cost = own.reduce((sum, one) => sum + (one.cost ?? 0), 0);
          assert.ok(Math.abs(cost - (car.energy / 1e6) * 0.3) < 0.01, what);
        }
      }
    });
  }

  it('know the energy of all but a few', () => {
    assert.ok(cars > 20 * MONTHS, `${cars}`);
    assert.ok(unknown < cars / 500, `${unknown} of ${cars}`);
  });
});

/** Those that the rows show from beginning to end. */
function seenCars({ cars, rows }: Month): Car[] {
  return cars.filter(({ station, from, to }) => {
    const own = rows.get(station) ?? [];
    const [first, last] = [own[0]?.time ?? Infinity, own.at(-1)?.time ?? -Infinity];
    return from > first && to < last;
  });
}
