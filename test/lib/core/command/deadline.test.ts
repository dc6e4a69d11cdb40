import assert from 'node:assert/strict';

import { withDeadline } from '../../../../lib/core/command/deadline';
import { DeviceError } from '../../../../lib/core/errors';
import { failsWith } from '../../../support/expect-error';
import { FakeClock } from '../../../support/fake-clock';

describe('withDeadline', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  it('passes on what the work gives or throws, and leaves no timer', async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    assert.equal(await withDeadline(clock, 1000, signal, () => Promise.resolve(7)), 7);
    const refused = (): Promise<never> => Promise.reject(new DeviceError('REJECTED', 'no'));
    await failsWith(withDeadline(clock, 1000, signal, refused), 'REJECTED');
    assert.equal(clock.pending, 0);
  });

  it('ends work that takes no notice of its signal', async () => {
    const clock = new FakeClock();
    let given: AbortSignal | undefined;
    const outcome = failsWith(
      withDeadline(clock, 1500, new AbortController().signal, (signal) => {
        given = signal;
        return never();
      }),
      'TIMEOUT',
    );
    await clock.advance(1500);
    assert.deepEqual((await outcome).params, { seconds: 1.5 });
    assert.equal((await outcome).sent, true);
    assert.equal(given?.aborted, true);
  });

  it('ends when it is cancelled, before or meanwhile', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const outcome = failsWith(withDeadline(clock, 1500, abort.signal, never), 'CANCELLED');
    abort.abort();
    await outcome;
    assert.equal(clock.pending, 0);
    await failsWith(withDeadline(clock, 1500, abort.signal, never), 'CANCELLED');
  });
});
