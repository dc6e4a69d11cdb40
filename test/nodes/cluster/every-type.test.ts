import assert from 'node:assert/strict';

import type { NodeAPI } from 'node-red';

import { clusterOf } from '../../../nodes/shared/cluster';
import { projectRoot, readManifest } from '../../../scripts/support/project-root';
import { IDS } from '../../../simulators/enapter';
import { freePort } from '../../../simulators/support/free-port';
import { type Devices, everyCredentials, everyNode, nodeOf, startDevices } from '../../support/every-dialog';
import { until } from '../../support/fake-clock';
import { nodeRedCore } from '../../support/find-node-red';
import {
  completing,
  errorOf,
  catching,
  type FlowNode,
  loadFlow,
  type Message,
  sink,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { MemoryCluster } from '../../support/memory-cluster';
import { nodeSet } from '../../support/node-set';

/** What a node of a type is where several instances share the work, and with which settings it is looked at. */
interface Row {
  /** a message that it gets; missing: it takes none */
  message?: Message;
  /** it tells something by itself when it is owned, or for the message */
  tells?: true;
  /** where a sender waits (`msg.res`), it is read here, or carried out by the owner */
  answers?: true;
  /** what it keeps for the next owner, by name; missing: nothing */
  keeps?: string;
  settings?: FlowNode;
}

const HOUR = 3_600_000;
const STATE = 'energyDevicesState';
const now = new Date().toISOString();
const session = {
  ...{ stationId: '101', start: new Date(Date.now() - 3 * HOUR).toISOString(), energy: 7000 },
  end: new Date(Date.now() - HOUR).toISOString(),
};
const prices = Array.from({ length: 12 }, (_, n) => ({
  start: new Date(Math.floor(Date.now() / HOUR) * HOUR + n * HOUR).toISOString(),
  price: 0.2 + n / 100,
}));

/** Each type of the package: what it keeps and does is looked at, and what is missing here is noticed. */
const ROWS: Readonly<Record<string, Row>> = {
  'poweropti-device': {},
  'poweropti-meter': { message: {}, tells: true, answers: true },
  'powersentrix-account': {},
  'ups-receiver': { keeps: 'upsRegistrations' },
  'ups-device': { keeps: 'energyDevicesUps' },
  'ups-status': { message: {}, tells: true, answers: true },
  'ups-port': { message: { payload: 'off' }, tells: true, answers: true },
  'ups-outage-plan': { message: { payload: { available: true } }, keeps: STATE },
  'ups-events': { keeps: 'energyDevicesUpsEvents' },
  'ups-nut-server': { message: { payload: { fsd: true } }, tells: true, keeps: 'energyDevicesNut' },
  'powercontroller-account': {},
  'powercontroller-command': { message: { payload: 'on' }, tells: true, answers: true },
  'powercontroller-status': { message: {}, tells: true, answers: true, keeps: 'powercontroller-watch' },
  'powerflex-site': {},
  'powerflex-dcm': {
    message: { payload: 30 },
    tells: true,
    answers: true,
    keeps: 'powerflexSignals',
    settings: { operation: 'set_external_signal', signalName: 'grid', maxLoadUnit: 'kW', restoreAfter: 60 },
  },
  'powerflex-measurements': { message: {}, tells: true, answers: true },
  'enapter-account': {},
  'enapter-connection': { keeps: 'enapterCommands' },
  'enapter-device': { message: {}, tells: true, answers: true },
  'enapter-telemetry': { message: { payload: { power: 1 } }, tells: true },
  'enapter-command-in': { tells: true },
  'enapter-command-response': { message: { payload: 1 } },
  'energy-demand': { message: { payload: { power: 1000, timestamp: now } }, tells: true, keeps: STATE },
  'energy-counter': { message: { payload: { power: 1000, timestamp: now } }, tells: true, keeps: STATE },
  'energy-surplus': { message: { payload: { power: -9000 } }, tells: true, keeps: STATE },
  'energy-price-plan': { message: { payload: { priceData: prices } }, tells: true, keeps: STATE },
  'energy-metrics': { message: { payload: { power: 1000 } } },
  'charging-report': { message: { payload: [session] }, tells: true, keeps: STATE },
  'grid-event-log': { message: { payload: { power: 1000 } }, keeps: STATE },
  'cluster-gate': { message: { payload: 1 }, tells: true },
  'home-assistant-device': { message: { payload: { power: 1 } } },
};

describe('each node type, where several instances share the work', function () {
  this.timeout(60_000);
  const types = Object.keys(readManifest(projectRoot())['node-red'].nodes);
  let devices: Devices;
  let closeDevices: () => Promise<void>;
  let cluster: MemoryCluster;
  let flow: TestFlow;
  let nutPort: number;
  let red: NodeAPI;

  /** Begins an instance with a node of each type, wired to a sink of its own. */
  const load = async (): Promise<void> => {
    // What a dialog gives comes out of a context of its own.
    const given = JSON.parse(JSON.stringify(everyNode(devices, nutPort))) as FlowNode[];
    const nodes = given.map((node) => {
      const type = String(node.type);
      const { settings } = ROWS[type] ?? {};
      const wires = (node.wires as unknown[] | undefined)?.map(() => [`told-${type}`]);
      const made: FlowNode = { ...node, ...settings, ...(wires ? { wires } : {}) };
      return made;
    });
    const inFlow = nodes.filter((node: FlowNode) => node.wires !== undefined);
    flow = await loadFlow(
      [...types.map(nodeSet), nodeRedCore('network/10-mqtt.js') as never, (given) => void (red = given)],
      [
        ...nodes,
        ...[
          ...inFlow.map(({ type }) => sink(`told-${String(type)}`)),
          ...['caught', 'completed'].map(sink),
          catching(),
          completing(...inFlow.map(({ id }) => id as string)),
        ].map((node) => ({ ...node, z: inFlow[0]?.z })),
      ],
      everyCredentials(devices),
    );
  };
  const flowTypes = (): string[] => types.filter((type) => ROWS[type]?.message !== undefined);
  const keeping = (): string[] => types.filter((type) => ROWS[type]?.keeps !== undefined);
  const tells = (type: string, from = 0): Promise<Message> =>
    flow.at(`told-${type}`).waitFor(() => true, `a message of ${type}`, { from });
  const sendAll = (): void => {
    for (const type of flowTypes())
      flow.send(nodeOf(type), structuredClone({ ...ROWS[type]?.message, of: type }));
  };
  const shown = (type: string): string | undefined => flow.statusOf(nodeOf(type)).items.at(-1)?.text;
  const nodeTypes = (): string[] =>
    everyNode(devices, nutPort).flatMap(({ type, wires }) => (wires === undefined ? [] : [type]));
  const asked = (): number => {
    const { meter, ups, cloud, controller, powerflex, enapter } = devices;
    const servers = [meter, ups, cloud, controller, powerflex, enapter];
    return servers.reduce((sum, { http }) => sum + http.log.length, enapter.broker.counters.connections);
  };
  const keptNames = (): Record<string, string[]> =>
    Object.fromEntries(types.map((type) => [type, Object.keys(cluster.keptOf(nodeOf(type)) ?? {})]));

  before(async () => {
    ({ devices, close: closeDevices } = await startDevices());
    nutPort = await freePort();
    devices.powerflex.site.signals.set('grid', {
      ...{ name: 'grid', max_load: 100, max_load_unit: 'kW', is_enabled: true },
    });
    cluster = new MemoryCluster();
    cluster.takeAll();
    await load();
  });
  after(async () => {
    await unloadFlow();
    cluster.close();
    await closeDevices();
  });

  it('has a row in this table', () => {
    assert.deepEqual(Object.keys(ROWS).sort(), [...types].sort());
  });

  it('stands by where another instance owns it: reads nothing, tells nothing, and says who does', async () => {
    sendAll();
    // A copy of a command is kept for as long as its owner may turn out to be dead.
    await until(() => flow.at('completed').items.length === flowTypes().length);
    const completed = flow.at('completed').items.map(({ of }) => of);
    assert.deepEqual(completed.sort(), flowTypes().sort());
    for (const type of nodeTypes()) {
      assert.equal(shown(type), 'cluster.standby', type);
      const told = flow.at(`told-${type}`).items.map(({ topic, payload }) => ({ topic, payload }));
      if (type === 'cluster-gate') assert.equal((told.shift()?.payload as { owner: boolean }).owner, false);
      assert.deepEqual(told, [], type);
    }
    assert.deepEqual(flow.at('caught').items.map(errorOf), []);
    assert.equal(asked(), 0, 'no device was asked for anything');
    assert.deepEqual([...cluster.store.kept], [], 'and nothing was kept');
    assert.equal(clusterOf(red)?.report.copiesDropped, flowTypes().length);
  });

  it('refuses at once what a sender waits for, where only the owner could respond', async () => {
    const owners = flowTypes().filter((type) => !ROWS[type]?.answers);
    for (const type of owners) flow.send(nodeOf(type), { ...ROWS[type]?.message, of: type, res: {} });
    await until(() => flow.at('caught').items.length === owners.length);
    const caught = flow.at('caught').items.map((msg) => [msg.of, errorOf(msg).code]);
    assert.deepEqual(caught.sort(), owners.map((type) => [type, 'NOT_SUPPORTED']).sort());
    assert.equal(asked(), 0, 'no device was asked for anything');
  });

  it('works when this instance comes to own it', async () => {
    cluster.leave();
    await until(() => nodeTypes().every((type) => !shown(type)?.includes('tandby')));
    await until(() => keeping().every((type) => cluster.read.has(nodeOf(type))));
    await tells('enapter-telemetry');
    sendAll();
    const running = devices.enapter.execute(IDS.meter, 'start');
    const command = await tells('enapter-command-in');
    flow.send(nodeOf('enapter-command-response'), { ...command, payload: 1 });
    assert.equal((await running).state, 'SUCCESS');
    for (const type of types.filter((one) => ROWS[one]?.tells)) {
      await tells(type);
      const { keeps } = ROWS[type] ?? {};
      if (keeps !== undefined) assert.ok(cluster.read.has(nodeOf(type)), `${type} has read before it told`);
    }
  });

  it('keeps what it knows, and nothing that this table does not name', async () => {
    await unloadFlow();
    const expected = Object.fromEntries(types.map((type) => [type, [ROWS[type]?.keeps ?? []].flat()]));
    assert.deepEqual(keptNames(), expected);
  });

  it('goes on from that at the next owner', async () => {
    const before = new Map(cluster.store.kept);
    await load();
    await cluster.owned();
    await until(() => keeping().every((type) => cluster.read.has(nodeOf(type))));
    await until(() => nodeTypes().every((type) => !shown(type)?.includes('tandby')));
    await unloadFlow();
    for (const type of keeping()) {
      const name = `node:${nodeOf(type)}`;
      assert.equal(timeless(cluster.store.kept.get(name)), timeless(before.get(name)), type);
    }
    await load();
  });
});

/** What is kept, without times, durations, digests, and that a hand-over interrupts a record of power. */
function timeless(text: string | undefined): string | undefined {
  return text
    ?.replace(/"(?:left|age|held|ms)":[\d.]+|"open":(?:true|false)/g, '')
    .replace(/"digest":"\w+"/g, '')
    .replace(/\b\d{10,}(?:\.\d+)?\b/g, 'time');
}
