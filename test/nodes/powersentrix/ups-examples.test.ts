import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';

import { readExamples } from '../../support/examples';

/** Runs a function node of an example with one message. */
function run(example: string, node: string, payload: unknown): unknown {
  const found = readExamples()
    .find(({ name }) => name === example)
    ?.nodes.find(({ id }) => id === node);
  assert.ok(typeof found?.func === 'string');
  const msg = runInNewContext(`(function (msg) {${found.func}\n})(msg)`, { msg: { payload } }) as {
    payload: unknown;
  };
  return msg.payload;
}

describe('the PowerSentrix examples, with what a real UPS may leave out', () => {
  it('show an unknown port as unknown', () => {
    const output = { port: 0, description: 'Router', on: null, power: null };
    const outputs = [output, { ...output, port: 1, on: false, power: 0 }, { ...output, description: null }];
    const text = run('powersentrix/overview.json', 'psovf1', { outputs });
    assert.equal(text, '0 Router: unknown, ? W\n1 Router: off, 0 W');
  });

  it("write the UPS's own time where its zone is not known", () => {
    const log = { event: 'log', cmm: 'u', code: 'X', description: 'a "b"', timestamp: null };
    const line = run('powersentrix/log-to-file.json', 'pslff1', { ...log, localTime: '2026-05-08 14:32:01' });
    assert.equal(line, '"2026-05-08 14:32:01","u","log","X","a ""b"""');
    const change = { event: 'status', cmm: 'u', timestamp: 'T', change: 'portChanged', port: 3, on: false };
    assert.equal(
      run('powersentrix/log-to-file.json', 'pslff1', change),
      '"T","u","status","","portChanged 3 off"',
    );
  });
});
