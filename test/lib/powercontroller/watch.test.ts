import assert from 'node:assert/strict';

import { readSince, StatusMemory } from '../../../lib/powercontroller/watch';
import { normaliseStatus, type StatusAnswer } from '../../../lib/powercontroller/status';
import { FakeClock } from '../../support/fake-clock';
import { startBench } from './support';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const clock = new FakeClock(Date.UTC(2025, 0, 10));
const NOW = clock.now();

function at(hoursAgo: number, id: string | null = `h${hoursAgo}`): StatusAnswer {
  const raw = { ...(id ? { id } : {}), date: new Date(NOW - hoursAgo * HOUR).toISOString(), type: 'update' };
  return { status: normaliseStatus(raw), raw };
}

const ids = (answers: StatusAnswer[]): (string | null)[] => answers.map(({ status }) => status.id);

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

describe('readSince', () => {
  it('asks for the day at first, then from the last look on, and catches up in windows', async () => {
    const bench = await startBench({ startAt: NOW, historyDays: 40 });
    const { client, simulator } = bench;
    const { signal } = new AbortController();
    const read = (since: number | undefined): Promise<StatusAnswer[]> =>
      readSince(client, simulator.deviceId, since, clock, signal);
    const day = (await read(undefined)).length;
    assert.ok(day === 96 || day === 97, String(day));
    assert.equal((await read(NOW - DAY)).length, 97);
    const from = simulator.http.log.length;
    assert.equal((await read(NOW - 35 * DAY)).length, 35 * 96);
    assert.equal(simulator.http.log.length - from, 4);
    await bench.close();
  });
});
