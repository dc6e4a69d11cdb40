import assert from 'node:assert/strict';

import { allExpressions, offendersAmong } from '../../scripts/expressions';

describe('the check of regular expressions', () => {
  it('finds those that take more than a look at each character', () => {
    const expressions = [
      ...[String.raw`^(a+)+$`, String.raw`\/+$`, String.raw`^\s+|\s+$`, String.raw`^\s*(?:identity)?\s*$`],
      ...[String.raw`^\d{1,3}(\.\d{1,3}){3}$`, String.raw`[?#]`],
    ].map((source, at) => ({ where: `line ${at}`, source, flags: '' }));
    assert.deepEqual(
      offendersAmong(expressions).map((text) => text.split(' ')[1]),
      ['0', '1', '2', '3'],
    );
  });

  it('finds the expressions of sources and resources', () => {
    const places = allExpressions().map(({ where }) => where);
    for (const kind of [/^lib\/core\//, /^nodes\/.*\.ts:/, /^resources\//])
      assert(
        places.some((place) => kind.test(place)),
        String(kind),
      );
  });
});
