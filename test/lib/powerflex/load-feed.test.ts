import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { LoadFeed, type LoadFeedOptions } from '../../../lib/powerflex/load-feed';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';

/** A server that needs `delay` ms for each load, or fails. */
class Server {
  readonly got: { kilowatts: number; at: number }[] = [];
  readonly log: string[] = [];
  delay = 0;
  failure: DeviceError | undefined;
  busy = 0;
  mostBusy = 0;

  constructor(readonly clock: FakeClock) {}

  readonly send = async (kilowatts: number): Promise<void> => {
    this.got.push({ kilowatts, at: this.clock.monotonic() });
    this.mostBusy = Math.max(this.mostBusy, ++this.busy);
    if (this.delay > 0) await new Promise<void>((resolve) => this.clock.after(this.delay, resolve));
    this.busy--;
    if (this.failure) throw this.failure;
  };
}

describe('LoadFeed', () => {
  let clock: FakeClock;
  let server: Server;
  let feed: LoadFeed;

  function start(options: Partial<LoadFeedOptions> = {}): LoadFeed {
    feed = new LoadFeed({
      send: server.send,
      clock,
      onAvailability: ({ available, reason }) =>
        server.log.push(available ? 'available' : (reason?.code ?? '')),
      onSent: ({ kilowatts, why }) => server.log.push(`${why} ${kilowatts}`),
      onError: ({ code }) => server.log.push(`error ${code}`),
      ...options,
    });
    return feed;
  }

  beforeEach(() => {
    clock = new FakeClock();
    server = new Server(clock);
  });

  afterEach(() => {
    feed.close();
    assert.equal(clock.pending, 0, 'no timer is left behind');
  });

  const loads = (): number[] => server.got.map(({ kilowatts }) => kilowatts);

  it('sends only the newest of a thousand loads in a second, in order, none after a newer one', async () => {
    start();
    const outcomes: Promise<{ superseded: boolean }>[] = [];
    for (let i = 0; i < 1000; i++) {
      outcomes.push(feed.push(i));
      await clock.advance(1);
    }
    await clock.advance(1000);
    assert.deepEqual(server.got, [
      { kilowatts: 0, at: 0 },
      { kilowatts: 999, at: 1000 },
    ]);
    const settled = await Promise.all(outcomes);
    assert.equal(settled.filter(({ superseded }) => superseded).length, 998);
  });

  it('never has a queue before a slow server', async () => {
    server.delay = 2000;
    start();
    for (let i = 0; i < 100; i++) {
      void feed.push(i);
      await clock.advance(100);
    }
    await clock.advance(5000);
    assert.deepEqual(loads(), [0, 19, 39, 59, 79, 99]);
    assert.equal(server.mostBusy, 1);
  });

  it('keeps the minimum interval that is set', async () => {
    start({ minInterval: 5000 });
    void feed.push(1);
    await clock.advance(1000);
    void feed.push(2);
    await clock.advance(3999);
    assert.deepEqual(loads(), [1]);
    await clock.advance(1);
    assert.deepEqual(loads(), [1, 2]);
  });

  it('repeats the newest load while it is fresh, and stops when it is not', async () => {
    start({ repeatInterval: 30_000, maxAge: 100_000 });
    await feed.push(42);
    await clock.advance(1_000_000);
    assert.deepEqual(
      server.got.map(({ at }) => at),
      [0, 30_000, 60_000, 90_000],
    );
    assert.deepEqual(server.log, ['available', 'input 42', 'repeat 42', 'repeat 42', 'repeat 42', 'STALE']);
  });

  it('refuses what is too old and sends nothing', async () => {
    start({ maxAge: 60_000 });
    const error = await failsWith(feed.push(42, 61_000), 'INVALID_INPUT');
    assert.equal(error.reason, 'powerflexLoadTooOld');
    assert.deepEqual(error.params, { seconds: 61, limit: 60 });
    assert.deepEqual(loads(), []);
    await feed.push(43, 59_000);
    await clock.advance(1000);
    assert.deepEqual(server.log, ['available', 'input 43', 'STALE'], 'age counts from the measurement');
  });

  it('does not send what became too old while it waited', async () => {
    start({ maxAge: 3000 });
    server.failure = new DeviceError('RATE_LIMITED', 'slow down', { retryAfter: 60 });
    await failsWith(feed.push(1), 'RATE_LIMITED');
    server.failure = undefined;
    const outcome = failsWith(feed.push(2), 'INVALID_INPUT');
    await clock.advance(60_000);
    assert.equal((await outcome).reason, 'powerflexLoadTooOld');
    assert.deepEqual(loads(), [1]);
  });

  it('lets no load pass one that was measured later', async () => {
    start();
    await feed.push(1, 0);
    await clock.advance(5000);
    assert.deepEqual(await feed.push(2, 20_000), { superseded: true });
    assert.deepEqual(loads(), [1]);
  });

  it('does nothing when it goes stale, unless a fail-safe load is set', async () => {
    start({ maxAge: 60_000 });
    await feed.push(1);
    await clock.advance(300_000);
    assert.deepEqual(loads(), [1, 1]);
  });

  it('sends the fail-safe load once when it goes stale, also when nothing has ever come', async () => {
    start({ maxAge: 60_000, failSafe: 500 });
    await clock.advance(600_000);
    assert.deepEqual(server.got, [{ kilowatts: 500, at: 60_000 }]);
    await feed.push(7);
    await clock.advance(600_000);
    assert.deepEqual(loads(), [500, 7, 7, 500]);
    assert.deepEqual(server.log, [
      ...['STALE', 'failSafe 500', 'available', 'input 7', 'repeat 7', 'STALE', 'failSafe 500'],
    ]);
  });

  it('tries the fail-safe load until the server has taken it, and complains once', async () => {
    server.failure = new DeviceError('UNREACHABLE', 'down');
    start({ maxAge: 60_000, failSafe: 500 });
    await clock.advance(125_000);
    assert.deepEqual(server.log, ['STALE', 'error UNREACHABLE']);
    server.failure = undefined;
    await clock.advance(600_000);
    assert.deepEqual(server.log, ['STALE', 'error UNREACHABLE', 'failSafe 500']);
    assert.deepEqual(loads(), [500, 500, 500, 500]);
  });

  it('gives a new load precedence over the fail-safe load', async () => {
    server.delay = 2000;
    start({ maxAge: 5000, failSafe: 500, minInterval: 0 });
    void feed.push(1);
    await clock.advance(4999);
    void feed.push(2);
    await clock.advance(10_000);
    assert.deepEqual(loads(), [1, 2, 500]);
  });

  it('asks a server in trouble less and less often, and takes the newest load once it is back', async () => {
    start();
    server.failure = new DeviceError('UNREACHABLE', 'down');
    for (let i = 0; i < 100; i++) {
      feed.push(i).catch(() => undefined);
      await clock.advance(1000);
    }
    const times = server.got.map(({ at }) => at);
    assert.deepEqual(
      times.slice(1).map((at, i) => at - (times[i] ?? 0)),
      [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
    );
    server.failure = undefined;
    await clock.advance(30_000);
    assert.deepEqual(server.log, ['UNREACHABLE', 'available', 'input 99']);
  });

  it('is not silenced for hours by a server that asks for it', async () => {
    start({ failSafe: 500 });
    server.failure = new DeviceError('UNREACHABLE', 'down', { retryAfter: 86_400 });
    await failsWith(feed.push(1), 'UNREACHABLE');
    server.failure = undefined;
    await clock.advance(4 * 60_000);
    void feed.push(3);
    await clock.advance(60_000);
    assert.deepEqual(server.got, [
      { kilowatts: 1, at: 0 },
      { kilowatts: 3, at: 300_000 },
    ]);
  });

  it('sends again by itself what a failed request left unsent', async () => {
    start();
    server.failure = new DeviceError('UNREACHABLE', 'down');
    await failsWith(feed.push(1), 'UNREACHABLE');
    server.failure = undefined;
    await clock.advance(30_000);
    assert.deepEqual(server.log, ['UNREACHABLE', 'available', 'repeat 1']);
    assert.equal(feed.last?.kilowatts, 1);
    assert.equal(feed.availability?.available, true);
  });

  it('knows a load of before the host slept for stale at once', async () => {
    start({ failSafe: 500, repeatInterval: 5000 });
    await feed.push(42);
    clock.moveWall(2 * 3_600_000);
    await clock.advance(10_000);
    assert.deepEqual(loads(), [42, 500]);
    assert.deepEqual(server.log, ['available', 'input 42', 'STALE', 'failSafe 500']);
    void feed.push(43);
    await clock.advance(1000);
    assert.deepEqual(loads(), [42, 500, 43]);
  });

  it('does not send after the sleep what waited before it', async () => {
    start({ minInterval: 60_000 });
    await feed.push(1);
    const outcome = failsWith(feed.push(2), 'INVALID_INPUT');
    clock.moveWall(2 * 3_600_000);
    await clock.advance(60_000);
    assert.equal((await outcome).reason, 'powerflexLoadTooOld');
    assert.deepEqual(loads(), [1]);
  });

  it('cancels what waits when it closes', async () => {
    start();
    await feed.push(1);
    const outcome = failsWith(feed.push(2), 'CANCELLED');
    feed.close();
    await outcome;
    await failsWith(feed.push(3), 'CANCELLED');
    assert.deepEqual(loads(), [1]);
  });
});
