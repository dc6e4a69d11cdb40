import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { addressWithoutSecrets, cleanText, createRedactor, REDACTED } from '../../../lib/core/redact';
import { newSeed, Seeded } from '../../support/seeded';

const SECRETS = [
  'pä ss/w+rd"&=',
  "it's<b>&amp;#1;100%",
  'a%41@b?c#d\\u0041',
  'eyJhbGciOiJIUzI1NiJ9.e30.-_A',
  'güné€😀x',
  'tab\there',
  '~!@#$^*()_+`-={}|[]\\:";<>?,./',
];

const percentAll = (text: string, upper = true): string =>
  [...Buffer.from(text)]
    .map((byte) => {
      const hex = byte.toString(16).padStart(2, '0');
      return `%${upper ? hex.toUpperCase() : hex}`;
    })
    .join('');
const units = (text: string): number[] => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
const points = (text: string): number[] => Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
const hex4 = (code: number): string => code.toString(16).padStart(4, '0');

/** How a server, a proxy, a page or a log writes what it was sent. */
const SPELLINGS: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  encodeURIComponent: encodeURIComponent,
  encodeURI: encodeURI,
  'percent in lower case': (text) => encodeURIComponent(text).replace(/%../g, (all) => all.toLowerCase()),
  'percent in mixed case': (text) =>
    encodeURIComponent(text).replace(/%(.)(.)/g, (_all, a: string, b: string) => `%${a.toLowerCase()}${b}`),
  'percent everywhere': (text) => percentAll(text),
  'percent everywhere, lower case': (text) => percentAll(text, false),
  'percent for every second letter': (text) =>
    Array.from(text, (letter, at) => (at % 2 ? percentAll(letter) : letter === '%' ? '%25' : letter)).join(
      '',
    ),
  'a form': (text) => new URLSearchParams({ '': text }).toString().slice(1),
  'percent twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'percent three times': (text) => encodeURIComponent(encodeURIComponent(encodeURIComponent(text))),
  'escape()': (text) =>
    units(text)
      .map((code) => (code > 255 ? `%u${hex4(code)}` : `%${code.toString(16).padStart(2, '0')}`))
      .join('')
      // It writes Latin letters in one byte, which UTF-8 does not.
      .replace(/%([89a-f].)/g, (_all, byte: string) => `%u00${byte}`),
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  'JSON of JSON': (text) => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
  'JSON with \\/': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'JSON with \\u for all': (text) =>
    units(text)
      .map((code) => `\\u${hex4(code)}`)
      .join(''),
  'JSON with \\U in upper case': (text) =>
    units(text)
      .map((code) => `\\u${hex4(code).toUpperCase()}`)
      .join(''),
  "Go's JSON": (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  'JavaScript with \\x': (text) =>
    points(text)
      .map((code) => (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`))
      .join(''),
  'HTML, the five': (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  'HTML, decimal': (text) =>
    points(text)
      .map((code) => `&#${code};`)
      .join(''),
  'HTML, hexadecimal': (text) =>
    points(text)
      .map((code) => `&#x${code.toString(16)};`)
      .join(''),
  'HTML, HEXADECIMAL with zeros': (text) =>
    points(text)
      .map((code) => `&#X${code.toString(16).toUpperCase().padStart(6, '0')};`)
      .join(''),
  'HTML, named signs': (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('@', '&commat;')
      .replaceAll('#', '&num;')
      .replaceAll('/', '&sol;')
      .replaceAll('+', '&plus;')
      .replaceAll('?', '&quest;')
      .replaceAll('=', '&equals;'),
  'HTML of HTML': (text) =>
    points(text)
      .map((code) => `&amp;#${code};`)
      .join(''),
  'JSON in HTML': (text) =>
    JSON.stringify(text).slice(1, -1).replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
  'percent in JSON': (text) => JSON.stringify(encodeURI(text)).slice(1, -1),
  'JSON in percent': (text) => encodeURIComponent(JSON.stringify(text).slice(1, -1)),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'base64 of JSON': (text) => Buffer.from(JSON.stringify({ 'p?': text })).toString('base64'),
  'base64 of base64': (text) =>
    Buffer.from(`x:${Buffer.from(`y:${text}`).toString('base64')}`).toString('base64url'),
  'base64 behind other letters of it': (text) =>
    `api/v1/${Buffer.from(JSON.stringify({ 'p?': text })).toString('base64')}`,
  hexadecimal: (text) => Buffer.from(text).toString('hex'),
  HEXADECIMAL: (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'octal, as in C': (text) =>
    [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  'a backslash before each sign': (text) => text.replace(/[!-$'-/:-@[-`{-~]/g, (sign) => `\\${sign}`),
  'accents apart': (text) => text.normalize('NFD'),
  'HTML, named letters': (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('ä', '&auml;')
      .replaceAll('ü', '&uuml;')
      .replaceAll('é', '&eacute;')
      .replaceAll('€', '&euro;'),
  'base64 in percent': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
};

describe('the spellings of a secret', () => {
  for (const [name, spell] of Object.entries(SPELLINGS)) {
    it(`are known: ${name}`, () => {
      for (const secret of SECRETS) {
        const spelled = spell(secret);
        const shown = createRedactor(SECRETS)(`<${spelled}> and [${spelled}]`);
        assert.equal(shown, `<${REDACTED}> and [${REDACTED}]`, `${secret} as ${spelled}`);
      }
    });
  }

  it('are known in Latin-1, and in UTF-8 that was read as it', () => {
    for (const [secret, spelled] of [
      ['pä ss/w', 'p%E4%20ss%2Fw'],
      ['Gruß42', 'Gru%dF42'],
      ['Gruß42', 'GruÃ\u009f42'],
      ['žluť1', '&zcaron;lu&tcaron;1'],
    ] as const)
      assert.equal(createRedactor([secret])(`<${spelled}>`), `<${REDACTED}>`);
  });

  it('are known in base64 wherever they begin', () => {
    for (const secret of SECRETS) {
      for (const before of ['', 'a', 'me', 'me:', 'user@example.com:']) {
        for (const after of ['', '|', '|x', '|xyz']) {
          for (const dialect of ['base64', 'base64url'] as const) {
            const whole = Buffer.from(before + secret + after).toString(dialect);
            const shown = createRedactor([secret])(`Basic ${whole}`);
            assert(shown.includes(REDACTED), `${secret} in ${whole}`);
            // What is left holds nothing of the secret: it is what was before and after.
            const rest = shown.replace('Basic ', '').split(REDACTED).join('');
            assert(
              rest.length <= Math.ceil(((before.length + after.length) * 4) / 3) + 4,
              `${shown} of ${whole}`,
            );
          }
        }
      }
    }
  });

  it('are known one letter another than the next', () => {
    const drawn = new Seeded(newSeed());
    const one: ((letter: string) => string)[] = [
      (letter) => letter,
      (letter) => percentAll(letter),
      (letter) => percentAll(letter, false),
      (letter) => `&#${letter.codePointAt(0)};`,
      (letter) => `&#x${letter.codePointAt(0)?.toString(16)};`,
      (letter) =>
        units(letter)
          .map((code) => `\\u${hex4(code)}`)
          .join(''),
    ];
    const secret = 'correct horse € battery';
    for (let round = 0; round < 2000; round++) {
      const text = Array.from(secret, (letter) => drawn.pick(one)(letter)).join('');
      assert.equal(createRedactor([secret])(`x=${text};`), `x=${REDACTED};`, `${text}, seed ${drawn.seed}`);
    }
  });

  it('leave other text alone', () => {
    const redact = createRedactor(SECRETS);
    for (const text of [
      '100 %',
      '%zz %4',
      '\\u12',
      '&#x; &#99999999999; &unknown;',
      'C:\\temp\\x',
      'half \ud800',
      '%ff',
    ])
      assert.equal(redact(text), text);
  });

  it('are looked for in time that grows with the text', () => {
    const redact = createRedactor([...SECRETS, 'aaaa', '&&&&', '%%%%']);
    for (const piece of [
      'QUFBQUFB ',
      '%2525252541',
      '%',
      '&',
      '\\',
      '%25',
      '&amp;',
      '\\\\',
      '&#',
      '\\u{',
      'a',
      '&aaaaaaaaaaaaaaaa',
    ])
      redact(piece.repeat(20_000));
  });
});

describe('foreign words in an error', () => {
  const error = (text: string): DeviceError =>
    new DeviceError('REJECTED', `It says: ${text}`, { reason: 'x', params: { text, count: 3 } });

  const WORDS: [string, string][] = [
    ['two\nlines\r\n', 'two lines'],
    ['tab\tand \u0000NUL', 'tab and NUL'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007shown', 'shown'],
    ['\u009b31mred', '31mred'],
    ['abc\u202etxt.exe\u202c', 'abctxt.exe'],
    ['\u2066a\u2069\u200fb\u200b\ufeffc\u00add', 'abcd'],
    ['a\u2028b\u2029c\u0085d', 'a b c d'],
    ['half\ud800', 'half'],
    ['x'.repeat(400), `${'x'.repeat(299)}…`],
    ['😀'.repeat(200), `${'😀'.repeat(149)}…`],
  ];
  for (const [text, shown] of WORDS) {
    it(`become one clean line: ${JSON.stringify(text.slice(0, 30))}`, () => {
      const { message, params } = error(text);
      assert.equal(params.text, shown);
      assert.equal(params.count, 3);
      assert(message.startsWith(`It says: ${shown.slice(0, 100)}`));
      assert(message.length <= 300 && !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(message));
    });
  }

  it('lose their secrets, also one that the cut halves', () => {
    const redact = createRedactor(['top-secret']);
    for (let before = 270; before < 310; before++) {
      const { message, params } = error(`${'x'.repeat(before)}top-secret and more`).redacted(redact);
      for (const text of [message, String(params.text)]) {
        assert(!/top|ecre/.test(text), text);
        assert(text.length <= 300);
      }
    }
    for (let before = 8150; before < 8200; before++) {
      assert(!/top|ecre/.test(cleanText(`${' '.repeat(before)}top-secret and more`, redact, 300)));
    }
  });

  it('lose secrets that unseen marks part', () => {
    const redact = createRedactor(['top-secret', 'with\u200bmark']);
    for (const mark of ['\u200b', '\u00ad', '\u202e', '\u001b[0m', '\0', '\ud800'])
      for (const text of [`top${mark}-secret`, Array.from('top-secret').join(mark)])
        assert.equal(cleanText(`<${text}>`, redact), `<${REDACTED}>`, JSON.stringify(text));
    assert.equal(cleanText('<with\u200bmark>', redact), `<${REDACTED}>`);
  });

  it('stay the same error', () => {
    const first = new DeviceError('RATE_LIMITED', 'said top-secret', {
      reason: 'why',
      status: 429,
      retryAfter: 7,
      sent: false,
      params: { a: 'top-secret', b: 1 },
    });
    const { code, reason, status, retryAfter, sent, params, message } = first.redacted(
      createRedactor(['top-secret']),
    );
    assert.deepEqual(
      { code, reason, status, retryAfter, sent, params, message },
      {
        code: 'RATE_LIMITED',
        reason: 'why',
        status: 429,
        retryAfter: 7,
        sent: false,
        params: { a: REDACTED, b: 1 },
        message: `said ${REDACTED}`,
      },
    );
    assert.equal(first.redacted(createRedactor(['another'])), first);
    assert.deepEqual(Object.keys(first).sort(), Object.keys(new DeviceError('STALE', 'x')).sort());
  });
});

describe('an address with a login', () => {
  for (const password of ['pw', 'p?w', 'p#w', 'p@w', 'p/w', 'p:w', '?', '#@?', 'a?b@c#d', 'p w']) {
    for (const rest of ['host', 'host/x', 'host:8080/x?key=abc#d']) {
      for (const protocol of ['http://', 'HTTPS://', '']) {
        it(`is shown without it: ${protocol}me:${password}@${rest}`, () => {
          const shown = addressWithoutSecrets(`${protocol}me:${password}@${rest}`);
          assert.equal(shown, `${protocol}${REDACTED}@${rest.replace(/\?.*/, '')}`);
        });
      }
    }
  }

  it('is found in time that grows with the text', () => {
    for (const piece of ['@', '?', 'a:', 'http://', '#@', 'a'])
      addressWithoutSecrets(piece.repeat(1_000_000));
  });
});
