import assert from 'node:assert/strict';

import { InfluxSlicer } from '../../../lib/powerflex/influx-slicer';

function readInPieces(text: string, size: number): void {
  const slicer = new InfluxSlicer();
  const body = Buffer.from(text);
  for (let at = 0; at < body.length; at += size) slicer.push(body.subarray(at, at + size));
  slicer.end();
}

const series = '{"columns":["time","x"],"values":[[1,2],[3,4]]}';
const more = '{"columns":["time","x"],"values":[[5,6]]}';
const result = `{"statement_id":0,"series":[${series}]}`;

describe('a time series with the same key twice, of which the last one counts in JSON', () => {
  const of = (members: string): string => `{"results":[{"series":[{"columns":["time"],${members}}]}]}`;
  for (const [what, document] of Object.entries({
    'rows twice in a series': of('"values":[[1]],"values":[[2]]'),
    'no rows, twice': of('"values":[],"values":[]'),
    'rows twice, with an escape': of('"values":[[1]],"valu\\u0065s":[[2]]'),
    'rows twice, all in escapes': of('"values":[[1]],"\\u0076\\u0061\\u006c\\u0075\\u0065\\u0073":[]'),
    'rows, and null for them': of('"values":[[1]],"values":null'),
    'rows, and no list for them': of('"tags":{},"values":[[1]],"values":7'),
    'other columns behind rows': of('"tags":{},"values":[[1]],"columns":["x"]'),
    'other tags behind rows': of('"tags":{},"values":[[1]],"tags":{"s":"1"}'),
    'series twice in a result': `{"results":[{"series":[${series}],"series":[${more}]}]}`,
    'series, and null for them': `{"results":[{"series":[${series}],"series":null}]}`,
    'results twice': `{"results":[${result}],"results":[]}`,
    'results twice below data': `{"data":{"results":[${result}],"results":[${result}]}}`,
    'data twice': `{"data":${result},"data":{"results":[]}}`,
    'results beside data': `{"results":[${result}],"data":{"results":[${result}]}}`,
    'series beside results': `{"series":[${series}],"results":[${result}]}`,
  })) {
    it(`does not pass for one answer: ${what}`, () => {
      for (const size of [1, 7, 100_000])
        assert.throws(() => readInPieces(document, size), {
          code: 'BAD_RESPONSE',
          reason: 'powerflexSeries',
        });
    });
  }

  it('does not go on with a thousand lists of rows in a series', () => {
    const slicer = new InfluxSlicer();
    slicer.push(Buffer.from(`{"results":[{"series":[{"columns":["time"],"pad":"${'x'.repeat(100_000)}",`));
    let taken = 0;
    const repeat = (): void => {
      for (; taken < 1000; taken++) slicer.push(Buffer.from('"values":[],'));
    };
    assert.throws(repeat, { code: 'BAD_RESPONSE' });
    assert.equal(taken, 1);
  });
});
