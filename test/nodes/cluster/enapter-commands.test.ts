import assert from 'node:assert/strict';

import { type EnapterSimulator, IDS, startEnapter } from '../../../simulators/enapter';
import { until } from '../../support/fake-clock';
import { loadFlow, type Message, PLACED, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { MemoryCluster } from '../../support/memory-cluster';
import { nodeSet } from '../../support/node-set';

const MODULES = ['connection', 'telemetry', 'command-in', 'command-response'].map((name) =>
  nodeSet(`enapter-${name}`),
);

describe('commands to a device for which several instances may speak', () => {
  let sim: EnapterSimulator;
  let cluster: MemoryCluster;
  let flow: TestFlow;

  /** Begins an instance. */
  const load = async (): Promise<void> => {
    const config = sim.generateConfig(IDS.meter, 'MQTT');
    const of = { ...PLACED, connection: 'c' };
    flow = await loadFlow(
      MODULES,
      [
        TAB,
        { id: 'c', type: 'enapter-connection', name: 'Meter', host: '', propertiesTopic: 'register' },
        { ...of, id: 'in', type: 'enapter-command-in', command: '', timeout: 30, wires: [['out']] },
        { ...of, id: 'r', type: 'enapter-command-response', result: 'completed', wires: [] },
        { ...of, id: 't', type: 'enapter-telemetry', operation: 'telemetry', wires: [['told']] },
        ...['out', 'told'].map(sink),
      ],
      { c: { config: JSON.stringify({ config }) } },
    );
  };
  const connected = (from = 0): Promise<unknown> =>
    flow
      .at('told')
      .waitFor(({ payload }) => (payload as { available: boolean }).available, 'connected', { from });
  const topics = (): { requests: string; responses: string } => {
    const { hardware_id: hardware, channel_id: channel } = sim.store.get(IDS.meter).communication;
    return {
      requests: `v1/to/${String(hardware)}/${String(channel)}/v1/command/requests`,
      responses: `v1/from/${String(hardware)}/${String(channel)}/v1/command/responses`,
    };
  };
  /** Sends a command as the EMS does, also once more. */
  const command = (id: string): Promise<void> =>
    sim.broker.publish(topics().requests, JSON.stringify({ id, name: 'x', arguments: {} }));
  const answer = async (): Promise<{ id: string; state: string; payload: unknown }> => {
    const { json } = await sim.broker.nextPublish(({ topic }) => topic === topics().responses);
    return json as { id: string; state: string; payload: unknown };
  };
  const taken = (): string[] => flow.at('out').items.map((msg) => (msg.command as { id: string }).id);
  const take = (from = 0): Promise<Message> => flow.at('out').waitFor(() => true, 'command', { from });

  beforeEach(async () => {
    sim = await startEnapter();
    cluster = new MemoryCluster();
  });
  afterEach(async () => {
    await unloadFlow();
    cluster.close();
    await sim.close();
  });

  it('one that has been carried out is not carried out by the next owner, which repeats the answer', async () => {
    await load();
    await connected();
    await command('once');
    const first = answer();
    flow.send('r', { ...(await take()), payload: { n: 1 } });
    assert.deepEqual(await first, { id: 'once', state: 'completed', payload: { n: 1 } });
    await until(() => JSON.stringify(cluster.keptOf('c')).includes('completed'));
    await unloadFlow();

    await load();
    await connected();
    const again = answer();
    await command('once');
    assert.deepEqual(await again, { id: 'once', state: 'completed', payload: { n: 1 } });
    await command('other');
    await take();
    assert.deepEqual(taken(), ['other']);
  });

  it('one that an owner began and did not finish is not begun again, and the sender is told', async () => {
    await load();
    await connected();
    await command('open');
    await take();
    // Taken away, and not handed over: what it began is open for ever.
    cluster.takeAll();
    await until(() => sim.broker.open === 0);
    const from = flow.at('told').items.length;
    cluster.leave();
    await connected(from);
    const told = answer();
    await command('open');
    const { state, payload } = await told;
    assert.equal(state, 'error');
    assert.match(JSON.stringify(payload), /nobody knows whether it took effect/);
    assert.deepEqual(taken(), ['open']);
  });

  it('one that cannot be written down is not carried out', async () => {
    await load();
    await connected();
    cluster.cut(true);
    const told = answer();
    await command('early');
    assert.match(JSON.stringify(await told), /not carried out/);
    cluster.cut(false);
    assert.deepEqual(taken(), []);
  });

  it('is connected at the owner alone', async () => {
    await load();
    await connected();
    cluster.takeAll();
    await until(() => sim.broker.open === 0);
    await until(() => flow.statusOf('t').items.at(-1)?.text === 'cluster.standby');
    flow.send('t', { payload: { power: 1 } });
    assert.equal(sim.broker.open, 0);
  });
});
