import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { LatestQueue, SerialQueue } from '../../../lib/core/queue';
import { failsWith } from '../../support/expect-error';
import { FakeClock, settle } from '../../support/fake-clock';

/** A task that ends when the test says so. */
function gate(): {
  task: () => Promise<string>;
  open: (value: string) => void;
  fail: (error: Error) => void;
  runs: number;
} {
  let open: (value: string) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const state = {
    runs: 0,
    task: () => {
      state.runs++;
      return new Promise<string>((resolve, reject) => {
        open = resolve;
        fail = reject;
      });
    },
    open: (value: string) => open(value),
    fail: (error: Error) => fail(error),
  };
  return state;
}

describe('SerialQueue', () => {
  it('runs one task at a time, in order, and goes on after a failure', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    const task =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        log.push(`${name} begins`);
        await settle();
        log.push(`${name} ends`);
        if (fails) throw new DeviceError('REJECTED', name);
        return name;
      };
    const results = await Promise.allSettled([
      queue.run(task('a')),
      queue.run(task('b', true)),
      queue.run(task('c')),
    ]);
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    assert.equal(await queue.run(task('d')), 'd');
  });

  it('refuses what exceeds its bound', async () => {
    const queue = new SerialQueue(1);
    const first = gate();
    const running = queue.run(first.task);
    const waiting = queue.run(() => Promise.resolve('second'));
    assert.equal(queue.length, 1);
    await failsWith(
      queue.run(() => Promise.resolve('third')),
      'RATE_LIMITED',
    );
    first.open('first');
    assert.deepEqual(await Promise.all([running, waiting]), ['first', 'second']);
  });

  it('cancels what waits when it closes, and lets the running task end', async () => {
    const queue = new SerialQueue();
    const first = gate();
    const second = gate();
    const running = queue.run(first.task);
    const cancelledOne = failsWith(queue.run(second.task), 'CANCELLED');
    queue.close();
    await cancelledOne;
    first.open('done');
    assert.equal(await running, 'done');
    assert.equal(second.runs, 0);
    await failsWith(queue.run(second.task), 'CANCELLED');
  });
});

describe('LatestQueue', () => {
  it('sends the newest value only, never an older one after it', async () => {
    const sent: number[] = [];
    const gates: (() => void)[] = [];
    const feed = new LatestQueue<number, string>((value) => {
      sent.push(value);
      return new Promise((resolve) => gates.push(() => resolve(`sent ${value}`)));
    });
    const outcomes = Array.from({ length: 1000 }, (_, i) => feed.push(i));
    assert.deepEqual(sent, [0]);
    gates[0]?.();
    await settle();
    assert.deepEqual(sent, [0, 999]);
    gates[1]?.();
    const settled = await Promise.all(outcomes);
    assert.deepEqual(settled[0], { superseded: false, result: 'sent 0' });
    assert.deepEqual(settled.at(-1), { superseded: false, result: 'sent 999' });
    assert.equal(settled.filter((outcome) => outcome.superseded).length, 998);
  });

  it('goes on after a failure, which only its own value hears of', async () => {
    let fail = true;
    const feed = new LatestQueue<number, number>((value) =>
      fail ? Promise.reject(new DeviceError('UNREACHABLE', 'down')) : Promise.resolve(value),
    );
    await failsWith(feed.push(1), 'UNREACHABLE');
    fail = false;
    assert.deepEqual(await feed.push(2), { superseded: false, result: 2 });
  });

  it('goes on after a send that throws at once', async () => {
    let broken = true;
    const feed = new LatestQueue<number, number>((value) => {
      if (broken) throw new DeviceError('INVALID_INPUT', 'no');
      return Promise.resolve(value);
    });
    await failsWith(feed.push(1), 'INVALID_INPUT');
    broken = false;
    assert.deepEqual(await feed.push(2), { superseded: false, result: 2 });
  });

  it('cancels a waiting value when it closes', async () => {
    const first = gate();
    const feed = new LatestQueue<number, string>(() => first.task());
    const sent = feed.push(1);
    const outcome = failsWith(feed.push(2), 'CANCELLED');
    feed.close();
    await outcome;
    first.open('ok');
    assert.deepEqual(await sent, { superseded: false, result: 'ok' });
    await failsWith(feed.push(3), 'CANCELLED');
  });

  it('waits between two values, and sends the one that is newest when the wait is over', async () => {
    const clock = new FakeClock();
    const sent: { value: number; at: number }[] = [];
    let free = 0;
    const feed = new LatestQueue<number, number>(
      (value) => {
        sent.push({ value, at: clock.monotonic() });
        free = clock.monotonic() + 1000;
        return Promise.resolve(value);
      },
      { pause: () => free - clock.monotonic(), clock },
    );
    const outcomes: Promise<unknown>[] = [];
    for (let i = 0; i < 1000; i++) {
      outcomes.push(feed.push(i));
      await clock.advance(2);
    }
    await clock.advance(1000);
    assert.deepEqual(sent, [
      { value: 0, at: 0 },
      { value: 499, at: 1000 },
      { value: 999, at: 2000 },
    ]);
    await Promise.all(outcomes);
    assert.equal(clock.pending, 0);
  });

  it('ends a wait when it closes', async () => {
    const clock = new FakeClock();
    const feed = new LatestQueue<number, number>((value) => Promise.resolve(value), {
      pause: () => 1000,
      clock,
    });
    const outcome = failsWith(feed.push(1), 'CANCELLED');
    feed.close();
    await outcome;
    await settle();
    assert.equal(clock.pending, 0);
  });
});
