import assert from 'node:assert/strict';

import { Transport } from '../../../lib/core/http/transport';
import type { Notice } from '../../../lib/core/notices';
import { EnapterClient } from '../../../lib/enapter/rest/client';
import { CsvReader } from '../../../lib/enapter/rest/csv';
import { type Timeseries, TimeseriesReader } from '../../../lib/enapter/rest/timeseries';
import { failsWith } from '../../support/expect-error';
import { startRaw } from '../../support/raw-server';

const TYPES = 'x-enapter-timeseries-data-types';
/** The headers of a response that tells where it ends. */
const types = (list: string): Record<string, string> => ({ [TYPES]: list, 'transfer-encoding': 'chunked' });

function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  const reader = new CsvReader((record) => records.push([...record]));
  reader.push(text);
  reader.end();
  return records;
}

function parseTimeseries(
  body: string,
  headers: Record<string, string>,
  onNotice?: (notice: Notice) => void,
): Timeseries {
  const reader = new TimeseriesReader(onNotice);
  reader.push(Buffer.from(body), headers);
  return reader.end(headers);
}

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

  const at = 1735689600;
  for (const [what, csv, header, rows, notices] of [
    [
      'nan, inf and a text for a number',
      `ts,a,b,c\n${at},nan,-inf,x`,
      'float,float,integer',
      [{ a: null, b: null, c: null }],
      [
        'enapterOddValue a',
        'enapterOddValue b',
        'enapterOddValue c',
        'enapterNoValue a',
        'enapterNoValue b',
        'enapterNoValue c',
      ],
    ],
    [
      'a truth value that is none',
      `ts,a\n${at},maybe\n${at},true`,
      'boolean',
      [{ a: null }, { a: true }],
      ['enapterOddValue a'],
    ],
    [
      'a list that is none',
      `ts,a\n${at},{}\n${at},x\n${at},"[""y""]"`,
      'string_array',
      [{ a: null }, { a: null }, { a: ['y'] }],
      ['enapterOddValue a'],
    ],
    ['a row without time', `ts,a\n,1\nx,2\n60,3\n${at},4`, 'float', [{ a: 4 }], ['enapterRowTime']],
    [
      'rows that are shorter and longer than the head',
      `ts,a,b\n${at},1\n${at},1,2,3\n${at},4,5`,
      'float,float',
      [{ a: 4, b: 5 }],
      ['enapterRowLength'],
    ],
    [
      'a column that is null in every row',
      `ts,a,b\n${at},1,\n${at},2,`,
      'float,float',
      [
        { a: 1, b: null },
        { a: 2, b: null },
      ],
      ['enapterNoValue b'],
    ],
    ['an unknown type', `ts,a\n${at},2+3i`, 'complex', [{ a: '2+3i' }], ['enapterType a']],
    [
      'times as ISO text and in ms',
      `ts,a\n2025-01-01 00:00:00z,1\n${at}000,2`,
      'float',
      [{ a: 1 }, { a: 2 }],
      [],
    ],
    ['a byte order mark', `\ufeffts,a\n${at},1`, 'float', [{ a: 1 }], []],
    [
      'an attribute called __proto__',
      `ts,telemetry=__proto__\n${at},1`,
      'float',
      [JSON.parse('{"__proto__":1}') as object],
      [],
    ],
  ] as const) {
    it(`reads ${what}, and tells of it once`, () => {
      const told: string[] = [];
      const series = parseTimeseries(csv, types(header), ({ reason, params }) =>
        told.push([reason, params?.attribute].filter(Boolean).join(' ')),
      );
      const timestamp = '2025-01-01T00:00:00.000Z';
      assert.deepEqual(
        series.rows,
        rows.map((row) => ({ ...row, timestamp })),
      );
      assert.deepEqual(told, [...notices]);
    });
  }

  for (const [what, headers, isKnown] of [
    ['with its connection', {}, false],
    ['with its connection, and is not coded', { 'content-encoding': 'identity' }, false],
    ['after a length', { 'content-length': '50' }, true],
    ['in chunks', { 'transfer-encoding': 'Chunked' }, true],
    ['within a code', { 'content-encoding': 'gzip' }, true],
  ] as const) {
    it(`takes a last line without a break for whole only where its end is known: ${what}`, () => {
      const whole = `ts,a\n${at},1234\n`;
      for (const more of ['', `${at}`, `${at},`, `${at},12`, `${at},"12"`, `${at},"12`]) {
        const read = (): Timeseries => parseTimeseries(whole + more, { [TYPES]: 'float', ...headers });
        const isCut = more.endsWith('"12');
        if (more !== '' && !isKnown) {
          assert.throws(read, { code: 'UNREACHABLE', reason: 'connectionBroke' }, more);
        } else if (isCut) assert.throws(read, { code: 'BAD_RESPONSE' });
        else assert.equal(read().rows[0]?.a, 1234);
      }
      // A head alone may have lost a column.
      const head = (): Timeseries => parseTimeseries('ts,a', { [TYPES]: 'float', ...headers });
      if (isKnown) assert.deepEqual(head().rows, []);
      else assert.throws(head, { code: 'UNREACHABLE' });
    });
  }

  it('refuses one of a real connection that broke off within its last number', async () => {
    const csv = `ts,telemetry=power\n${at},1234.5\n${at + 60},12`;
    for (const [framing, expected] of [
      ['', undefined],
      [`Content-Length: ${csv.length}\r\n`, [1234.5, 12]],
    ] as const) {
      const head = `HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n${TYPES}: float\r\n${framing}\r\n`;
      const server = await startRaw(({ socket }) => void socket.end(head + csv));
      const transport = new Transport();
      try {
        const client = new EnapterClient({ url: server.url, token: 'abcdefgh' }, transport);
        const times = { from: at * 1000, to: (at + 120) * 1000 };
        const asked = client.timeseries('device', { ...times, granularity: 60, attributes: ['power'] });
        if (expected)
          assert.deepEqual(
            (await asked).rows.map(({ power }) => power),
            expected,
          );
        else assert.equal((await failsWith(asked, 'UNREACHABLE')).reason, 'connectionBroke');
      } finally {
        transport.close();
        await server.close();
      }
    }
  });

  it('reads the same however its bytes are cut', () => {
    const csv = Buffer.from(`ts,a,"b ""q"""\r\n${at},"x,\n""y""",ä€😀\r\n${at + 60},,"z"\n`);
    const header = types('string,string');
    const whole = parseTimeseries(csv.toString(), header);
    assert.equal(whole.rows.length, 2);
    for (let cut = 1; cut < csv.length; cut++) {
      const reader = new TimeseriesReader();
      reader.push(csv.subarray(0, cut), header);
      reader.push(csv.subarray(cut), header);
      assert.deepEqual(reader.end(header), whole, `cut at ${cut}`);
    }
  });

  for (const [what, csv, header] of [
    ['more columns than any table', `ts${',a'.repeat(201)}`, `float${',float'.repeat(200)}`],
    ['a field without end', `ts,a\n${at},${'x'.repeat(70_000)}`, 'string'],
    ['more rows than were asked for', `ts,a\n${at},1\n${at},2\n${at},3`, 'float'],
  ] as const) {
    it(`refuses ${what}`, () => {
      const reader = new TimeseriesReader(undefined, 2);
      assert.throws(
        () => {
          reader.push(Buffer.from(csv), types(header));
          reader.end(types(header));
        },
        { code: 'BAD_RESPONSE', reason: 'tooMuch' },
      );
    });
  }

  for (const [what, csv, header] of [
    ['no ts column', 'time,a\n1,2', 'float'],
    ['no types', 'ts,a\n1,2', undefined],
    ['too few types', 'ts,a,b\n1,2,3', 'float'],
    ['a time that is none', 'ts,a\nx,2', 'float'],
    ['a time of 1970', 'ts,a\n1,2', 'float'],
  ] as const) {
    it(`refuses ${what}`, () =>
      assert.throws(() => parseTimeseries(csv, header === undefined ? {} : types(header)), {
        code: 'BAD_RESPONSE',
      }));
  }
});
