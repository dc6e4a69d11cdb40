import assert from 'node:assert/strict';

import { DeviceError } from '../../../../lib/core/errors';
import { failsWith } from '../../../support/expect-error';
import { settle } from '../../../support/fake-clock';
import { setUp } from './poller-bench';

describe('a poller that is refused', () => {
  for (const code of ['AUTH_FAILED', 'FORBIDDEN'] as const) {
    it(`tries again ever more slowly after ${code} that may pass, and quickly once it has`, async () => {
      const { clock, device, poller } = setUp();
      poller.subscribe({});
      clock.randoms = [0];
      await clock.advance(1000);
      const minutes: number[] = [];
      for (let i = 0; i < 7; i++) {
        device.last.reject(new DeviceError(code, 'no'));
        await settle();
        const begun = clock.monotonic();
        const { length } = device.calls;
        while (device.calls.length === length) await clock.advance(clock.next ?? 0);
        minutes.push((clock.monotonic() - begun) / 60_000);
      }
      assert.deepEqual(minutes, [1, 2, 4, 7.5, 7.5, 7.5, 7.5]);
      device.last.resolve(1);
      await settle();
      assert.equal(clock.next, 5000);
    });
  }

  it('tells anew that a refusal which might have passed is one for good', async () => {
    const { clock, device, poller } = setUp();
    const told: (boolean | undefined)[] = [];
    poller.subscribe({ onAvailability: ({ reason }) => told.push(reason?.definite) });
    await clock.advance(1000);
    device.last.reject(new DeviceError('AUTH_FAILED', 'a page'));
    await clock.advance(120_000);
    device.last.reject(new DeviceError('AUTH_FAILED', 'no', { definite: true }));
    await settle();
    assert.deepEqual(told, [false, true]);
  });

  it('reads soon after the host has slept, however long the interval', async () => {
    const { clock, device, poller } = setUp({ interval: 3_600_000 });
    poller.subscribe({});
    await clock.advance(1000);
    device.last.resolve(1);
    await settle();
    clock.moveWall(7_200_000);
    await clock.advance(300_000);
    assert.equal(device.calls.length, 2);
  });

  it('lets a thousand callers wait for one reading, and no more', async () => {
    const { device, poller } = setUp();
    const subscription = poller.subscribe({});
    const first = subscription.refresh();
    const waiting = Array.from({ length: 1000 }, () => subscription.refresh());
    assert.equal((await failsWith(subscription.refresh(), 'BUSY')).reason, 'queueFull');
    device.last.resolve(1);
    await first;
    const left = Promise.all(waiting.map((work) => failsWith(work, 'CANCELLED')));
    subscription.close();
    await left;
  });
});
