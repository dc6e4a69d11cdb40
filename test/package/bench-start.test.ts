import assert from 'node:assert/strict';

import { BenchRuntime, NodeRedFailed } from '../../bench/support/node-red';

/** What a bench says of a Node-RED that it cannot measure. Both would be waited for without an end, or for minutes. */
describe('a Node-RED of the bench that does not come up', () => {
  const failure = async (options: Parameters<typeof BenchRuntime.start>[0]): Promise<Error> => {
    const thrown: unknown = await BenchRuntime.start({ packageFrom: 'none', ...options }).catch(
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof NodeRedFailed);
    return thrown;
  };

  it('is told with its last words', async () => {
    const { message } = await failure({ env: { NODE_OPTIONS: '--require=./not-there.js' } });
    assert.match(message, /^Node-RED ended with 1:\n[\s\S]*not-there\.js/);
  });

  it('is told when it waits for node types that are not installed', async () => {
    const { message } = await failure({
      flows: [{ id: 'one', type: 'bench-unknown', x: 1, y: 1, wires: [] }],
    });
    assert.match(message, /^Node-RED misses node types:\n[\s\S]* - bench-unknown/);
  });
});
