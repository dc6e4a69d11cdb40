import assert from 'node:assert/strict';

import { DeviceError } from '../../../../lib/core/errors';
import {
  DEEPEST,
  faultInText,
  isDeeperThan,
  MAX_NAMES,
  MAX_VALUES,
  parseForeignJson,
  withNullForNaN,
} from '../../../../lib/core/json/parse';

const nested = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
const nestedObjects = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

function reasonOf(body: Buffer | string, strict = false): string {
  try {
    parseForeignJson(body, { strict });
  } catch (thrown) {
    assert(thrown instanceof DeviceError);
    assert.equal(thrown.code, 'BAD_RESPONSE');
    assert.equal(thrown.sent, true);
    return thrown.reason;
  }
  return 'none';
}

describe('JSON from outside', () => {
  const WORDS = [
    ...['nan', 'NaN', 'NAN', '-nan', '+nan', 'nan(ind)', '-nan(ind)', 'nan(0x8000000000000)', 'nan()'],
    ...['inf', '-inf', '+inf', 'INF', 'Inf', 'Infinity', '-Infinity', '+Infinity', 'infinity'],
    ...['1.#IND', '-1.#IND', '1.#QNAN', '-1.#QNAN00', '1.#INF', '-1.#INF00', '1.#SNAN'],
  ];
  for (const word of WORDS) {
    it(`reads a bare ${word} as null, and the rest as it is`, () => {
      assert.equal(parseForeignJson(word), null);
      assert.deepEqual(parseForeignJson(`[${word}]`), [null]);
      assert.deepEqual(
        parseForeignJson(`{"t":${word},"v": ${word} ,\n"w":[1,${word},\t${word}],"s":"${word},"}`),
        {
          t: null,
          v: null,
          w: [1, null, null],
          s: `${word},`,
        },
      );
      assert.deepEqual(parseForeignJson(Buffer.from(`\ufeff{"a":${word}}\r\n\0\0`)), { a: null });
      assert.equal(reasonOf(`{"a":${word}}`, true), 'notJson', 'strict');
    });
  }

  const KEPT: [string, unknown][] = [
    ['{"nan":1,"inf":"nan"}', { nan: 1, inf: 'nan' }],
    [String.raw`["\"nan","\\",1]`, ['"nan', '\\', 1]],
    ['\ufeff{"a":1}', { a: 1 }],
    ['{"a":1}\0', { a: 1 }],
    ['{"a":1}\r\n\0\0\n\0', { a: 1 }],
    [' \t\r\n[] ', []],
    ['{"__proto__":{"x":1}}', JSON.parse('{"__proto__":{"x":1}}')],
    [nested(DEEPEST), JSON.parse(nested(DEEPEST))],
    [`["${'['.repeat(1000)}"]`, ['['.repeat(1000)]],
  ];
  for (const [body, value] of KEPT) {
    it(`reads ${JSON.stringify(body.slice(0, 40))}`, () => {
      assert.deepEqual(parseForeignJson(body), value);
      assert.deepEqual(parseForeignJson(Buffer.from(body)), value);
      assert.deepEqual(parseForeignJson(body, { strict: true }), value);
    });
  }

  it('reads strings beside a bare nan exactly', () => {
    assert.deepEqual(parseForeignJson(String.raw`["\"nan","\\",nan,"\\\"",{"a\"b":inf}]`), [
      '"nan',
      '\\',
      null,
      '\\"',
      { 'a"b': null },
    ]);
  });

  const REFUSED: [string, string, string][] = [
    ['nothing', '', 'emptyResponse'],
    ['blanks', ' \r\n', 'emptyResponse'],
    ['a mark alone', '\ufeff', 'emptyResponse'],
    ['NUL alone', '\0\0', 'emptyResponse'],
    ['HTML', '<html></html>', 'notJson'],
    ['a word that begins as nan', '[nano]', 'notJson'],
    ['a word that ends as nan', '[banan]', 'notJson'],
    ['nan and a number', '[nan1]', 'notJson'],
    ['nan beside a string', '["a"nan]', 'notJson'],
    ['nan as a name', '{nan:1}', 'notJson'],
    ['nan that is not closed', '[nan(ind]', 'notJson'],
    ['two signs', '[--nan]', 'notJson'],
    ['undefined', '[undefined]', 'notJson'],
    ['a broken end', '{"a":nan', 'notJson'],
    ['a string without end', '["nan, nan', 'notJson'],
    ['a backslash at the end', '["\\', 'notJson'],
    ['two documents', '{"a":1}{"a":2}', 'notJson'],
    ['a mark between', '{"a":\ufeff1}', 'notJson'],
    ['65 lists', nested(DEEPEST + 1), 'tooDeep'],
    ['65 objects', nestedObjects(DEEPEST + 1), 'tooDeep'],
    ['100,000 lists', nested(100_000), 'tooDeep'],
    ['100,000 objects', nestedObjects(100_000), 'tooDeep'],
    ['two million lists', nested(2_000_000), 'tooDeep'],
    ['lists without end', '['.repeat(4_000_000), 'tooDeep'],
    ['depth behind a bare nan', `[nan,${nested(DEEPEST)}]`, 'tooDeep'],
  ];
  for (const [what, body, reason] of REFUSED) {
    it(`refuses ${what}`, () => {
      assert.equal(reasonOf(body), reason);
      assert.equal(reasonOf(body, true), reason);
    });
  }

  it('looks at each character once', () => {
    // Each of these has a million places where a careless search would begin anew.
    for (const piece of ['nan,', '"\\"', '\\', '-', 'inf(', '1.#', '" ', 'nan(x']) {
      const text = piece.repeat(1_000_000);
      withNullForNaN(text);
      faultInText(text, DEEPEST, Infinity);
    }
    const many = `[${'nan,'.repeat(MAX_VALUES - 1)}1]`;
    const read = parseForeignJson(many);
    assert(Array.isArray(read) && read.length === MAX_VALUES && read[MAX_VALUES - 1] === 1);
  });

  it('counts the levels of a value without recursion', () => {
    assert.equal(isDeeperThan(JSON.parse(nested(64)), 64), false);
    assert.equal(isDeeperThan(JSON.parse(nestedObjects(65)), 64), true);
    assert.equal(isDeeperThan(JSON.parse(nested(100_000)), 64), true);
    assert.equal(isDeeperThan('text', 0), false);
    assert.equal(isDeeperThan(null, 0), false);
  });
});

describe('the number of values in JSON from outside', () => {
  const list = (item: string, count: number): string => `[${Array(count).fill(item).join(',')}]`;
  const names = (count: number): string =>
    `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join(',')}}`;
  const table: [string, string, string][] = [
    ['as many as allowed', list('0', MAX_VALUES), 'none'],
    ['one more', list('0', MAX_VALUES + 1), 'tooMuch'],
    ['4 MB of {}', list('{}', 1_398_101), 'tooMuch'],
    ['lists', list('[]', MAX_VALUES), 'tooMuch'],
    ['names of one object', names(MAX_NAMES + 1), 'tooMuch'],
    ['as many names as allowed', names(MAX_NAMES), 'none'],
    ['names of many objects', list('{"a":1}', 90_000), 'none'],
    ['nan', list('nan', MAX_VALUES + 1), 'tooMuch'],
    ['commas in a text', JSON.stringify([','.repeat(1_000_000), '"'.repeat(1000)]), 'none'],
    ['words without commas', `[${'nan '.repeat(1_000_000)}]`, 'notJson'],
  ];
  for (const [name, text, reason] of table)
    it(`${name}: ${reason}`, () => assert.equal(reasonOf(text), reason));

  it('is counted before the text is parsed, with its levels', () => {
    assert.equal(faultInText('[1,2,3]', 1, 3), undefined);
    assert.equal(faultInText('[1,2,3]', 1, 2), 'values');
    assert.equal(faultInText('[[]]', 1, 9), 'depth');
    assert.equal(faultInText('["[,]","\\",1]', 1, 3), undefined);
  });
});
