import assert from 'node:assert/strict';

import { mountPath, parseNodePath, readTarget } from '../../../lib/core/http/target';
import { secretCheck } from '../../../lib/core/secret';
import {
  checkSender,
  isPlainCoding,
  isRefusal,
  parseBody,
  parsePush,
  sameCmm,
} from '../../../lib/powersentrix/push';
import { endpointOf, isPathSecret, parsePushQuery } from '../../../lib/powersentrix/push-address';
import { DOCUMENTED_COMPLEX, DOCUMENTED_IDENT } from './documented';

const isSecret = secretCheck('f00d');
const isCompany = secretCheck('company');

describe('the address of a push', () => {
  const same = [
    '/ups/api/setUpsData',
    '//ups/api/setUpsData',
    '/ups//api/setUpsData',
    '/ups///api////setUpsData',
    '/ups/api/setUpsData/',
    '/ups/api/setUpsData//',
    '/ups/api/v1//setUpsData/',
    '/ups//api/v1/api/setUpsData',
    '/%75ps/api/set%55psData',
    'http://host/ups/api/setUpsData',
    'HTTPS://user:password@[::1]:1880/ups//api/setUpsData/',
    'http://host//ups/api/setUpsData',
  ];
  for (const url of same) {
    it(`is the same as ${url}`, () => {
      assert.equal(endpointOf(readTarget(`${url}?companyId=x`).path, '/ups'), 'data');
      assert.equal(endpointOf(readTarget(url.replace('/api', '//f00d/api')).path, '/ups', isSecret), 'data');
      assert.equal(readTarget(`${url}?a=/b//c/?`).query, 'a=/b//c/?');
    });
  }

  const other = [
    '/ups/api/setUpsdata',
    '/ups/api/setUpsData/x',
    '/ups/api%2FsetUpsData',
    '/ups/api/v2/setUpsData',
    '/ups/setUpsData',
    '/ups',
    '/ups/',
    '/upsapi/setUpsData',
    '/ups/../ups/api/setUpsData',
    '/ups/%2e%2e/ups/api/setUpsData',
    '/ups/api/setUpsData%',
    '/ups/api/setUpsData%00',
    '/ups/__proto__',
    '/ups/api/constructor',
    'http://host',
    'ups/api/setUpsData',
    '*',
    '',
    '/'.repeat(16_000),
    '%'.repeat(16_000),
  ];
  for (const url of other) {
    it(`is not ${url.slice(0, 40)}`, () => {
      assert.equal(endpointOf(readTarget(url).path, '/ups'), undefined);
    });
  }

  it('needs its secret, whole', () => {
    for (const path of [
      '/ups/api/setUpsData',
      '/ups/f00/api/setUpsData',
      '/ups/f00d',
      '/ups/f00dapi/setUpsData',
    ]) {
      assert.equal(endpointOf(path, '/ups', isSecret), undefined, path);
    }
  });

  it('is typed in many ways', () => {
    for (const typed of ['ups', '/ups', 'ups/', ' //ups// ', '/ups/\r'])
      assert.equal(parseNodePath(typed), '/ups');
    for (const typed of ['', '/', '/a b', '/../x', '/a/..', '/ü', '/a?b']) {
      assert.equal(parseNodePath(typed), undefined, typed);
    }
    assert.deepEqual(['/', '', '/red/', '//red//nodes', false, undefined].map(mountPath), [
      '',
      '',
      '/red',
      '/red/nodes',
      '',
      '',
    ]);
    assert.deepEqual(['a', 'a/b', '..', 'ü', 'x'.repeat(129)].map(isPathSecret), [
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('the sender of a push', () => {
  const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
  const good: [query: string, cmm: string][] = [
    ['cmm=ups-01', 'ups-01'],
    ['cmm=Server+Room%201', 'Server Room 1'],
    ['cmm=%20ups-01%0d%0a', 'ups-01'],
    ['cmm=%EF%BB%BFups-01', 'ups-01'],
    [`cmm=${encodeURIComponent('Küche')}`, 'Küche'],
    // As a decomposed letter, in the firmware's own character set, and without any encoding.
    [`cmm=${encodeURIComponent('Ku\u0308che')}`, 'Küche'],
    ['cmm=K%FCche', 'Küche'],
    [bytes('cmm=Küche'), 'Küche'],
    [bytes('cmm=%53erver Küche'), 'Server Küche'],
    ['cmm=K\xfcche', 'Küche'],
    [`cmm=${encodeURIComponent('Блок №1')}`, 'Блок №1'],
    [`cmm=${encodeURIComponent('配電盤 二')}`, '配電盤 二'],
    [`cmm=${encodeURIComponent('می‌خواهم')}`, 'می‌خواهم'],
    [`cmm=${encodeURIComponent('🔋'.repeat(64))}`, '🔋'.repeat(64)],
    ['cmm=__proto__', '__proto__'],
    ['cmm=constructor', 'constructor'],
    [`cmm=${encodeURIComponent('$t(x) <b>&__cmm__')}`, '$t(x) <b>&__cmm__'],
    ['companyId=&cmm=a', ''],
  ];
  for (const [query, cmm] of good) {
    it(`is read from ${query.slice(0, 50)}`, () => {
      const given = parsePushQuery(cmm === '' ? query : `companyId=company&${query}`);
      assert.deepEqual(
        checkSender(given, isCompany),
        cmm === '' ? { status: 401, message: 'companyId not found' } : { cmm },
      );
      assert.equal(sameCmm(cmm), cmm);
    });
  }

  const bad: [query: string, status: number][] = [
    ['companyId=company', 400],
    ['companyId=company&cmm=', 400],
    ['companyId=company&cmm=%20%20', 400],
    ['companyId=company&cmm=a%00b', 400],
    ['companyId=company&cmm=a%0ab', 400],
    ['companyId=company&cmm=a%1b%5b31m', 400],
    ['companyId=company&cmm=a%C2%85', 400],
    [`companyId=company&cmm=${encodeURIComponent('a\u202eb')}`, 400],
    [`companyId=company&cmm=${encodeURIComponent('a\u2028b')}`, 400],
    [`companyId=company&cmm=${encodeURIComponent('a\u200bb')}`, 400],
    [`companyId=company&cmm=${encodeURIComponent('\u200d')}`, 400],
    [`companyId=company&cmm=${'a'.repeat(65)}`, 400],
    [`companyId=company&cmm=${'a%CC%81'.repeat(3000)}`, 400],
    ['companyId=company&cmm=a&cmm=b', 400],
    ['companyId=company&companyId=company&cmm=a', 401],
    ['companyId=Company&cmm=a', 401],
    ['companyId=companyx&cmm=a', 401],
    ['companyid=company&cmm=a', 401],
    ['cmm=a', 401],
    ['', 401],
  ];
  for (const [query, status] of bad) {
    it(`is refused: ${query.slice(0, 60)}`, () => {
      const result = checkSender(parsePushQuery(query), isCompany);
      assert.ok(isRefusal(result));
      assert.equal(result.status, status);
    });
  }

  it('may have a company identifier with a blank at its end', () => {
    assert.deepEqual(checkSender(parsePushQuery('companyId=+company%20%0d&cmm=a'), isCompany), { cmm: 'a' });
  });
});

describe('the body of a push', () => {
  const json = JSON.stringify(DOCUMENTED_COMPLEX);
  const good: [what: string, body: Buffer | string][] = [
    ['as it is', json],
    ['with a byte order mark', `\ufeff${json}`],
    ['with a NUL', `${json}\0`],
    ['with a padded buffer', Buffer.concat([Buffer.from(json), Buffer.alloc(500)])],
    ['with NULs and line ends', `${json}\r\n\0\0\r\n`],
    ['with nan', json.replace('"board":42', '"board":nan')],
    ['with -inf', json.replace('"board":42', '"board":-inf')],
    ['with NaN', json.replace('"board":42', '"board": NaN ')],
  ];
  for (const [what, body] of good) {
    it(`is read ${what}`, () => {
      assert.notEqual(body, '');
      const push = parsePush('data', 'ups-01', {}, parseBody(Buffer.from(body)));
      assert.ok(!isRefusal(push) && push.kind === 'data', JSON.stringify(push));
      assert.deepEqual(push.complex.upsData.ps, DOCUMENTED_COMPLEX.upsData.ps);
    });
  }

  const nested = (levels: number): string => `${'{"config":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
  const deep = JSON.stringify({ ...DOCUMENTED_COMPLEX, more: JSON.parse(nested(63)) as unknown });
  it('may have 64 levels', () => {
    assert.ok(!isRefusal(parsePush('data', 'a', {}, parseBody(deep))));
    const refused = { status: 400, message: 'nested too deep' };
    // The deepest that the longest push can hold.
    for (const body of [nested(65), nested(5900), `{"config":${'['.repeat(32_000)}${']'.repeat(32_000)}}`])
      assert.deepEqual(parsePush('data', 'a', {}, parseBody(body)), refused);
    // By whatever else has read the body.
    assert.deepEqual(parsePush('data', 'a', {}, JSON.parse(nested(65))), refused);
    assert.equal(parseBody('['.repeat(100_000) + ']'.repeat(100_000)), undefined);
  });

  it('is looked at whatever its type, and refused when it is coded', () => {
    for (const coding of [undefined, '', 'identity', ' Identity ', 'identity, identity']) {
      assert.equal(isPlainCoding(coding), true, coding);
    }
    for (const coding of ['gzip', 'identity, gzip', 'br', 'x', 'identity;q=1']) {
      assert.equal(isPlainCoding(coding), false, coding);
    }
  });

  it('counts pushed records by the number of the UPS, which begins anew, never by one of the cloud', () => {
    const numbers = [{ ord: 7 }, { id: 8 }, { ord: 7, id: 8 }, {}].map((more) => {
      const push = parsePush('log', 'a', {}, { code: 'I/E01', timestamp: '2026-05-08 14:32:01', ...more });
      return isRefusal(push) || push.kind !== 'log' ? assert.fail() : [push.record.ord, push.record.id];
    });
    assert.deepEqual(numbers, [
      [7, null],
      [8, null],
      [7, null],
      [null, null],
    ]);
  });

  it('has a description of one line and 128 characters', () => {
    const upsDescription = `Rack\r\n\u001b[31m 1 ${'x'.repeat(500)}`;
    const push = parsePush('registered', 'a', { upsDescription }, DOCUMENTED_IDENT);
    assert.ok(!isRefusal(push) && push.kind === 'registered');
    assert.equal(push.description?.length, 128);
    assert.match(push.description, /^Rack 1 x+…$/);
    const none = parsePush('registered', 'a', { upsDescription: ' ' }, DOCUMENTED_IDENT);
    assert.ok(!isRefusal(none) && none.kind === 'registered');
    assert.equal(none.description, null);
  });
});
