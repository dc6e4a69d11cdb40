import assert from 'node:assert/strict';

import { Coverage, fetchWhole, missingIn } from '../../../lib/core/capped';
import type { TimeRange } from '../../../lib/core/windows';
import { failsWith } from '../../support/expect-error';

const DAY = 86_400_000;
const QUARTER = 900_000;
const WINDOW = { start: Date.UTC(2025, 5, 1), end: Date.UTC(2025, 5, 11) };
const every = (ms: number, { start, end }: TimeRange = WINDOW): number[] =>
  Array.from({ length: Math.ceil((end - start) / ms) }, (_, i) => start + i * ms);

/** A server with rows at these times that gives so many of a window at most. */
class Server {
  requests = 0;
  constructor(
    private readonly times: readonly number[],
    private readonly most: number,
    private readonly which: 'oldest' | 'newest' = 'oldest',
  ) {}

  readonly fetch = (window: TimeRange): Promise<{ id: number; time: number }[]> => {
    this.requests++;
    const rows = this.times
      .map((time, id) => ({ id, time }))
      .filter(({ time }) => time >= window.start && time < window.end);
    return Promise.resolve(
      this.which === 'oldest' ? rows.slice(0, this.most) : rows.slice(-this.most).reverse(),
    );
  };

  whole(now = Infinity): Promise<{ id: number; time: number }[]> {
    return fetchWhole(WINDOW, {
      fetch: this.fetch,
      timeOf: ({ time }) => time,
      identityOf: ({ id }) => String(id),
      now,
    });
  }
}

describe('fetchWhole', () => {
  const offline = every(QUARTER).filter((time) => time < WINDOW.start + 3 * DAY || time > WINDOW.end - DAY);
  // Several rows at one moment, irregular distances, a day without any.
  const irregular = every(QUARTER * 2).flatMap((time, i) =>
    i % 7 === 0 ? [time, time + 1, time + 1, time + 90_000 + i] : [time + ((i * 7919) % 600_000)],
  );
  const tables: [string, number[]][] = [
    ['quarter hours', every(QUARTER)],
    ['minutes', every(60_000)],
    ['a device that was off', offline],
    ['irregular rows', irregular],
  ];
  for (const [name, times] of tables) {
    for (const most of [100, 128, 333, 500, 950, 955, 1000, 1e9]) {
      for (const which of ['oldest', 'newest'] as const) {
        it(`has all of ${name} from a server that gives the ${most} ${which}`, async () => {
          const server = new Server(times, most, which);
          const rows = await server.whole();
          assert.equal(rows.length, times.length);
          assert.equal(new Set(rows.map(({ id }) => id)).size, times.length);
          assert.ok(server.requests <= 3 * Math.ceil(times.length / most) + 4, `${server.requests} requests`);
        });
      }
    }
  }

  it('asks once for a window whose rows reach its edges, for one without rows, and up to the present', async () => {
    for (const [times, now] of [
      [every(QUARTER), Infinity],
      [[], Infinity],
      [[WINDOW.start + DAY], Infinity],
      [every(QUARTER, { ...WINDOW, end: WINDOW.start + 4 * DAY }), WINDOW.start + 4 * DAY],
    ] as const) {
      const server = new Server([...times], 1e9);
      assert.equal((await server.whole(now)).length, times.length);
      assert.equal(server.requests, 1);
    }
  });

  it('says that the rest cannot be had, where a second holds more than a page', async () => {
    const burst = Array.from({ length: 150 }, () => WINDOW.start + DAY);
    await failsWith(new Server([...burst, ...every(DAY)], 100).whole(), 'BAD_RESPONSE');
  });

  it('ends with a server that has always another page', async () => {
    let id = 0;
    const endless = fetchWhole(WINDOW, {
      fetch: ({ start }) =>
        Promise.resolve(Array.from({ length: 100 }, () => ({ id: id++, time: start + 1 }))),
      timeOf: ({ time }) => time,
      identityOf: (row) => String(row.id),
      now: Infinity,
    });
    assert.equal((await failsWith(endless, 'BAD_RESPONSE')).reason, 'historyCapped');
  });

  it('keeps rows without a time, and none from outside of the window', async () => {
    const rows = [null, WINDOW.start - 1, WINDOW.start, WINDOW.end];
    const found = await fetchWhole(WINDOW, {
      fetch: () => Promise.resolve(rows),
      timeOf: (time) => time,
      identityOf: String,
      now: Infinity,
    });
    assert.deepEqual(found, [null, WINDOW.start]);
  });
});

describe('missingIn', () => {
  const looksCapped = (times: number[]): boolean => {
    const coverage = new Coverage();
    for (const time of times) coverage.add(time);
    return missingIn(WINDOW, coverage).length > 0;
  };

  const table: [string, number[], boolean][] = [
    ['all quarter hours', every(QUARTER), false],
    ['all minutes, a round number', every(60_000), false],
    ['the oldest hundred', every(QUARTER).slice(0, 100), true],
    ['the newest hundred', every(QUARTER).slice(-100), true],
    ['the oldest 777', every(QUARTER).slice(0, 777), true],
    ['nothing', [], false],
    ['a few', every(DAY).slice(0, 4), false],
  ];
  for (const [name, times, capped] of table)
    it(`${capped ? 'suspects' : 'believes'} ${name}`, () => assert.equal(looksCapped(times), capped));
});
