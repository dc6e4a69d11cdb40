import assert from 'node:assert/strict';

import type { Cluster } from '../../../lib/cluster/cluster';
import { clusterSettings } from '../../../lib/cluster/settings';
import { checkMemoryPolicy } from '../../../lib/cluster/wire';
import { DeviceError, toDeviceError } from '../../../lib/core/errors';
import { reportOf, reportWithout } from '../../../nodes/shared/cluster-report';

const ADDRESS = /10\.1\.2\.3|6379|engine\.lan|secret/;

/** The report goes into downloads that are meant for others. */
describe('the report of a cluster', () => {
  const settings = clusterSettings(
    { url: 'redis://engine.lan:6379', password: 'secret', instance: 'pi' },
    {},
  );
  const report = (problem: DeviceError | undefined): Record<string, unknown> => {
    const member = { name: 'pi', holder: 'h', digest: 'd', ready: true };
    const cluster = {
      ...{ holder: 'h', engine: { connected: false }, commands: { dropped: 0 } },
      lease: {
        ...{ actsAlone: false, members: [member], owners: new Map(), partitions: [], counts: {} },
        digestInForce: 'd',
      },
    };
    assert.ok(settings);
    const own = { lost: true, problem, units: 1, nodes: 1, nodesOwned: 0 };
    return reportOf(settings, cluster as unknown as Cluster, own);
  };
  const words = (reason: string, message: string): DeviceError =>
    new DeviceError('UNREACHABLE', `The engine of the cluster cannot be reached: ${message}`, {
      reason,
      params: { message },
    });

  const problems: [message: string, reason: string][] = [
    ['connect ECONNREFUSED 10.1.2.3:6379', 'clusterUnreachable'],
    ['getaddrinfo ENOTFOUND engine.lan', 'clusterUnreachable'],
    ['MOVED 3999 10.1.2.3:6379', 'clusterRefused'],
  ];
  for (const [message, reason] of problems) {
    it(`names what is wrong, and no address: ${message}`, () => {
      const made = report(words(reason, message));
      assert.deepEqual(made.problem, { code: 'UNREACHABLE', reason });
      assert.doesNotMatch(JSON.stringify(made), ADDRESS);
      assert.doesNotMatch(JSON.stringify(reportWithout(words(reason, message))), ADDRESS);
    });
  }

  it('names a setting that is wrong, and what the engine may throw away', () => {
    const thrownBy = (work: () => unknown): DeviceError => {
      try {
        work();
      } catch (thrown) {
        return toDeviceError(thrown);
      }
      throw new Error('nothing was thrown');
    };
    assert.deepEqual(
      reportWithout(thrownBy(() => clusterSettings({ url: 'redis://x', name: '{' }, {}))).problem,
      {
        ...{ code: 'INVALID_INPUT', reason: 'clusterSettings', setting: 'name' },
      },
    );
    assert.deepEqual(report(thrownBy(() => checkMemoryPolicy('maxmemory_policy:allkeys-lru'))).problem, {
      ...{ code: 'INVALID_INPUT', reason: 'clusterEviction', policy: 'allkeys-lru' },
    });
    assert.equal(report(undefined).problem, null);
  });
});
