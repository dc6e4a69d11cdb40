import assert from 'node:assert/strict';

import { FirstTurns } from '../../../../lib/core/poll/first-turns';
import { Poller } from '../../../../lib/core/poll/poller';
import type { Subscription } from '../../../../lib/core/poll/subscription';
import { FakeClock, settle } from '../../../support/fake-clock';

describe('first readings of many devices', () => {
  let clock: FakeClock;
  let firsts: FirstTurns;
  /** of the readings under way, by device */
  let inFlight: Map<number, () => void>;
  let most: number;
  let begun: number[];
  /** and when */
  let times: number[];
  let subscriptions: Subscription<number>[];
  let pollers: Poller<number>[];

  /** Devices that answer when the test says so, or `ms` after they were asked. */
  const begin = (count: number, ms?: number): void => {
    for (let index = 0; index < count; index++) {
      const fetch = (): Promise<number> =>
        new Promise((resolve) => {
          const end = (): void => {
            inFlight.delete(index);
            resolve(index);
          };
          inFlight.set(index, end);
          begun.push(index);
          times.push(clock.monotonic());
          most = Math.max(most, inFlight.size);
          if (ms !== undefined) clock.after(ms, end);
        });
      const poller = new Poller<number>({ fetch, interval: 5000, clock }, undefined, firsts);
      pollers.push(poller);
      subscriptions.push(poller.subscribe({}));
    }
  };
  const pass = async (ms: number, step = 1): Promise<void> => {
    for (let passed = 0; passed < ms; passed += step) {
      await clock.advance(step);
      await settle();
    }
  };

  beforeEach(() => {
    clock = new FakeClock();
    firsts = new FirstTurns(clock);
    inFlight = new Map();
    most = 0;
    begun = [];
    times = [];
    subscriptions = [];
    pollers = [];
  });
  afterEach(async () => {
    const closed = pollers.map((poller) => poller.close());
    for (const end of inFlight.values()) end();
    await Promise.all(closed);
  });

  it('are ten at a time, in the order in which they were due, and each device is read once', async () => {
    begin(100, 20);
    await pass(1000);
    assert.equal(most, 10);
    assert.deepEqual(
      begun,
      pollers.map((_, index) => index),
    );
  });

  it('of devices that do not answer keep the others waiting for a quarter of a second, and go on', async () => {
    begin(30);
    await pass(500);
    assert.equal(begun.length, 10);
    await pass(249, 249);
    assert.equal(begun.length, 10);
    await pass(1);
    assert.equal(begun.length, 20);
    await pass(250, 250);
    assert.equal(begun.length, 30);
    assert.equal(inFlight.size, 30, 'none was given up');
  });

  it('keep each device at its place from then on', async () => {
    begin(20, 20);
    await pass(5600);
    assert.equal(begun.length, 40);
    assert.ok(times[0] !== times[10], 'the second ten came later');
    assert.deepEqual(
      times.slice(20),
      times.slice(0, 20).map((time) => time + 5000),
    );
  });

  const odd: { name: string; act: (poller: Poller<number>) => void; isRead: boolean }[] = [
    { name: 'nobody listens any more', act: () => subscriptions[15]?.close(), isRead: false },
    { name: 'another instance reads it', act: (poller) => poller.setResting(true), isRead: false },
    { name: 'it has pushed', act: (poller) => poller.setData(1), isRead: false },
    { name: 'it was asked for', act: () => void subscriptions[15]?.refresh(), isRead: true },
    { name: 'it has ended', act: (poller) => void poller.close(), isRead: false },
  ];
  for (const { name, act, isRead } of odd) {
    it(`a device that waits for its turn when ${name} is not read twice`, async () => {
      begin(20);
      await pass(500);
      const poller = pollers[15];
      assert.ok(poller);
      act(poller);
      await settle();
      const reads = (): number => begun.filter((index) => index === 15).length;
      assert.equal(reads(), isRead ? 1 : 0);
      for (const end of inFlight.values()) end();
      await settle();
      await pass(250, 250);
      assert.equal(reads(), isRead ? 1 : 0);
      assert.equal(begun.length, isRead ? 20 : 19);
    });
  }

  it('one alone begins when it is due', async () => {
    begin(1, 20);
    await pass(500);
    assert.deepEqual(begun, [0]);
  });
});
