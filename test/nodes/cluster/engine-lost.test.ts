import assert from 'node:assert/strict';

import type { NodeStatus } from 'node-red';

import { type PoweroptiSimulator, startPoweropti } from '../../../simulators/poweropti';
import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import { until } from '../../support/fake-clock';
import {
  catching,
  errorOf,
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
import { lanDevice, portNode } from '../powersentrix/bench';

const TYPES = ['poweropti-device', 'poweropti-meter', 'ups-device', 'ups-port', 'energy-counter'];
const HOUR = 3_600_000;

describe('an engine that is lost', function () {
  this.timeout(60_000);
  let meter: PoweroptiSimulator;
  let ups: PowersentrixSimulator;
  let cluster: MemoryCluster;
  let flow: TestFlow;

  const load = async (whenLost: string, isOn: boolean): Promise<void> => {
    ups.model.outputs[2] = isOn;
    cluster = new MemoryCluster({ ENERGY_DEVICES_CLUSTER_LOST: whenLost });
    flow = await loadFlow(
      TYPES.map(nodeSet),
      [
        TAB,
        { id: 'm', type: 'poweropti-device', host: meter.host, interval: 1, staleAfter: 3600, follow: 'off' },
        { ...PLACED, id: 'meter', type: 'poweropti-meter', device: 'm', wires: [['out'], ['state']] },
        { ...PLACED, id: 'c', type: 'energy-counter', zone: 'UTC', longestGap: 3600, wires: [['sum'], []] },
        lanDevice(ups.url),
        // It waits ten seconds for an owner, and not half a minute.
        portNode({ single: true, port: '2' }),
        ...['out', 'state', 'sum', 'done', 'caught'].map(sink),
        catching(),
      ],
      { m: { apiKey: meter.apiKey }, d: { apiKey: ups.apiKey } },
    );
    await cluster.owned();
    await next('out');
  };
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });
  const lose = async (): Promise<void> => {
    cluster.cut(true);
    await until(() => flow.statusOf('c').items.at(-1)?.text === 'status.clusterLost');
  };
  const readings = (): number => flow.at('out').items.length;
  const switched = (): number => ups.http.log.filter(({ query }) => query.get('fn') === '3').length;

  before(async () => {
    [meter, ups] = await Promise.all([startPoweropti({ apiKey: '1097bd725557' }), startPowersentrix()]);
  });
  afterEach(async () => {
    await unloadFlow();
    cluster.close();
  });
  after(() => Promise.all([meter.close(), ups.close()]));

  it('stop: nothing is read and nothing is switched, and both say so; then everything goes on', async () => {
    await load('stop', true);
    await lose();
    const lost = await flow.at('state').waitFor((msg) => payloadOf(msg).available === false, 'lost');
    assert.equal((payloadOf(lost).reason as { code: string }).code, 'UNREACHABLE');
    assert.equal(flow.statusOf('meter').items.at(-1)?.fill, 'yellow');
    const before = readings();
    flow.send('p', { payload: 'off' });
    const refused = errorOf(await next('caught'));
    assert.equal(refused.code, 'UNREACHABLE');
    assert.deepEqual([readings(), switched()], [before, 0]);
    assert.equal(ups.model.outputs[2], true);
    cluster.cut(false);
    await next('out', before);
    flow.send('p', { payload: 'off' });
    await next('done');
    assert.equal(ups.model.outputs[2], false);
  });

  it('read: who owned last goes on reading, and never switches', async () => {
    await load('read', false);
    await lose();
    const before = readings();
    flow.send('p', { payload: 'on' });
    flow.send('c', { payload: { power: 1000 } });
    const refused = errorOf(await next('caught'));
    assert.equal(refused.code, 'UNREACHABLE');
    assert.ok(readings() > before + 5, 'once a second');
    assert.equal(ups.model.outputs[2], false);
    assert.deepEqual(flow.at('sum').items, [], 'nor is anything counted');
    cluster.cut(false);
    flow.send('p', { payload: 'on' });
    await next('done');
    assert.equal(ups.model.outputs[2], true);
  });

  it('alone: it acts after three times the take-over, and goes on from what it knows, also afterwards', async () => {
    await load('alone', true);
    const start = Date.now() - HOUR;
    const count = async (minutes: number, energyImport: number): Promise<unknown> => {
      const from = flow.at('sum').items.length;
      const timestamp = new Date(start + minutes * 60_000).toISOString();
      flow.send('c', { payload: { timestamp, energyImport } });
      return (payloadOf(await next('sum', from)).year as { import: unknown }).import;
    };
    await until(() => cluster.read.has('c'));
    await count(0, 5000);
    const first = await count(10, 5100);
    cluster.cut(true);
    /** Resolves when it has been without anything since, and acts again. */
    const acts = async (since: number): Promise<void> => {
      const rests = ({ text }: NodeStatus): boolean => /clusterLost|tandby/.test(text ?? '');
      await until(() => {
        const states = flow.statusOf('c').items.slice(since);
        return states.some(rests) && !states.slice(-1).some(rests);
      });
    };
    await acts(flow.statusOf('c').items.length);
    await next('out', readings());
    const second = await count(20, 5300);
    flow.send('p', { payload: 'off' });
    await next('done');
    assert.equal(ups.model.outputs[2], false);
    const since = flow.statusOf('c').items.length;
    cluster.cut(false);
    await acts(since);
    await next('out', readings());
    const third = await count(30, 5600);
    assert.deepEqual([first, second, third], [100, 300, 600]);
  });
});
