import assert from 'node:assert/strict';

import { DeviceError } from '../../../../lib/core/errors';
import {
  DeviceQueues,
  LatestQueue,
  type QueueOptions,
  SerialQueue,
  type Goal,
} from '../../../../lib/core/command/queue';
import { failsWith } from '../../../support/expect-error';
import { FakeClock, settle } from '../../../support/fake-clock';

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
    const queue = new SerialQueue({ limit: 1 });
    const first = gate();
    const running = queue.run(first.task);
    const waiting = queue.run(() => Promise.resolve('second'));
    assert.equal(queue.length, 1);
    await failsWith(
      queue.run(() => Promise.resolve('third')),
      'BUSY',
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

describe('SerialQueue whose caller gives up', () => {
  it('lets a task that waits leave at once, and runs those behind it', async () => {
    const queue = new SerialQueue();
    const [first, second] = [gate(), gate()];
    const gone = new AbortController();
    const running = queue.run(first.task);
    const left = failsWith(queue.run(second.task, { signal: gone.signal }), 'CANCELLED');
    const behind = queue.run(() => Promise.resolve('third'));
    await settle();
    gone.abort();
    await left;
    assert.equal(queue.length, 1);
    first.open('first');
    assert.deepEqual([await running, await behind, second.runs], ['first', 'third', 0]);
  });

  it('does not begin a task whose caller has gone already, and hands the turn on', async () => {
    const queue = new SerialQueue();
    const task = gate();
    await failsWith(queue.run(task.task, { signal: AbortSignal.abort() }), 'CANCELLED');
    assert.equal(await queue.run(() => Promise.resolve('next')), 'next');
    assert.equal(task.runs, 0);
  });
});

describe('SerialQueue that closes', () => {
  it('does not begin a task whose turn had just come', async () => {
    const queue = new SerialQueue();
    const second = gate();
    const first = queue.run(() => {
      // Runs after the turn was handed on and before the next task begins.
      queueMicrotask(() => queueMicrotask(() => queue.close()));
      return Promise.resolve();
    });
    const waiting = failsWith(queue.run(second.task), 'CANCELLED');
    await first;
    await waiting;
    assert.equal(second.runs, 0);
  });
});

describe('SerialQueue with wishes', () => {
  const on = { about: 'relay', wanted: 'on' };
  const off = { about: 'relay', wanted: 'off' };

  /** A queue whose first task holds the turn until it is released; what ran after it, in order. */
  const held = (options: QueueOptions = {}) => {
    const queue = new SerialQueue(options);
    const first = gate();
    const log: string[] = [];
    const running = queue.run(first.task);
    const add = (name: string, goal?: Goal): Promise<void> =>
      queue.run(
        () => {
          log.push(name);
          return Promise.resolve();
        },
        { goal },
      );
    const release = async (): Promise<void> => {
      await settle();
      first.open('done');
      await running;
    };
    return { log, add, release };
  };
  const superseded = (work: Promise<void>): Promise<void> =>
    assert.rejects(work, { code: 'CANCELLED', reason: 'superseded' });

  it('carries out the newest wish, and none of those that waited with another one', async () => {
    const { log, add, release } = held();
    const old = [superseded(add('on 1', on)), superseded(add('on 2', on))];
    const gone = superseded(add('off 1', off));
    const last = add('on 3', on);
    await Promise.all([...old, gone]);
    await release();
    await last;
    assert.deepEqual(log, ['on 3']);
  });

  it('keeps equal wishes, what has none, and wishes about something else, in order', async () => {
    const { log, add, release } = held();
    const all = [
      add('on 1', on),
      add('refresh'),
      add('port 2 off', { about: 'port 2', wanted: 'off' }),
      add('on 2', on),
    ];
    await release();
    await Promise.all(all);
    assert.deepEqual(log, ['on 1', 'refresh', 'port 2 off', 'on 2']);
  });

  it('makes room for a new wish in a full queue by the old ones that it replaces', async () => {
    const { log, add, release } = held({ limit: 2 });
    const old = [superseded(add('on 1', on)), superseded(add('on 2', on))];
    const last = add('off', off);
    await Promise.all(old);
    await release();
    await last;
    assert.deepEqual(log, ['off']);
  });

  it('does not begin a task that waited too long, and goes on with the next', async () => {
    const clock = new FakeClock();
    const { log, add, release } = held({ maxWait: 60_000, clock });
    const late = assert.rejects(add('late'), {
      code: 'BUSY',
      reason: 'waitedTooLong',
      params: { seconds: 60 },
    });
    await clock.advance(30_000);
    const inTime = add('in time');
    await clock.advance(31_000);
    await release();
    await Promise.all([late, inTime]);
    assert.deepEqual(log, ['in time']);
  });
});

describe('DeviceQueues', () => {
  it('runs one task at a time for each device, and devices side by side', async () => {
    const queues = new DeviceQueues();
    const [a, b] = [gate(), gate()];
    const first = queues.run('a', a.task);
    const second = queues.run('a', () => Promise.resolve('second'));
    const other = queues.run('b', b.task);
    await settle();
    assert.deepEqual([a.runs, b.runs], [1, 1]);
    b.open('b');
    assert.equal(await other, 'b');
    a.open('a');
    assert.deepEqual(await Promise.all([first, second]), ['a', 'second']);
  });

  it('cancels what waits at every device when it closes, and takes nothing more', async () => {
    const queues = new DeviceQueues();
    const a = gate();
    const running = queues.run('a', a.task);
    const waiting = failsWith(
      queues.run('a', () => Promise.resolve('never')),
      'CANCELLED',
    );
    await settle();
    queues.close();
    await waiting;
    await failsWith(
      queues.run('b', () => Promise.resolve('never')),
      'CANCELLED',
    );
    a.open('done');
    assert.equal(await running, 'done');
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
