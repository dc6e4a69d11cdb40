import assert from 'node:assert/strict';

import { parseCsv } from '../../../lib/enapter/rest/csv';
import { parseTimeseries } from '../../../lib/enapter/rest/timeseries';

const types = (list: string): Record<string, string> => ({ 'x-enapter-timeseries-data-types': list });

describe('enapter: time series', () => {
  it('reads CSV with quotes, line breaks and empty fields', () => {
    assert.deepEqual(parseCsv('a,"b ""x"", y",\r\n,"c\nd",e\n'), [
      ['a', 'b "x", y', ''],
      ['', 'c\nd', 'e'],
    ]);
    assert.deepEqual(parseCsv('a,'), [['a', '']]);
    assert.deepEqual(parseCsv(''), []);
    assert.deepEqual(parseCsv('a\n\nb'), [['a'], ['b']]);
    assert.throws(() => parseCsv('a,"b'), { code: 'BAD_RESPONSE' });
  });

  it('keeps the time of a row where an attribute is called timestamp too', () => {
    const { rows } = parseTimeseries('ts,telemetry=timestamp\n1735689600,7', types('integer'));
    assert.deepEqual(rows, [{ timestamp: '2025-01-01T00:00:00.000Z' }]);
  });

  it('brings each column to its type, and empty cells to null', () => {
    const csv = [
      'ts,device=d telemetry=f aggregation=auto,telemetry=i,attribute=s,list,telemetry=b',
      '1735689600,1.5,7,"a,b","[""x"",""y""]",true',
      '1735689660,,,,,0',
    ].join('\n');
    const { columns, rows } = parseTimeseries(csv, types('FLOAT, integer,string,string_array,boolean'));
    assert.deepEqual(
      columns.map(({ attribute, device, type }) => [attribute, device, type]),
      [
        ['f', 'd', 'float'],
        ['i', null, 'integer'],
        ['s', null, 'string'],
        ['list', null, 'string_array'],
        ['b', null, 'boolean'],
      ],
    );
    assert.deepEqual(rows, [
      { timestamp: '2025-01-01T00:00:00.000Z', f: 1.5, i: 7, s: 'a,b', list: ['x', 'y'], b: true },
      { timestamp: '2025-01-01T00:01:00.000Z', f: null, i: null, s: null, list: null, b: false },
    ]);
  });

  it('knows an answer without values', () =>
    assert.deepEqual(parseTimeseries('', {}), { columns: [], rows: [] }));

  for (const [what, csv, header] of [
    ['no ts column', 'time,a\n1,2', 'float'],
    ['no types', 'ts,a\n1,2', undefined],
    ['too few types', 'ts,a,b\n1,2,3', 'float'],
    ['an unknown type', 'ts,a\n1,2', 'complex'],
    ['a time that is none', 'ts,a\nx,2', 'float'],
    ['a truth value that is none', 'ts,a\n1,maybe', 'boolean'],
    ['a list that is no JSON', 'ts,a\n1,x', 'string_array'],
    ['a list that is an object', 'ts,a\n1,{}', 'string_array'],
  ] as const) {
    it(`refuses ${what}`, () =>
      assert.throws(() => parseTimeseries(csv, header === undefined ? {} : types(header)), {
        code: 'BAD_RESPONSE',
      }));
  }
});
