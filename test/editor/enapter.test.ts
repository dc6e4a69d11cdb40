import assert from 'node:assert/strict';

import { type EnapterSimulator, IDS, startEnapter } from '../../simulators/enapter';
import { openEditor, type Editor } from '../support/browser';
import { startRuntime, type Runtime } from '../support/runtime';

describe('enapter in the editor', () => {
  let sim: EnapterSimulator;
  let runtime: Runtime | undefined;
  let editor: Editor | undefined;

  beforeEach(async () => {
    sim = await startEnapter();
  });
  afterEach(async () => {
    await editor?.close();
    await runtime?.stop();
    await sim.close();
  });

  it('shows the form of the chosen operation only', async () => {
    runtime = await startRuntime();
    editor = await openEditor(runtime, {});
    const node = await editor.addNodeFromPalette('enapter-device');
    await editor.openDialog(node);
    const shown = async (name: string): Promise<boolean> => {
      assert.ok(editor);
      return editor.dialog().locator(`#node-input-${name}`).isVisible();
    };
    for (const [operation, visible, hidden] of [
      ['update', 'newName', 'confirmDelete'],
      ['delete', 'confirmDelete', 'newName'],
      ['execute', 'command', 'attributes'],
      ['list', 'siteId', 'deviceId'],
    ] as const) {
      await editor.dialog().locator('#node-input-operation').selectOption(operation);
      assert.deepEqual([await shown(visible), await shown(hidden)], [true, false], operation);
    }
    await editor.screenshot('enapter-device');
    assert.deepEqual(editor.pageErrors, []);
  });

  it('offers nothing of an account that was left before it had answered', async () => {
    const other = await startEnapter();
    try {
      const [left, chosen] = [IDS.meter, IDS.gateway];
      sim.store.devices.forEach((_device, id, devices) => id === left || devices.delete(id));
      other.store.devices.forEach((_device, id, devices) => id === chosen || devices.delete(id));
      runtime = await startRuntime({
        flows: [
          { id: 'tab', type: 'tab', label: 'home' },
          { id: 'slow', type: 'enapter-account', name: 'Slow', url: sim.url },
          { id: 'fast', type: 'enapter-account', name: 'Fast', url: other.url },
          { id: 'dev', type: 'enapter-device', z: 'tab', account: 'slow', x: 200, y: 100, wires: [[]] },
        ],
        credentials: { slow: { token: sim.token }, fast: { token: other.token } },
      });
      sim.faults.add({ kind: 'delay', ms: 2000, times: 1 });
      editor = await openEditor(runtime, {});
      await editor.openDialog('dev');
      await editor.field('operation').selectOption('get');
      const asked = editor.page.waitForRequest(/enapter-account.*devices/);
      await editor.field('deviceId').focus();
      const request = await asked;
      await editor.field('account').selectOption('fast');
      await editor.field('deviceId').hover();
      const offered = editor.dialog().locator('#energy-devices-choices-node-input-deviceId option');
      await offered.first().waitFor({ state: 'attached' });
      await (await request.response())?.finished();
      await editor.page.evaluate('new Promise((resolve) => setTimeout(resolve, 100))');
      assert.equal(await offered.count(), 1);
      assert.equal(await offered.getAttribute('value'), chosen);
    } finally {
      await other.close();
    }
  });

  it('generates a configuration after a warning, shows what may be seen, and becomes a device', async () => {
    runtime = await startRuntime({
      flows: [
        { id: 'tab', type: 'tab', label: 'home' },
        { id: 'acc', type: 'enapter-account', name: 'EMS', url: sim.url },
        {
          id: 'con',
          type: 'enapter-connection',
          name: 'Meter',
          account: 'acc',
          host: '',
          propertiesTopic: 'register',
        },
        { id: 'tel', type: 'enapter-telemetry', z: 'tab', connection: 'con', x: 200, y: 100, wires: [[]] },
      ],
      credentials: { acc: { token: sim.token } },
    });
    assert.equal(sim.store.passwords.size, 0, 'a deploy generates nothing');
    editor = await openEditor(runtime, {});
    await editor.openDialog('tel');
    await editor.openConfigDialog('connection', 'edit');
    const dialog = editor.dialog();
    const result = (state: string): ReturnType<typeof dialog.locator> =>
      dialog.locator(`#enapter-connection-generate-result[data-state="${state}"]`);
    await editor.press('#enapter-connection-generate');
    await result('bad').waitFor();

    await dialog.locator('#enapter-connection-device').click();
    await dialog.locator(`datalist option[value="${IDS.meter}"]`).waitFor({ state: 'attached' });
    await dialog.locator('#enapter-connection-device').fill(IDS.meter);
    await dialog.locator('#enapter-connection-protocol').selectOption('MQTT');
    await editor.press('#enapter-connection-generate');
    const warning = editor.page.locator('.red-ui-notification');
    await warning.getByText('may stop working').waitFor();
    await editor.screenshot('enapter-connection-warning');
    assert.equal(sim.store.passwords.size, 0, 'only after the warning');
    await warning.getByRole('button', { name: 'Generate' }).click();
    await result('good').waitFor();
    assert.equal(sim.store.passwords.size, 1);

    const shown = dialog.locator(
      '#enapter-connection-shown [data-state="good"], #enapter-connection-shown[data-state="good"]',
    );
    await shown.first().waitFor();
    assert.match(await shown.first().innerText(), /MQTT.*127\.0\.0\.1/);
    assert.equal(await editor.field('config').getAttribute('type'), 'password');
    await editor.press('#energy-devices-test');
    await dialog.locator('#energy-devices-test-result[data-state="good"]').waitFor();
    await editor.screenshot('enapter-connection');
    await editor.ok();
    await editor.ok();
    await editor.deploy();
    await editor.statusText('tel', /connected/);

    await editor.openDialog('tel');
    await editor.openConfigDialog('connection', 'edit');
    assert.equal(await editor.field('config').inputValue(), '__PWRD__');
    const file = await editor.download('#enapter-connection-manifest');
    assert.equal(file.suggestedFilename(), 'manifest.yml');
    const [password] = sim.store.passwords.values();
    assert.ok(password && !JSON.stringify(await runtime.flows()).includes(password));
    assert.ok(!runtime.log.some((line) => line.includes(password)));
    assert.deepEqual(editor.pageErrors, []);
    assert.deepEqual(editor.externalRequests, []);
  });
});
