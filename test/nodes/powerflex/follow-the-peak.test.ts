import assert from 'node:assert/strict';
import vm from 'node:vm';

import { readExamples } from '../../support/examples';

interface Sent {
  payload: { targets: Record<string, number> };
}

/** What a demand node tells, as far as the example looks at it. */
interface Demand {
  closed?: true;
  monthPeak: { demand: number; start: string } | null;
}

/** The function behind the demand node, with what the site holds. */
function follow(payload: Demand, held: Record<string, number> | undefined): Sent | null {
  const example = readExamples().find(({ name }) => name === 'powerflex/follow-the-peak.json');
  const node = example?.nodes.find(({ name }) => name === 'follow the peak');
  const flow = { get: (key: string) => (key === 'pflx2_held' ? held : undefined) };
  const sent: unknown = vm.runInNewContext(`(function () {${String(node?.func)}\n})()`, {
    msg: { payload },
    flow,
  });
  return JSON.parse(JSON.stringify(sent)) as Sent | null;
}

const peak = (demand: number): Demand['monthPeak'] => ({
  demand,
  start: new Date(2026, 5, 10, 12).toISOString(),
});
const JUNE = (target: number): Sent => ({ payload: { targets: { Jun: target } } });

const TABLE: [
  what: string,
  payload: Demand,
  held: Record<string, number> | undefined,
  expected: Sent | null,
][] = [
  ['a peak above what the site holds', { closed: true, monthPeak: peak(230_500) }, { Jun: 200 }, JUNE(231)],
  ['a peak below it', { closed: true, monthPeak: peak(150_000) }, { Jun: 200 }, null],
  ['the same', { closed: true, monthPeak: peak(200_000) }, { Jun: 200 }, null],
  ['another month than that of the peak', { closed: true, monthPeak: peak(230_000) }, { Jul: 100 }, null],
  ['a quarter that runs', { monthPeak: peak(230_000) }, { Jun: 200 }, null],
  ['a month without a whole quarter', { closed: true, monthPeak: null }, { Jun: 200 }, null],
  ['a site that has not answered', { closed: true, monthPeak: peak(230_000) }, undefined, null],
];

describe('the example that follows the peak', () => {
  for (const [what, payload, held, expected] of TABLE) {
    it(`${expected ? 'raises' : 'leaves'} the target: ${what}`, () => {
      assert.deepEqual(follow(payload, held), expected);
    });
  }

  it('lets the demand node find the peak', () => {
    const example = readExamples().find(({ name }) => name === 'powerflex/follow-the-peak.json');
    assert.ok(example?.nodes.some(({ type }) => type === 'energy-demand'));
  });
});
