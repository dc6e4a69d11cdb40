import assert from 'node:assert/strict';

import type { Node, NodeAPI } from 'node-red';

import { DeviceError } from '../../../lib/core/errors';
import type { Duty } from '../../../nodes/shared/cluster-duty';
import type { SharedMemory } from '../../../nodes/shared/cluster-face';
import { Shifts } from '../../../nodes/shared/cluster-shifts';

const MEMORY: SharedMemory = { get: () => undefined, set: () => Promise.resolve(true) };

describe('a shift whose memory cannot be read', () => {
  it('begins when it can, and the log says why it waits once, in the words of the runtime', async () => {
    const texts: Record<string, string> = {
      'errors.clusterUnreachable': 'Redis ist nicht erreichbar. __message__',
    };
    const RED = { _: (key: string) => texts[key] ?? key } as unknown as NodeAPI;
    const warnings: unknown[] = [];
    const node = { id: 'n', warn: (text: unknown) => warnings.push(text) } as unknown as Node;
    const duty = { active: true, partition: 0, follow: () => () => undefined } as unknown as Duty;
    let refusals = 2;
    const memoryOf = (): Promise<SharedMemory> => {
      if (refusals-- === 0) return Promise.resolve(MEMORY);
      const why = { reason: 'clusterUnreachable', params: { message: 'ECONNREFUSED' } };
      return Promise.reject(new DeviceError('UNREACHABLE', 'The engine cannot be reached.', why));
    };
    const cluster = { dutyOf: () => duty, atHandOver: () => () => undefined, memoryOf };
    await new Promise<void>((resolve, reject) => {
      const shifts = new Shifts(RED, cluster, node, {
        begin: (memory) => {
          assert.equal(memory, MEMORY);
          shifts.close(false).then(resolve, reject);
        },
        end: () => undefined,
        failed: reject,
      });
    });
    assert.deepEqual(warnings, ['Redis ist nicht erreichbar. ECONNREFUSED']);
  }).timeout(10_000);
});
