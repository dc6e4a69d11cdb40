import assert from 'node:assert/strict';

import { leaseClock } from '../../../lib/cluster/lease-clock';
import { FakeClock } from '../../support/fake-clock';

/** A host: `up` is ahead of the monotonic clock by what it slept. */
function host() {
  const clock = new FakeClock();
  const state = { slept: 0 };
  const lease = leaseClock(clock, () => clock.monotonic() + state.slept);
  const begun = lease.now();
  return { clock, state, age: () => Math.round(lease.now() - begun) };
}

describe('the clock of leases', () => {
  it('goes by the monotonic clock', async () => {
    const { clock, age } = host();
    await clock.advance(5000);
    assert.equal(age(), 5000);
  });

  it('counts what the host slept, by its uptime or by the wall clock, once', () => {
    const { clock, state, age } = host();
    state.slept = 20_000;
    clock.moveWall(20_000);
    assert.equal(age(), 20_000);
    state.slept = 25_000;
    assert.equal(age(), 25_000);
    clock.moveWall(7000);
    assert.equal(age(), 32_000);
  });

  it('never goes back', async () => {
    const { clock, age } = host();
    await clock.advance(1000);
    clock.moveWall(-3_600_000);
    assert.equal(age(), 1000);
    clock.moveWall(2000);
    assert.equal(age(), 3000);
  });

  it('takes no harm from looks at clocks that are coarse', async () => {
    const clock = new FakeClock();
    const lease = leaseClock(clock, () => Math.ceil(clock.monotonic() / 10) * 10);
    const begun = lease.now();
    for (let i = 0; i < 2000; i++) {
      await clock.advance(1);
      lease.now();
    }
    assert.ok(lease.now() - begun <= 2100, String(lease.now() - begun));
  });
});
