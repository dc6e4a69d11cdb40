import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

import { projectRoot } from '../../../scripts/support/project-root';

interface Row {
  line: number;
  name: string;
  source: string;
  place: string;
}

interface List {
  rows: Row[];
  problems: { line: number; key: string; params?: Record<string, string | number> }[];
  repeated: { line: number; first: number; name: string }[];
  ignored: string[];
}

interface Shared {
  readList: (text: string, rules: object) => List;
  insertGrid: (names: string[], below: number) => { x: number; y: number }[] | undefined;
}

/** What the dialogs load, without a page. */
function shared(): Shared {
  const context: Record<string, unknown> = {
    URL,
    RED: { settings: {} },
    document: { getElementById: () => ({}) },
  };
  context.window = context;
  for (const file of ['energy-devices.js', 'energy-devices-list.js', 'energy-devices-insert.js']) {
    runInNewContext(readFileSync(join(projectRoot(), 'resources', file), 'utf8'), context, {
      filename: file,
    });
  }
  return context.EnergyDevices as Shared;
}

const { readList, insertGrid } = shared();
const addressProblem = (shared() as unknown as { addressProblem: (text: string) => string }).addressProblem;
const UPS = { sources: { cloud: 'id', lan: 'address' }, address: addressProblem };
const CLOUD = { sources: { cloud: 'id' }, form: /^[\w-]{1,20}$/ };

/** The context has an `Array` of its own, which `deepEqual` would tell apart. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const read = (text: string, rules: object = UPS): List => plain(readList(text, rules));

const A = { line: 2, name: 'A', source: 'cloud', place: '1' };
const B = { line: 3, name: 'B', source: 'cloud', place: '2' };

const same: [title: string, text: string][] = [
  ['commas', 'name,source,id\nA,cloud,1\nB,cloud,2'],
  ['semicolons', 'name;source;id\nA;cloud;1\nB;cloud;2\n'],
  ['tabs', 'name\tsource\tid\nA\tcloud\t1\nB\tcloud\t2'],
  ['carriage returns and line feeds', 'name,source,id\r\nA,cloud,1\r\nB,cloud,2\r\n'],
  ['carriage returns alone', 'name,source,id\rA,cloud,1\rB,cloud,2'],
  ['a byte order mark', '\uFEFFname,source,id\nA,cloud,1\nB,cloud,2'],
  ['a header in another order', 'id,name,source\n1,A,cloud\n2,B,cloud'],
  ['capitals and blanks in the header', ' Name , Source , Device ID \nA,cloud,1\nB,cloud,2'],
  ['a header in German', 'Bezeichnung;Quelle;ID\nA;cloud;1\nB;cloud;2'],
  ['a header in Slovak', 'Názov;Zdroj;id\nA;cloud;1\nB;cloud;2'],
  ['quotes', '"name","source","id"\n"A","cloud","1"\n"B","cloud","2"'],
  ['blanks around quotes', 'name,source,id\n "A" , "cloud" , "1"\nB,cloud,2'],
  ['no source', 'name,id\nA,1\nB,2'],
  ['an empty source', 'name,source,id\nA,,1\nB,,2'],
  ['a source in capitals', 'name,source,id\nA,CLOUD,1\nB,Cloud,2'],
  ['an address of another source beside the id', 'name,id,address\nA,1,\nB,2,192.168.1.2'],
  ['JSON', '[\n{"name":"A","source":"cloud","id":1},\n{"name":"B","id":"2"}\n]'],
  ['JSON with other words and null', '[\n{"label":"A","upsId":"1","address":null},\n{"NAME":"B","ID":2}]'],
];

const single: [title: string, text: string, row: Partial<Row>][] = [
  ['separators in quotes', 'name;id\n"A; first";1', { name: 'A; first' }],
  ['doubled quotes', 'name;id\n"A ""first""";1', { name: 'A "first"' }],
  ['an end of line in quotes', 'name;id\n"A\r\nfirst";1', { name: 'A first', line: 2 }],
  ['a line that names the separator', 'sep=;\nname;id\nA;1', { name: 'A', line: 3 }],
  ['blank lines', '\n\nname;id\n\n;\nA;1\n\n', { name: 'A', line: 6 }],
  ['one column', 'id\n42', { name: '', place: '42' }],
  ['no name', 'name,id\n,42', { name: '', place: '42' }],
  [
    'an address',
    'name,address\nA,https://192.168.1.2:8443',
    { source: 'lan', place: 'https://192.168.1.2:8443' },
  ],
  [
    'a source that wants the address',
    'source,id,address\nlan,1,ups.local',
    { source: 'lan', place: 'ups.local' },
  ],
  ['a variable as address', 'address\n${UPS_1}', { place: '${UPS_1}' }],
  ['a word of the object itself as id', 'id\n__proto__', { place: '__proto__' }],
  ['one JSON object', '{"name":"A","id":7}', { name: 'A', place: '7', line: 1 }],
];

const wrong: [title: string, text: string, line: number, key: string][] = [
  ['nothing but blanks', ' \n ', 1, 'paste.empty'],
  ['a header alone', 'name,id\n', 1, 'paste.empty'],
  ['no header', 'A,cloud,1\nB,cloud,2', 1, 'paste.header'],
  ['a column twice', 'id,upsId\n1,2', 1, 'paste.columnTwice'],
  ['an id that is missing', 'name,id\nA,1\nB,', 3, 'paste.noId'],
  ['an address that is missing', 'source,id,address\nlan,1,', 2, 'paste.noAddress'],
  ['a source that there is not', 'source,id\ncloud,1\npigeon,2', 3, 'paste.source'],
  ['a source that is a word of the object itself', 'source,id\nconstructor,2', 2, 'paste.source'],
  ['more cells than columns', 'name,id\nA,1\nB,2,3', 3, 'paste.cells'],
  ['quotes that do not end', 'name,id\nA,1\n"B,2', 3, 'paste.quote'],
  ['words behind the quotes', 'name,id\n"A" first,1', 2, 'paste.quote'],
  ['a line behind one that is two', 'name,id\n"A\nfirst",1\nB,', 4, 'paste.noId'],
  ['an address with a password', 'address\nhttp://user:secret@ups.local', 2, 'errors.addressInvalid'],
  ['an address with a key', 'address\nhttp://ups.local/?apiKey=1', 2, 'errors.addressInvalid'],
  ['an id that is too long', `id\n${'1'.repeat(129)}`, 2, 'paste.value'],
  ['broken JSON', '[{"id":1},\n{"id":2]', 2, 'paste.json'],
  ['a list in a list', '[\n{"id":1},\n[2]]', 3, 'paste.object'],
  ['a number as a row', '[\n{"id":1},\n2]', 3, 'paste.object'],
  ['an object as id', '[{"id":1},\n\n{"id":{"a":[1,2]}}]', 3, 'paste.value'],
  ['a number that has lost digits', '[{"id":12345678901234567890}]', 1, 'paste.value'],
  ['an empty JSON list', '[]', 1, 'paste.empty'],
  ['lists in lists in lists', '['.repeat(100_000), 1, 'paste.json'],
  [
    'more rows than 5,000',
    `id\n${Array.from({ length: 5001 }, (_one, i) => i).join('\n')}`,
    5002,
    'paste.tooMany',
  ],
  ['more than four million characters', `id\n${'1'.repeat(4 * 1024 * 1024)}`, 1, 'paste.tooLong'],
];

describe('The list of devices that is pasted', () => {
  for (const [title, text] of same) {
    it(`takes ${title}`, () => {
      assert.deepEqual(read(text), { rows: [A, B], problems: [], repeated: [], ignored: [] });
    });
  }

  for (const [title, text, row] of single) {
    it(`takes ${title}`, () => {
      const { rows, problems } = read(text);
      assert.deepEqual(problems, []);
      assert.equal(rows.length, 1);
      assert.deepEqual({ ...rows[0], ...row }, rows[0]);
    });
  }

  for (const [title, text, line, key] of wrong) {
    it(`names the line of ${title}, and takes nothing`, () => {
      const { rows, problems } = read(text);
      assert.deepEqual(
        problems.map((one) => [one.line, one.key]),
        [[line, key]],
      );
      assert.deepEqual(rows, []);
    });
  }

  it('names each bad row', () => {
    const { problems } = read('name,id\nA,\nB,2\nC,');
    assert.deepEqual(
      problems.map(({ line }) => line),
      [2, 4],
    );
  });

  it('refuses an id that cannot be one', () => {
    assert.deepEqual(
      read('id\na b', CLOUD).problems.map(({ key }) => key),
      ['paste.id'],
    );
    assert.deepEqual(read('id\n${A_B}', CLOUD).problems, []);
  });

  it('takes a device once, and names the line that repeats it', () => {
    const { rows, repeated } = read('name,id,address\nA,1,\nB,,http://ups.local/\nC,1,\nD,,UPS.local:80');
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['A', 'B'],
    );
    assert.deepEqual(repeated, [
      { line: 4, first: 2, name: 'C' },
      { line: 5, first: 3, name: 'D' },
    ]);
  });

  it('names the columns that mean nothing', () => {
    assert.deepEqual(read('name,id,apiKey,room\nA,1,s,x').ignored, ['apiKey', 'room']);
    assert.deepEqual(read('[{"id":1,"room":"x"},{"id":2,"room":"y"}]').ignored, ['room']);
  });

  it('takes 5,000 rows', () => {
    const rows = Array.from({ length: 5000 }, (_one, i) => `UPS ${i},${i}`).join('\n');
    assert.equal(read(`name,id\n${rows}`).rows.length, 5000);
  });
});

describe('The grid of nodes that are inserted', () => {
  const names = (count: number, length = 12): string[] =>
    Array.from({ length: count }, () => 'x'.repeat(length));

  for (const [count, length, below] of [
    [1, 4, 0],
    [30, 12, 500],
    [1000, 30, 0],
    [5000, 12, 0],
  ] as const) {
    it(`holds ${count} nodes apart, within the workspace`, () => {
      const spots = insertGrid(names(count, length), below) ?? [];
      assert.equal(spots.length, count);
      assert.equal(new Set(spots.map(({ x, y }) => `${x} ${y}`)).size, count);
      for (const { x, y } of spots) {
        assert.ok(y > below && y <= 8000 && x > 0 && x <= 8000, `${x} ${y}`);
        assert.equal((x - 50) % 20, 0, 'left edges are on the grid');
        assert.equal(y % 20, 0);
      }
    });
  }

  it('is none where there is no room', () => {
    assert.equal(insertGrid(names(5000), 7000), undefined);
  });
});
