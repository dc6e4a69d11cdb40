import assert from 'node:assert/strict';

import { Aging } from '../../../../lib/core/poll/age';
import { SerialQueue } from '../../../../lib/core/command/queue';
import { LoadFeed } from '../../../../lib/powerflex/load-feed';
import { StandstillWatch } from '../../../../lib/poweropti/gate';
import { PushFeed } from '../../../../lib/powersentrix/push-feed';
import { failsWith } from '../../../support/expect-error';
import { FakeClock, settle } from '../../../support/fake-clock';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Case {
  name: string;
  start?: number;
  steps: readonly { wall?: number; both?: number }[];
  /** ms that have passed by age */
  aged: number;
}

const CASES: readonly Case[] = [
  { name: 'both clocks go on', steps: [{ both: 5000 }], aged: 5000 },
  {
    name: 'the host sleeps for two hours',
    steps: [{ both: 1000 }, { wall: 2 * HOUR }],
    aged: 2 * HOUR + 1000,
  },
  { name: 'sleep and waking in one step', steps: [{ wall: 2 * HOUR, both: 500 }], aged: 2 * HOUR + 500 },
  { name: 'two sleeps', steps: [{ wall: HOUR }, { both: 1 }, { wall: HOUR }], aged: 2 * HOUR + 1 },
  { name: 'a sleep of a month', steps: [{ wall: 30 * DAY }], aged: 30 * DAY },
  { name: 'a correction forward by minutes', steps: [{ wall: 300_000 }, { both: 10 }], aged: 300_010 },
  { name: 'a correction back', steps: [{ wall: -300_000 }, { both: 10 }], aged: 10 },
  { name: 'set back, and then a sleep', steps: [{ wall: -HOUR }, { wall: HOUR / 2 }], aged: HOUR / 2 },
  { name: 'a drift below a second', steps: [{ wall: 400 }, { both: 1000 }], aged: 1000 },
  {
    name: 'a drift that has summed up to seconds',
    steps: [{ wall: 600 }, { both: 9 }, { wall: 600 }],
    aged: 1209,
  },
  {
    name: 'the first setting of a clock of 1970',
    start: 0,
    steps: [{ wall: 56 * 365 * DAY }, { both: 7 }],
    aged: 7,
  },
  {
    name: 'a sleep after the first setting',
    start: 0,
    steps: [{ wall: 56 * 365 * DAY }, { both: 7 }, { wall: HOUR }],
    aged: HOUR + 7,
  },
];

describe('Aging', () => {
  for (const { name, start, steps, aged } of CASES) {
    it(`counts ${aged} ms: ${name}`, async () => {
      const clock = new FakeClock(start);
      const aging = new Aging(clock);
      const begun = aging.now();
      for (const { wall = 0, both = 0 } of steps) {
        clock.moveWall(wall);
        await clock.advance(both);
        aging.now();
      }
      assert.equal(aging.now() - begun, aged);
    });
  }

  it('does not run faster the more often it is looked at', async () => {
    const clock = new FakeClock();
    const aging = new Aging(clock);
    const begun = aging.now();
    // The wall clock counts whole milliseconds and is half a one behind or ahead at each look.
    for (let i = 0; i < 1000; i++) {
      clock.moveWall(i % 2 === 0 ? 0.5 : -0.5);
      await clock.advance(1);
      aging.now();
    }
    assert.equal(aging.now() - begun, 1000);
  });

  it('fires a timer by age at the latest ten seconds after the host woke up', async () => {
    const clock = new FakeClock();
    let fired = 0;
    new Aging(clock).after(120_000, () => fired++);
    await clock.advance(15_000);
    clock.moveWall(2 * HOUR);
    await clock.advance(10_000);
    assert.equal(fired, 1);
    await clock.advance(HOUR);
    assert.equal(fired, 1);
    assert.equal(clock.pending, 0);
  });

  it('fires in time where the host does not sleep, and never once cancelled', async () => {
    const clock = new FakeClock();
    let fired = 0;
    const aging = new Aging(clock);
    aging.after(25_000, () => fired++);
    const cancel = aging.after(25_000, () => fired++);
    await clock.advance(24_999);
    assert.equal(fired, 0);
    cancel();
    await clock.advance(1);
    assert.equal(fired, 1);
    assert.equal(clock.pending, 0);
  });
});

describe('what grows old while the host sleeps', () => {
  const stale = async (clock: FakeClock, seen: () => unknown): Promise<void> => {
    clock.moveWall(2 * HOUR);
    await clock.advance(10_000);
    assert.ok(seen());
  };

  it('a push: at once when it is asked for, and soon by itself', async () => {
    const clock = new FakeClock();
    let late = 0;
    const feed = new PushFeed<number>(60_000, () => late++, clock);
    feed.take(1);
    assert.equal(feed.read(), 1);
    clock.moveWall(2 * HOUR);
    assert.throws(() => feed.read(), { reason: 'powersentrixPushLate' });
    await stale(clock, () => late === 1);
    feed.take(2);
    assert.equal(feed.read(), 2);
    feed.close();
  });

  it('a command that waited: it is refused, not sent', async () => {
    const clock = new FakeClock();
    const queue = new SerialQueue({ maxWait: 5 * 60_000, clock });
    let end = (): void => undefined;
    const running = queue.run(() => new Promise<void>((resolve) => (end = resolve)));
    const waiting = failsWith(
      queue.run(() => Promise.resolve()),
      'BUSY',
    );
    await settle();
    clock.moveWall(2 * HOUR);
    end();
    await running;
    assert.equal((await waiting).reason, 'waitedTooLong');
  });

  it("a meter's time that stands still", () => {
    const clock = new FakeClock();
    const watch = new StandstillWatch(60_000, clock);
    assert.equal(watch.assess('2026-01-01T00:00:00Z'), undefined);
    clock.moveWall(2 * HOUR);
    assert.equal(watch.assess('2026-01-01T00:00:00Z')?.code, 'STALE');
  });

  it('a load: it is refused, and the feed says that it is stale', async () => {
    const clock = new FakeClock();
    const states: boolean[] = [];
    const feed = new LoadFeed({
      send: () => Promise.resolve(),
      clock,
      onAvailability: ({ available }) => states.push(available),
    });
    await feed.push(10);
    await stale(clock, () => states.at(-1) === false);
    feed.close();
  });
});
