import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';

import { readExamples } from '../../support/examples';

function functionOf(example: string, node: string): string {
  const nodes = readExamples().find(({ name }) => name === example)?.nodes;
  const func = nodes?.find(({ id }) => id === node)?.func;
  assert.ok(typeof func === 'string', `${example} ${node}`);
  return func;
}

function run(example: string, node: string, payload: unknown): unknown {
  const body = `(function (msg) {${functionOf(example, node)}\n})(msg)`;
  return (runInNewContext(body, { msg: { payload } }) as { payload: unknown }).payload;
}

const SESSIONS = ['powerflex/sessions-to-csv.json', 'pflx4safe'] as const;
const HISTORY = ['powercontroller/history-csv.json', 'pcx4fn'] as const;
const LOG = ['powersentrix/log-to-file.json', 'pslff1'] as const;

describe('the examples that write CSV', () => {
  it('guard against formulas with the same words', () => {
    const [first, ...others] = [SESSIONS, HISTORY, LOG].map(([example, node]) =>
      functionOf(example, node).split('\n').slice(0, 2),
    );
    for (const other of others) assert.deepEqual(other, first);
    assert.match(first?.[1] ?? '', /^const asText/);
  });

  for (const [field, expected] of [
    ['=cmd|x', "'=cmd|x"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    ['a=1', 'a=1'],
    ['', ''],
    ['2026-05-08', '2026-05-08'],
    [-5, -5],
    [5.5, 5.5],
    [null, null],
    [true, true],
  ] as const) {
    it(`write ${JSON.stringify(field)} as ${JSON.stringify(expected)}`, () => {
      const session = { start: field, energy: field };
      assert.deepEqual(
        JSON.stringify(run(...SESSIONS, [session])),
        JSON.stringify([{ start: expected, energy: expected }]),
      );
      const status = { type: 'update', timestamp: field, energy: -3 };
      assert.deepEqual(
        JSON.stringify(run(...HISTORY, [status])),
        JSON.stringify([{ timestamp: expected, energy: -3 }]),
      );
      if (typeof field !== 'string' || field === '') return;
      const line = run(...LOG, { event: 'log', cmm: field, code: 'X', description: field, timestamp: 'T' });
      assert.equal(line, `"T","${expected}","log","X","${expected}"`);
    });
  }
});
