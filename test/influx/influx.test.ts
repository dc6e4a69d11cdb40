import assert from 'node:assert/strict';

import type { Batch } from '../../lib/powerflex/influx';
import { InfluxSlicer } from '../../lib/powerflex/influx-slicer';
import { type InfluxDb, startInfluxDb } from '../support/influxdb';
import { newSeed, Seeded } from '../support/seeded';

interface Series {
  columns: string[];
  tags?: Record<string, unknown>;
  values?: unknown[][];
  partial?: boolean;
}
interface Document {
  error?: string;
  results?: { error?: string; statement_id?: number; partial?: boolean; series?: Series[] }[];
}

const STATIONS = 5;
const MINUTES = 600;
const START = 1_700_000_000;
/** Rows that the database gives to a query, fewer than there are. */
const MAX_ROWS = 2500;

const FIELDS = 'energy_delivered,charging_state,mamps_actual,note';
type Query = readonly [what: string, query: string, params?: Readonly<Record<string, string>>];

const QUERIES: readonly Query[] = [
  ['everything', 'SELECT * FROM ct_response'],
  ['fields', `SELECT ${FIELDS} FROM ct_response LIMIT 500`],
  ['a series a station', `SELECT ${FIELDS} FROM ct_response GROUP BY evse_address LIMIT 300`],
  ['all tags', 'SELECT energy_delivered FROM ct_response GROUP BY * LIMIT 300'],
  ...['s', 'ms', 'u', 'ns', 'm', 'h'].map((epoch): Query => [
    `epoch ${epoch}`,
    `SELECT ${FIELDS} FROM ct_response LIMIT 200`,
    { epoch },
  ]),
  ...['1', '7', '100', '1000', '10000'].map(
    (size) =>
      [`chunks of ${size}`, 'SELECT * FROM ct_response', { chunked: 'true', chunk_size: size }] as const,
  ),
  [
    'chunks, grouped',
    'SELECT * FROM ct_response GROUP BY evse_address',
    { chunked: 'true', chunk_size: '50' },
  ],
  ['chunks, in seconds', 'SELECT * FROM ct_response', { chunked: 'true', chunk_size: '333', epoch: 's' }],
  ['pretty', 'SELECT * FROM ct_response LIMIT 100', { pretty: 'true' }],
  ['pretty, grouped', 'SELECT * FROM ct_response GROUP BY evse_address LIMIT 30', { pretty: 'true' }],
  ['the newest', 'SELECT * FROM ct_response ORDER BY time DESC LIMIT 100'],
  ['an offset', 'SELECT * FROM ct_response LIMIT 10 OFFSET 100'],
  ['some series', 'SELECT * FROM ct_response GROUP BY evse_address LIMIT 10 SLIMIT 2 SOFFSET 1'],
  ['a range', `SELECT * FROM ct_response WHERE time >= ${START}s AND time < ${START + 3600}s`],
  ['one station', "SELECT * FROM ct_response WHERE evse_address = '0001-02-01-03' LIMIT 50"],
  ['a mean', 'SELECT mean(energy_delivered) FROM ct_response'],
  [
    'means',
    `SELECT mean(mamps_actual) FROM ct_response WHERE time >= ${START}s AND time < ${START + 36000}s GROUP BY time(10m), evse_address`,
  ],
  ...['null', 'none', '0', 'previous', 'linear'].map(
    (fill) =>
      [
        `gaps filled with ${fill}`,
        `SELECT max(mamps_actual) FROM ct_response WHERE time >= ${START - 7200}s AND time < ${START + 7200}s GROUP BY time(10m) fill(${fill})`,
      ] as const,
  ),
  [
    'several values',
    'SELECT min(energy_delivered), max(energy_delivered), count(note), last(charging_state) FROM ct_response GROUP BY evse_address',
  ],
  ['differences', 'SELECT derivative(energy_delivered, 1m) FROM ct_response GROUP BY evse_address LIMIT 100'],
  ['values that there are', 'SELECT distinct(charging_state) FROM ct_response'],
  [
    'a query in a query',
    'SELECT mean(m) FROM (SELECT max(mamps_actual) AS m FROM ct_response GROUP BY evse_address)',
  ],
  ['two statements', 'SELECT * FROM ct_response LIMIT 5; SELECT note FROM ct_response LIMIT 7'],
  [
    'two statements in chunks',
    'SELECT * FROM ct_response; SELECT note FROM ct_response LIMIT 70',
    { chunked: 'true', chunk_size: '400' },
  ],
  ['nothing', 'SELECT * FROM elsewhere'],
  ['an empty range', 'SELECT * FROM ct_response WHERE time < 1000s'],
  ['keys', 'SHOW TAG VALUES FROM ct_response WITH KEY = evse_address'],
  ['names', 'SHOW MEASUREMENTS; SHOW FIELD KEYS'],
  ['no query', 'SELEKT'],
  ['a database that is none', 'SELECT * FROM ct_response', { db: 'elsewhere' }],
  ['a function that is none', 'SELECT nonsense(note) FROM ct_response'],
  ['an error behind rows', 'SELECT * FROM ct_response LIMIT 5; SELECT * FROM elsewhere..x', {}],
];

/** Texts that look like JSON's own structure. */
const NOTES = ['plain', '],[', '"quoted"', 'ü漢😀', '{"a":[1]}', ']]}', 'back\\\\slash', 'a,b'];

function points(): string[] {
  const lines: string[] = [];
  for (let minute = 0; minute < MINUTES; minute++) {
    for (let station = 1; station <= STATIONS; station++) {
      const note = (NOTES[(minute + station) % NOTES.length] ?? '').replace(/(["\\])/g, '\\$1');
      const state = minute % 120 < 60 ? 'ADAPTIVE' : 'UNPLUGGED';
      // Not every row has every field.
      const current = minute % 7 === 0 ? '' : `,mamps_actual=${station * 1000.5}`;
      lines.push(
        `ct_response,evse_address=0001-02-01-0${station},acc_id=02 charging_state="${state}",energy_delivered=${minute * 1000}${current},note="${note}" ${START + minute * 60}`,
      );
    }
  }
  return lines;
}

interface Outcome {
  rows: unknown[];
  partial: boolean;
  error: boolean;
}

/** What JSON.parse makes of an answer, document by document. */
function expected(body: string): Outcome {
  const rows: unknown[] = [];
  const partial = new Map<unknown, boolean>();
  for (const line of documentsOf(body)) {
    const document = JSON.parse(line) as Document;
    if (document.error !== undefined) return { rows, partial: false, error: true };
    for (const { error, series = [], partial: more = false, statement_id: id } of document.results ?? []) {
      if (error !== undefined) return { rows, partial: false, error: true };
      for (const { columns, tags = {}, values = [] } of series) {
        rows.push(...values.map((row) => ({ head: { columns, tags }, row })));
      }
      partial.set(id, more || series.some((one) => one.partial === true));
    }
  }
  return { rows, partial: [...partial.values()].includes(true), error: false };
}

/** A pretty document has line ends in it. */
function documentsOf(body: string): string[] {
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 1 && lines[0] === '{' ? [body] : lines;
}

function sliced(body: Buffer, cut: () => number): Outcome {
  const slicer = new InfluxSlicer();
  const batches: Batch[] = [];
  const rowsOf = (): unknown[] => batches.flatMap(({ head, rows }) => rows.map((row) => ({ head, row })));
  try {
    for (let at = 0; at < body.length;) {
      const size = Math.max(1, cut());
      batches.push(...slicer.push(Buffer.from(body.subarray(at, at + size))));
      at += size;
    }
    const end = slicer.end();
    batches.push(...end.batches);
    return { rows: rowsOf(), partial: end.partial, error: false };
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'REJECTED');
    return { rows: rowsOf(), partial: false, error: true };
  }
}

describe('a real InfluxDB', () => {
  let database: InfluxDb;

  before(async () => {
    database = await startInfluxDb(MAX_ROWS);
    await database.write(points());
  });
  after(() => database.close());

  it(`is read as JSON.parse reads it: ${QUERIES.length} queries, bare and wrapped, cut at random places`, async () => {
    const seed = newSeed();
    const random = new Seeded(seed);
    let [rows, readings, errors, partial] = [0, 0, 0, 0];
    for (const [what, query, params] of QUERIES) {
      const plain = await database.query(query, params);
      const wrapped = documentsOf(plain)
        .map((document) => `{"data":${document.trim()}}`)
        .join('\n');
      const wanted = expected(plain);
      if (wanted.error) errors++;
      if (wanted.partial) partial++;
      for (const [form, text] of Object.entries({ plain, wrapped })) {
        const body = Buffer.from(text);
        const cuts: [string, () => number][] = [
          ['whole', () => body.length],
          ['pieces of a server', () => 65_536],
          ['random pieces', () => 1 + random.below(2000)],
          ['small random pieces', () => 1 + random.below(20)],
        ];
        for (const [how, cut] of cuts) {
          const told = `${what}, ${form}, ${how}, seed ${seed}`;
          const found = sliced(body, cut);
          assert.equal(found.error, wanted.error, told);
          if (!wanted.error) assert.deepEqual(found, wanted, told);
          rows += found.rows.length;
          readings++;
        }
      }
    }
    assert.ok(errors >= 3 && partial >= 1, `${errors} errors, ${partial} partial answers`);
    console.log(
      `      (seed ${seed}: ${QUERIES.length} queries, ${readings} readings, ${rows} rows compared, ${errors} errors, ${partial} partial)`,
    );
  });
});
