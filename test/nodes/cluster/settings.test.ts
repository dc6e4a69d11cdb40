import assert from 'node:assert/strict';

import type { NodeAPI } from 'node-red';
import helper from 'node-red-node-test-helper';

import { clusterOf, dutyOf } from '../../../nodes/shared/cluster';
import { loadFlow, PLACED, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const URL = 'redis://127.0.0.1:9';

/** What stands at `energyDevices.cluster` in `settings.js`: a cluster that cannot be made of it is never none, and never silent. */
describe('a setting of a cluster', () => {
  let flow: TestFlow;
  let red: NodeAPI;

  const load = async (cluster: unknown): Promise<void> => {
    helper.settings({ energyDevices: { cluster } });
    flow = await loadFlow(
      [nodeSet('cluster-gate'), (given) => void (red = given)],
      [
        TAB,
        { ...PLACED, id: 'gate', type: 'cluster-gate', wires: [['out'], ['owner']] },
        ...['out', 'owner'].map(sink),
      ],
    );
  };
  const problems = (): string[] =>
    helper
      .log()
      .args.map(([entry]) => String(entry.msg))
      .filter((line) => line.includes('[energy-devices]'));

  afterEach(async () => {
    await unloadFlow();
    helper.settings({});
  });

  for (const given of [undefined, null, false, '', ' ', {}]) {
    it(`is none, and everything runs: ${JSON.stringify(given)}`, async () => {
      await load(given);
      assert.equal(clusterOf(red), undefined);
      flow.send('gate', { payload: 1 });
      await flow.at('out').waitFor(() => true, 'the message');
      assert.deepEqual(problems(), []);
    });
  }

  for (const given of [0, 1, true, [], ['x'], 'on', 'http://host', { name: 'x' }, { url: '' }, { url: 7 }]) {
    it(`is wrong, which is logged and reported: ${JSON.stringify(given)}`, async () => {
      await load(given);
      const duty = dutyOf(red, flow.node('gate'));
      assert.deepEqual([duty?.active, duty?.standby?.text], [false, 'status.clusterSettings']);
      assert.match(problems().join('\n'), /clusterSettings|"url"/);
      assert.deepEqual(clusterOf(red)?.report.problem, {
        ...{ code: 'INVALID_INPUT', reason: 'clusterSettings', setting: 'url' },
      });
    });
  }

  for (const given of [URL, { url: URL }]) {
    it(`makes a member: ${JSON.stringify(given)}`, async () => {
      await load(given);
      assert.equal(clusterOf(red)?.report.name, 'node-red');
    });
  }
});
