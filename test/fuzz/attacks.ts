import { gzipSync } from 'node:zlib';

import type { Seeded } from '../support/seeded';
import { changedJson } from './values';

/** What goes out in the place of a device's answer. */
export interface Attack {
  name: string;
  status?: number;
  headers?: Record<string, string>;
  body?: Buffer;
  /** pieces that follow, for an answer without an end or one that takes its time */
  pieces?: { piece: () => Buffer; every: number; most: number };
}

type MakeAttack = (valid: string, random: Seeded) => Attack;

const MB = 1024 * 1024;

/** Made once: building megabytes at each request would measure the generator. */
const prepared = new Map<string, Buffer>();
function once(name: string, make: () => string | Buffer): Buffer {
  const known = prepared.get(name);
  if (known) return known;
  const made = Buffer.from(make() as string);
  prepared.set(name, made);
  return made;
}

const columns = (count: number): string => Array.from({ length: count }, (_, i) => `"c${i}"`).join(',');
const influx = (series: string): string => `{"results":[{"series":[${series}]}]}`;
const repeated = (unit: string, bytes: number): string => unit.repeat(Math.floor(bytes / unit.length));

const BIG: Record<string, () => string | Buffer> = {
  '32 MB of {}': () => `[${repeated('{},', 32 * MB)}{}]`,
  '4 MB of {}': () => `[${repeated('{},', 4 * MB)}{}]`,
  '1 MB of {}': () => `[${repeated('{},', MB)}{}]`,
  '190,000 {}': () => `[${'{},'.repeat(94_000)}{}]`,
  '4 MB of names': () => `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
  '190,000 names': () => `{${Array.from({ length: 190_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
  '2 MB of nan': () => `[${repeated('nan,', 2 * MB)}nan]`,
  'nan without commas': () => `[${repeated('nan ', 2 * MB)}]`,
  'a million lists in one another': () => '['.repeat(MB),
  'objects in one another': () => repeated('{"a":', MB),
  'one text of 4 MB': () => JSON.stringify('x'.repeat(4 * MB)),
  'one number of 1 MB': () => '9'.repeat(MB),
  '4 MB of quotes': () => `"${repeated('\\"', 4 * MB)}"`,
  'devices without end': () =>
    `{"devices":[${repeated('{"device":{"id":"a"}},', 3 * MB)}{"id":"b"}],"total_count":1e9}`,
  statuses: () => `{"statuses":[${repeated('{"date":"2025-06-30T12:00:00Z"},', 2 * MB - 100)}{"id":"a"}]}`,
  'registers of a meter': () =>
    `{"timestamp":1757053304,"values":[${repeated('{"obis":"1.7.0","value":1},', 60_000)}null]}`,
  'influx, 300,000 columns': () =>
    influx(`{"name":"x","columns":[${columns(300_000)}],"values":[${'[1],'.repeat(50_000)}[1]]}`),
  'influx, 200 columns and short rows': () =>
    influx(`{"name":"x","columns":["time",${columns(190)}],"values":[${'[1],'.repeat(50_000)}[1]]}`),
  'influx, empty series': () =>
    influx(`${repeated('{"name":"x","columns":["time"],"values":[]},', 3 * MB)}{}`),
  'influx, series without columns': () => influx(`${repeated('{},', 2 * MB)}{}`),
  'influx, one row of 1 MB': () =>
    influx(`{"name":"x","columns":["time"],"values":[[${repeated('1,', MB)}1]]}`),
  'csv, 2600 columns': () =>
    `ts,${Array.from({ length: 2600 }, (_, i) => `device=d${i} telemetry=x`).join(',')}\n${'1\n'.repeat(50_000)}`,
  'csv, one line': () => 'a,'.repeat(MB),
  'csv, quotes': () => `ts,a\n${repeated('"', MB)}`,
};

const KINDS: Record<string, MakeAttack> = {
  changed: (valid, random) => ({ name: 'changed', body: Buffer.from(changedJson(valid, random)) }),
  framed: (valid, random) => ({
    name: 'framed',
    body: Buffer.from(`\ufeff${changedJson(valid, random)}${'\0'.repeat(random.below(2000))}\r\n`),
  }),
  cut: (valid, random) => ({
    name: 'cut',
    body: Buffer.from(valid.slice(0, random.below(valid.length + 1))),
  }),
  doubled: (valid) => ({ name: 'doubled', body: Buffer.from(valid + valid) }),
  bytes: (valid, random) => {
    const body = Buffer.from(valid);
    for (let i = 0; i < 20 && body.length > 0; i++) body[random.below(body.length)] = random.below(256);
    return { name: 'bytes', body };
  },
  page: () => ({
    name: 'page',
    headers: { 'content-type': 'text/html' },
    body: Buffer.from('<html>log in</html>'),
  }),
  status: (_valid, random) => ({
    name: 'status',
    status: random.pick([204, 302, 404, 409, 418, 500, 502, 503]),
    body: Buffer.from(
      changedJson('{"message":"no","error":{"message":"no"},"errors":[{"message":"x"}]}', random),
    ),
  }),
  bomb: () => ({
    name: 'bomb',
    headers: { 'content-encoding': 'gzip' },
    body: once('bomb', () => gzipSync(Buffer.alloc(20 * MB))),
  }),
  trickle: (valid) => {
    let at = 0;
    return {
      name: 'trickle',
      pieces: { piece: () => Buffer.from(valid[at++ % valid.length] ?? ' '), every: 1, most: 1500 },
    };
  },
  rows: () => ({
    name: 'rows',
    body: Buffer.from('{"results":[{"series":[{"name":"x","columns":["time","energy_delivered"],"values":['),
    pieces: { piece: () => once('rows', () => '[1751284800,5],'.repeat(4000)), every: 2, most: 400 },
  }),
  blanks: () => ({
    name: 'blanks',
    body: Buffer.from('['),
    pieces: { piece: () => once('blanks', () => ' '.repeat(MB)), every: 2, most: 40 },
  }),
};

const NAMES = Object.keys(KINDS);
const BIG_NAMES = Object.keys(BIG);

function make(name: string | undefined, valid: string, random: Seeded): Attack {
  const kind = KINDS[name ?? ''];
  if (kind) return kind(valid, random);
  const big = BIG[name ?? ''];
  return { name: name ?? '', body: big ? once(name ?? '', big) : Buffer.from(valid) };
}

/** Draws an attack; most are the valid answer with something odd in it, because those come furthest. */
export function drawAttack(valid: string, random: Seeded): Attack {
  const lot = random.next();
  if (lot < 0.62) return make(random.chance(0.8) ? 'changed' : 'framed', valid, random);
  const names = lot < 0.8 ? NAMES : BIG_NAMES;
  return make(names[random.below(names.length)], valid, random);
}
