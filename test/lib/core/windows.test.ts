import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import {
  type FetchedWindow,
  parseInstant,
  parseRange,
  splitRange,
  streamWindows,
  type TimeRange,
  type WindowOptions,
} from '../../../lib/core/windows';
import { failsWith } from '../../support/expect-error';
import { settle } from '../../support/fake-clock';

const DAY = 86_400_000;
const T0 = Date.UTC(2025, 0, 1);

/** A server whose answers the test gives one by one, in any order. */
class Server {
  readonly calls: { window: TimeRange; response: (data: string) => void; fail: (error: Error) => void }[] =
    [];
  open = 0;
  mostOpen = 0;

  readonly fetch = (window: TimeRange, signal: AbortSignal): Promise<string> => {
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    return new Promise<string>((response, fail) => {
      this.calls.push({ window, response, fail });
      signal.addEventListener('abort', () => fail(new Error('aborted')));
    }).finally(() => this.open--);
  };
}

async function collect<T>(stream: AsyncIterable<FetchedWindow<T>>, into: T[] = []): Promise<T[]> {
  for await (const { data } of stream) into.push(data);
  return into;
}

function stream(server: Server, days: number, options: Partial<WindowOptions<string>> = {}) {
  return streamWindows(
    { start: T0, end: T0 + days * DAY },
    { longest: DAY, fetch: server.fetch, ...options },
  );
}

describe('parseInstant', () => {
  for (const [given, iso] of [
    ['2025-03-30', '2025-03-30T00:00:00.000Z'],
    ['2015-08-10T09:30', '2015-08-10T09:30:00.000Z'],
    ['2025-03-30T02:30:00+02:00', '2025-03-30T00:30:00.000Z'],
    ['2025-03-30T02:30:00.123456-0530', '2025-03-30T08:00:00.123Z'],
    [' 2025-10-26t01:00:00z ', '2025-10-26T01:00:00.000Z'],
    [T0, '2025-01-01T00:00:00.000Z'],
    [String(T0), '2025-01-01T00:00:00.000Z'],
    [new Date(T0), '2025-01-01T00:00:00.000Z'],
    ['2109-12-31T23:59:59Z', '2109-12-31T23:59:59.000Z'],
  ] as const) {
    it(`takes ${JSON.stringify(given)}`, () => {
      const parsed = parseInstant(given);
      assert.ok(parsed !== null);
      assert.equal(new Date(parsed).toISOString(), iso);
    });
  }

  it('takes nothing else, least of all epoch seconds or a day that does not exist', () => {
    const others = [
      '',
      'yesterday',
      '2025-02-30',
      '2025-13-01',
      '2025-01-01T25:00',

      '01/02/2025',
      '1735689600',
      1_735_689_600,
      NaN,
      Infinity,
      1e300,
      T0 * 1000,
      String(Date.UTC(2110, 0, 1)),
      '58138-01-01',
      '2110-01-01',
      '9999-12-31T23:59:59Z',
      new Date(Date.UTC(58138, 0, 1)),
      new Date(NaN),
      null,
      undefined,
      true,
      {},
    ];
    for (const value of others) assert.equal(parseInstant(value), null, JSON.stringify(value));
  });
});

describe('parseRange', () => {
  it('takes a range, an empty one too', () => {
    assert.deepEqual(parseRange(T0, '2025-01-02'), { start: T0, end: T0 + DAY });
    assert.deepEqual(parseRange(T0, T0), { start: T0, end: T0 });
  });

  it('refuses a start after the end, and says which end is no moment', () => {
    assert.throws(() => parseRange(T0 + 1, T0), { code: 'INVALID_INPUT', reason: 'rangeReversed' });
    assert.throws(() => parseRange('x', T0), { code: 'INVALID_INPUT', params: { name: 'start' } });
    assert.throws(() => parseRange(T0, undefined), { code: 'INVALID_INPUT', params: { name: 'end' } });
  });
});

describe('splitRange', () => {
  const listed = (range: TimeRange, longest: number): TimeRange[] => {
    const { count, at } = splitRange(range, longest);
    return Array.from({ length: count }, (_, index) => at(index));
  };

  it('has no window for an empty range, and one for a second', () => {
    assert.deepEqual(listed({ start: T0, end: T0 }, DAY), []);
    assert.deepEqual(listed({ start: T0, end: T0 + 1000 }, DAY), [{ start: T0, end: T0 + 1000 }]);
  });

  it('covers every range without a gap or an overlap', () => {
    const seed = 20_250_101;
    let state = seed;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state % below;
    };
    for (let round = 0; round < 500; round++) {
      const range = { start: T0 + next(1000), end: T0 + 1000 + next(100_000) };
      const longest = 1 + next(20_000);
      const windows = listed(range, longest);
      const told = `seed ${seed}, round ${round}`;
      assert.equal(windows[0]?.start, range.start, told);
      assert.equal(windows.at(-1)?.end, range.end, told);
      windows.forEach((window, i) => {
        assert.ok(window.end > window.start && window.end - window.start <= longest, told);
        if (i > 0) assert.equal(window.start, windows[i - 1]?.end, told);
      });
    }
  });

  it('refuses a range that needs thousands of windows, and makes none of them', () => {
    const { count, at } = splitRange({ start: T0, end: T0 + 5000 * DAY }, DAY);
    assert.equal(count, 5000);
    assert.deepEqual(at(4999), { start: T0 + 4999 * DAY, end: T0 + 5000 * DAY });
    assert.throws(() => splitRange({ start: T0, end: T0 + 5000 * DAY + 1 }, DAY), {
      code: 'INVALID_INPUT',
      reason: 'rangeTooLong',
      params: { max: 5000 },
    });
    assert.throws(() => splitRange({ start: 0, end: Infinity }, 1), { code: 'INVALID_INPUT' });
  });

  it('refuses windows without a length', () => {
    assert.throws(() => splitRange({ start: 0, end: 1 }, 0), RangeError);
    assert.throws(() => splitRange({ start: 0, end: 1 }, NaN), RangeError);
  });
});

describe('streamWindows', () => {
  it('hands windows on in the order of time, in whatever order they arrive', async () => {
    const server = new Server();
    const progress: string[] = [];
    const got: string[] = [];
    const all = collect(
      stream(server, 3, { inFlight: 3, onProgress: (done, total) => progress.push(`${done}/${total}`) }),
      got,
    );
    await settle();
    server.calls[2]?.response('c');
    server.calls[1]?.response('b');
    await settle();
    assert.deepEqual(got, []);
    assert.deepEqual(progress, ['0/3', '1/3', '2/3']);
    server.calls[0]?.response('a');
    assert.deepEqual(await all, ['a', 'b', 'c']);
    assert.deepEqual(progress, ['0/3', '1/3', '2/3', '3/3']);
  });

  it('never has more under way or waiting than allowed, however slow the first one or the reader is', async () => {
    const server = new Server();
    const windows = stream(server, 10, { inFlight: 4 });
    const first = windows.next();
    await settle();
    for (const call of server.calls.slice(1)) call.response('early');
    await settle();
    assert.equal(server.calls.length, 4, 'the three that wait count as well');
    server.calls[0]?.response('late');
    assert.equal((await first).done, false);
    await settle();
    assert.equal(server.calls.length, 4, 'the reader still has the first one in hand');
    const second = await windows.next();
    assert.deepEqual(second.value, {
      window: { start: T0 + DAY, end: T0 + 2 * DAY },
      index: 1,
      total: 10,
      data: 'early',
    });
    assert.equal(server.calls.length, 5);
    assert.equal(server.mostOpen, 4);
    await windows.return();
  });

  it('asks for nothing when the range is too long', async () => {
    const server = new Server();
    await failsWith(collect(stream(server, 5001)), 'INVALID_INPUT');
    assert.equal(server.calls.length, 0);
  });

  it('asks for nothing when the range is empty', async () => {
    const server = new Server();
    assert.deepEqual(await collect(stream(server, 0)), []);
    assert.equal(server.calls.length, 0);
  });

  it('ends with the error of the first window that fails, after those before it, and cancels the rest', async () => {
    const server = new Server();
    const got: string[] = [];
    const all = collect(stream(server, 6, { inFlight: 3 }), got);
    await settle();
    server.calls[1]?.fail(new DeviceError('REJECTED', 'no'));
    await settle();
    server.calls[0]?.response('a');
    await failsWith(all, 'REJECTED');
    assert.deepEqual(got, ['a']);
    assert.equal(server.open, 0);
    assert.equal(server.calls.length, 4, 'nothing new after the failure');
  });

  it('cancels on a signal, says why, and leaves nothing in flight', async () => {
    const server = new Server();
    const abort = new AbortController();
    const all = collect(stream(server, 9, { signal: abort.signal }));
    await settle();
    assert.equal(server.open, 4);
    abort.abort(new DeviceError('CANCELLED', 'because', { reason: 'byMessage' }));
    assert.equal((await failsWith(all, 'CANCELLED')).reason, 'byMessage');
    assert.equal(server.open, 0);

    const late = stream(server, 9, { signal: abort.signal });
    await failsWith(collect(late), 'CANCELLED');
    assert.equal(server.calls.length, 4);
  });

  it('notices a signal that aborts while the reader is busy or an answer is on its way', async () => {
    const server = new Server();
    const busy = new AbortController();
    const reader = (async () => {
      for await (const { index } of stream(server, 9, { signal: busy.signal })) if (index === 0) busy.abort();
    })();
    await settle();
    server.calls[0]?.response('a');
    assert.equal((await failsWith(reader, 'CANCELLED')).reason, 'CANCELLED');
    assert.equal(server.open, 0);

    const deaf = new AbortController();
    const ignoring = collect(
      stream(server, 1, { signal: deaf.signal, fetch: () => settle().then(() => 'too late') }),
    );
    deaf.abort();
    await failsWith(ignoring, 'CANCELLED');
  });

  it('cancels what is in flight when the reader leaves early', async () => {
    const server = new Server();
    const reader = (async () => {
      for await (const { index } of stream(server, 9)) if (index === 0) break;
    })();
    await settle();
    server.calls[0]?.response('a');
    await reader;
    assert.equal(server.open, 0);
  });
});
