import assert from 'node:assert/strict';

import { secretCheck } from '../../../lib/core/secret';

describe('secret', () => {
  for (const secret of ['company-1', 'pässwört', 'x', '☂']) {
    it(`knows ${secret} and nothing that resembles it`, () => {
      const isSecret = secretCheck(secret);
      assert.equal(isSecret(secret), true);
      const others = [
        '',
        secret.slice(0, -1),
        `${secret}x`,
        `${secret}\0`,
        `${secret.slice(0, -1)}\0`,
        secret.repeat(2),
        secret.toUpperCase() === secret ? `${secret} ` : secret.toUpperCase(),
        'ü'.repeat(10_000),
      ];
      for (const other of others) assert.equal(isSecret(other), false, JSON.stringify(other));
    });
  }

  it('takes a text of as many bytes and other characters for another one', () => {
    assert.equal(secretCheck('ab')('ä'), false);
    assert.equal(secretCheck('ä')('ab'), false);
    assert.equal(secretCheck('a☂')('☂a'), false);
  });
});
