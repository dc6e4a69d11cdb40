import assert from 'node:assert/strict';

import { expectedOf, logged, randomWorld } from '../../support/grid-sim';
import { newSeed, Seeded } from '../../support/seeded';

const EVENTS = 1000;
const OF_ONE_WORLD = 20;

describe('events of the grid by chance', function () {
  this.timeout(120_000);

  it('are logged as they were, and unknown where nobody watched', () => {
    const seed = newSeed();
    const random = new Seeded(seed);
    const counts: Record<string, number> = {};
    console.log(`      seed ${seed}`);
    for (let i = 0; i < EVENTS / OF_ONE_WORLD; i++) {
      const world = randomWorld(random, OF_ONE_WORLD);
      const { events } = logged(random, world);
      const found = events
        .map(({ kind, start, startSeen, end, endSeen, baseline, delivered, response, compliant }) => ({
          ...{ kind, start: start - world.start, startSeen, end: end - world.start, endSeen },
          ...{ baseline: whole(baseline), delivered: whole(delivered), response, compliant },
        }))
        .sort((a, b) => a.start - b.start);
      const expected = expectedOf(world)
        .map((one) => ({ ...one, start: one.start - world.start, end: one.end - world.start }))
        .map((one) => ({ ...one, baseline: whole(one.baseline), delivered: whole(one.delivered) }))
        .sort((a, b) => a.start - b.start);
      for (const [at, one] of expected.entries()) assert.deepEqual(found[at], one, `world ${i}, event ${at}`);
      assert.equal(found.length, expected.length, `world ${i}`);
      for (const { compliant, startSeen, endSeen } of found) {
        for (const what of [compliant, startSeen ? '' : 'start not seen', endSeen ? '' : 'end not seen']) {
          counts[what] = (counts[what] ?? 0) + 1;
        }
      }
    }
    console.log(`      ${JSON.stringify(counts)}`);
    for (const what of ['yes', 'no', 'unknown', 'start not seen', 'end not seen']) {
      assert.ok((counts[what] ?? 0) > 10, what);
    }
  });
});

const whole = (value: number | null): number | null => (value === null ? null : Math.round(value));
