import assert from 'node:assert/strict';

import {
  logEvent,
  LogMemory,
  type LogRecord,
  parseLogRecord,
  pullNewLogs,
} from '../../../lib/powersentrix/log';
import { parseZone } from '../../../lib/powersentrix/zone';

const PUSHED = {
  ord: 1234,
  code: 'I/E01',
  cmm: 'ups-01',
  description: 'Output 1 turned ON',
  params: '',
  timestamp: '2026-05-08 14:32:01',
};
const NOW = Date.UTC(2026, 4, 8, 12, 33);
const ARRIVED = '2026-05-08T12:33:00.000Z';
const PULLED = { ...PUSHED, ord: undefined, id: 9901, upsId: '42', timestamp: '2026-05-08T14:32:01' };

function record(entry: unknown): LogRecord {
  const parsed = parseLogRecord(entry);
  if (!parsed) assert.fail('no record');
  return parsed;
}

describe('log records', () => {
  it('become events with UTC and the raw time', () => {
    const zone = parseZone('CET-1CEST,M3.5.0,M10.5.0/3');
    assert.deepEqual(logEvent(record(PUSHED), zone, NOW), {
      event: 'log',
      cmm: 'ups-01',
      code: 'I/E01',
      description: 'Output 1 turned ON',
      params: '',
      timestamp: '2026-05-08T12:32:01.000Z',
      localTime: '2026-05-08 14:32:01',
    });
    assert.equal(logEvent(record(PUSHED), undefined, NOW).timestamp, null);
    assert.equal(
      logEvent(record({ ...PUSHED, timestamp: '2026-10-25 02:30:00' }), zone, NOW).ambiguous,
      true,
    );
  });

  it('are refused when they are none', () => {
    for (const entry of [
      null,
      {},
      [],
      'x',
      { ...PUSHED, code: undefined },
      { ...PUSHED, code: 5 },
      { ...PUSHED, code: ' ' },
    ]) {
      assert.equal(parseLogRecord(entry), undefined);
    }
  });

  const odd: [what: string, more: object, expected: object][] = [
    ['no time', { timestamp: undefined }, { timestamp: null, localTime: null, arrivedAt: ARRIVED }],
    ['null for a time', { timestamp: null }, { timestamp: null, localTime: null, arrivedAt: ARRIVED }],
    ['no time text', { timestamp: 'x' }, { timestamp: null, localTime: 'x', arrivedAt: ARRIVED }],
    [
      'a clock that was never set',
      { timestamp: '1970-01-01 00:00:05' },
      { timestamp: null, arrivedAt: ARRIVED },
    ],
    ['the far future', { timestamp: '57648-05-08 00:00:00' }, { timestamp: null, arrivedAt: ARRIVED }],
    ['0', { timestamp: 0 }, { timestamp: null, localTime: '0', arrivedAt: ARRIVED }],
    ['an object', { timestamp: {} }, { timestamp: null, localTime: null, arrivedAt: ARRIVED }],
    ['epoch seconds', { timestamp: 1_778_250_721 }, { timestamp: '2026-05-08T14:32:01.000Z' }],
    ['epoch microseconds', { timestamp: '1778250721000000' }, { timestamp: '2026-05-08T14:32:01.000Z' }],
    ['a lower-case t', { timestamp: '2026-05-08t14:32:01' }, { timestamp: '2026-05-08T12:32:01.000Z' }],
    ['an offset', { timestamp: '2026-05-08T14:32:01.000+0000' }, { timestamp: '2026-05-08T14:32:01.000Z' }],
    ['a description that is none', { description: [] }, { description: '' }],
    ['a number for a description', { description: 7 }, { description: '7' }],
    [
      'long texts',
      { description: 'x'.repeat(60_000), timestamp: 'y'.repeat(60_000) },
      { description: 'x'.repeat(1000), localTime: 'y'.repeat(64) },
    ],
    ['long params', { params: { a: 'x'.repeat(60_000) } }, { params: null }],
    ['nan for numbers', { ord: 'nan', id: 'inf' }, { code: 'I/E01' }],
  ];
  for (const [what, more, expected] of odd) {
    it(`are told with ${what}`, () => {
      const event = logEvent(record({ ...PUSHED, ...more }), parseZone('CET-1CEST,M3.5.0,M10.5.0/3'), NOW);
      for (const [name, value] of Object.entries(expected))
        assert.deepEqual(Reflect.get(event, name), value, name);
      assert.equal('arrivedAt' in event, event.timestamp === null);
    });
  }
});

describe('LogMemory', () => {
  it('knows the same record again, pushed or pulled', () => {
    const memory = new LogMemory();
    assert.equal(memory.admit(record(PUSHED)), true);
    assert.equal(memory.admit(record(PUSHED)), false);
    assert.equal(memory.admit(record(PULLED)), false);
    assert.equal(memory.admit(record(PULLED)), false);
  });

  it('keeps records apart that have numbers of their own', () => {
    const memory = new LogMemory();
    assert.equal(memory.admit(record(PUSHED)), true);
    assert.equal(memory.admit(record({ ...PUSHED, ord: 1235 })), true);
    assert.equal(memory.admit(record(PULLED)), false);
    assert.equal(memory.admit(record({ ...PULLED, id: 9902 })), false);
    assert.equal(memory.admit(record({ ...PULLED, id: 9903 })), true);
    assert.equal(memory.admit(record({ ...PUSHED, ord: null, cmm: 'ups-02' })), true);
  });

  it('remembers over a restart, and survives a damaged memory', () => {
    const first = new LogMemory();
    first.admit(record(PULLED));
    const second = new LogMemory(JSON.parse(JSON.stringify(first.state)));
    assert.equal(second.admit(record(PUSHED)), false);
    assert.equal(second.admit(record({ ...PULLED, id: 9000, code: 'older' })), false);
    for (const damaged of [null, 5, { seen: 'x', newestId: null }, { seen: [1], newestId: null }]) {
      assert.equal(new LogMemory(damaged).admit(record(PUSHED)), true);
    }
  });

  it('tells nothing of the count before again, though its log stays and is read further back', () => {
    const at = (id: number, second: number): LogRecord =>
      record({ ...PULLED, id, code: `C${second}`, timestamp: `2026-05-08T14:32:${10 + second}` });
    for (const restarts of [false, true]) {
      let memory = new LogMemory();
      for (const second of [20, 21, 22]) memory.admit(at(5000 + second, second));
      memory.beginAnew();
      memory.countFrom(2);
      // What was known is read again, with its old numbers, beside the first of the new count.
      for (const second of [20, 21, 22]) assert.equal(memory.admit(at(5000 + second, second)), false);
      memory.countFrom(2);
      assert.equal(memory.admit(at(1, 30)), false);
      if (restarts) memory = new LogMemory(JSON.parse(JSON.stringify(memory.state)));
      for (const second of [5, 6, 7])
        assert.equal(memory.admit(at(5000 + second, second)), false, `${second}`);
      assert.equal(memory.admit(at(3, 31)), true);
    }
  });

  it('keeps digests, and knows the texts that an older version kept', () => {
    const memory = new LogMemory();
    memory.admit(record({ ...PUSHED, description: 'x'.repeat(60_000) }));
    assert.ok(JSON.stringify(memory.state).length < 200);
    const { cmm, code, description, localTime } = record(PUSHED);
    const key = JSON.stringify([cmm, code, localTime?.replace('T', ' '), description]);
    const older = new LogMemory({ seen: [{ key, ord: null, id: null }], newestId: null });
    assert.equal(older.admit(record(PUSHED)), false);
  });

  it('takes the log of another start for new, after the UPS has registered', () => {
    for (const timestamp of ['2000-01-01 00:00:03', '2026-05-08 14:32:01', undefined]) {
      const memory = new LogMemory();
      const boot = [1, 2].map((ord) => record({ ...PUSHED, ord, timestamp, description: `step ${ord}` }));
      const told = (): boolean[] => boot.map((one) => memory.admit(one));
      assert.deepEqual(
        [told(), told()],
        [
          [true, true],
          [false, false],
        ],
      );
      memory.registered();
      const restored = new LogMemory(JSON.parse(JSON.stringify(memory.state)));
      assert.deepEqual(
        [told(), told()],
        [
          [true, true],
          [false, false],
        ],
      );
      assert.equal(
        boot.every((one) => restored.admit(one)),
        true,
      );
    }
  });

  const repeats: [what: string, entry: Record<string, unknown>, isRepetition: boolean][] = [
    ['number and time', {}, true],
    ['a time', { ord: undefined }, true],
    ['a number', { timestamp: undefined }, true],
    ['neither', { ord: undefined, timestamp: undefined }, false],
    ['neither that can be read', { ord: 'nan', timestamp: '--' }, false],
    ['neither, and zeros for the time', { ord: null, timestamp: '0000-00-00 00:00:00' }, false],
  ];
  for (const [what, more, isRepetition] of repeats) {
    it(`takes a pushed record with ${what} for ${isRepetition ? 'a repetition' : 'news'}`, () => {
      const memory = new LogMemory();
      const told = [1, 2].map(() => memory.admitPushed(record({ ...PUSHED, ...more })));
      assert.deepEqual(told, [true, !isRepetition]);
    });
  }

  it('stays small', () => {
    const memory = new LogMemory();
    for (let ord = 0; ord < 2000; ord++) memory.admit(record({ ...PUSHED, ord, code: `C${ord}` }));
    assert.equal(memory.state.seen.length, 1000);
  });
});

describe('pullNewLogs', () => {
  const entries = (from: number, to: number): LogRecord[] =>
    Array.from({ length: to - from }, (_, index) =>
      record({ ...PULLED, id: from + index, code: `C${from + index}` }),
    );

  /** A server that keeps its log in one order or the other. */
  function server(newestFirst: boolean) {
    const log: LogRecord[] = [];
    const pages: number[] = [];
    const fetchPage = (page: number, limit: number): Promise<LogRecord[]> => {
      pages.push(page);
      const ordered = newestFirst ? [...log].reverse() : log;
      return Promise.resolve(ordered.slice(page * limit, (page + 1) * limit));
    };
    return { log, pages, fetchPage };
  }
  const fresh = async (...args: Parameters<typeof pullNewLogs>): Promise<LogRecord[]> =>
    (await pullNewLogs(...args)).records;
  const ids = (records: LogRecord[]): (number | null)[] => records.map(({ id }) => id);

  for (const newestFirst of [true, false]) {
    it(`brings what is new, oldest first, from a log with the ${newestFirst ? 'newest' : 'oldest'} first`, async () => {
      const { log, pages, fetchPage } = server(newestFirst);
      const memory = new LogMemory();
      log.push(...entries(1, 121));
      assert.deepEqual(await fresh(memory, fetchPage), []);
      assert.deepEqual(await fresh(memory, fetchPage), []);
      log.push(...entries(121, 201));
      assert.deepEqual(ids(await fresh(memory, fetchPage)), ids(entries(121, 201)));
      if (newestFirst) assert.deepEqual(pages, [0, 0, 0, 1]);
    });
  }

  it('takes the first record of an empty log for new', async () => {
    const { log, fetchPage } = server(true);
    const memory = new LogMemory();
    assert.deepEqual(await fresh(memory, fetchPage), []);
    log.push(...entries(1, 2));
    assert.deepEqual(ids(await fresh(memory, fetchPage)), [1]);
    assert.deepEqual(await fresh(new LogMemory(memory.state), fetchPage), []);
  });

  it('goes on behind a record that cannot be read, and counts it', async () => {
    const { log, fetchPage } = server(true);
    const memory = new LogMemory();
    log.push(...entries(1, 61));
    await pullNewLogs(memory, fetchPage);
    log.push(...entries(61, 141));
    const withHole = async (page: number, limit: number): Promise<(LogRecord | undefined)[]> => {
      const [, ...rest] = await fetchPage(page, limit);
      return [undefined, ...rest];
    };
    const { records, unreadable } = await pullNewLogs(memory, withHole);
    assert.equal(unreadable, 2);
    assert.deepEqual(
      ids(records),
      ids(entries(61, 141)).filter((id) => id !== 90 && id !== 140),
    );
  });

  it('takes one odd record for one, and a log of nothing else for no log', async () => {
    const memory = new LogMemory();
    assert.deepEqual(await pullNewLogs(memory, () => Promise.resolve([undefined])), {
      records: [],
      unreadable: 1,
      incomplete: false,
    });
    await assert.rejects(
      pullNewLogs(memory, () => Promise.resolve([undefined, undefined])),
      { code: 'BAD_RESPONSE' },
    );
  });

  it('brings the new ones though the last page holds nothing but an odd record', async () => {
    const { log, fetchPage } = server(false);
    const memory = new LogMemory();
    log.push(...entries(1, 41));
    await pullNewLogs(memory, fetchPage);
    log.push(...entries(41, 52));
    const oddAtTheEnd = async (page: number, limit: number): Promise<(LogRecord | undefined)[]> =>
      (await fetchPage(page, limit)).map((record) => (record.id === 51 ? undefined : record));
    const { records, unreadable } = await pullNewLogs(memory, oddAtTheEnd);
    assert.deepEqual(ids(records), ids(entries(41, 51)));
    assert.equal(unreadable, 1);
  });

  it('sorts records without numbers by their time', async () => {
    const at = (minute: number): LogRecord =>
      record({ ...PUSHED, ord: null, code: `C${minute}`, timestamp: `2026-05-08 14:0${minute}:00` });
    const memory = new LogMemory();
    await fresh(memory, () => Promise.resolve([at(1)]));
    const records = await fresh(memory, () => Promise.resolve([at(3), at(2), at(1)]));
    assert.deepEqual(
      records.map(({ code }) => code),
      ['C2', 'C3'],
    );
  });
});
