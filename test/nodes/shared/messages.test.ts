import assert from 'node:assert/strict';

import { plainCopy } from '../../../nodes/shared/messages';

describe('a copy of plain data', () => {
  it('is equal, and shares nothing that could be changed', () => {
    const data = { a: [1, { b: null }], c: { d: 'x' }, e: undefined, f: true };
    const copy = plainCopy(data);
    assert.deepEqual(copy, data);
    (copy.a[1] as { b: unknown }).b = 2;
    copy.c.d = 'y';
    copy.a.push(3);
    assert.deepEqual(data, { a: [1, { b: null }], c: { d: 'x' }, e: undefined, f: true });
  });

  it('inherits nothing from a device that sends a key called __proto__', () => {
    const copy = plainCopy(JSON.parse('{"x":1,"__proto__":{"polluted":true}}') as Record<string, unknown>);
    assert.equal(copy.polluted, undefined);
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
    assert.deepEqual(Object.keys(copy), ['x', '__proto__']);
  });
});
