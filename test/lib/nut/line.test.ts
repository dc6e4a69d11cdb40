import assert from 'node:assert/strict';

import { MAX_VALUE, quote, readWords, wireText } from '../../../lib/nut/line';

describe('lines of the NUT protocol', () => {
  const LINES: readonly [line: string, words: string[] | null][] = [
    ['', []],
    ['  \t ', []],
    ['VER', ['VER']],
    ['GET VAR ups ups.status', ['GET', 'VAR', 'ups', 'ups.status']],
    ['  GET\tVAR  ups ', ['GET', 'VAR', 'ups']],
    ['PASSWORD "two words"', ['PASSWORD', 'two words']],
    ['PASSWORD ""', ['PASSWORD', '']],
    ['PASSWORD a"b c"d', ['PASSWORD', 'ab cd']],
    ['PASSWORD "a \\"quote\\""', ['PASSWORD', 'a "quote"']],
    ['PASSWORD a\\ b', ['PASSWORD', 'a b']],
    ['PASSWORD C:\\\\NAS', ['PASSWORD', 'C:\\NAS']],
    ['PASSWORD "open', null],
    ['PASSWORD \\', null],
    [Array.from({ length: 17 }, () => 'a').join(' '), null],
    ['PASSWORD é', ['PASSWORD', 'é']],
  ];
  for (const [line, words] of LINES) {
    it(`reads ${JSON.stringify(line)}`, () => assert.deepEqual(readWords(line), words));
  }

  const VALUES: readonly [value: string, sent: string][] = [
    ['54.10', '"54.10"'],
    ['', '""'],
    ['Rack #3 "A"', '"Rack \\#3 \\"A\\""'],
    ['C:\\NAS', '"C:\\\\NAS"'],
    ['Kotolňa 1', '"Kotolna 1"'],
    ['Kotoln\u030ca 1', '"Kotolna 1"'],
    ['Straße Übergang', '"Strasse Ubergang"'],
    ['a\nb', '"a b"'],
    ['a\r\n\0b', '"a   b"'],
    ['„Netz“', '"\\"Netz\\""'],
    ['日本 😀', '"?? ?"'],
    ['ﬁrst 5 µA', '"first 5 ?A"'],
    ['x'.repeat(300), `"${'x'.repeat(MAX_VALUE)}"`],
    ['\ud800', '"?"'],
  ];
  for (const [value, sent] of VALUES) {
    it(`sends ${JSON.stringify(value.slice(0, 30))}`, () => assert.equal(quote(value), sent));
  }

  it('reads back what it sends', () => {
    for (const value of ['Rack #3 "A"', 'C:\\NAS', 'a b', '\\"#', ' '])
      assert.deepEqual(readWords(`VAR ups x ${quote(value)}`), ['VAR', 'ups', 'x', value]);
  });

  it('sends nothing but printable ASCII, and never more than fits', () => {
    for (let code = 0; code < 0x2_ffff; code += 7) {
      const text = wireText(String.fromCodePoint(code).repeat(3));
      assert.match(text, /^[ -~]*$/, code.toString(16));
    }
    assert.equal(wireText('㌀'.repeat(MAX_VALUE)).length, MAX_VALUE);
  });
});
