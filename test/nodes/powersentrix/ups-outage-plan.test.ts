import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NodeAPI } from 'node-red';
import helper from 'node-red-node-test-helper';

import { nutLogins } from '../../../nodes/powersentrix/nut-logins';
import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import { errorOf, LEVEL, type Message, PLACED, sink, type TestFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';
import { lanDevice, load as loadNodes, portNode, statusNode } from './bench';

const planNode = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...{ id: 'plan', type: 'ups-outage-plan', ...PLACED, name: 'plan', device: 'd', server: '', needed: '' },
  ...{ stable: 0, charge: 0, pause: 0, finish: 0, offBelow: '', restoreVoltage: '' },
  wires: [['p', 'commands'], ['messages'], ['records']],
  ...more,
});
const off = (port: number, more: object = {}): object => ({
  action: 'off',
  port,
  after: 0,
  wait: 'none',
  ...more,
});

describe('a plan for outages', () => {
  let ups: PowersentrixSimulator;
  let flow: TestFlow;
  let folder: string;
  let red: NodeAPI;
  beforeEach(async () => {
    ups = await startPowersentrix();
    folder = await mkdtemp(join(tmpdir(), 'outage-plan-'));
    helper.settings({ userDir: folder });
  });
  afterEach(async () => {
    await unloadFlow();
    helper.settings({});
    await ups.close();
    await rm(folder, { recursive: true, force: true });
  });

  const load = async (plan: Record<string, unknown>): Promise<void> => {
    const nodes = [
      lanDevice(ups.url),
      statusNode({ wires: [['plan'], ['plan']] }),
      portNode({ port: '', action: 'msg', wires: [['plan', 'answers']] }),
      plan,
      ...['commands', 'messages', 'records', 'answers'].map(sink),
    ];
    flow = await loadNodes(nodes, { d: { apiKey: ups.apiKey } }, [
      nodeSet('ups-outage-plan'),
      // A file of nodes gets the runtime's own event bus.
      (given) => void (red = given),
    ]);
  };
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });
  const read = (): void => flow.send('s', { payload: 1 });
  const reading = (more: object): Message => ({
    payload: {
      supplies: [{ fitted: true, onBattery: true, batteryVoltage: 50, ...more }],
      lowBattery: false,
    },
  });

  it('cuts a port and brings it back, by way of ups-port', async () => {
    await load(planNode({ steps: [off(4)] }));
    ups.model.setMains(false);
    read();
    const command = await next('commands');
    assert.deepEqual(command.payload, { port: 4, action: 'off' });
    await next('answers');
    assert.equal(ups.model.outputs[4], false);
    ups.model.setMains(true);
    read();
    const record = (await next('records')).payload as { steps: object[]; key: string };
    assert.deepEqual(record.steps, [
      { ...record.steps[0], step: 1, action: 'off', port: 4, text: null, waited: 'none', result: 'off' },
    ]);
    // It stays off for 15 s at the least, by the clock of the process.
    assert.equal(flow.at('commands').items.length, 1);
  });

  it('refuses a table that cannot be read, says so in red, and does nothing', async () => {
    await load(planNode({ steps: [off(4), off(4)] }));
    await flow.statusOf('plan').waitFor((one) => (one as { fill?: string }).fill === 'red', 'status');
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg.includes('its port is cut by another step')));
    flow.send('plan', reading({}));
    assert.equal(errorOf(await next('caught')).code, 'INVALID_INPUT');
    assert.equal(flow.at('commands').items.length, 0);
  });

  it('refuses steps that wait for hosts without a server that knows them', async () => {
    await load(planNode({ steps: [off(4, { wait: 'hosts', seconds: 60, hosts: 'nas' })] }));
    await flow.statusOf('plan').waitFor((one) => (one as { fill?: string }).fill === 'red', 'status');
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg.includes('no NUT server is chosen')));
  });

  it('takes nothing of another UPS', async () => {
    await load(planNode({ steps: [off(4)] }));
    flow.send('plan', { ...reading({}), device: { id: 'other', vendor: 'powersentrix' } });
    assert.equal(errorOf(await next('caught')).code, 'INVALID_INPUT');
    assert.equal(flow.at('commands').items.length, 0);
  });

  it('tells what it would do on the output that switches nothing', async () => {
    await load(planNode({ steps: [off(4, { after: 30 }), { ...off(5), action: 'message', text: 'down' }] }));
    flow.send('plan', { payload: { test: true } });
    const { payload } = await next('records');
    const { test, steps, back } = payload as { test: boolean; steps: { step: number }[]; back: number[] };
    assert.deepEqual([test, steps.map(({ step }) => step), back], [true, [1, 2], [4]]);
    assert.equal(flow.at('commands').items.length + flow.at('messages').items.length, 0);
  });

  it('waits for a host that is logged in to the server chosen', async () => {
    ups.model.setMains(false);
    await load(
      planNode({ server: 'nut', steps: [off(4, { wait: 'hosts', seconds: 600, hosts: '192.0.2.7' })] }),
    );
    const logins = nutLogins(red, 'nut');
    logins.begin();
    const login = {
      user: 'mon',
      role: 'secondary',
      address: '192.0.2.7',
      ups: 'ups',
      device: 'd',
      since: '',
    } as const;
    const logOut = logins.add(login);
    flow.send('plan', reading({}));
    const isOnBattery = (one: unknown): boolean => (one as { fill?: string }).fill === 'yellow';
    await flow.statusOf('plan').waitFor(isOnBattery, 'status');
    assert.equal(flow.at('commands').items.length, 0);
    logOut();
    assert.deepEqual((await next('commands')).payload, { port: 4, action: 'off' });
  });

  it('tells a step once, whatever a restart finds', async () => {
    ups.model.setMains(false);
    await load(planNode({ steps: [{ ...off(5), action: 'message', text: 'shut the NAS down' }] }));
    flow.send('plan', reading({}));
    const first = await next('messages');
    assert.equal(first.payload, 'shut the NAS down');
    await unloadFlow();
    await load(planNode({ steps: [{ ...off(5), action: 'message', text: 'shut the NAS down' }] }));
    flow.send('plan', reading({}));
    ups.model.setMains(true);
    read();
    assert.equal(
      ((await next('records')).payload as { steps: { result: string }[] }).steps[0]?.result,
      'told',
    );
    assert.equal(flow.at('messages').items.length, 0);
  });
});
