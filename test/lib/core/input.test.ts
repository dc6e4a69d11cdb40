import assert from 'node:assert/strict';

import { Fields } from '../../../lib/core/input';

const fields = (value: unknown): Fields => new Fields(value, 'thing', ['n', 't', 'f']);

describe('Fields', () => {
  it('reads what is there and fits', () => {
    const given = fields({ n: 1.5, t: ' ab ', f: false });
    assert.equal(given.number('n', { min: 1.5, above: 1, max: 1.5 }), 1.5);
    assert.equal(given.text('t', /^[a-z]+$/), 'ab');
    assert.equal(given.flag('f'), false);
    assert.equal(given.optionalFlag('f'), false);
    assert.equal(given.optionalNumber('n'), 1.5);
    assert.equal(fields({ t: 'x' }).oneOf('t', ['w', 'x']), 'x');
    assert.equal(given.has('n'), true);
    assert.equal(given.get('t'), ' ab ');
  });

  it('knows nothing of what is not there, undefined or inherited', () => {
    const empty = fields({ n: undefined });
    assert.equal(empty.has('n'), false);
    assert.equal(empty.has('toString'), false);
    assert.equal(empty.get('constructor'), undefined);
    assert.equal(empty.optionalNumber('n'), undefined);
    assert.equal(empty.optionalFlag('f'), undefined);
    assert.throws(() => empty.number('n'), { code: 'INVALID_INPUT', reason: 'fieldMissing' });
  });

  it('refuses what is no object, and properties nobody knows', () => {
    for (const value of [null, undefined, 5, 'x', []]) {
      assert.throws(() => fields(value), { code: 'INVALID_INPUT', reason: 'fieldNoObject' });
    }
    assert.throws(() => fields({ 'ä<b>': 1 }), {
      reason: 'fieldUnknown',
      params: { name: '_b_', what: 'thing' },
    });
    assert.doesNotThrow(() => fields({ other: undefined }));
  });

  it('says which numbers fit', () => {
    for (const [value, limits, range] of [
      ['1', {}, ''],
      [NaN, {}, ''],
      [Infinity, {}, ''],
      [null, {}, ''],
      [0, { min: 1 }, '≥ 1'],
      [0, { above: 0 }, '> 0'],
      [11, { min: 0, max: 10 }, '≥ 0, ≤ 10'],
      [1.5, { whole: true }, '∈ ℤ'],
    ] as const) {
      assert.throws(() => fields({ n: value }).number('n', limits), {
        reason: 'fieldNumber',
        params: { name: 'n', range },
      });
    }
  });

  it('refuses texts, flags and choices that do not fit', () => {
    assert.throws(() => fields({ t: '1' }).text('t', /^[a-z]+$/), { reason: 'fieldText' });
    assert.throws(() => fields({ t: 1 }).text('t', /1/), { reason: 'fieldText' });
    assert.throws(() => fields({ f: 'true' }).flag('f'), { reason: 'fieldFlag' });
    assert.throws(() => fields({ t: 'y' }).oneOf('t', ['x', 'z']), {
      reason: 'fieldChoice',
      params: { name: 't', choices: 'x, z' },
    });
  });
});
