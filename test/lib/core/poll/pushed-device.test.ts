import assert from 'node:assert/strict';

import { DeviceError } from '../../../../lib/core/errors';
import { Poller } from '../../../../lib/core/poll/poller';
import { createRedactor, REDACTED } from '../../../../lib/core/redact';
import { FakeClock, settle } from '../../../support/fake-clock';

describe('a poller of a device that pushes', () => {
  it('plans no reading, delivers what is pushed, and reads when asked', async () => {
    const clock = new FakeClock();
    let reads = 0;
    const poller = new Poller<number>({ fetch: () => Promise.resolve(++reads), interval: Infinity, clock });
    const data: number[] = [];
    const available: boolean[] = [];
    const subscription = poller.subscribe({
      onData: (value) => data.push(value),
      onAvailability: (availability) => available.push(availability.available),
    });
    assert.equal(clock.pending, 0);
    poller.setData(100);
    poller.setError(new DeviceError('UNREACHABLE', 'late'));
    assert.equal(clock.pending, 0);
    assert.equal(await subscription.refresh(), 1);
    await settle();
    assert.deepEqual([data, available, clock.pending], [[100], [true, false, true], 0]);
    await poller.close();
  });
});

describe('the redactor', () => {
  it('knows the spelling of URLSearchParams', () => {
    const secret = "k!e'y (1)~*";
    const shown = `fn=3&${new URLSearchParams({ apiKey: secret }).toString()}`;
    assert.equal(createRedactor([secret])(shown), `fn=3&apiKey=${REDACTED}`);
  });
});
