import assert from 'node:assert/strict';

import { planInput } from '../../../lib/outage/input';
import { viewOf } from '../../../lib/outage/reading';

const supply = (onBattery: boolean | null, more: object = {}): object => ({
  ...{ fitted: true, onBattery, batteryVoltage: 50 },
  ...more,
});

describe('what a plan for outages reads', () => {
  const cases: [name: string, supplies: object[], all: boolean | null, any: boolean | null][] = [
    ['both on mains', [supply(false), supply(false)], false, false],
    ['both on battery', [supply(true), supply(true)], true, true],
    ['one of two on battery', [supply(true), supply(false)], false, true],
    ['one on battery, one silent', [supply(true), supply(null)], null, true],
    ['one on mains, one silent', [supply(false), supply(null)], false, null],
    ['an empty place', [supply(true), supply(null, { fitted: false })], true, true],
    ['a place that never told anything', [supply(true), supply(null, { fitted: null })], true, true],
    ['nothing known', [supply(null)], null, null],
  ];
  for (const [name, supplies, all, any] of cases) {
    it(`supplies: ${name}`, () => {
      assert.equal(viewOf({ supplies }, 'all')?.onBattery, all);
      assert.equal(viewOf({ supplies }, 'any')?.onBattery, any);
    });
  }

  it('takes the lowest battery, and no wire that hangs in the air', () => {
    const supplies = [
      supply(true),
      supply(true, { batteryVoltage: 47.5 }),
      supply(true, { batteryVoltage: 0.3 }),
    ];
    assert.equal(viewOf({ supplies }, 'all')?.voltage, 47.5);
  });

  it('does not trust lists and numbers', () => {
    const outputs = [
      { port: 99, on: true },
      { port: 1.5, on: true },
      null,
      { port: 2, on: 'yes', power: '5' },
    ];
    const view = viewOf({ onBattery: true, supplies: 'x', outputs, totalPower: NaN }, 'all');
    assert.deepEqual(view?.on, new Array(12).fill(null));
    assert.deepEqual([view.power[2], view.totalPower, view.onBattery], [null, null, true]);
  });

  const command = { kind: 'command', key: 'k', step: 1, port: 3 };
  const messages: [name: string, msg: Record<string, unknown>, expected: object | undefined][] = [
    ['a dry run', { payload: { test: true } }, { kind: 'test' }],
    ['availability', { payload: { available: false } }, { kind: 'availability', available: false }],
    [
      'an outcome',
      { payload: { port: 3, action: 'off', on: false, changed: true, verified: true }, outage: command },
      { kind: 'answer', answer: { key: 'k', port: 3, on: false, changed: true, code: undefined } },
    ],
    [
      'a failure',
      { payload: { port: 3, action: 'off' }, outage: command, error: { message: 'no', code: 'FORBIDDEN' } },
      { kind: 'answer', answer: { key: 'k', port: 3, on: null, changed: null, code: 'FORBIDDEN' } },
    ],
    [
      'a command that came straight back',
      { payload: { port: 3, action: 'off' }, outage: command },
      undefined,
    ],
    [
      'another outcome of the same port node',
      { payload: { port: 3, action: 'restart', on: true, changed: true, verified: true } },
      { kind: 'nothing' },
    ],
    [
      'a reply by its key',
      { payload: 'done', outage: { kind: 'message', key: 'm' } },
      { kind: 'reply', to: 'm' },
    ],
    ['a reply by a step', { payload: { reply: 2 } }, { kind: 'reply', to: 2 }],
    ['a record of the log', { payload: { event: 'log' } }, { kind: 'nothing' }],
    ['mains that are back', { payload: { event: 'status', change: 'mainsRestored' } }, { kind: 'nothing' }],
    [
      'mains lost, while a supply may have some',
      { payload: { event: 'status', change: 'mainsLost' } },
      { kind: 'nothing' },
    ],
    ['a number', { payload: 1 }, undefined],
    ['nothing', {}, undefined],
    [
      'an odd event',
      { payload: { event: 'status', change: 'portChanged', port: 99, on: true } },
      { kind: 'nothing' },
    ],
  ];
  for (const [name, msg, expected] of messages) {
    it(`messages: ${name}`, () => {
      if (expected) assert.deepEqual(planInput(msg, 'all'), expected);
      else assert.throws(() => planInput(msg, 'all'), { code: 'INVALID_INPUT', sent: false });
    });
  }
});
