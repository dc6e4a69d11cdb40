import assert from 'node:assert/strict';

import {
  catching,
  type FlowNode,
  loadFlow,
  payloadOf,
  PLACED,
  sink,
  TAB,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const gate = (settings: object = {}): FlowNode => ({
  ...{ id: 'gate', type: 'cluster-gate', ...PLACED, wires: [['out'], ['owner']], ...settings },
});
const load = (settings?: object) =>
  loadFlow(
    [nodeSet('cluster-gate')],
    [TAB, gate(settings), sink('out'), sink('owner'), sink('caught'), catching()],
  );

describe('cluster-gate without a cluster', () => {
  afterEach(() => unloadFlow());

  it('passes every message as it is, also a command for a device', async () => {
    const flow = await load();
    const msg = {
      topic: 'a',
      payload: { x: 1 },
      commandFor: { vendor: 'powersentrix', id: 'ups' },
      own: [1],
    };
    flow.node('gate').receive({ ...msg });
    const passed = await flow.at('out').waitFor(() => true, 'the message');
    const { topic, payload, commandFor, own } = passed;
    assert.deepEqual({ topic, payload, commandFor, own }, msg);
  });

  it('tells once that this instance owns, on a topic that can be chosen', async () => {
    for (const [settings, topic] of [
      [{}, 'owner'],
      [{ topic: 'house/owner' }, 'house/owner'],
    ] as const) {
      const flow = await load(settings);
      const told = await flow.at('owner').waitFor(() => true, 'who owns');
      assert.equal(told.topic, topic);
      assert.equal(payloadOf(told).owner, true);
      await unloadFlow();
    }
  });
});
