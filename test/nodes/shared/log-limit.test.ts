import assert from 'node:assert/strict';

import { LogLimit } from '../../../nodes/shared/log-limit';
import { FakeClock } from '../../support/fake-clock';

describe('LogLimit', () => {
  it('takes twenty lines, then one each ten minutes with the number of those left out', async () => {
    const clock = new FakeClock();
    const limit = new LogLimit(clock);
    const told: (number | undefined)[] = [];
    // A device that is lost each second for an hour.
    for (let second = 0; second < 3600; second++) {
      const untold = limit.admit();
      if (untold !== undefined) told.push(untold);
      await clock.advance(1000);
    }
    assert.deepEqual(told.slice(0, 20), Array<number>(20).fill(0));
    assert.deepEqual(told.slice(20), [580, 599, 599, 599, 599]);
  });

  it('takes each of those that are ten minutes apart', async () => {
    const clock = new FakeClock();
    const limit = new LogLimit(clock);
    for (let i = 0; i < 100; i++) {
      assert.equal(limit.admit(), 0);
      await clock.advance(600_000);
    }
  });
});
