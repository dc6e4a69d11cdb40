import assert from 'node:assert/strict';

import { isoTexts } from '../../../lib/core/iso-time';
import { newSeed, Seeded } from '../../support/seeded';

describe('ISO times in large numbers', () => {
  const LAST = 8_640_000_000_000_000;

  it('are those of Date, whatever came before', () => {
    const source = new Seeded(newSeed());
    const iso = isoTexts();
    let near = 1_700_000_000_000;
    for (let count = 0; count < 50_000; count++) {
      if (source.below(20) === 0) near = (source.below(2 ** 31) - 2 ** 30) * 8_000_000;
      const ms =
        near +
        (source.below(4) === 0
          ? source.below(1_000_000_000) + source.below(100) / 100
          : source.below(200_000) * 1000);
      assert.equal(iso(ms), new Date(ms).toISOString(), `${ms} ms, SEED=${source.seed}`);
    }
  });

  it('are right at the borders of minutes, days, years and of what a date can hold', () => {
    const iso = isoTexts();
    const borders = [
      0, 1, 999, 1000, 59_999, 60_000, 86_399_999, 86_400_000, -1, -1000, -86_400_000, -0.5, -1000, 0.5,
    ];
    for (const ms of [...borders, 253_402_300_799_000, 253_402_300_800_000, LAST, -LAST, ...borders]) {
      assert.equal(iso(ms), new Date(ms).toISOString(), `${ms} ms`);
    }
  });

  it('are refused where there is no date', () => {
    const iso = isoTexts();
    for (const ms of [NaN, LAST, Infinity, LAST + 1000]) {
      if (ms === LAST) iso(ms);
      else assert.throws(() => iso(ms), RangeError);
    }
  });
});
