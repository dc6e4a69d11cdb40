import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type PowercontrollerSimulator, startPowercontroller } from '../../simulators/powercontroller';
import { type DebugMessage, type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

const TOKEN = 't0ken/with+odd chars';

interface Sent {
  payload?: { type?: string; reason?: string };
}

/** What a real Node-RED does with the power controller nodes, over deploys and a restart. */
describe('powercontroller in a real Node-RED', () => {
  let sim: PowercontrollerSimulator;
  let userDir: string;

  const flow = (more: Partial<FlowNode> = {}): FlowNode[] => [
    { id: 'tab1', type: 'tab', label: 'test' },
    {
      id: 'acc1',
      type: 'powercontroller-account',
      name: '',
      url: sim.url,
      durationKey: 'time',
      credentials: { token: TOKEN },
    },
    {
      id: 'watch1',
      type: 'powercontroller-status',
      z: 'tab1',
      x: 100,
      y: 100,
      account: 'acc1',
      deviceId: sim.deviceId,
      operation: 'watch',
      interval: 10,
      wires: [['debug1'], []],
      ...more,
    },
    { id: 'ask1', type: 'inject', z: 'tab1', x: 100, y: 200, props: [], wires: [['watch1']] },
    { id: 'catch1', type: 'catch', z: 'tab1', x: 100, y: 300, scope: null, wires: [['debug1']] },
    { id: 'debug1', type: 'debug', z: 'tab1', x: 300, y: 100, active: true, complete: 'true', wires: [] },
  ];
  const options = (): Parameters<typeof startRuntime>[0] => ({
    userDir,
    flows: flow(),
    credentials: { acc1: { token: TOKEN } },
    settings: { contextStorage: { default: { module: 'localfilesystem' } } },
  });
  /** What the flow's debug node got; the runtime says things of its own there too. */
  const sent = ({ id, msg }: DebugMessage): Sent =>
    id === 'debug1' ? (JSON.parse(String(msg)) as Sent) : {};
  const reasons = ({ debug }: Runtime): unknown[] =>
    debug.filter(({ id }) => id === 'debug1').map((message) => sent(message).payload?.reason);

  before(async () => {
    sim = await startPowercontroller({ historyDays: 2, token: TOKEN });
    userDir = mkdtempSync(join(tmpdir(), 'energy-node-red-'));
  });
  after(async () => {
    await sim.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('sends each status once, over a restart and many deploys', async () => {
    const first = await startRuntime(options());
    const newest = await first.waitForDebug((message) => sent(message).payload?.type === 'update');
    assert.equal(sent(newest).payload?.reason, 'auto');
    await first.stop();

    const device = sim.controller(sim.deviceId);
    device.switch(true, 'timer');
    device.switch(false, 'manual');
    const second = await startRuntime(options());
    await second.waitForDebug((message) => sent(message).payload?.reason === 'manual');
    for (let i = 0; i < 50; i++) {
      await second.deploy(flow({ name: `deploy ${i}` }), { type: i % 2 ? 'full' : 'nodes' });
    }
    device.switch(true, 'api');
    await second.post('inject/ask1', {});
    await second.waitForDebug((message) => sent(message).payload?.reason === 'api');
    assert.deepEqual(reasons(second), ['timer', 'manual', 'api']);

    await second.deploy([{ id: 'tab1', type: 'tab', label: 'empty' }]);
    const after = sim.http.counters.requests;
    await second.deploy([{ id: 'tab1', type: 'tab', label: 'empty again' }]);
    assert.equal(sim.http.counters.requests, after);
    assert.equal(sim.http.counters.openConnections, 0);

    await second.deploy(flow());
    // One for the first poll after the deploy, which may come before or after the question.
    sim.faults.add({ kind: 'status', status: 400, times: 2, body: JSON.stringify({ message: TOKEN }) });
    const from = second.debug.length;
    await second.post('inject/ask1', {});
    await second.waitForDebug((message) => JSON.stringify(message).includes('error'), { from });
    const everything = [
      JSON.stringify(second.debug),
      second.log.join('\n'),
      JSON.stringify(await second.flows()),
    ];
    for (const text of everything) assert.ok(!text.includes(TOKEN));
    await second.stop();
  });
});
