import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import {
  compareLoad,
  compareSignal,
  compareTargets,
  type ExternalSignal,
  parseSignal,
  parseTargets,
  readAskedSignal,
  readSignal,
  readSignalNamed,
  readSignals,
  readTargets,
  signalBody,
  wholeKilowatts,
} from '../../../lib/powerflex/dcm';

describe('wholeKilowatts', () => {
  it('rounds up, but not because of floating-point noise', () => {
    for (const [given, whole] of [
      [1100, 1100],
      [41.0001, 42],
      [0.001, 1],
      [0, 0],
      [0.1 + 0.2 + 2.7, 3],
      [42001 / 1000, 43],
    ] as const) {
      assert.equal(wholeKilowatts(given), whole);
    }
  });

  for (const value of [NaN, Infinity, -Infinity, '5', '', true, false, null, undefined, {}, [5], 1e21, 5n]) {
    it(`refuses ${typeof value} ${inspect(value)}`, () =>
      assert.throws(() => wholeKilowatts(value, 'zero'), {
        code: 'INVALID_INPUT',
        reason: 'powerflexLoadNotNumber',
      }));
  }

  it('refuses an export unless it is to count as 0', () => {
    for (const value of [-0.4, -12]) {
      assert.throws(() => wholeKilowatts(value), { code: 'INVALID_INPUT', reason: 'powerflexLoadNegative' });
      assert.ok(Object.is(wholeKilowatts(value, 'zero'), 0));
    }
  });
});

describe('parseTargets', () => {
  it('takes whole kW by English month', () => {
    assert.deepEqual(parseTargets({ Jun: 700, Jul: 555, Dec: 0 }), { Jun: 700, Jul: 555, Dec: 0 });
  });

  for (const [value, reason] of [
    [{}, 'powerflexTargetsEmpty'],
    [null, 'powerflexTargetsNoObject'],
    [[700], 'powerflexTargetsNoObject'],
    [700, 'powerflexTargetsNoObject'],
    ['Jun', 'powerflexTargetsNoObject'],
    [{ June: 700 }, 'powerflexTargetMonth'],
    [{ jun: 700 }, 'powerflexTargetMonth'],
    [JSON.parse('{"__proto__": 700}'), 'powerflexTargetMonth'],
    [{ Jun: 700.5 }, 'powerflexTargetValue'],
    [{ Jun: -1 }, 'powerflexTargetValue'],
    [{ Jun: '700' }, 'powerflexTargetValue'],
    [{ Jun: NaN }, 'powerflexTargetValue'],
    [{ Jun: true }, 'powerflexTargetValue'],
    [{ Jun: null }, 'powerflexTargetValue'],
    [{ Jun: undefined }, 'powerflexTargetValue'],
  ] as const) {
    it(`refuses ${JSON.stringify(value)}`, () =>
      assert.throws(() => parseTargets(value), { code: 'INVALID_INPUT', reason }));
  }
});

describe('readTargets and compareTargets', () => {
  it('keeps months that did not arrive as null', () => {
    const held = readTargets({ Jan: 200, Feb: '123', Mar: 'x' });
    assert.deepEqual([held.Jan, held.Feb, held.Mar, held.Apr], [200, 123, null, null]);
    assert.equal(Object.keys(held).length, 12);
  });

  it('refuses what holds no month', () => {
    for (const body of [null, {}, [], 'ok', { msg: 'done' }]) {
      assert.throws(() => readTargets(body), { code: 'BAD_RESPONSE' });
    }
  });

  it('tells both values when the echo differs', () => {
    compareTargets({ Jun: 700 }, readTargets({ Jun: 700, Jul: 5 }));
    assert.throws(() => compareTargets({ Jun: 700, Jul: 5, Aug: 1 }, readTargets({ Jun: 650, Jul: 5 })), {
      code: 'CONFLICT',
      params: { asked: 'Jun 700 kW, Aug 1 kW', held: 'Jun 650 kW, Aug – kW' },
    });
  });
});

describe('external signals', () => {
  const signal = { name: 'DCM_EVSE_Allocation', maxLoad: 21.6, maxLoadUnit: 'kW', enabled: true } as const;
  const body = { is_enabled: true, max_load: 21.6, max_load_unit: 'kW', name: 'DCM_EVSE_Allocation' };

  it('are written and read as documented, in kW and in A', () => {
    assert.deepEqual(signalBody(parseSignal(signal)), body);
    assert.deepEqual(readSignal(body), signal);
    assert.deepEqual(readSignals({ DCM_EVSE_Allocation: body, other: { ...body, name: 'other' } }), [
      signal,
      { ...signal, name: 'other' },
    ]);
    assert.deepEqual(signalBody(parseSignal({ ...signal, maxLoad: 100, maxLoadUnit: 'A' })), {
      ...body,
      max_load: 100,
      max_load_unit: 'A',
    });
  });

  for (const [change, reason] of [
    [{ name: '' }, 'powerflexSignalName'],
    [{ name: undefined }, 'powerflexSignalName'],
    [{ name: 'x'.repeat(201) }, 'powerflexSignalName'],
    [{ maxLoad: -1 }, 'powerflexSignalLoad'],
    [{ maxLoad: NaN }, 'powerflexSignalLoad'],
    [{ maxLoad: '21' }, 'powerflexSignalLoad'],
    [{ maxLoad: undefined }, 'powerflexSignalLoad'],
    [{ maxLoadUnit: 'W' }, 'powerflexSignalUnit'],
    [{ maxLoadUnit: undefined }, 'powerflexSignalUnit'],
    [{ enabled: 'true' }, 'powerflexSignalEnabled'],
    [{ enabled: undefined }, 'powerflexSignalEnabled'],
  ] as const) {
    it(`are refused with ${JSON.stringify(change)}`, () =>
      assert.throws(() => parseSignal({ ...signal, ...change }), { code: 'INVALID_INPUT', reason }));
  }

  it('are no signals when a part is missing', () => {
    for (const key of Object.keys(body)) {
      assert.throws(() => readSignal({ ...body, [key]: undefined }), { code: 'BAD_RESPONSE' });
    }
    assert.throws(() => readSignals([]), { code: 'BAD_RESPONSE' });
    assert.throws(() => readSignal('ok'), { code: 'BAD_RESPONSE' });
  });

  it('conflict when the echo differs in any part, the unit above all', () => {
    compareSignal(signal, readSignal(body));
    for (const change of [{ max_load: 20 }, { max_load_unit: 'A' }, { is_enabled: false }, { name: 'x' }]) {
      assert.throws(
        () => compareSignal(signal, readSignal({ ...body, ...change })),
        (error: Error & { code: string; params: { asked: string; held: string } }) =>
          error.code === 'CONFLICT' &&
          error.params.asked === 'DCM_EVSE_Allocation: 21.6 kW, enabled' &&
          error.params.held !== error.params.asked,
      );
    }
  });
});

describe('what a server rounds', () => {
  const third = 100 / 3;
  const kept = [
    ...[33.333, 33.33, 33.3, 33, 33.3333, 33.333333333333336, Math.fround(third)].map((held) => [
      third,
      held,
    ]),
    ...[200 / 3, 66.667, 66.66, 66.7, 67, 66].map((held) => [200 / 3, held]),
    ...[[21.6, Math.fround(21.6)] as const, [0.1 + 0.2, 0.3] as const, [150, 150.00000001] as const],
    ...[[1100, Math.fround(1100)] as const, [0, 0] as const, [16.5, 16] as const, [16.5, 17] as const],
  ];
  const other = [
    ...[34, 33.34, 33.4, 32, 33.332, 0, 333].map((held) => [third, held]),
    ...[[21.6, 21.616] as const, [150, 149] as const, [150, 150.1] as const, [0, 0.01] as const],
  ];
  const signal = (maxLoad: number): ExternalSignal => ({
    ...{ name: 'grid', maxLoad, maxLoadUnit: 'kW', enabled: true },
  });

  for (const [asked = NaN, held = NaN] of kept) {
    it(`is ${asked} kept as ${held}`, () => compareSignal(signal(asked), signal(held)));
  }
  for (const [asked = NaN, held = NaN] of other) {
    it(`is not ${asked} kept as ${held}`, () => {
      assert.throws(() => compareSignal(signal(asked), signal(held)), { code: 'CONFLICT' });
    });
  }

  it('is no difference in targets and loads either, but whole numbers stay what they are', () => {
    compareTargets({ Jun: 700 }, readTargets({ Jun: 700.0000001 }));
    compareLoad(1100, { real_time_load_kW: '1100.0' });
    compareLoad(1100, { real_time_load_kW: 1099.9999999 });
    assert.throws(() => compareTargets({ Jun: 700 }, readTargets({ Jun: 700.1 })), { code: 'CONFLICT' });
    assert.throws(() => compareLoad(1100, { real_time_load_kW: 1099 }), { code: 'CONFLICT' });
  });
});

describe('a map of external signals', () => {
  const good = { is_enabled: true, max_load: 21.6, max_load_unit: 'kW', name: 'grid' };
  const read = (body: unknown): { names: string[]; told: unknown[] } => {
    const told: unknown[] = [];
    const names = readSignals(body, ({ params }) => told.push(params?.name)).map(({ name }) => name);
    return { names, told };
  };

  for (const [what, odd] of [
    ['in %', { ...good, max_load: 50, max_load_unit: '%' }],
    ['without a limit', { ...good, max_load: null }],
    ['without a unit', { ...good, max_load_unit: undefined }],
    ['with a limit that is no number', { ...good, max_load: 'nan' }],
    ['that is null', null],
    ['that is a text', 'off'],
    ['without a state', { ...good, is_enabled: null }],
  ] as const) {
    it(`loses a signal ${what}, and no other`, () => {
      const body = { odd: typeof odd === 'object' && odd ? { ...odd, name: 'odd' } : odd, grid: good };
      assert.deepEqual(read(body), { names: ['grid'], told: ['odd'] });
      assert.deepEqual(readSignalNamed(body, 'grid'), readSignal(good));
      assert.equal(readSignalNamed(body, 'elsewhere'), undefined);
      assert.throws(() => readSignalNamed(body, 'odd'), { code: 'BAD_RESPONSE', reason: 'powerflexSignal' });
      assert.throws(() => readAskedSignal(body, 'odd'), { code: 'BAD_RESPONSE', reason: 'powerflexSignal' });
      assert.deepEqual(readAskedSignal(body, 'grid'), readSignal(good));
      if (typeof odd !== 'object' || !odd) return;
      const alone = { ...odd, name: 'odd' };
      assert.throws(() => readAskedSignal(alone, 'odd'), { code: 'BAD_RESPONSE', reason: 'powerflexSignal' });
    });
  }

  it('names a signal by its key where it does not do so itself, and is empty where there is none', () => {
    const { name, ...nameless } = good;
    assert.deepEqual(read({ [name]: nameless }), { names: ['grid'], told: [] });
    for (const body of [{}, null]) assert.deepEqual(read(body), { names: [], told: [] });
  });

  it('is not taken for another one', () => {
    assert.throws(() => readAskedSignal(good, 'other'), { code: 'BAD_RESPONSE' });
    assert.throws(() => readAskedSignal({ grid: good }, 'other'), { code: 'BAD_RESPONSE' });
  });

  it('is not made of an answer about something else', () => {
    for (const body of [{ msg: 'done' }, [], 'ok', 5, { error: 'x', grid: 'y' }]) {
      assert.throws(() => readSignals(body), { code: 'BAD_RESPONSE' });
      assert.throws(() => readSignalNamed(body, 'grid'), { code: 'BAD_RESPONSE' });
      assert.throws(() => readAskedSignal(body, 'grid'), { code: 'BAD_RESPONSE' });
    }
  });
});

describe('compareLoad', () => {
  it('conflicts with another load only', () => {
    for (const body of [{ real_time_load_kW: 5 }, {}, null, 'OK', { msg: 'success' }]) compareLoad(5, body);
    assert.throws(() => compareLoad(5, { real_time_load_kW: 6 }), {
      code: 'CONFLICT',
      params: { asked: '5 kW', held: '6 kW' },
    });
  });
});
