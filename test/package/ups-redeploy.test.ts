import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type PowersentrixCloud, startPowersentrixCloud, UpsModel } from '../../simulators/powersentrix';
import { type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

describe('UPS nodes that name their config node by a variable', () => {
  it('go on with the one in its place after a partial deploy, or say that it is lost', async () => {
    const first = await startPowersentrixCloud({ upses: new Map([['42', new UpsModel()]]) });
    const model = new UpsModel();
    const second = await startPowersentrixCloud({ upses: new Map([['42', model]]) });
    const runtime = await startRuntime({ env: { UPS_ACCOUNT: 'acc1', UPS_DEVICE: 'dev1' } });
    const inTab = { z: 'tab1', x: 100, device: '${UPS_DEVICE}' };
    const flows = (cloud: PowersentrixCloud | undefined, interval = 5): FlowNode[] => [
      { id: 'tab1', type: 'tab', label: 'test' },
      ...(cloud
        ? [
            {
              id: 'acc1',
              type: 'powersentrix-account',
              url: cloud.url,
              credentials: { email: cloud.email, password: cloud.password },
            },
          ]
        : []),
      { id: 'dev1', type: 'ups-device', source: 'cloud', account: '${UPS_ACCOUNT}', upsId: '42', interval },
      { id: 'st1', type: 'ups-status', ...inTab, y: 100, wires: [[], ['debug1']] },
      { id: 'ev1', type: 'ups-events', ...inTab, y: 200, events: ['status'], wires: [['debug1'], []] },
      { id: 'po1', type: 'ups-port', ...inTab, y: 300, port: '3', action: 'toggle', wires: [['debug1']] },
      { id: 'in1', type: 'inject', z: 'tab1', x: 100, y: 400, props: [], wires: [['po1']] },
      { id: 'catch1', type: 'catch', z: 'tab1', x: 100, y: 500, scope: null, wires: [['debug1']] },
      { id: 'debug1', type: 'debug', z: 'tab1', x: 300, y: 100, active: true, complete: 'true', wires: [] },
    ];
    const works = (): Promise<unknown> => runtime.waitForStatus('st1', ({ fill }) => fill === 'green');
    const told = (text: string, from: number): Promise<unknown> =>
      runtime.waitForDebug(({ msg }) => String(msg).includes(text), { from });
    try {
      await runtime.deploy(flows(first));
      await works();

      const moved = second.http.nextRequest(({ path }) => path.endsWith('getUpsComplexObject'));
      await runtime.deploy(flows(second), { type: 'nodes' });
      await moved;
      let from = runtime.debug.length;
      await runtime.post('inject/in1', {});
      await told('"verified":true', from);

      from = runtime.debug.length;
      await runtime.deploy(flows(undefined), { type: 'nodes' });
      await told('"available":false', from);
      from = runtime.debug.length;
      await runtime.post('inject/in1', {});
      await told('INVALID_INPUT', from);

      // The UPS is deployed without its account, which comes later.
      await runtime.deploy(flows(undefined, 6), { type: 'nodes' });
      from = runtime.debug.length;
      await runtime.deploy(flows(second, 6), { type: 'nodes' });
      await told('"available":true', from);
      from = runtime.debug.length;
      model.setMains(false);
      await told('mainsLost', from);
    } finally {
      await runtime.stop();
      await first.close();
      await second.close();
    }
    // Readings five seconds apart.
  }).timeout(90_000);
});

describe('ups-events over a restart of Node-RED', () => {
  for (const [what, config] of [
    ['a context store', {}],
    ['a context store that answers later', { cache: false }],
  ] as const) {
    it(`sends what was logged meanwhile, once, and nothing of what was sent before: ${what}`, async () => {
      await restart({ module: 'localfilesystem', config });
      // Two starts of Node-RED, and readings five seconds apart.
    }).timeout(60_000);
  }

  async function restart(store: object): Promise<void> {
    const model = new UpsModel();
    const cloud = await startPowersentrixCloud({ upses: new Map([['42', model]]) });
    const userDir = mkdtempSync(join(tmpdir(), 'energy-restart-'));
    const options = { userDir, settings: { contextStorage: { default: store } } };
    const nodes: FlowNode[] = [
      { id: 'tab1', type: 'tab', label: 'test' },
      {
        id: 'acc1',
        type: 'powersentrix-account',
        url: cloud.url,
        credentials: { email: cloud.email, password: cloud.password },
      },
      { id: 'dev1', type: 'ups-device', source: 'cloud', account: 'acc1', upsId: '42', interval: 5 },
      {
        id: 'ev1',
        type: 'ups-events',
        z: 'tab1',
        x: 100,
        y: 100,
        device: 'dev1',
        events: ['log', 'status'],
        wires: [['debug1'], []],
      },
      {
        id: 'debug1',
        type: 'debug',
        z: 'tab1',
        x: 300,
        y: 100,
        active: true,
        complete: 'payload',
        wires: [],
      },
    ];
    // Node-RED writes notices of its own into the debug sidebar as well.
    const descriptions = (runtime: Runtime): string[] =>
      runtime.debug
        .filter(({ id }) => id === 'debug1')
        .map(({ msg }) => (JSON.parse(String(msg)) as { description: string }).description);
    const pulled = (): Promise<unknown> => cloud.http.nextRequest(({ path }) => path.endsWith('getUpsLogs'));
    model.record('I/OLD', 'before the first start');
    let reached = pulled();
    let runtime = await startRuntime(options);
    try {
      await runtime.deploy(nodes);
      await reached;
      model.record('I/A', 'while it runs');
      await runtime.waitForDebug(({ msg }) => String(msg).includes('while it runs'));
      await runtime.stop();
      model.record('I/B', 'while it is down');
      model.setPort(0, false);
      reached = pulled();
      // Nothing is read before the test listens.
      cloud.faults.add({ kind: 'status', status: 503 });
      runtime = await startRuntime(options);
      cloud.faults.clear();
      await reached;
      await runtime.waitForDebug(({ msg }) => String(msg).includes('while it is down'));
      await runtime.waitForDebug(({ msg }) => String(msg).includes('portChanged'));
      reached = pulled();
      await reached;
      assert.deepEqual(descriptions(runtime).sort(), ['Output 1 turned OFF', 'Router', 'while it is down']);
    } finally {
      await runtime.stop();
      await cloud.close();
      rmSync(userDir, { recursive: true, force: true });
    }
  }
});
