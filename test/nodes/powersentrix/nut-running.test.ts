import assert from 'node:assert/strict';

import { NutLogins } from '../../../lib/nut/logins';
import { StatusReader } from '../../../lib/powersentrix/status';
import { NutRunning, type RunningSettings } from '../../../nodes/powersentrix/nut-running';
import { freePort } from '../../../simulators/support/free-port';
import { UpsModel } from '../../../simulators/powersentrix';
import { FakeClock } from '../../support/fake-clock';

const DEVICE = 'device';
type Complex = Parameters<StatusReader['read']>[0];

describe('a NUT server that remembers a shutdown', () => {
  let clock: FakeClock;
  let model: UpsModel;
  let running: NutRunning;
  let stored: string[][];
  beforeEach(async () => {
    clock = new FakeClock();
    model = new UpsModel({ now: () => clock.now() });
    running = new NutRunning(new NutLogins(), () => undefined, clock);
    stored = [];
    const settings: RunningSettings = {
      address: { host: '127.0.0.1', port: await freePort() },
      upses: [
        {
          device: DEVICE,
          names: ['ups'],
          options: {
            description: 'Rack',
            interval: 10_000,
            lowAfter: null,
            rule: 'all',
            ports: new Set(),
            estimate: null,
          },
        },
      ],
      users: [],
      admits: () => true,
      tls: undefined,
      fsdAfter: null,
      restore: 10_000,
    };
    running.attach(settings, {
      onEvent: () => undefined,
      onChange: () => undefined,
      onFsd: () => stored.push(running.down),
    });
  });
  afterEach(() => running.end());

  const read = (): void => {
    running.ups(DEVICE)?.take(new StatusReader().read(model.complex() as unknown as Complex));
    running.look();
  };
  const isDown = (): boolean | undefined => running.statuses()[0]?.fsd;

  // Which of the two comes first depends on the disk and the UPS.
  const orders = {
    'memory, then reading': () => {
      running.remember([DEVICE]);
      read();
    },
    'reading, then memory': () => {
      read();
      running.remember([DEVICE]);
    },
  };
  for (const [name, restart] of Object.entries(orders)) {
    it(`lets it stand on battery: ${name}`, () => {
      model.setMains(false);
      restart();
      assert.equal(isDown(), true);
      assert.deepEqual(running.down, [DEVICE]);
    });

    it(`forgets it on mains, also for the next outage: ${name}`, () => {
      restart();
      assert.deepEqual([isDown(), running.down, stored.at(-1)], [false, [], []]);
      model.setMains(false);
      read();
      assert.deepEqual([isDown(), running.down], [false, []]);
    });
  }

  it('keeps it while nobody knows where the power comes from, and forgets what it does not serve', () => {
    running.remember([DEVICE, 'another']);
    running.look();
    assert.deepEqual([isDown(), running.down, stored], [false, [DEVICE], []]);
  });
});
