import assert from 'node:assert/strict';

import { type Batch, type InfluxEnd, InfluxReader } from '../../../lib/powerflex/influx';
import { InfluxSlicer } from '../../../lib/powerflex/influx-slicer';
import { newSeed, Seeded } from '../../support/seeded';

/** Rows with the head each has, however they were batched. */
function flat(batches: readonly Batch[]): unknown[] {
  return batches.flatMap(({ head, rows }) => rows.map((row) => ({ head, row })));
}

/** Reads a text in pieces that end where `cuts` says. */
function slice(
  text: string,
  cuts: (length: number) => number,
): { rows: unknown[]; early: number; partial: boolean } {
  const body = Buffer.from(text);
  const slicer = new InfluxSlicer();
  const batches: Batch[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.max(1, cuts(body.length - at));
    // A copy that is overwritten afterwards: nothing may be read from a piece later.
    const piece = Buffer.from(body.subarray(at, at + size));
    batches.push(...slicer.push(piece));
    piece.fill(0x21);
    at += size;
  }
  const early = flat(batches).length;
  const end = slicer.end();
  return { rows: flat([...batches, ...end.batches]), early, partial: end.partial };
}

const NASTY = [
  '"',
  '\\',
  '\\"',
  ']',
  '[',
  '],[',
  '}',
  '{',
  ':',
  ',',
  '\n',
  'ü',
  '漢',
  '😀',
  '\u0000',
  'values',
  ' ',
];

function text(rng: Seeded): string {
  return Array.from({ length: rng.below(8) }, () => rng.pick([...NASTY, 'a', 'b', '0'])).join('');
}

function value(rng: Seeded, depth = 0): unknown {
  switch (rng.below(depth > 2 ? 5 : 8)) {
    case 0:
      return null;
    case 1:
      return rng.below(2) === 0;
    case 2:
      return (rng.below(2_000_000) - 1_000_000) / rng.pick([1, 7, 1000]);
    case 5:
      return Array.from({ length: rng.below(3) }, () => value(rng, depth + 1));
    case 6:
      return Object.fromEntries(
        Array.from({ length: rng.below(3) }, () => [text(rng), value(rng, depth + 1)]),
      );
    default:
      return text(rng);
  }
}

function readInflux(body: unknown): InfluxEnd {
  const reader = new InfluxReader();
  const batches: Batch[] = [];
  reader.readDocument(body, (batch) => batches.push(batch));
  return { batches, partial: reader.end() };
}

/** An object with its keys in random order, `values` behind what it needs. */
function series(rng: Seeded): Record<string, unknown> {
  const columns = Array.from({ length: 1 + rng.below(4) }, () => text(rng));
  const before: [string, unknown][] = [['columns', columns]];
  if (rng.below(2)) before.push(['tags', { tag: text(rng), values: ['x'] }]);
  if (rng.below(2)) before.push(['name', text(rng)]);
  if (rng.below(2)) before.push(['extra', value(rng)]);
  if (rng.below(2)) before.reverse();
  const values = Array.from({ length: rng.below(6) }, () => columns.map(() => value(rng)));
  const after: [string, unknown][] = rng.below(3) === 0 ? [['partial', true]] : [];
  if (rng.below(4)) before.push(['values', values]);
  if (rng.below(8) === 0) before.reverse();
  return Object.fromEntries([...before, ...after]);
}

function respond(rng: Seeded): unknown {
  const results = Array.from({ length: rng.below(3) }, () => ({
    statement_id: 0,
    ...(rng.below(4) ? { series: Array.from({ length: rng.below(4) }, () => series(rng)) } : {}),
    ...(rng.below(6) ? {} : { partial: true }),
  }));
  const bare = { ...(rng.below(2) ? { note: value(rng) } : {}), results };
  return rng.below(2) ? { data: bare } : bare;
}

describe('InfluxSlicer', () => {
  it('finds the rows that JSON.parse finds, wherever the pieces end', () => {
    const rng = new Seeded(newSeed());
    let rows = 0;
    let early = 0;
    for (let round = 0; round < 10_000; round++) {
      const told = `SEED=${rng.seed}, round ${round}`;
      const document = JSON.stringify(respond(rng), null, rng.pick(['', ' ', '\t\r\n ']));
      let expected;
      try {
        expected = readInflux(JSON.parse(document));
      } catch {
        continue;
      }
      const longest = rng.pick([1, 3, 20, 300, 1e9]);
      const sliced = slice(document, () => 1 + rng.below(longest));
      assert.deepEqual(sliced.rows, flat(expected.batches), told);
      assert.equal(sliced.partial, expected.partial, told);
      rows += sliced.rows.length;
      early += sliced.early;
    }
    assert.ok(rows > 10_000 && early > rows / 2, `SEED=${rng.seed}: ${early} of ${rows} rows came early`);
    console.log(`      (seed ${rng.seed}: ${rows} rows compared)`);
  });

  it('passes rows on before the answer is complete', () => {
    const slicer = new InfluxSlicer();
    const push = (part: string): unknown[] => flat(slicer.push(Buffer.from(part)));
    const head = { columns: ['time', 'x'], tags: { s: '1' } };
    assert.deepEqual(
      push('{"results":[{"series":[{"tags":{"s":"1"},"columns":["time","x"],"values":[[1,"a'),
      [],
    );
    assert.deepEqual(push(']"],[2'), [{ head, row: [1, 'a]'] }]);
    assert.deepEqual(push(',"b"],[3,"c"]'), [
      { head, row: [2, 'b'] },
      { head, row: [3, 'c'] },
    ]);
    assert.deepEqual(push(']}]}]}'), []);
    assert.deepEqual(slicer.end(), { batches: [], partial: false });
  });

  it('holds rows back until their columns are known', () => {
    const document =
      '{"results":[{"series":[{"values":[[1],[2]],"columns":["time"]},{"values":[],"columns":[]}]}]}';
    for (const size of [1, 5, 1000]) {
      assert.deepEqual(
        slice(document, () => size).rows,
        [1, 2].map((time) => ({ head: { columns: ['time'], tags: {} }, row: [time] })),
      );
    }
  });

  it('reads keys that are written with escapes, and rows that are no lists', () => {
    const document =
      '{"results":[{"series":[{"columns":["a"],"valu\\u0065s":[[1]]},{"columns":["a"],"values":[1,{"b":2},"x"]}]}]}';
    for (const size of [1, 7, 1000]) assert.equal(slice(document, () => size).rows.length, 4);
  });

  for (const [what, document] of Object.entries({
    'rows without columns': '{"results":[{"series":[{"values":[[1]]}]}]}',
    'a trailing comma': '{"results":[{"series":[{"columns":["a"],"values":[[1],]}]}]}',
    'a missing comma': '{"results":[{"series":[{"columns":["a"],"values":[[1][2]]}]}]}',
    'a wrong bracket': '{"results":[{"series":[{"columns":["a"],"values":[[1]}]}]}',
    'half an answer': '{"results":[{"series":[{"columns":["a"],"values":[[1]',
    'an empty answer': '',
    'another list': '[]',
    'another object': '{"msg":"hello"}',
    'series that are none': '{"results":[{"series":7}]}',
    'results that are none': '{"results":[7]}',
  })) {
    it(`refuses ${what}`, () => {
      for (const size of [1, 6, 1000])
        assert.throws(() => slice(document, () => size), { code: 'BAD_RESPONSE' });
    });
  }

  it('reports the error of a result, of the answer, and a partial answer', () => {
    const read = (document: unknown) => slice(JSON.stringify(document), () => 10);
    const error = { code: 'REJECTED', params: { message: 'database not found' } };
    assert.throws(() => read({ results: [{ error: 'database not found' }] }), error);
    assert.throws(() => read({ data: { error: 'database not found' } }), error);
    assert.throws(() => read({ error: {} }), { code: 'REJECTED' });
    assert.equal(read({ results: [{ partial: true }] }).partial, true);
    assert.equal(read({ results: [{ series: [{ columns: [], partial: true }] }] }).partial, true);
    assert.deepEqual(read({ results: [{ statement_id: 0 }] }), { rows: [], early: 0, partial: false });
  });

  it('keeps no more than its bound of what is not rows, or of one row', () => {
    const start = '{"results":[{"series":[{"columns":["a"],"values":[';
    for (const [before, filler] of [
      ['{', ' '],
      [start, '1,'],
      [`${start}["`, 'x'],
    ] as const) {
      const slicer = new InfluxSlicer(1000);
      slicer.push(Buffer.from(before));
      slicer.push(Buffer.from(filler.repeat(300)));
      assert.throws(() => slicer.push(Buffer.from(filler.repeat(1000))), { reason: 'tooLong' });
    }
    const rows = new InfluxSlicer(1000);
    rows.push(Buffer.from(start));
    for (let i = 0; i < 100; i++) rows.push(Buffer.from('["x"],'.repeat(1000)));
    const parts = new InfluxSlicer(1000);
    parts.push(Buffer.from(start));
    for (let i = 0; i < 1000; i++) for (const part of ['[', '"x"', ']', ',']) parts.push(Buffer.from(part));
  });

  it('refuses what is nested too deep to be a time series, without looking for its end', () => {
    for (const [before, filler] of [
      ['', '{"a":'],
      ['{"a":', '['],
      ['{"results":[{"series":[{"columns":["a"],"values":[', '['],
    ] as const) {
      const slicer = new InfluxSlicer();
      assert.throws(() => slicer.push(Buffer.from(before + filler.repeat(100_000))), { reason: 'tooDeep' });
    }
  });

  const row = (head: object, ...rows: unknown[]): unknown[] => rows.map((one) => ({ head, row: one }));
  const plain = row({ columns: ['time', 'x'], tags: {} }, [1, 2], [3, 4]);
  const tagged = row({ columns: ['time', 'x'], tags: { s: '1' } }, [1, 2], [3, 4]);
  const series = '{"columns":["time","x"],"values":[[1,2],[3,4]]}';
  const result = `{"statement_id":0,"series":[${series}]}`;
  const more = '{"columns":["time","x"],"values":[[5,6]]}';
  const six = row({ columns: ['time', 'x'], tags: {} }, [5, 6]);
  for (const [what, document, expected, partial = false] of [
    [
      'tags behind the rows',
      `{"results":[{"series":[{"columns":["time","x"],"values":[[1,2],[3,4]],"tags":{"s":"1"}}]}]}`,
      tagged,
    ],
    [
      'tags and columns behind the rows',
      `{"results":[{"series":[{"values":[[1,2],[3,4]],"tags":{"s":"1"},"columns":["time","x"]}]}]}`,
      tagged,
    ],
    [
      'tags that are null',
      `{"results":[{"series":[{"columns":["time","x"],"tags":null,"values":[[1,2],[3,4]]}]}]}`,
      plain,
    ],
    ['a result alone', result, plain],
    ['a result alone, below data', `{"data":${result}}`, plain],
    ['a result alone, without rows', '{"statement_id":0}', []],
    ['results below data', `{"data":{"results":[${result}]}}`, plain],
    ['results that are null', '{"results":null}', []],
    ['series that are null', '{"results":[{"statement_id":0,"series":null}]}', []],
    ['values that are null', '{"results":[{"series":[{"columns":["time","x"],"values":null}]}]}', []],
    ['no results', '{"results":[]}', []],
    ['a result that is null', `{"results":[null,${result}]}`, plain],
    ['a series that is null', `{"results":[{"series":[null,${series},7]}]}`, plain],
    ['a series without columns', `{"results":[{"series":[{"values":[[9]]},${series}]}]}`, plain],
    ['a byte order mark', `\uFEFF{"results":[${result}]}`, plain],
    ['NULs behind it', `{"results":[${result}]}\u0000\u0000\n\u0000`, plain],
    [
      'several documents',
      `{"results":[${result}]}\n{"results":[{"statement_id":0,"series":[${more}]}]}\n`,
      [...plain, ...six],
    ],
    [
      'several documents without a line end',
      `{"results":[${result}]}{"results":[{"series":[${more}]}]}`,
      [...plain, ...six],
    ],
    [
      'chunks, of which all but the last say that more follows',
      `{"results":[{"statement_id":0,"series":[{"columns":["time","x"],"values":[[1,2],[3,4]],"partial":true}],"partial":true}]}\n` +
        `{"results":[{"statement_id":0,"series":[${more}]}]}`,
      [...plain, ...six],
    ],
    [
      'chunks, of which the last one says so as well',
      `{"results":[${result}]}\n{"results":[{"statement_id":0,"series":[${more}],"partial":true}]}`,
      [...plain, ...six],
      true,
    ],
    [
      'a bare nan',
      '{"results":[{"series":[{"columns":["time","x"],"values":[[1,nan],[3,-inf],["nan",NaN]]}]}]}',
      row({ columns: ['time', 'x'], tags: {} }, [1, null], [3, null], ['nan', null]),
    ],
    ['a bare nan outside of rows', `{"results":[{"note":nan,"series":[${series}]}]}`, plain],
  ] as const) {
    it(`reads ${what}`, () => {
      for (const size of [1, 2, 7, 1000]) {
        const { rows, partial: told } = slice(document, () => size);
        assert.deepEqual(rows, expected, `pieces of ${size}`);
        assert.equal(told, partial);
      }
    });
  }

  for (const [what, document, error] of [
    ['an error behind rows', `{"results":[${result},{"error":"timeout"}]}`, { code: 'REJECTED' }],
    ['an error in a later document', `{"results":[${result}]}\n{"error":"timeout"}`, { code: 'REJECTED' }],
    ['a second document that is cut off', `{"results":[${result}]}\n{"results":[`, { reason: 'notJson' }],
    ['something else behind the document', `{"results":[${result}]}]`, { reason: 'notJson' }],
    [
      'nothing but odd entries',
      '{"results":[null,7,{"series":[null,{"values":[[1]]}]}]}',
      { reason: 'powerflexSeries' },
    ],
    ['blanks alone', ' \n\u0000', { reason: 'emptyResponse' }],
    [
      'more columns than there are',
      `{"results":[{"series":[{"columns":[${'"x",'.repeat(200)}"y"],"values":[[1]]}]}]}`,
      { reason: 'tooMuch' },
    ],
    [
      'more tags than there are',
      `{"results":[{"series":[{"tags":{${Array.from({ length: 200 }, (_, i) => `"t${i}":1`).join()}},"columns":["x"],"values":[[1]]}]}]}`,
      { reason: 'tooMuch' },
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      for (const size of [1, 7, 100_000]) assert.throws(() => slice(document, () => size), error);
    });
  }

  it('names an odd entry once', () => {
    const told: string[] = [];
    const slicer = new InfluxSlicer(undefined, ({ reason }) => told.push(reason));
    slicer.push(Buffer.from(`{"results":[null,null,{"series":[null,${series}]}]}`));
    slicer.end();
    assert.deepEqual(told, ['powerflexEntry']);
  });
});
