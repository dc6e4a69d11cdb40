import assert from 'node:assert/strict';

import type { PollerOptions } from '../../../../lib/core/poll/options';
import { Poller } from '../../../../lib/core/poll/poller';
import { FakeClock } from '../../../support/fake-clock';

/** A device whose answers the test gives one by one. */
class Device {
  calls: { signal: AbortSignal; resolve: (data: number) => void; reject: (error: Error) => void }[] = [];
  inFlight = 0;
  mostInFlight = 0;

  readonly fetch = (signal: AbortSignal): Promise<number> => {
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    return new Promise<number>((resolve, reject) => {
      const entry = { signal, resolve, reject };
      signal.addEventListener('abort', () => reject(new Error('aborted')));
      this.calls.push(entry);
    }).finally(() => this.inFlight--);
  };

  get last(): Device['calls'][number] {
    const call = this.calls.at(-1);
    assert.ok(call, 'no request yet');
    return call;
  }
}

/** A poller of such a device, each five seconds by a clock of its own. */
export function setUp(options: Partial<PollerOptions<number>> = {}): {
  clock: FakeClock;
  device: Device;
  poller: Poller<number>;
} {
  const clock = new FakeClock();
  const device = new Device();
  const poller = new Poller<number>({ fetch: device.fetch, interval: 5000, clock, ...options });
  return { clock, device, poller };
}
