import assert from 'node:assert/strict';

import { type PoweroptiSimulator, startPoweropti } from '../../simulators/poweropti';
import { type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

const KEY = 'k3y/with+odd chars';

/** What a real Node-RED does with the poweropti nodes, over many deploys. */
describe('poweropti in a real Node-RED', () => {
  let sim: PoweroptiSimulator;
  let runtime: Runtime;

  const flow = (apiKey: string, more: Partial<FlowNode> = {}): FlowNode[] => [
    { id: 'tab1', type: 'tab', label: 'test' },
    {
      id: 'dev1',
      type: 'poweropti-device',
      name: '',
      host: '${METER_HOST}',
      interval: 1,
      staleAfter: 60,
      configVersion: 1,
      credentials: { apiKey },
      ...more,
    },
    {
      id: 'meter1',
      type: 'poweropti-meter',
      z: 'tab1',
      x: 100,
      y: 100,
      device: 'dev1',
      deadband: 0,
      raw: true,
      wires: [['debug1'], ['debug1']],
    },
    { id: 'ask1', type: 'inject', z: 'tab1', x: 100, y: 200, props: [], wires: [['meter1']] },
    { id: 'catch1', type: 'catch', z: 'tab1', x: 100, y: 300, scope: null, wires: [['debug1']] },
    { id: 'status1', type: 'status', z: 'tab1', x: 100, y: 400, scope: null, wires: [['debug1']] },
    { id: 'debug1', type: 'debug', z: 'tab1', x: 300, y: 100, active: true, complete: 'true', wires: [] },
  ];

  before(async () => {
    sim = await startPoweropti({ apiKey: KEY });
    runtime = await startRuntime({
      env: { METER_HOST: sim.host, METER_KEY: KEY },
      settings: { logging: { console: { level: 'trace', metrics: false, audit: false } } },
    });
  });
  after(async () => {
    await runtime.stop();
    await sim.close();
  });

  it('takes address and key from the environment', async () => {
    await runtime.deploy(flow('${METER_KEY}'));
    await runtime.waitForStatus('meter1', (status) => status.fill === 'green');
  });

  it('tells a node of a partial deploy what is known of its device', async () => {
    for (const changed of ['one', 'two']) {
      const from = runtime.debug.length;
      const nodes = flow('${METER_KEY}').map((node) =>
        node.id === 'meter1' ? { ...node, name: changed } : node,
      );
      await runtime.deploy(nodes, { type: 'nodes' });
      await runtime.waitForDebug((message) => JSON.stringify(message).includes('available'), { from });
    }
  });

  it('leaves nothing behind after a hundred deploys', async () => {
    for (let i = 0; i < 100; i++) {
      const nodes = flow(KEY, { name: `deploy ${i}` });
      await runtime.deploy(nodes, { type: i % 2 ? 'full' : 'nodes' });
    }
    // Two polls of the last deploy: one poller is left, on one connection.
    await sim.http.nextRequest();
    const from = sim.http.counters.requests;
    const begun = Date.now();
    for (let i = 0; i < 3; i++) await sim.http.nextRequest();
    const elapsed = Date.now() - begun;
    assert.ok(elapsed > 1900, `${sim.http.counters.requests - from} requests in ${elapsed} ms`);
    assert.equal(sim.http.counters.openConnections, 1);
    assert.equal(sim.http.counters.maxInFlight, 1);

    // As long as another meter is read three times, a poller that was left would have read this one.
    const other = await startPoweropti({ apiKey: KEY });
    try {
      await runtime.deploy(flow(KEY, { host: other.host }));
      const after = sim.http.counters.requests;
      for (let i = 0; i < 3; i++) await other.http.nextRequest();
      assert.equal(sim.http.counters.requests, after);
      await runtime.deploy([{ id: 'tab1', type: 'tab', label: 'empty' }]);
    } finally {
      await other.close();
    }
  });

  it('registers its admin routes once, however often it is deployed', async () => {
    const reply = await runtime.post('energy-devices/poweropti-device/none/test', {
      settings: { host: sim.host },
      credentials: { apiKey: KEY },
    });
    assert.equal((reply.json() as { ok: boolean }).ok, true);
  });

  it('shows the key nowhere: messages, errors, status, log, flows, diagnostics', async () => {
    await runtime.deploy(flow(KEY));
    await runtime.waitForStatus('meter1', (status) => status.fill === 'green');
    for (const status of [401, 500, 404]) {
      sim.faults.add({ kind: 'status', status, times: 1, body: `{"message":"${KEY}"}` });
      const from = runtime.debug.length;
      await runtime.post('inject/ask1', {});
      await runtime.waitForDebug((message) => JSON.stringify(message).includes('error'), { from });
    }
    await runtime.deploy(flow(`${KEY} wrong`));
    await runtime.waitForStatus('meter1', (status) => status.fill === 'red');
    const diagnostics = await runtime.get('energy-devices/poweropti-device/dev1/diagnostics');
    assert.equal(diagnostics.status, 200);

    const everything = [
      JSON.stringify(runtime.debug),
      runtime.log.join('\n'),
      JSON.stringify(await runtime.flows()),
      diagnostics.text,
    ];
    const spellings = [
      KEY,
      encodeURIComponent(KEY),
      JSON.stringify(KEY).slice(1, -1),
      Buffer.from(KEY).toString('base64'),
    ];
    for (const text of everything) {
      assert.ok(text.length > 100);
      for (const spelling of spellings)
        assert.ok(!text.includes(spelling), `${spelling} in ${text.slice(0, 300)}`);
    }
  });
});

describe('admin routes under adminAuth', () => {
  let runtime: Runtime;
  before(async () => {
    runtime = await startRuntime({ adminAuth: true });
  });
  after(async () => {
    await runtime.stop();
  });

  it('let readers look, let only editors test, and let strangers do nothing', async () => {
    const reader = await runtime.login('reader');
    const test = 'energy-devices/poweropti-device/x/test';
    const diagnostics = 'energy-devices/poweropti-device/x/diagnostics';
    const statusOf = async (token: string | null): Promise<number[]> => [
      (await runtime.post(test, {}, { token })).status,
      (await runtime.get(diagnostics, { token })).status,
    ];
    assert.deepEqual(await statusOf(null), [401, 401]);
    assert.deepEqual(await statusOf(reader), [401, 404]);
    assert.deepEqual(await statusOf(await runtime.login('admin')), [200, 404]);
  });
});
