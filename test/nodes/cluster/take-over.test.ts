import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';

import { type EnapterSimulator, IDS, startEnapter } from '../../../simulators/enapter';
import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import { freePort } from '../../../simulators/support/free-port';
import { until } from '../../support/fake-clock';
import {
  catching,
  type FlowNode,
  loadFlow,
  type Message,
  payloadOf,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { MemoryCluster } from '../../support/memory-cluster';
import { nodeSet } from '../../support/node-set';
import { flowNode, loadSite } from '../powerflex/support';
import { lanDevice, portNode, statusNode } from '../powersentrix/bench';

describe('what an owner goes on with', () => {
  let cluster: MemoryCluster;
  let flow: TestFlow;
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });
  const standby = (id: string): Promise<void> =>
    until(() => flow.statusOf(id).items.at(-1)?.text === 'cluster.standby');

  beforeEach(() => {
    cluster = new MemoryCluster();
  });
  afterEach(async () => {
    await unloadFlow();
    cluster.close();
  });

  describe('powerflex-dcm with a feed of loads', () => {
    let sim: PowerflexSimulator;
    const loads = (): unknown[] =>
      sim.http.log.filter(({ path }) => path.includes('real_time_load')).map(({ body }) => body);

    beforeEach(async () => {
      sim = await startPowerflex();
    });
    afterEach(() => sim.close());

    it('is fed by the owner alone; a new one waits for its first load, then sends the fail-safe load', async () => {
      const feed = {
        operation: 'set_real_time_load',
        minInterval: 0,
        repeatInterval: 0,
        maxAge: 1,
        failSafe: 7,
      };
      cluster.takeAll();
      flow = await loadSite(sim, [flowNode('powerflex-dcm', feed)]);
      await standby('n');
      flow.send('n', { payload: 12 });
      await next('completed');
      assert.deepEqual(loads(), []);
      const begun = performance.now();
      cluster.leave();
      const stale = await next('state');
      assert.equal(payloadOf(stale).available, false);
      assert.ok(performance.now() - begun > 950, 'not before loads could have come');
      await until(() => loads().length === 1);
      assert.match(String(loads()[0]), /7/);
      flow.send('n', { payload: 13 });
      await until(() => loads().length === 2);
      assert.match(String(loads()[1]), /13/);
    });
  });

  describe('a UPS', () => {
    let ups: PowersentrixSimulator;
    let port: number;
    const types = ['ups-device', 'ups-status', 'ups-port', 'ups-nut-server', 'ups-outage-plan'];
    const load = async (nodes: FlowNode[]): Promise<void> => {
      flow = await loadFlow(
        types.map(nodeSet),
        [TAB, lanDevice(ups.url), ...nodes, ...['commands', 'records', 'answers', 'events', 'nut'].map(sink)],
        { d: { apiKey: ups.apiKey }, server: { password1: 'a password' } },
      );
    };
    const listens = async (): Promise<boolean> => {
      const socket = net.connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        return true;
      } catch {
        return false;
      } finally {
        socket.destroy();
      }
    };

    beforeEach(async () => {
      ups = await startPowersentrix();
      port = await freePort();
    });
    afterEach(() => ups.close());

    it('is served to its hosts by the owner alone, and the next one knows that they are going down', async () => {
      const nodes = [
        statusNode({ wires: [[], []] }),
        {
          ...{ ...PLACED, id: 'server', type: 'ups-nut-server', device: 'd', host: '127.0.0.1', port },
          ...{ user1: 'monuser', wires: [['events'], ['nut']] },
        },
      ];
      const isListening = ({ payload }: Message): boolean => (payload as { listening: boolean }).listening;
      ups.model.setMains(false);
      await load(nodes);
      await flow.at('nut').waitFor(isListening, 'the server');
      flow.send('server', { payload: { fsd: true } });
      await flow.at('events').waitFor(({ topic }) => topic === 'fsd', 'FSD');
      cluster.takeAll();
      await standby('server');
      assert.equal(await listens(), false);
      const from = flow.at('events').items.length;
      cluster.leave();
      await until(() => cluster.read.has('server'));
      await flow.at('events').waitFor(({ topic }) => topic === 'fsd', 'FSD again', { from });
      assert.equal(await listens(), true);
    });

    it('has an outage of which the next owner knows what the one before has cut', async () => {
      const nodes = [
        statusNode({ wires: [['plan'], ['plan']] }),
        portNode({ port: '', action: 'msg', wires: [['plan', 'answers']] }),
        {
          ...{ ...PLACED, id: 'plan', type: 'ups-outage-plan', device: 'd', server: '', needed: '' },
          ...{ stable: 0, charge: 0, pause: 0, finish: 0, offBelow: '', restoreVoltage: '' },
          steps: [{ action: 'off', port: 4, after: 0, wait: 'none' }],
          wires: [['p', 'commands'], [], ['records']],
        },
      ];
      ups.model.setMains(false);
      await load(nodes);
      await cluster.owned();
      flow.send('s', { payload: 1 });
      assert.deepEqual((await next('commands')).payload, { port: 4, action: 'off' });
      await next('answers');
      assert.equal(ups.model.outputs[4], false);
      await unloadFlow();

      ups.model.setMains(true);
      await load(nodes);
      await cluster.owned();
      await until(() => cluster.read.has('plan'));
      flow.send('s', { payload: 1 });
      const { steps } = payloadOf(await next('records')) as { steps: Record<string, unknown>[] };
      assert.deepEqual(
        steps.map(({ action, port: cut, result }) => [action, cut, result]),
        [['off', 4, 'off']],
      );
    });
  });

  describe('a command for a device of Enapter', () => {
    let sim: EnapterSimulator;
    beforeEach(async () => {
      sim = await startEnapter();
    });
    afterEach(() => sim.close());

    it('is carried out once for one id, by the owner alone', async () => {
      const load = async (): Promise<void> => {
        flow = await loadFlow(
          ['enapter-account', 'enapter-device'].map(nodeSet),
          [
            TAB,
            { id: 'a', type: 'enapter-account', url: sim.url },
            flowNode('enapter-device', { account: 'a', operation: 'update', deviceId: IDS.meter }),
            ...['out', 'caught'].map(sink),
            catching(),
          ],
          { a: { token: sim.token } },
        );
      };
      const changes = (): number => sim.http.log.filter(({ method }) => method === 'PATCH').length;
      const command = { payload: { name: 'Another name' }, commandId: 'one' };
      cluster.takeAll();
      await load();
      await standby('n');
      flow.send('n', { ...command });
      // Its owner may turn out to be dead: who is the next one uses its copy.
      cluster.leave();
      await next('out');
      assert.equal(changes(), 1);
      await unloadFlow();
      await load();
      await cluster.owned();
      flow.send('n', { ...command });
      flow.send('n', { ...command, commandId: 'two' });
      await next('out');
      assert.equal(changes(), 2);
    });
  });
});
