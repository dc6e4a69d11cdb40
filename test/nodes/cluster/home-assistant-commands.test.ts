import assert from 'node:assert/strict';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import { until } from '../../support/fake-clock';
import { loadFlow, type Message, PLACED, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { MemoryCluster } from '../../support/memory-cluster';
import { nodeSet } from '../../support/node-set';

type Heard = (topic: string, payload: Buffer, packet: object) => void;

const ROOT = 'energy-devices/automate-green_c1';
const SET = `${ROOT}/relay/set`;
const CONTROLLER = { id: 'c1', vendor: 'automate-green', model: 'power-controller', name: 'Boiler' };
const BEGUN = 'homeAssistantCommands';
/** ms within which two commands of one topic count as one */
const TOGETHER = 1000;

/** A broker node in this process, which is connected. */
class Broker {
  readonly published = new Set<string>();
  private readonly heard = new Map<string, Map<string, Heard>>();

  readonly set = (RED: NodeAPI): void => {
    const { published, heard } = this;
    function MqttBroker(this: Node, config: NodeDef): void {
      RED.nodes.createNode(this, config);
      Object.assign(this, {
        ...{ connected: true, register: () => undefined },
        deregister: (_user: object, done: () => void) => done(),
        subscribe: (topic: string, _options: object, by: Heard, ref: string) =>
          heard.set(topic, (heard.get(topic) ?? new Map<string, Heard>()).set(ref, by)),
        unsubscribe: (topic: string, ref: string) => heard.get(topic)?.delete(ref),
        publish: ({ topic }: { topic: string }, done: () => void) => {
          published.add(topic);
          done();
        },
      });
    }
    RED.nodes.registerType('mqtt-broker', MqttBroker);
  };

  /** A command of Home Assistant. */
  command(payload: string): void {
    for (const [pattern, users] of this.heard) {
      if (!pattern.endsWith('/set')) continue;
      for (const by of users.values()) by(SET, Buffer.from(payload), { retain: false });
    }
  }
}

describe('commands of Home Assistant while the engine is away', function () {
  this.timeout(60_000);
  let cluster: MemoryCluster;
  let flow: TestFlow;
  let broker: Broker;

  const load = async (): Promise<void> => {
    broker = new Broker();
    flow = await loadFlow(
      [nodeSet('home-assistant-device'), broker.set],
      [
        TAB,
        { id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', clientid: '' },
        {
          ...{ ...PLACED, id: 'ha', type: 'home-assistant-device', broker: 'broker', configVersion: 1 },
          ...{ prefix: 'homeassistant', root: 'energy-devices', birth: '', every: 10, watch: 15 },
          ...{ allowSwitch: true, largestPower: 100, onDelete: 'remove', wires: [['out']] },
        },
        sink('out'),
      ],
    );
  };
  const announced = async (): Promise<void> => {
    await until(() => flow.statusOf('ha').items.at(-1)?.text?.includes('shown.devices') === true);
    broker.published.clear();
    const timestamp = new Date().toISOString();
    flow.send('ha', { device: CONTROLLER, payload: { on: true, type: 'relay', timestamp } });
    await until(() => broker.published.has(`${ROOT}/state`));
  };
  const next = (from = 0): Promise<Message> => flow.at('out').waitFor(() => true, 'a command', { from });
  const carriedOut = (): unknown[] => flow.at('out').items.map(({ payload }) => payload);
  const warnings = (): string[] => flow.log(30).map(({ msg }) => msg);
  const begun = (): unknown[] =>
    ((cluster.keptOf('ha')?.[BEGUN] ?? []) as { payload: string }[]).map(({ payload }) => payload);
  const refused = (): Promise<void> => {
    const before = cluster.unkept;
    return until(() => cluster.unkept > before);
  };

  beforeEach(async () => {
    cluster = new MemoryCluster();
    await load();
    await cluster.owned();
    await announced();
  });
  afterEach(async () => {
    await unloadFlow();
    cluster.close();
  });

  it('are carried out once when it is back, where nobody else has come to own the device', async () => {
    cluster.cut(true);
    const first = refused();
    broker.command('OFF');
    await first;
    assert.deepEqual(carriedOut(), []);
    cluster.cut(false);
    assert.equal((await next()).payload, 'off');
    assert.deepEqual([carriedOut(), begun(), warnings()], [['off'], ['OFF'], []]);
    const isLost = flow.statusOf('ha').items.some(({ text }) => text === 'status.clusterLost');
    assert.equal(isLost, false, 'the lease held throughout');
  });

  it('a newer one takes the place of one that waits', async () => {
    cluster.cut(true);
    const first = refused();
    broker.command('OFF');
    await first;
    // What comes at once after another one of its topic is held back for a moment.
    const passed = Date.now() + 1.1 * TOGETHER;
    await until(() => Date.now() > passed);
    broker.command('ON');
    cluster.cut(false);
    await next();
    assert.deepEqual([carriedOut(), begun(), warnings()], [['on'], ['ON'], []]);
  });

  it('are given up with one warning when it is away for longer, and the next owner begins them', async () => {
    cluster.cut(true);
    broker.command('OFF');
    await until(() => flow.statusOf('ha').items.at(-1)?.text === 'status.clusterLost');
    await until(() => warnings().length > 0);
    assert.deepEqual([carriedOut(), warnings().length, begun()], [[], 1, []]);
    // Nobody has owned it meanwhile, so nobody has carried it out.
    const long = Date.now() + 7000;
    await until(() => Date.now() > long);
    cluster.cut(false);
    await cluster.owned();
    await announced();
    assert.equal((await next()).payload, 'off');
    assert.deepEqual([carriedOut(), begun(), warnings().length], [['off'], ['OFF'], 1]);
  });

  it('end with the node', async () => {
    cluster.cut(true);
    const first = refused();
    broker.command('OFF');
    await first;
    await unloadFlow();
    const { unkept } = cluster;
    const end = Date.now() + 1200;
    await until(() => Date.now() > end);
    assert.equal(cluster.unkept, unkept, 'nothing is tried any more');
    await load();
  });
});
