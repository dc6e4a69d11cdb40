import { strict as assert } from 'node:assert';

import { type PowersentrixSimulator, startPowersentrix } from '../../simulators/powersentrix';
import { type Editor, openEditor } from '../support/browser';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

const STEPS = [
  {
    action: 'off',
    port: 2,
    text: '',
    after: 60,
    below: '',
    low: false,
    wait: 'none',
    seconds: '',
    hosts: '',
  },
  {
    ...{ action: 'message', port: 4, text: 'The NAS goes down', after: 300, below: '', low: true },
    ...{ wait: 'none', seconds: '', hosts: '' },
  },
  {
    ...{ action: 'off', port: 4, text: '', after: 300, below: 47.5, low: true },
    ...{ wait: 'hosts', seconds: 600, hosts: '192.168.1.20, monuser' },
  },
];

describe('the dialog of a plan for outages', () => {
  let ups: PowersentrixSimulator;
  let runtime: Runtime;
  let editor: Editor;

  before(async () => {
    ups = await startPowersentrix();
    runtime = await startRuntime();
    editor = await openEditor(runtime);
  });
  after(async () => {
    await editor.close();
    await runtime.stop();
    await ups.close();
    assert.deepEqual(editor.pageErrors, []);
    assert.deepEqual(editor.externalRequests, []);
  });

  const flow = (): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'plan' },
    {
      id: 'ups',
      type: 'ups-device',
      name: 'Rack',
      source: 'lan',
      url: ups.url,
      interval: 3600,
      configVersion: 1,
    },
    {
      ...{
        id: 'plan',
        type: 'ups-outage-plan',
        z: 'tab',
        x: 200,
        y: 100,
        name: 'Plan',
        device: 'ups',
        server: 'nut',
      },
      ...{ steps: STEPS, needed: '0, 1', configVersion: 1, wires: [[], [], []] },
    },
    {
      ...{ id: 'nut', type: 'ups-nut-server', z: 'tab', x: 200, y: 200, name: 'Hosts', device: 'ups' },
      ...{ port: 34_930, configVersion: 1, wires: [[], []] },
    },
  ];
  const rows = () => editor.dialog().locator('#ups-outage-plan-steps li');

  it('shows the table, says what is wrong with it, and puts rows in order', async () => {
    await editor.importFlow(flow());
    const [id = ''] = await editor.nodeIds('ups-outage-plan');
    await editor.openDialog(id);
    assert.equal(await rows().count(), 3);
    assert.equal(await rows().nth(2).locator('.energy-devices-step-below').inputValue(), '47.5');
    assert.equal(await editor.field('server').inputValue(), (await editor.nodeIds('ups-nut-server'))[0]);

    await rows().nth(0).locator('.energy-devices-step-after').fill('');
    await editor.dialog().getByText('Step 1: nothing makes it due').waitFor();
    await rows().nth(0).locator('.energy-devices-step-after').fill('47,5');
    await editor.dialog().getByText('Step 1: nothing makes it due').waitFor({ state: 'hidden' });

    const handle = rows().nth(0).locator('.energy-devices-row-handle');
    await handle.dragTo(rows().nth(2), { targetPosition: { x: 20, y: 100 } });
    const ports = (): Promise<string[]> =>
      Promise.all([0, 1, 2].map((n) => rows().nth(n).locator('.energy-devices-step-port').inputValue()));
    assert.deepEqual(await ports(), ['4', '4', '2']);
    await rows().nth(2).getByRole('button', { name: 'Move this row up' }).press('Enter');
    assert.deepEqual(await ports(), ['4', '2', '4']);
    await editor.cancel();
  });

  it('shows what the plan would do, and asks nobody for it', async () => {
    const [id = ''] = await editor.nodeIds('ups-outage-plan');
    await editor.openDialog(id);
    const asked = ups.http.counters.requests;
    await editor.press('#ups-outage-plan-dry-run');
    const dry = editor.dialog().locator('#ups-outage-plan-dry');
    await dry.locator('li').nth(2).waitFor();
    assert.deepEqual(await dry.locator('li').allInnerTexts(), [
      'Step 1 · after 60 s · port 2 off · at 60 s',
      'Step 2 · after 300 s or low battery · message: The NAS goes down · at 300 s',
      'Step 3 · after 300 s or below 47.5 V or low battery · wait for 192.168.1.20, monuser, at most 600 s · port 4 off · at 300 to 1020 s',
    ]);
    assert.equal(await dry.locator('p').innerText(), 'Then come back: 4, 2');
    assert.equal(ups.http.counters.requests, asked);
    await editor.cancel();
  });

  it('keeps what is entered, as numbers where it is one', async () => {
    const [id = ''] = await editor.nodeIds('ups-outage-plan');
    await editor.openDialog(id);
    await editor.screenshot('outage-plan');
    await rows().nth(0).locator('.energy-devices-step-after').fill('45,5');
    await rows().nth(1).getByRole('button', { name: 'Remove this row' }).click();
    await editor.ok();
    const stored = await editor.page.evaluate<{ steps: unknown }>(
      `RED.nodes.convertNode(RED.nodes.node(${JSON.stringify(id)}))`,
    );
    assert.deepEqual(stored.steps, [{ ...STEPS[0], after: 45.5 }, STEPS[2]]);
  });
});
