import assert from 'node:assert/strict';

import type { DeviceError } from '../../../lib/core/errors';
import { PushFeed } from '../../../lib/powersentrix/push-feed';
import type { Ups } from '../../../lib/powersentrix/ups';
import { PushTurns } from '../../../nodes/powersentrix/push-turns';
import type { Duty } from '../../../nodes/shared/cluster-duty';
import type { PolledDevice } from '../../../nodes/shared/polled-device';
import type { UpsReading } from '../../../lib/powersentrix/reading';
import { FakeClock } from '../../support/fake-clock';

const SECOND = 1000;
/** of the pushes; late after 2.5 of them */
const INTERVAL = 10 * SECOND;

describe('the watch over pushes, where several instances share the work', () => {
  let clock: FakeClock;
  let feed: PushFeed<UpsReading>;
  let turns: PushTurns;
  let reads: boolean;
  let told: unknown[];
  let look: () => void;
  const reading = (n: number): UpsReading => ({ n }) as unknown as UpsReading;

  const begin = (owns: boolean): void => {
    reads = owns;
    told = [];
    clock = new FakeClock();
    feed = new PushFeed<UpsReading>(INTERVAL, (error) => turns.late(error), clock);
    const duty = {
      get reads() {
        return reads;
      },
      follow: (tell: () => void) => {
        look = tell;
        return () => undefined;
      },
    } as unknown as Duty;
    const device = {
      setData: (data: UpsReading) => told.push(data),
      setError: ({ reason }: DeviceError) => told.push(reason),
    } as unknown as PolledDevice<UpsReading>;
    turns = new PushTurns(duty, { renewPatience: () => feed.renew() } as unknown as Ups, device);
  };
  const own = (owns: boolean): void => {
    reads = owns;
    look();
  };
  afterEach(() => {
    feed.close();
    turns.end();
    assert.equal(clock.pending, 0);
  });

  it('tells that they are late at the owner alone', async () => {
    begin(false);
    await clock.advance(3 * INTERVAL);
    assert.deepEqual(told, []);
    begin(true);
    await clock.advance(3 * INTERVAL);
    assert.deepEqual(told, ['powersentrixPushLate']);
  });

  it('gives them a whole patience when it comes to own the UPS, whatever it has not heard before', async () => {
    begin(false);
    feed.take(reading(1));
    await clock.advance(3 * INTERVAL);
    own(true);
    assert.deepEqual(told, [], 'what is old is not told anew');
    await clock.advance(2.5 * INTERVAL - 1);
    assert.deepEqual(told, []);
    await clock.advance(1);
    assert.deepEqual(told, ['powersentrixPushLate']);
  });

  it('tells the newest status once when it comes to own the UPS', async () => {
    begin(false);
    feed.take(reading(1));
    await clock.advance(INTERVAL);
    own(true);
    own(true);
    assert.deepEqual(told, [{ n: 1 }]);
    own(false);
    await clock.advance(3 * INTERVAL);
    assert.deepEqual(told, [{ n: 1 }]);
  });
});
