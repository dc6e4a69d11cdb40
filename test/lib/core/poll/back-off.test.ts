import assert from 'node:assert/strict';

import { BackOff } from '../../../../lib/core/poll/back-off';
import { FakeClock } from '../../../support/fake-clock';

describe('BackOff', () => {
  it('doubles up to its cap, each wait drawn from the upper half, and begins anew', () => {
    const clock = new FakeClock();
    const backOff = new BackOff({ base: 100, cap: 500 }, clock);
    clock.randoms = [0];
    assert.deepEqual([backOff.next(), backOff.next(), backOff.next(), backOff.next()], [50, 100, 200, 250]);
    assert.equal(backOff.longest(), 250);
    backOff.reset();
    clock.randoms = [0.5];
    assert.deepEqual([backOff.next(), backOff.next()], [75, 150]);
  });

  it('waits for ever where the base is for ever', () => {
    const backOff = new BackOff({ base: Infinity, cap: Infinity }, new FakeClock());
    assert.equal(backOff.next(), Infinity);
  });
});
