import assert from 'node:assert/strict';

import type { Clock } from '../../../lib/core/clock';
import { DeviceError } from '../../../lib/core/errors';
import type { StatusQuery } from '../../../lib/powercontroller/client';
import { StatusMemory, StatusReader } from '../../../lib/powercontroller/watch';
import { normaliseStatus, type StatusResponse } from '../../../lib/powercontroller/status';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';
import { startBench } from './support';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const clock = new FakeClock(Date.UTC(2025, 0, 10));
const NOW = clock.now();

function at(hoursAgo: number, id: string | null = `h${hoursAgo}`): StatusResponse {
  const raw = { ...(id ? { id } : {}), date: new Date(NOW - hoursAgo * HOUR).toISOString(), type: 'update' };
  return { status: normaliseStatus(raw), raw };
}

const ids = (responses: StatusResponse[]): (string | null)[] => responses.map(({ status }) => status.id);

describe('StatusMemory', () => {
  it('begins with the newest status, then lets each new one through once, in order', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    assert.equal(memory.since, undefined);
    assert.deepEqual(ids(memory.admit([at(1), at(3), at(2)])), ['h1']);
    assert.deepEqual(ids(memory.admit([at(1), at(2)])), []);
    assert.deepEqual(ids(memory.admit([at(0, 'b'), at(0.5, 'a'), at(1)])), ['a', 'b']);
    assert.deepEqual(ids(memory.admit([at(0, 'b'), at(0.5, 'a')])), []);
  });

  it('remembers across a restart, as plain JSON', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    memory.admit([at(2), at(1), at(1, null)]);
    const kept: unknown = JSON.parse(JSON.stringify(memory.state));
    const after = new StatusMemory('dev', kept, clock);
    assert.equal(after.since, NOW - 2 * HOUR);
    assert.deepEqual(ids(after.admit([at(1), at(1, null), at(0)])), ['h0']);
  });

  it('forgets what cannot turn up again, and passes it over when it does', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    memory.admit([at(5), at(3)]);
    memory.admit([at(0)]);
    assert.equal(memory.state?.seen.length, 1);
    assert.deepEqual(ids(memory.admit([at(3), at(2, 'filed late, beyond the overlap')])), []);
    assert.deepEqual(ids(memory.admit([at(0.9, 'filed late')])), ['filed late']);
  });

  it('ignores what another device or nobody remembered', () => {
    const other = { deviceId: 'other', newest: NOW, seen: [] };
    const broken = [other, null, 7, { deviceId: 'dev' }, { deviceId: 'dev', newest: 'x', seen: [] }];
    for (const remembered of broken) {
      assert.equal(new StatusMemory('dev', remembered, clock).since, undefined);
    }
    const odd = { deviceId: 'dev', newest: NOW, seen: [['a', NOW], ['b'], 7] };
    assert.equal(new StatusMemory('dev', odd, clock).state?.seen.length, 1);
  });

  it('is not led into the future by a wrong date', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    memory.admit([at(1)]);
    assert.deepEqual(ids(memory.admit([at(-10_000, 'from 2026')])), ['from 2026']);
    assert.ok((memory.since ?? 0) < NOW);
    assert.deepEqual(ids(memory.admit([at(-10_000, 'from 2026'), at(0, 'now')])), ['now']);
  });

  it('does not repeat a status from the future', async () => {
    const moving = new FakeClock(NOW);
    const memory = new StatusMemory('dev', undefined, moving);
    memory.admit([at(1)]);
    const odd = at(-10_000, 'from 2026');
    const sent = [];
    for (let hour = 0; hour < 8; hour++) {
      sent.push(...ids(memory.admit([odd, at(-hour, `h-${hour}`)])));
      await moving.advance(HOUR);
    }
    assert.equal(sent.filter((id) => id === 'from 2026').length, 1);
    assert.equal(sent.length, 9);
  });

  it('does not begin with a status from the future', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    assert.deepEqual(ids(memory.admit([at(2), at(-10_000, 'from 2026'), at(1)])), ['h1']);
    assert.equal(memory.since, NOW - 2 * HOUR);
  });

  for (const [name, wrong] of [
    ['years behind', Date.UTC(2018, 0, 1)],
    ['years ahead', Date.UTC(2031, 0, 1)],
  ] as const) {
    it(`takes no notice of a clock that is ${name}`, () => {
      const memory = new StatusMemory('dev', undefined, new FakeClock(wrong));
      assert.deepEqual(ids(memory.admit([at(3), at(2), at(1)])), ['h1']);
      assert.equal(memory.since, NOW - 2 * HOUR);
      assert.deepEqual(ids(memory.admit([at(2), at(1), at(0.5), at(0)])), ['h0.5', 'h0']);
      assert.deepEqual(ids(memory.admit([at(1), at(0.5), at(0)])), []);

      const empty = new StatusMemory('dev', undefined, new FakeClock(wrong));
      empty.admit([]);
      assert.deepEqual(ids(empty.admit([at(0)])), ['h0']);
    });
  }

  it('remembers that there was nothing yet', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    assert.equal(memory.state, undefined);
    memory.admit([]);
    const kept: unknown = JSON.parse(JSON.stringify(memory.state));
    assert.deepEqual(kept, { deviceId: 'dev', newest: null, seen: [] });
    const after = new StatusMemory('dev', kept, clock);
    assert.equal(after.since, undefined);
    assert.deepEqual(ids(after.admit([at(2), at(1)])), ['h2', 'h1']);
  });

  it('begins when there is no status at all, and lets the first one through', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    assert.deepEqual(memory.admit([]), []);
    assert.deepEqual(ids(memory.admit([at(0)])), ['h0']);
  });

  it('takes a status without a time for new, once', () => {
    const memory = new StatusMemory('dev', undefined, clock);
    memory.admit([at(0)]);
    const timeless = { status: normaliseStatus({ id: 'x' }), raw: { id: 'x' } };
    assert.deepEqual(ids(memory.admit([timeless])), ['x']);
    assert.deepEqual(ids(memory.admit([timeless])), []);
  });
});

describe('StatusReader', () => {
  const { signal } = new AbortController();

  it('asks for the day at first, then from the last look on, and catches up in windows', async () => {
    const bench = await startBench({ startAt: NOW, historyDays: 40 });
    const { client, simulator } = bench;
    const read = (since: number | undefined): Promise<StatusResponse[]> => {
      const kept =
        since === undefined ? undefined : { deviceId: 'dev', newest: since + HOUR, seen: [['x', since]] };
      return new StatusReader(client, simulator.deviceId, clock).newOf(
        new StatusMemory('dev', kept, clock),
        signal,
      );
    };
    const day = (await read(undefined)).length;
    assert.ok(day === 96 || day === 97, String(day));
    assert.equal((await read(NOW - DAY)).length, 97);
    const from = simulator.http.log.length;
    assert.equal((await read(NOW - 35 * DAY)).length, 35 * 96);
    assert.equal(simulator.http.log.length - from, 4);
    await bench.close();
  });

  /** A cloud that gives what was filed with it, and counts what it is asked. */
  class Cloud {
    asked = 0;
    filed: StatusResponse[] = [];
    failing = false;

    /** @param time the vendor's clock */
    constructor(private readonly time: FakeClock) {}

    statuses({ start, end }: StatusQuery): Promise<StatusResponse[]> {
      this.asked++;
      if (this.failing) return Promise.reject(new DeviceError('UNREACHABLE', 'no'));
      const from = start ?? this.time.now() - DAY;
      return Promise.resolve(
        this.filed.filter(({ status }) => {
          if (status.timestamp === null) return true;
          const time = Date.parse(status.timestamp);
          return time >= from && time < (end ?? Infinity);
        }),
      );
    }
  }

  interface Silent {
    cloud: Cloud;
    /** the vendor's clock, and ours too where a test sets no other */
    time: FakeClock;
    poll: () => Promise<(string | null)[]>;
    /** how many requests one poll makes that finds nothing */
    cost: () => Promise<number>;
  }

  /** A watch whose controller has been silent for half a year. */
  const silent = (time = new FakeClock(NOW), ours: Clock = time): Silent => {
    const cloud = new Cloud(time);
    cloud.filed = [at(184 * 24, 'last')];
    const last = NOW - 184 * DAY;
    const memory = new StatusMemory('dev', { deviceId: 'dev', newest: last, seen: [['last', last]] }, ours);
    const reader = new StatusReader(cloud, 'dev', ours);
    const poll = async (): Promise<(string | null)[]> =>
      ids(memory.admit(await reader.newOf(memory, signal)));
    const cost = async (): Promise<number> => {
      const before = cloud.asked;
      assert.deepEqual(await poll(), []);
      return cloud.asked - before;
    };
    return { cloud, time, poll, cost };
  };

  it('catches up once, and asks a silent controller with one request from then on', async () => {
    const { cost, time } = silent();
    assert.equal(await cost(), 19);
    for (let poll = 0; poll < 50; poll++) {
      await time.advance(DAY / 3);
      assert.equal(await cost(), 1);
    }
  });

  it('loses nothing that a silent controller files late, and sends it once', async () => {
    const { cloud, cost, poll, time } = silent();
    await cost();
    await time.advance(HOUR);
    cloud.filed.push(at(0, 'an hour late'));
    assert.deepEqual(await poll(), ['an hour late']);
    assert.deepEqual(await poll(), []);

    const woken = silent();
    await woken.cost();
    await woken.time.advance(HOUR);
    woken.cloud.filed.push(at(30 * 24, 'a month late'), at(0, 'awake'), at(-2, 'our clock is slow'));
    assert.deepEqual(await woken.poll(), ['a month late', 'awake', 'our clock is slow']);
    assert.deepEqual(await woken.poll(), []);
  });

  it('does not read the gap again for a status from the future, or one without a time', async () => {
    const { cloud, cost, poll } = silent();
    await cost();
    const raw = { id: 'timeless' };
    cloud.filed.push(at(-10_000, 'from 2026'), { status: normaliseStatus(raw), raw });
    assert.deepEqual(await poll(), ['from 2026', 'timeless']);
    assert.equal(await cost(), 1);
  });

  it('goes on catching up until it has succeeded', async () => {
    const { cloud, cost, poll } = silent();
    cloud.failing = true;
    await failsWith(poll(), 'UNREACHABLE');
    cloud.failing = false;
    assert.equal(await cost(), 19);
    assert.equal(await cost(), 1);
  });

  it('reads what a long outage left out', async () => {
    const { cloud, cost, poll, time } = silent();
    await cost();
    await time.advance(30 * DAY);
    cloud.filed.push(at(0.9, 'filed late, then the outage'), at(-24, 'in the outage'));
    assert.deepEqual(await poll(), ['filed late, then the outage', 'in the outage']);
  });

  for (const [name, wrong] of [
    ['behind', -180 * DAY],
    ['ahead', 300 * DAY],
  ] as const) {
    it(`takes nothing for read because our clock was far ${name}`, async () => {
      const time = new FakeClock(NOW);
      let off: number = wrong;
      const ours: Clock = {
        now: () => time.now() + off,
        monotonic: () => time.monotonic(),
        after: (ms, fn) => time.after(ms, fn),
        random: () => 0.5,
      };
      const { cloud, cost, poll } = silent(time, ours);
      await cost();
      off = 0;
      cloud.filed.push(at(100 * 24, 'meanwhile'));
      assert.deepEqual(await poll(), ['meanwhile']);
    });
  }

  it('sees what is new at once while our clock is far ahead', async () => {
    const time = new FakeClock(NOW);
    const { cloud, cost, poll } = silent(time, new FakeClock(NOW + 300 * DAY));
    await cost();
    cloud.filed.push(at(0, 'now'));
    assert.deepEqual(await poll(), ['now']);
  });
});
