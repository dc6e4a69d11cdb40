import assert from 'node:assert/strict';

import type { Availability } from '../../../../lib/core/poll/availability';
import { DeviceError } from '../../../../lib/core/errors';
import { failsWith } from '../../../support/expect-error';
import { settle } from '../../../support/fake-clock';
import { setUp } from './poller-bench';

const down = (): DeviceError => new DeviceError('UNREACHABLE', 'down');

describe('Poller', () => {
  it('does nothing before somebody listens, and nothing after the last one has left', async () => {
    const { clock, device, poller } = setUp();
    await clock.advance(60_000);
    assert.equal(device.calls.length, 0);

    const subscription = poller.subscribe({});
    await clock.advance(1000);
    assert.equal(device.calls.length, 1);
    subscription.close();
    assert.equal(device.last.signal.aborted, true);
    await clock.advance(60_000);
    assert.equal(device.calls.length, 1);
    assert.equal(clock.pending, 0);
  });

  it('starts at a drawn moment within the first second, and keeps that offset', async () => {
    const { clock, device, poller } = setUp();
    clock.randoms = [0.37];
    poller.subscribe({});
    assert.equal(clock.next, 370);
    await clock.advance(370);
    device.last.resolve(1);
    await settle();
    assert.equal(clock.next, 5000);
  });

  it('serves any number of listeners with one request', async () => {
    const { clock, device, poller } = setUp();
    const seen: string[] = [];
    poller.subscribe({ onData: (n) => seen.push(`a${n}`) });
    poller.subscribe({ onData: (n) => seen.push(`b${n}`) });
    await clock.advance(1000);
    device.last.resolve(7);
    await settle();
    assert.equal(device.calls.length, 1);
    assert.deepEqual(seen, ['a7', 'b7']);
    assert.equal(poller.data, 7);
  });

  it('never overlaps, however slow the device is, and gives it a rest', async () => {
    const { clock, device, poller } = setUp();
    poller.subscribe({});
    await clock.advance(17_000);
    assert.equal(device.calls.length, 1);
    device.last.resolve(1);
    await settle();
    assert.equal(clock.next, 1000);
    await clock.advance(1000);
    assert.equal(device.calls.length, 2);
    assert.equal(device.mostInFlight, 1);
  });

  it('plans from the start of the last reading', async () => {
    const { clock, device, poller } = setUp();
    poller.subscribe({});
    await clock.advance(500);
    await clock.advance(1200);
    device.last.resolve(1);
    await settle();
    assert.equal(clock.next, 3800);
  });

  it('answers all who ask during a reading with exactly one more', async () => {
    const { clock, device, poller } = setUp();
    const polled: number[] = [];
    const subscription = poller.subscribe({ onData: (n) => polled.push(n) });
    await clock.advance(500);
    const asked = [1, 2, 3, 4].map(() => subscription.refresh());
    device.last.resolve(10);
    await clock.advance(1000);
    assert.equal(device.calls.length, 2);
    device.last.resolve(11);
    assert.deepEqual(await Promise.all(asked), [11, 11, 11, 11]);
    assert.deepEqual(polled, [10], 'who asked gets the answer, not the poll as well');
    assert.equal(device.mostInFlight, 1);
  });

  it('tells listeners that did not ask of a reading that somebody else asked for', async () => {
    const { clock, device, poller } = setUp();
    const heard: number[] = [];
    const asker = poller.subscribe({ onData: () => assert.fail('asked itself') });
    poller.subscribe({ onData: (n) => heard.push(n) });
    const asked = asker.refresh();
    await settle();
    assert.equal(device.calls.length, 1, 'reads at once');
    device.last.resolve(5);
    assert.equal(await asked, 5);
    assert.deepEqual(heard, [5]);
    assert.equal(clock.pending, 1);
  });

  it('keeps the shortest gap when it is asked again and again', async () => {
    const { clock, device, poller } = setUp({ minGap: 1000 });
    const subscription = poller.subscribe({});
    const first = subscription.refresh();
    device.last.resolve(1);
    await first;
    const second = subscription.refresh();
    assert.equal(device.calls.length, 1);
    await clock.advance(999);
    assert.equal(device.calls.length, 1);
    await clock.advance(1);
    assert.equal(device.calls.length, 2);
    device.last.resolve(2);
    assert.equal(await second, 2);
  });

  it('reports an outage once, keeps the data, backs off with jitter up to the cap, and reports the return once', async () => {
    const { clock, device, poller } = setUp({ maxBackOff: 30_000 });
    const changes: Availability[] = [];
    poller.subscribe({ onAvailability: (a) => changes.push(a) });
    await clock.advance(1000);
    device.last.resolve(1);
    await settle();
    assert.deepEqual(
      changes.map((c) => c.available),
      [true],
    );

    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      await clock.advance(clock.next ?? 0);
      device.last.reject(i % 2 ? new DeviceError('TIMEOUT', 'slow') : down());
      await settle();
      waits.push(clock.next);
    }
    // 5 s, then half to all of 10, 20, 30, 30, 30 with random = 0.5
    assert.deepEqual(waits, [5000, 7500, 15_000, 22_500, 22_500, 22_500]);
    assert.deepEqual(
      changes.map((c) => c.available),
      [true, false],
    );
    assert.equal(changes[1]?.reason?.code, 'UNREACHABLE');
    assert.equal(poller.data, 1);

    await clock.advance(clock.next ?? 0);
    device.last.resolve(2);
    await settle();
    assert.deepEqual(
      changes.map((c) => c.available),
      [true, false, true],
    );
    assert.equal(clock.next, 5000);
    assert.equal(poller.stats.failures, 6);
    assert.equal(poller.errors.list().length, 6);
  });

  it('honours Retry-After', async () => {
    const { clock, device, poller } = setUp();
    poller.subscribe({});
    await clock.advance(1000);
    device.last.reject(new DeviceError('RATE_LIMITED', 'slow down', { retryAfter: 90 }));
    await settle();
    assert.equal(clock.next, 90_000);
  });

  it('stops after refused credentials, but reads when asked', async () => {
    const { clock, device, poller } = setUp();
    const changes: Availability[] = [];
    const subscription = poller.subscribe({ onAvailability: (a) => changes.push(a) });
    await clock.advance(1000);
    const wrong = new DeviceError('AUTH_FAILED', 'no', { definite: true });
    device.last.reject(wrong);
    await clock.advance(24 * 3_600_000);
    assert.equal(device.calls.length, 1);
    const asked = subscription.refresh();
    await settle();
    device.last.reject(wrong);
    await failsWith(asked, 'AUTH_FAILED');
    assert.equal(changes.length, 1);
  });

  it('tells an outage that turns out to need the user', async () => {
    const { clock, device, poller } = setUp();
    const codes: (string | undefined)[] = [];
    poller.subscribe({ onAvailability: (a) => codes.push(a.reason?.code) });
    await clock.advance(1000);
    device.last.reject(down());
    await clock.advance(5000);
    device.last.reject(new DeviceError('AUTH_FAILED', 'no'));
    await settle();
    assert.deepEqual(codes, ['UNREACHABLE', 'AUTH_FAILED']);
  });

  it('rejects those who asked when the reading fails', async () => {
    const { device, poller } = setUp();
    const asked = poller.subscribe({}).refresh();
    device.last.reject(down());
    await failsWith(asked, 'UNREACHABLE');
  });

  it('makes a device unavailable that answers with values that stand still, and goes on reading', async () => {
    let stale: DeviceError | undefined;
    const { clock, device, poller } = setUp({ assess: () => stale });
    const codes: (string | undefined)[] = [];
    poller.subscribe({ onAvailability: (a) => codes.push(a.reason?.code) });
    for (const state of [undefined, new DeviceError('STALE', 'still'), undefined]) {
      stale = state;
      await clock.advance(clock.next ?? 0);
      device.last.resolve(1);
      await settle();
      assert.equal(clock.next, 5000);
    }
    assert.deepEqual(codes, [undefined, 'STALE', undefined]);
  });

  it('takes a push as a reading and moves the next poll on', async () => {
    const { clock, device, poller } = setUp();
    const seen: number[] = [];
    poller.subscribe({ onData: (n) => seen.push(n) });
    await clock.advance(1000);
    device.last.resolve(1);
    await clock.advance(4000);
    poller.setData(2);
    assert.equal(clock.next, 5000);
    assert.deepEqual(seen, [1, 2]);
    poller.setError(down());
    assert.equal(poller.availability?.available, false);
  });

  it('holds what is known for listeners that come later', async () => {
    const { clock, device, poller } = setUp();
    poller.subscribe({});
    await clock.advance(1000);
    device.last.reject(down());
    await settle();
    poller.subscribe({ onAvailability: () => assert.fail('nothing has changed') });
    assert.equal(poller.availability?.reason?.code, 'UNREACHABLE');
  });

  it('asks nobody before the time that the vendor has named, however often it is asked', async () => {
    const { clock, device, poller } = setUp();
    const subscription = poller.subscribe({});
    await clock.advance(1000);
    device.last.reject(new DeviceError('RATE_LIMITED', 'slow down', { retryAfter: 60 }));
    await settle();
    for (let i = 0; i < 5; i++) {
      await failsWith(subscription.refresh(), 'RATE_LIMITED');
      await clock.advance(10_000);
    }
    assert.equal(device.calls.length, 1);
    await clock.advance(10_000);
    assert.equal(device.calls.length, 2);
    device.last.resolve(1);
    await clock.advance(1000);
    const asked = subscription.refresh();
    device.last.resolve(2);
    assert.equal(await asked, 2);
  });

  it('cancels the reading in flight and every wish when it closes', async () => {
    const { clock, device, poller } = setUp();
    const subscription = poller.subscribe({ onAvailability: () => assert.fail('a close is no outage') });
    const asked = [subscription.refresh(), subscription.refresh()];
    const outcomes = asked.map((request) => failsWith(request, 'CANCELLED'));
    await poller.close();
    await Promise.all(outcomes);
    assert.equal(device.inFlight, 0);
    assert.equal(clock.pending, 0);
    await failsWith(subscription.refresh(), 'CANCELLED');
    assert.throws(() => poller.subscribe({}), { code: 'CANCELLED' });
    poller.setData(3);
    poller.setError(down());
    assert.equal(poller.data, undefined);
  });

  it('goes on when a listener comes while a cancelled reading unwinds', async () => {
    const { clock, device, poller } = setUp();
    poller.subscribe({}).close();
    const first = poller.subscribe({});
    await clock.advance(1000);
    first.close();
    poller.subscribe({});
    await settle();
    assert.equal(clock.next, 5000);
    await clock.advance(5000);
    assert.equal(device.calls.length, 2);
    assert.equal(device.mostInFlight, 1);
  });

  it('survives a listener that throws, and tells of faults that are no DeviceError', async () => {
    const faults: unknown[] = [];
    const { clock, device, poller } = setUp({
      onUnexpected: (fault) => faults.push(fault),
      onAvailability: () => {
        throw new Error('log');
      },
    });
    const seen: number[] = [];
    poller.subscribe({
      onData: () => {
        throw new Error('listener');
      },
    });
    poller.subscribe({ onData: (n) => seen.push(n) });
    await clock.advance(1000);
    device.last.resolve(1);
    await clock.advance(5000);
    device.last.reject(new TypeError('bug'));
    await settle();
    assert.deepEqual(seen, [1]);
    assert.deepEqual(
      faults.map((fault) => (fault as Error).message),
      ['log', 'listener', 'bug', 'log'],
    );
    assert.equal(poller.availability?.reason?.reason, 'unexpected');
  });

  it('keeps only the newest errors for diagnostics', async () => {
    const { clock, device, poller } = setUp({ maxBackOff: 5000 });
    poller.subscribe({});
    await clock.advance(1000);
    for (let i = 0; i < 25; i++) {
      device.last.reject(new DeviceError('UNREACHABLE', `no ${i}`));
      await clock.advance(5000);
    }
    assert.equal(poller.errors.list().length, 10);
    assert.equal(poller.errors.list().at(-1)?.message, 'no 24');
  });
});
