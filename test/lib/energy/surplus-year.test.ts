import assert from 'node:assert/strict';

import { newSeed } from '../../support/seeded';
import { faultsOf, summary, sunYear } from '../../support/sun-year';

describe('three loads that follow the sun for a year', () => {
  const first = newSeed();
  for (const seed of [first, first + 1, first + 2]) {
    it(`keep all bounds (SEED=${seed})`, () => {
      const year = sunYear(seed);
      assert.deepEqual(faultsOf(year), [], summary(seed, year));
    });
  }
});
