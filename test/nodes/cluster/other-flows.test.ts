import assert from 'node:assert/strict';

import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import { until } from '../../support/fake-clock';
import {
  catching,
  errorOf,
  loadFlow,
  type Message,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { MemoryCluster } from '../../support/memory-cluster';
import { nodeSet } from '../../support/node-set';
import { lanDevice, portNode } from '../powersentrix/bench';

describe('an instance with another flow file', function () {
  this.timeout(30_000);
  let ups: PowersentrixSimulator;
  let cluster: MemoryCluster;
  let flow: TestFlow;

  /** @param port that is switched, by the flow file of this instance */
  const load = async (port: string): Promise<void> => {
    flow = await loadFlow(
      ['ups-device', 'ups-port'].map(nodeSet),
      [
        TAB,
        lanDevice(ups.url),
        portNode({ single: true, action: 'msg', port }),
        ...['done', 'caught'].map(sink),
        catching(),
      ],
      { d: { apiKey: ups.apiKey } },
    );
  };
  const next = (id: string): Promise<Message> => flow.at(id).waitFor(() => true, id);
  const shown = (): string | undefined => flow.statusOf('p').items.at(-1)?.text;
  const letters = (kind: string): Record<string, unknown>[] =>
    (cluster.store.streams.get('other') ?? [])
      .map(({ text }) => JSON.parse(text) as Record<string, unknown>)
      .filter(({ t }) => t === kind);
  /** What this instance asks the owner for a command. */
  const asked = async (port: string): Promise<Record<string, unknown>> => {
    cluster.takeAll();
    await load(port);
    await until(() => shown() === 'cluster.standby');
    flow.send('p', { payload: 'off' });
    await until(() => letters('ask').length > 0);
    const [letter] = letters('ask');
    assert.ok(letter);
    return letter;
  };

  beforeEach(async () => {
    ups = await startPowersentrix();
    ups.model.outputs[2] = true;
    ups.model.outputs[3] = true;
    cluster = new MemoryCluster();
  });
  afterEach(async () => {
    await unloadFlow();
    cluster.close();
    await ups.close();
  });

  it('shows that its own is not in force, and that it is when the last of the other has left', async () => {
    cluster.takeAll('of another flow file');
    await load('3');
    await until(() => shown() === 'cluster.standbyFlows');
    cluster.leave();
    await cluster.owned();
    flow.send('p', { payload: 'off' });
    await next('done');
    assert.deepEqual([ups.model.outputs[2], ups.model.outputs[3]], [true, false]);
  });

  it('refuses a command of one whose flow file has another port for the node, and takes one of its own', async () => {
    const before = await asked('2');
    await unloadFlow();
    cluster.leave();
    await load('3');
    await cluster.owned();
    cluster.letter({ ...before, from: 'other', at: Date.now() });
    await until(() => letters('answer').length > 0);
    const error = letters('answer')[0]?.error as { code: string; reason: string; sent: boolean };
    assert.deepEqual([error.code, error.reason, error.sent], ['CONFLICT', 'clusterOtherSettings', false]);
    assert.deepEqual([ups.model.outputs[2], ups.model.outputs[3]], [true, true]);
    await unloadFlow();
    await load('2');
    await cluster.owned();
    cluster.letter({ ...before, from: 'other', at: Date.now() });
    await until(() => letters('answer').length > 1);
    assert.equal(letters('answer')[1]?.error, undefined);
    assert.deepEqual([ups.model.outputs[2], ups.model.outputs[3]], [false, true]);
  });

  it('tells who waits that the owner has refused', async () => {
    const { id } = await asked('3');
    const error = { code: 'CONFLICT', reason: 'clusterOtherSettings', message: 'm', sent: false, params: {} };
    cluster.letter({ t: 'answer', id, error });
    assert.equal(errorOf(await next('caught')).code, 'CONFLICT');
  });
});
