import assert from 'node:assert/strict';

import { LoadAges } from '../../../lib/powerflex/load-input';
import { FakeClock } from '../../support/fake-clock';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('LoadAges', () => {
  let clock: FakeClock;
  let ages: LoadAges;

  beforeEach(() => {
    clock = new FakeClock();
    ages = new LoadAges(clock);
  });

  for (const off of [-200_000, -HOUR, -23 * HOUR, 0, 200_000, HOUR, 400 * 24 * HOUR]) {
    it(`takes each new time for a new load, from a meter whose clock is off by ${off / 1000} s`, async () => {
      for (let second = 0; second < 600; second += 10) {
        assert.equal(ages.of(clock.now() + off), 0);
        await clock.advance(10_000);
      }
    });

    it(`lets a time that stands still grow old, off by ${off / 1000} s`, async () => {
      const measured = clock.now() + off;
      assert.equal(ages.of(measured), 0);
      await clock.advance(130_000);
      assert.equal(ages.of(measured), 130_000);
      await clock.advance(1000);
      assert.equal(ages.of(measured), 131_000);
      assert.equal(ages.of(measured + 1000), 0);
    });
  }

  it('believes a clock that is years behind once it is seen to go', async () => {
    const off = -6 * 365 * 24 * HOUR;
    assert.equal(ages.of(clock.now() + off), -off);
    await clock.advance(5000);
    assert.ok(ages.of(clock.now() - 5000 + off) > HOUR, 'it may be an old reading that comes again');
    await clock.advance(5000);
    assert.equal(ages.of(clock.now() + off), 0);
  });

  it('tells no age without a time', () => assert.equal(ages.of(null), 0));

  it('knows a load from before the newest one for old', async () => {
    const newest = clock.now() - 200_000;
    assert.equal(ages.of(newest), 0);
    await clock.advance(10_000);
    assert.equal(ages.of(newest - MINUTE), 70_000);
    assert.equal(ages.of(newest + 10_000), 0);
  });

  it('is not taken in by a history that comes behind the newest load', async () => {
    const newest = clock.now();
    ages.of(newest);
    for (let minutes = 60; minutes > 0; minutes--) {
      assert.ok(ages.of(newest - minutes * MINUTE) >= minutes * MINUTE);
      await clock.advance(100);
    }
  });

  it('follows a clock that is set back', async () => {
    ages.of(clock.now());
    await clock.advance(10_000);
    assert.ok(ages.of(clock.now() - HOUR) >= HOUR - 10_000, 'one reading may be an old one');
    await clock.advance(10_000);
    assert.equal(ages.of(clock.now() - HOUR), 0);
    await clock.advance(10_000);
    assert.equal(ages.of(clock.now() - HOUR), 0);
  });

  it('counts what the host has slept', () => {
    const measured = clock.now();
    ages.of(measured);
    clock.moveWall(2 * HOUR);
    assert.equal(ages.of(measured), 2 * HOUR);
  });
});
