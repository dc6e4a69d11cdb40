import assert from 'node:assert/strict';

import { LONGEST_COMMAND, readCommand, type ReadCommand } from '../../../lib/enapter/mqtt/command';
import type { Command } from '../../../lib/enapter/mqtt/command';
import type { CommandResponse } from '../../../lib/enapter/mqtt/command';
import { CommandDesk } from '../../../lib/enapter/mqtt/commands';
import { FakeClock } from '../../support/fake-clock';

const BOM = '\ufeff';
const GOOD = '{"id":"a","name":"x","arguments":{"n":1}}';
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const withArguments = (json: string): string => `{"id":"a","name":"x","arguments":${json}}`;
const names = (count: number): string =>
  `{${Array.from({ length: count }, (_, n) => `"k${n}":1`).join(',')}}`;
const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

const good: ReadCommand = { command: { id: 'a', name: 'x', arguments: { n: 1 } } };
const malformed: ReadCommand = { malformed: 'a' };

const BODIES: readonly [what: string, body: Buffer, expected: ReadCommand][] = [
  ['plain', bytes(GOOD), good],
  ['a byte order mark before it', bytes(BOM, GOOD), good],
  ['NUL behind it', bytes(GOOD, [0, 0, 0]), good],
  ['line ends and NUL behind it', bytes(GOOD, '\r\n', [0]), good],
  ['a byte order mark and NUL', bytes(BOM, GOOD, [0]), good],
  ['no UTF-8 in the name', bytes('{"id":"a","name":"', [0xff], '"}'), { junk: 'notUtf8' }],
  [
    'half a character at the end of a text',
    bytes('{"id":"a","name":"\u00e4'.slice(0, -1), [0xc3], '"}'),
    { junk: 'notUtf8' },
  ],
  ['an overlong slash', bytes('{"id":"a","name":"', [0xc0, 0xaf], '"}'), { junk: 'notUtf8' }],
  ['a surrogate in bytes', bytes('{"id":"a","name":"', [0xed, 0xa0, 0x80], '"}'), { junk: 'notUtf8' }],
  ['UTF-16', Buffer.from(`${BOM}${GOOD}`, 'utf16le'), { junk: 'notUtf8' }],
  ['nothing', bytes(''), { junk: 'notJson' }],
  ['NUL alone', bytes([0, 0]), { junk: 'notJson' }],
  ['two documents', bytes(GOOD, GOOD), { junk: 'notJson' }],
  ['nan for a number', bytes(withArguments('{"limit":nan}')), { junk: 'notJson' }],
  ['a list', bytes('[]'), { junk: 'noId' }],
  ['a number as id', bytes('{"id":7,"name":"x"}'), { junk: 'noId' }],
  [
    'an id of 200 characters',
    bytes(`{"id":"${'i'.repeat(200)}","name":"x"}`),
    { command: { id: 'i'.repeat(200), name: 'x', arguments: {} } },
  ],
  ['an id of 201 characters', bytes(`{"id":"${'i'.repeat(201)}","name":"x"}`), { junk: 'noId' }],
  [
    'a name of 200 characters',
    bytes(`{"id":"a","name":"${'n'.repeat(200)}"}`),
    { command: { id: 'a', name: 'n'.repeat(200), arguments: {} } },
  ],
  ['a name of 201 characters', bytes(`{"id":"a","name":"${'n'.repeat(201)}"}`), malformed],
  ['arguments that are a list', bytes(withArguments('[1]')), malformed],
  ['arguments that are a text', bytes(withArguments('"x"')), malformed],
  ['__proto__ in the arguments', bytes(withArguments('{"__proto__":{"admin":true}}')), malformed],
  ['__proto__ deeper down', bytes(withArguments('{"a":[{"b":{"__proto__":1}}]}')), malformed],
  ['constructor', bytes(withArguments('{"constructor":{"prototype":{}}}')), malformed],
  ['prototype', bytes(withArguments('{"prototype":1}')), malformed],
  ['__proto__ beside the arguments', bytes('{"id":"a","name":"x","__proto__":{"arguments":{}}}'), malformed],
  ['an escaped __proto__', bytes(withArguments('{"\\u005f_proto__":1}')), malformed],
  [
    '62 levels in the arguments',
    bytes(withArguments(`{"a":${nested(62)}}`)),
    { command: { id: 'a', name: 'x', arguments: { a: JSON.parse(nested(62)) as unknown } } },
  ],
  ['63 levels in the arguments', bytes(withArguments(`{"a":${nested(63)}}`)), { junk: 'notJson' }],
  ['10,001 names in the arguments', bytes(withArguments(names(10_001))), { junk: 'notJson' }],
  ['10,001 names beside them', bytes('{"id":"a","name":"x",', names(9999).slice(1)), { junk: 'notJson' }],
  ['100,000 levels', bytes(withArguments(nested(100_000))), { junk: 'notJson' }],
  ['a body as long as it may be', bytes(GOOD, ' '.repeat(LONGEST_COMMAND - GOOD.length)), good],
  [
    'a body longer by one byte',
    bytes(GOOD, ' '.repeat(LONGEST_COMMAND - GOOD.length + 1)),
    { junk: 'tooLong' },
  ],
];

describe('enapter: commands that anybody could have sent', () => {
  for (const [what, body, expected] of BODIES) {
    it(`reads ${what}`, () => assert.deepEqual(readCommand(body), expected));
  }

  it('says that there was junk, and answers none of it', () => {
    const told: string[] = [];
    const junk = BODIES.filter(([, , expected]) => 'junk' in expected);
    const desk = new CommandDesk({
      clock: new FakeClock(),
      send: () => assert.fail('nobody waits'),
      onJunk: (detail) => told.push(detail),
    });
    for (const [, body] of junk) desk.receive(body);
    assert.deepEqual(
      told,
      junk.map(([, , expected]) => 'junk' in expected && expected.junk),
    );
  });

  it('pollutes nothing', () => {
    for (const [, body] of BODIES) readCommand(body);
    assert.equal(Reflect.get({}, 'admin'), undefined);
  });

  describe('what is remembered', () => {
    let desk: CommandDesk;
    let sent: CommandResponse[];
    let taken: Command[];
    const receive = (id: string): void => desk.receive(Buffer.from(JSON.stringify({ id, name: 'x' })));
    beforeEach(() => {
      sent = [];
      taken = [];
      desk = new CommandDesk({ clock: new FakeClock(), send: (response) => sent.push(response) });
      desk.listen({ command: '', timeout: 1000, take: (command) => taken.push(command) });
    });

    it('keeps long answers until they are too much together, and how they ended after that', () => {
      const text = 'x'.repeat(200_000);
      for (let n = 0; n < 20; n++) {
        receive(`id-${n}`);
        desk.respond({ id: `id-${n}`, state: 'completed', payload: { text } });
      }
      sent.length = 0;
      receive('id-19');
      receive('id-0');
      assert.equal(taken.length, 20, 'none is carried out again');
      const [newest, oldest] = sent as [CommandResponse, CommandResponse];
      assert.deepEqual(newest, { id: 'id-19', state: 'completed', payload: { text } });
      assert.equal(oldest.state, 'completed');
      assert.match(JSON.stringify(oldest.payload), /answered before/);
    });

    it('knows a repeated id among two thousand', () => {
      for (let n = 0; n < 2000; n++) {
        receive(`id-${n}`);
        desk.respond({ id: `id-${n}`, state: 'completed', payload: {} });
      }
      receive('id-0');
      assert.equal(taken.length, 2000);
      assert.equal(desk.stats.repeated, 1);
    });
  });
});
