import assert from 'node:assert/strict';

import { engineError } from '../../../lib/cluster/engine-error';
import { createRedactor } from '../../../lib/core/redact';

describe('what an engine of a cluster says of a failure', () => {
  const CASES: [string, string][] = [
    ['connect ECONNREFUSED 127.0.0.1:6379', 'clusterUnreachable'],
    ['ECONNRESET', 'clusterUnreachable'],
    ['Socket closed unexpectedly', 'clusterUnreachable'],
    ['LOADING Redis is loading the dataset in memory', 'clusterUnreachable'],
    ["READONLY You can't write against a read only replica.", 'clusterUnreachable'],
    [
      "ERR Error running script (call to f_1): @user_script:5: @user_script: 5: -READONLY You can't write against a read only replica.",
      'clusterUnreachable',
    ],
    ['MASTERDOWN Link with MASTER is down', 'clusterUnreachable'],
    ['NOAUTH Authentication required.', 'clusterAuth'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'clusterAuth'],
    ["NOPERM this user has no permissions to run the 'xread' command", 'clusterRefused'],
    ['MISCONF Errors writing to the AOF file: No space left on device', 'clusterRefused'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'clusterRefused'],
    ['MOVED 3999 127.0.0.1:6381', 'clusterRefused'],
    ['ERR unknown command', 'clusterRefused'],
    ['', 'clusterUnreachable'],
  ];
  for (const [text, reason] of CASES) {
    it(`is ${reason}: ${text.slice(0, 60)}`, () => {
      const error = engineError(text, createRedactor(['a secret']));
      assert.equal(error.reason, reason);
    });
  }

  it('is one of a call that may have been done, where that had been written and the engine says nothing else', () => {
    const isSent = (text: string, isWritten?: boolean): boolean =>
      engineError(text, createRedactor([]), isWritten).sent;
    for (const text of [
      'Socket closed unexpectedly',
      'Disconnects client',
      'read ECONNRESET',
      'EPIPE: broken',
      '',
    ])
      assert.deepEqual([isSent(text, true), isSent(text)], [true, false], text);
    for (const text of [
      'LOADING Redis is loading the dataset in memory',
      'MASTERDOWN Link with MASTER is down',
    ])
      assert.equal(isSent(text, true), false, text);
  });

  it('tells no secret', () => {
    assert.doesNotMatch(engineError('ERR a secret', createRedactor(['a secret'])).message, /secret/);
  });
});
