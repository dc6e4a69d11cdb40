import assert from 'node:assert/strict';

import { cleanText, createRedactor, shapeOf, addressWithoutSecrets } from '../../../lib/core/redact';
import { mapNumber, round, toNumber } from '../../../lib/core/values';
import { joinUrl, parseBaseUrl } from '../../../lib/core/http/url';

describe('createRedactor', () => {
  const secret = 'pä ss/w+rd"&=';
  const redact = createRedactor([secret, undefined, '', 'abc', 'null', 'longer-than-secret', 'longer']);

  for (const [form, text] of Object.entries({
    raw: secret,
    'URL-encoded': encodeURIComponent(secret),
    'form-encoded': encodeURIComponent(secret).replace(/%20/g, '+'),
    'lower-case percent': encodeURIComponent(secret).toLowerCase(),
    JSON: JSON.stringify(secret).slice(1, -1),
    base64: Buffer.from(secret).toString('base64'),
  })) {
    it(`removes the secret when it is ${form}`, () => {
      assert.equal(redact(`<${text}|${text}>`), '<[redacted]|[redacted]>');
    });
  }

  it('takes no notice of what is no text, and survives text that cannot be encoded', () => {
    assert.equal(
      createRedactor([12345, null, {}, 'half\ud800pair'])('12345 half\ud800pair'),
      '12345 [redacted]',
    );
  });

  it('leaves ordinary words alone', () => assert.equal(redact('abc null'), 'abc null'));

  it('removes a longer secret as a whole', () => assert.equal(redact('longer-than-secret'), '[redacted]'));
});

describe('cleanText', () => {
  it('makes one line, and redacts before it cuts', () => {
    const text = cleanText(
      `a\n\u0000\u001bb   ${'x'.repeat(20)}topsecret`,
      createRedactor(['topsecret']),
      30,
    );
    assert.equal(text, `a b ${'x'.repeat(20)}[reda…`);
  });
});

describe('shapeOf', () => {
  it('shows types and sizes, never values', () => {
    const shape = shapeOf({ a: 1, b: 'secret', c: [{ d: true }, 2], e: null, f: [], g: undefined });
    assert.deepEqual(shape, {
      a: 'number',
      b: 'string(6)',
      c: [{ d: 'boolean' }, '… 2 in all'],
      e: 'null',
      f: [],
      g: 'undefined',
    });
    assert.equal(shapeOf({ a: {} }, 0), '…');
  });
});

describe('addressWithoutSecrets', () => {
  it('hides user names, passwords and queries', () => {
    assert.equal(addressWithoutSecrets('http://me:pw@host/x'), 'http://[redacted]@host/x');
    assert.equal(addressWithoutSecrets('me:pw@host'), '[redacted]@host');
    assert.equal(addressWithoutSecrets('http://me:p/w@host/x?key=abc#d'), 'http://[redacted]@host/x');
    assert.equal(addressWithoutSecrets('https://host/a'), 'https://host/a');
  });
});

describe('toNumber', () => {
  it('takes numbers and numeric texts', () => {
    assert.deepEqual(['12', ' -3.5 ', '1e3', '+0', '.5', 7, 0].map(toNumber), [12, -3.5, 1000, 0, 0.5, 7, 0]);
  });

  it('takes nothing else for a number', () => {
    for (const value of [
      '',
      ' ',
      '0x10',
      '1,5',
      '12 W',
      'NaN',
      'Infinity',
      '1e999',
      NaN,
      Infinity,
      null,
      undefined,
    ]) {
      assert.equal(toNumber(value), null, String(value));
    }
    for (const value of [true, [], [5], {}, new Date()]) assert.equal(toNumber(value), null);
  });
});

describe('units', () => {
  it('keeps null through a conversion', () => {
    assert.equal(
      mapNumber('x', (n) => n / 10),
      null,
    );
    assert.equal(
      mapNumber('15', (n) => n / 10),
      1.5,
    );
  });

  it('rounds floating-point noise away', () => assert.equal(round(0.1 + 0.2), 0.3));
});

describe('parseBaseUrl', () => {
  for (const [typed, url] of Object.entries({
    poweropti: 'http://poweropti',
    ' 192.168.1.50 ': 'http://192.168.1.50',
    'host:8080': 'http://host:8080',
    '[fe80::1]:81': 'http://[fe80::1]:81',
    'https://host/': 'https://host',
    'HTTP://Host/a/b/': 'http://host/a/b',
    'host/a': 'http://host/a',
  })) {
    it(`takes ${typed}`, () => assert.equal(parseBaseUrl(typed, 'http'), url));
  }

  for (const typed of ['', '  ', undefined, 7, null]) {
    it(`refuses ${JSON.stringify(typed)} as empty`, () =>
      assert.throws(() => parseBaseUrl(typed, 'http'), { code: 'INVALID_INPUT', reason: 'addressEmpty' }));
  }

  for (const typed of [
    'ftp://host',
    'file:///etc/passwd',
    'http://user:pw@host',
    'http://host/?a=1',
    'http://host/#x',
    'a b',
    'http://',
    'host:99999',
    'http:\\\\host',
    'javascript://x',
  ]) {
    it(`refuses ${typed} without repeating it`, () =>
      assert.throws(
        () => parseBaseUrl(typed, 'http'),
        (error: Error) => error.message.includes('neither') && !error.message.includes('pw'),
      ));
  }
});

describe('joinUrl', () => {
  it('joins path and query', () => {
    assert.equal(joinUrl('http://h/base', '/a/b'), 'http://h/base/a/b');
    assert.equal(
      joinUrl('http://h', 'a', { x: 'ä&', 'date[start]': 1, y: undefined }),
      'http://h/a?x=%C3%A4%26&date%5Bstart%5D=1',
    );
    assert.equal(joinUrl('http://h', 'a', {}), 'http://h/a');
    assert.equal(joinUrl('http://h/base', ''), 'http://h/base');
  });
});
