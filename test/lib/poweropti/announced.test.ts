import assert from 'node:assert/strict';

import {
  type AnnouncedMeter,
  meterOf,
  sameId,
  shownId,
  shownName,
  sight,
} from '../../../lib/poweropti/announced';

const ID = '1097bd725557';
const meter = (more: Partial<AnnouncedMeter> = {}): AnnouncedMeter => ({
  ...{ name: 'powerfox', port: 80, addresses: ['192.168.1.50'], id: ID },
  ...more,
});
const other = (more: Partial<AnnouncedMeter> = {}): AnnouncedMeter => meter({ id: 'a0b1c2d3e4f5', ...more });

const idOf = (txt: (string | Buffer)[] | undefined): string | undefined =>
  meterOf({
    ...{ instance: 'powerfox', source: 's', host: 'h', port: 80, addresses: [] },
    txt: txt?.map((text) => Buffer.from(text)),
  }).id;

const TXT: [txt: (string | Buffer)[] | undefined, id: string | undefined][] = [
  [[`id=${ID}`], ID],
  [['path=/', `ID=${ID}`], ID],
  [[`id=${ID}`, 'id=666666666666'], ID],
  [['id='], undefined],
  [['id'], undefined],
  [['ids=1'], undefined],
  [[''], undefined],
  [[], undefined],
  [undefined, undefined],
  [['id=a b'], undefined],
  [['id=a\r\nX-Evil: 1'], undefined],
  [[Buffer.from([0x69, 0x64, 0x3d, 0xff, 0xfe])], undefined],
  [[`id=${'a'.repeat(64)}`], 'a'.repeat(64)],
  [[`id=${'a'.repeat(65)}`], undefined],
  [['id=<b>x</b>'], '<b>x</b>'],
];

const NAMES: [name: string, shown: string][] = [
  ['powerfox', 'powerfox'],
  [`powerfox-${ID}`, 'powerfox-…'],
  [`powerfox ${ID.toUpperCase()} x`, 'powerfox … x'],
  ['powerfox-725557', 'powerfox-…'],
  ['powerfox-5557', 'powerfox-5557'],
  ['powerfox <img src=x onerror=alert(1)>', 'powerfox <img src=x onerror=alert(1)>'],
  ['powerfox\u0000\u001b[31m\u202e\nred', 'powerfox red'],
  ['powerfox Küche 🏠', 'powerfox Küche 🏠'],
  [`powerfox ${'x'.repeat(300)}`, `powerfox ${'x'.repeat(53)}…`],
];

describe('an announced poweropti', () => {
  for (const [txt, id] of TXT) {
    it(`has the id ${String(id).slice(0, 14)} with ${txt ? JSON.stringify(txt).slice(0, 50) : 'no TXT record'}`, () => {
      assert.equal(idOf(txt), id);
    });
  }
  for (const [name, shown] of NAMES) {
    it(`is shown as ${shown.slice(0, 30)}`, () => {
      const seen = shownName(meter({ name }));
      assert.equal(seen, shown);
      assert.ok(!seen.toLowerCase().includes(ID));
    });
  }

  it('shows three signs of an id that has enough of them', () => {
    assert.deepEqual([ID, '12345678', '', undefined].map(shownId), ['…557', '', '', '']);
  });

  it('is at the address that it speaks from, whatever else is said in its name', () => {
    const service = { instance: 'powerfox', host: 'h', port: 80, txt: undefined };
    const addresses = ['192.168.1.66', '192.168.1.50'];
    assert.deepEqual(
      meterOf({ ...service, source: '192.168.1.50', addresses }).addresses,
      [...addresses].reverse(),
    );
    assert.deepEqual(meterOf({ ...service, source: '192.168.1.1', addresses }).addresses, addresses);
  });

  it('has an id without case', () => {
    assert.equal(sameId(ID, ID.toUpperCase()), true);
    assert.equal(sameId(ID, 'x'), false);
    assert.equal(sameId('', ''), false);
  });
});

const HERE = { host: '192.168.1.50', port: 80 };
const SIGHTS: [what: string, meters: AnnouncedMeter[], at: object | undefined, others: string[]][] = [
  ['it alone', [meter()], HERE, []],
  ['it beside another one', [meter(), other({ addresses: ['192.168.1.51'] })], HERE, ['192.168.1.51']],
  ['nothing', [], undefined, []],
  ['another one alone', [other()], undefined, ['192.168.1.50']],
  ['one without an id', [meter({ id: undefined })], undefined, []],
  ['it at another port', [meter({ port: 8080 })], undefined, []],
  ['it without an address', [meter({ addresses: [] })], undefined, []],
  ['it by IPv6 alone', [meter({ addresses: ['fe80::1%eth0'] })], { host: 'fe80::1%eth0', port: 80 }, []],
  [
    'it by both',
    [meter({ addresses: ['fe80::1%eth0', '192.168.1.50'] }), meter({ addresses: ['fe80::1%eth0'] })],
    HERE,
    [],
  ],
  ['it twice at one address', [meter(), meter({ name: 'powerfox (2)' })], HERE, []],
  ['it at two addresses', [meter(), meter({ addresses: ['192.168.1.66'] })], undefined, []],
  [
    'it beside one that adds an address of its own',
    [meter({ addresses: ['192.168.1.66', '192.168.1.50'] }), meter()],
    HERE,
    [],
  ],
  [
    'it at two addresses of IPv6',
    [meter(), meter({ addresses: ['fd00::1'] }), meter({ addresses: ['fd00::2'] })],
    undefined,
    [],
  ],
  ['it by IPv4 and by IPv6', [meter(), meter({ addresses: ['fe80::1%eth0'] })], HERE, []],
  ['its address claimed by another one', [meter(), other()], undefined, ['192.168.1.50']],
  [
    'one of its addresses claimed by another one',
    [meter({ addresses: ['192.168.1.50', 'fe80::1%eth0'] }), other()],
    { host: 'fe80::1%eth0', port: 80 },
    ['192.168.1.50'],
  ],
];

describe('where a poweropti is', () => {
  for (const [what, meters, at, others] of SIGHTS) {
    it(`is ${at ? 'known' : 'not known'} from ${what}`, () => {
      const seen = sight({ meters, responses: 1 }, ID.toUpperCase(), 80);
      assert.deepEqual([seen.at, [...seen.others], seen.isSilent], [at, others, false]);
    });
  }
  it('is not known where nobody is heard', () => {
    assert.deepEqual(sight({ meters: [], responses: 0 }, ID, 80), {
      ...{ at: undefined, isSilent: true, others: new Set() },
    });
  });
});
