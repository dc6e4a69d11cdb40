import assert from 'node:assert/strict';

import { type PowersentrixSimulator, Pusher, startPowersentrix } from '../../simulators/powersentrix';
import { type Runtime, startRuntime } from '../support/runtime';
import { RedisServer } from '../support/redis';
import type { FlowNode } from '../support/user-dir';

interface Report {
  partitions: number;
  lost: boolean;
  problem: { code: string } | null;
  members: { name: string }[];
}

/** Two real Node-REDs of one cluster. */
describe('two Node-REDs with the same flows', function () {
  this.timeout(120_000);
  let ups: PowersentrixSimulator;
  let redis: RedisServer;
  const runtimes: Runtime[] = [];
  let owner: Runtime;
  let other: Runtime;

  const placed = { z: 'tab', x: 200, y: 100 };
  const flow = (): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'rec', type: 'ups-receiver', name: '', path: '/ups' },
    { id: 'dev', type: 'ups-device', name: 'UPS', source: 'lan', url: ups.url, interval: 5 },
    {
      ...{ id: 'dev2', type: 'ups-device', name: 'in the cellar', source: 'push', receiver: 'rec' },
      ...{ cmm: ups.model.cmm, url: '', interval: 300 },
    },
    { ...placed, id: 'st', type: 'ups-status', device: 'dev2', wires: [['debug'], []] },
    {
      ...placed,
      id: 'po',
      type: 'ups-port',
      device: 'dev',
      port: '2',
      action: 'toggle',
      single: true,
      wires: [['debug']],
    },
    { ...placed, id: 'in', type: 'inject', props: [], wires: [['po']] },
    { ...placed, id: 'gate', type: 'cluster-gate', topic: '', wires: [['debug'], []] },
    {
      ...placed,
      id: 'passing',
      type: 'inject',
      props: [{ p: 'topic', v: 'passes', vt: 'str' }],
      wires: [['gate']],
    },
    { ...placed, id: 'ev', type: 'ups-events', scope: 'one', device: 'dev2', wires: [['debug'], []] },
    { ...placed, id: 'surplus', type: 'energy-surplus', wires: [[], []] },
    { ...placed, id: 'catch', type: 'catch', scope: null, wires: [['debug']] },
    { ...placed, id: 'debug', type: 'debug', active: true, complete: 'true', wires: [] },
  ];
  const start = (instance: string, env: Record<string, string> = {}): Promise<Runtime> =>
    startRuntime({
      flows: flow(),
      credentials: { dev: { apiKey: ups.apiKey }, rec: { companyId: 'company', secret: '' } },
      env: {
        ENERGY_DEVICES_CLUSTER: redis.url,
        ENERGY_DEVICES_CLUSTER_TAKEOVER: '4',
        ENERGY_DEVICES_CLUSTER_INSTANCE: instance,
        ...env,
      },
    });
  const report = async (runtime: Runtime): Promise<Report> =>
    (await runtime.request('energy-devices/cluster')).json() as Report;
  const toggles = (): number =>
    ups.http.log.filter(({ query }) => query.get('fn') === '3' && query.get('param1') === '2').length;
  const says = (words: RegExp) => (message: { msg?: unknown }) => words.test(JSON.stringify(message));

  before(async () => {
    redis = await RedisServer.start();
    ups = await startPowersentrix({});
    runtimes.push(...(await Promise.all([start('pi-1'), start('pi-2')])));
    for (;;) {
      const reports = await Promise.all(runtimes.map(report));
      const at = reports.findIndex(({ partitions }) => partitions === 1);
      const [found, rest] = [runtimes[at], runtimes[1 - at]];
      if (found && rest && reports.every(({ members }) => members.length === 2)) {
        [owner, other] = [found, rest];
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
  after(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await ups.close();
    await redis.stop();
  });

  it('one of them reads, and the other says that it stands by', async () => {
    await other.waitForStatus('po', ({ text }) => (text ?? '').startsWith('standby: pi-'));
    assert.equal(other.statusOf('st')?.fill, 'grey');
  });

  it('a command that only the other one got is carried out once, and answered there', async () => {
    const before = toggles();
    await other.request('inject/in', { method: 'POST' });
    await other.waitForDebug(says(/toggle.*verified/));
    assert.equal(toggles() - before, 1);
    assert.ok(!owner.debug.some(says(/toggle.*verified/)));
  });

  it('a push to the other one is told by the owner alone', async () => {
    const pusher = new Pusher(ups.model, { serverUrl: `${other.url}/ups`, companyId: 'company' });
    try {
      assert.equal((await pusher.register()).status, 200);
      assert.equal((await pusher.pushData()).status, 200);
      await owner.waitForDebug(says(/powerSource/));
      assert.ok(!other.debug.some(says(/powerSource/)));
    } finally {
      pusher.close();
    }
  });

  it('what only the owner makes is made there, works, and is quiet elsewhere', async () => {
    await owner.waitForStatus('ev', ({ fill }) => fill === 'green' || fill === 'yellow');
    await other.waitForStatus('ev', ({ fill }) => fill === 'grey');
    await other.waitForStatus('surplus', ({ text }) => (text ?? '').startsWith('standby'));
    // What it was told is kept for whoever owns it next.
    await owner.waitForDebug(says(/registered/));
    assert.ok(!other.debug.some(says(/registered/)));
    for (;;) {
      const kept = await redis.ask('GET', '{energy-devices:node-red}:kept:node:ev');
      if (typeof kept === 'string' && kept.includes('log')) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const { log } of runtimes)
      assert.deepEqual(
        log.filter((line) => line.includes('[error]')),
        [],
      );
  });

  it('a gate lets a message pass at the owner alone', async () => {
    await Promise.all(runtimes.map((runtime) => runtime.request('inject/passing', { method: 'POST' })));
    await owner.waitForDebug(says(/passes/));
    assert.ok(!other.debug.some(says(/passes/)));
  });

  it('a setting that is wrong makes one that owns nothing, and says so', async () => {
    const wrong = await start('pi-3', { ENERGY_DEVICES_CLUSTER_TAKEOVER: '1' });
    runtimes.push(wrong);
    await wrong.waitForLog('takeover');
    await wrong.waitForStatus('po', ({ fill }) => fill === 'red');
    assert.equal((await report(wrong)).problem?.code, 'INVALID_INPUT');
  });
});
