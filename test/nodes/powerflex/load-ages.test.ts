import assert from 'node:assert/strict';

import { LoadAges } from '../../../nodes/powerflex/load-input';
import { FakeClock } from '../../support/fake-clock';

describe('LoadAges', () => {
  it('tells the age by the clocks', () => {
    const clock = new FakeClock();
    const ages = new LoadAges(clock);
    assert.equal(ages.of(null), 0);
    assert.equal(ages.of(clock.now() - 5000), 5000);
  });

  it('lets a time that stands still grow old, also when it lies in the future', async () => {
    const clock = new FakeClock();
    const ages = new LoadAges(clock);
    const ahead = clock.now() + 3_600_000;
    assert.equal(ages.of(ahead), 0);
    await clock.advance(130_000);
    assert.equal(ages.of(ahead), 130_000);
    assert.equal(ages.of(ahead + 1000), 0);
  });
});
