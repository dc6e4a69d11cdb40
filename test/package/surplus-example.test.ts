import assert from 'node:assert/strict';
import { compileFunction } from 'node:vm';

import { noise } from '../../simulators/support/random';
import { readExamples } from '../support/examples';

const NODES = readExamples().find(({ name }) => name === 'poweropti-surplus-switch.json')?.nodes ?? [];
const FUNCTION = NODES.find(
  (node) => node.type === 'function' && String(node.name).includes('minimum times'),
);
const TAB = NODES.find((node) => node.type === 'tab') as unknown as {
  env: { name: string; value: string }[];
};
const DEFAULTS = Object.fromEntries(TAB.env.map(({ name, value }) => [name, Number(value)]));

const run = compileFunction(String(FUNCTION?.func), ['msg', 'env', 'context', 'node', 'Date']) as (
  ...parameters: object[]
) => { payload: boolean } | null;

/** The example's function with a clock that the test sets. */
class Example {
  now = Date.UTC(2025, 5, 1);
  status: { fill?: string } = {};
  private readonly kept = new Map<string, unknown>();

  constructor(private readonly env: Record<string, unknown> = DEFAULTS) {}

  /** @returns what is told to the load, `undefined` for nothing */
  read(power: unknown): boolean | undefined {
    const sent = run(
      { topic: 'meter', payload: { power } },
      { get: (name: string) => this.env[name] },
      {
        get: (key: string) => this.kept.get(key),
        set: (key: string, value: unknown) => this.kept.set(key, value),
      },
      { status: (status: { fill?: string }) => (this.status = status) },
      { now: () => this.now },
    );
    return sent?.payload;
  }

  after(seconds: number, power: unknown): boolean | undefined {
    this.now += seconds * 1000;
    return this.read(power);
  }
}

describe('the example of a surplus that switches a load', () => {
  it('switches a load of 3 kW at its minimum times at most, whatever the clouds do', () => {
    const example = new Example();
    const seed = 20_250_601;
    let on = false;
    const switched: { second: number; to: boolean }[] = [];
    for (let second = 0; second < 6 * 3600; second++) {
      const roof = 6000 * noise(seed, Math.floor(second / 20));
      const power = 500 + (on ? 3000 : 0) - roof;
      const told = example.after(1, Math.round(power));
      if (told === undefined) continue;
      assert.ok(told !== on || switched.length === 0, `a message without a change, seed ${seed}`);
      if (told) assert.ok(power <= -3200, `on at ${power} W`);
      else assert.ok(power >= 200, `off at ${power} W`);
      on = told;
      switched.push({ second, to: told });
    }
    assert.ok(switched.length > 10, `${switched.length} switchings, seed ${seed}`);
    switched.slice(1).forEach(({ second, to }, i) => {
      const lasted = second - (switched[i]?.second ?? 0);
      assert.ok(lasted >= (to ? 120 : 300), `${to ? 'off' : 'on'} for ${lasted} s only, seed ${seed}`);
    });
  });

  it('keeps the load as it is between both thresholds, and when the power is not known', () => {
    const example = new Example();
    example.read(0);
    assert.equal(example.after(120, -3200), true);
    for (const power of [null, undefined, 'nan', NaN, {}, -3199, 0, 199]) {
      assert.equal(example.after(3600, power), undefined);
    }
    assert.equal(example.after(3600, 200), false);
    for (const power of [null, -3199, -1500]) assert.equal(example.after(3600, power), undefined);
  });

  it('waits after a start before it switches on, and switches off at once', () => {
    const example = new Example();
    assert.equal(example.read(-5000), undefined);
    assert.equal(example.after(119, -5000), undefined);
    assert.equal(example.after(1, -5000), true);
    assert.equal(new Example().read(3000), false);
  });

  it('begins the time anew when the clock is set back', () => {
    const example = new Example();
    example.read(0);
    assert.equal(example.after(120, -4000), true);
    assert.equal(example.after(-86_400, 4000), undefined);
    assert.equal(example.after(299, 4000), undefined);
    assert.equal(example.after(1, 4000), false);
  });

  for (const [name, value] of [
    ['ON_EXPORT', ''],
    ['ON_EXPORT', -5],
    ['OFF_IMPORT', 'x'],
    ['MIN_ON_SECONDS', undefined],
    ['MIN_OFF_SECONDS', -1],
  ] as const) {
    it(`switches nothing with ${name} ${JSON.stringify(value)}`, () => {
      const example = new Example({ ...DEFAULTS, [name]: value });
      example.read(0);
      for (const power of [-9000, 9000]) assert.equal(example.after(3600, power), undefined);
      assert.equal(example.status.fill, 'red');
    });
  }
});
