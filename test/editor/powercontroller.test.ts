import { strict as assert } from 'node:assert';

import { type PowercontrollerSimulator, startPowercontroller } from '../../simulators/powercontroller';
import { type Editor } from '../support/editor';
import { openEditor } from '../support/browser';
import { startRuntime, type Runtime } from '../support/runtime';

/** The fields that each operation of the command node needs, besides name, account and operation. */
const FIELDS: Record<string, string[]> = {
  msg: ['deviceId', 'confirmWithin'],
  on: ['deviceId', 'delay', 'confirmWithin', 'later'],
  on_for: ['deviceId', 'time', 'later'],
  off_at: ['deviceId', 'at', 'later'],
  limit_power: ['deviceId', 'time', 'power', 'later'],
  refresh: ['deviceId', 'later'],
  add: ['sn', 'country'],
  configure: [
    'deviceId',
    'section',
    'ffrEnable',
    'tripThreshold',
    'returnThreshold',
    'periods',
    'ffrDelay',
    'later',
  ],
};

describe('powercontroller in the editor', () => {
  let simulator: PowercontrollerSimulator;
  let runtime: Runtime | undefined;
  let editor: Editor | undefined;

  before(async () => (simulator = await startPowercontroller({ historyDays: 2 })));
  afterEach(async () => {
    await editor?.close();
    editor = undefined;
    await runtime?.stop();
    runtime = undefined;
  });
  after(() => simulator.close());

  /** The properties whose fields the dialog shows, but for those that are always there or folded away. */
  const visible = (of: Editor): Promise<string[]> =>
    of.page.evaluate<string[]>(
      `$('[id^="node-input-"]:visible').map((i, field) => field.id.slice('node-input-'.length)).get()
        .filter((name) => !/^btn-|^name$|^account$|^operation$|^single$/.test(name))`,
    );

  it('sets up an account and a command from the palette, and shows the fields of the command only', async () => {
    runtime = await startRuntime();
    editor = await openEditor(runtime);
    const id = await editor.addNodeFromPalette('powercontroller-command');
    await editor.openDialog(id);
    await editor.openConfigDialog('account', 'add');
    await editor.fill('url', simulator.url);
    const unsigned = async (): Promise<string[]> =>
      Object.keys((await editor?.fieldErrors()) ?? {}).filter((name) => ['email', 'password'].includes(name));
    // A token is used in place of both.
    assert.deepEqual((await unsigned()).sort(), ['email', 'password']);
    await editor.fill('token', 'wrong-token');
    assert.deepEqual(await unsigned(), []);
    await editor.press('#energy-devices-test');
    const result = (state: string) =>
      editor?.dialog().locator(`#energy-devices-test-result[data-state="${state}"]`).innerText();
    assert.match(String(await result('bad')), /The token is refused/);
    await editor.fill('token', simulator.token);
    await editor.press('#energy-devices-test');
    assert.match(String(await result('good')), /Controllers: 1 – PC-ZXCVBNMASDF-001 \(6ItNKFLm_mS\)/);
    await editor.screenshot('powercontroller-account');
    await editor.ok();
    // The account is not deployed yet: its list is fetched with what the editor holds.
    await editor.field('deviceId').click();
    await editor.dialog().locator('datalist option[value="6ItNKFLm_mS"]').waitFor({ state: 'attached' });

    for (const [operation, fields] of Object.entries(FIELDS)) {
      await editor.fill('operation', operation);
      const shown: string[] = await visible(editor);
      assert.deepEqual(shown.sort(), [...fields].sort(), operation);
    }
    await editor.screenshot('powercontroller-command-configure');
    await editor.fill('returnThreshold', '59');
    assert.match(String((await editor.fieldErrors()).returnThreshold), /below the return threshold/);
    await editor.fill('returnThreshold', '59.8');
    await editor.fill('section', 'flowmeter');
    assert.ok(!(await visible(editor)).includes('pipeType'));
    await editor.fill('flowmeterType', 'tuf2000m');
    assert.ok((await visible(editor)).includes('pipeType'));
    await editor.fill('section', 'capacity');
    assert.ok((await visible(editor)).includes('gainPerWattHour'));
    assert.ok(!(await visible(editor)).includes('pipeType'));
    await editor.screenshot('powercontroller-command-capacity');
    await editor.fill('operation', 'on');
    await editor.fill('later', true);
    assert.ok((await visible(editor)).includes('persist'));
    await editor.fill('later', false);
    await editor.ok();
    await editor.deploy();

    await editor.openDialog(id);
    await editor.field('deviceId').click();
    const found = editor.dialog().locator('.energy-devices-result', { hasText: '1 found' });
    await found.waitFor();
    const list = editor.dialog().locator('datalist option');
    assert.equal(await list.getAttribute('value'), '6ItNKFLm_mS');
    assert.equal(await list.textContent(), 'PC-ZXCVBNMASDF-001');
    await editor.fill('deviceId', '6ItNKFLm_mS');
    await editor.dialog().locator('.energy-devices-result', { hasText: 'PC-ZXCVBNMASDF-001' }).waitFor();
    await editor.screenshot('powercontroller-command-device');
    await editor.ok();
    await editor.deploy();
    const flows = await runtime.flows();
    assert.equal(flows.find((node) => node.id === id)?.deviceId, '6ItNKFLm_mS');
    assert.ok(!JSON.stringify(flows).includes(simulator.token));
    assert.deepEqual(editor.pageErrors, []);
    assert.deepEqual(editor.externalRequests, []);
  });

  it('shows the fields of each operation of the status node', async () => {
    runtime = await startRuntime();
    editor = await openEditor(runtime, { lang: 'de' });
    const id = await editor.addNodeFromPalette('powercontroller-status');
    await editor.openDialog(id);
    const fields: Record<string, string[]> = {
      watch: ['deviceId', 'topic', 'interval', 'raw'],
      get: ['deviceId', 'topic', 'raw'],
      list: ['topic', 'raw'],
      history: ['deviceId', 'topic', 'range', 'output', 'inFlight', 'raw'],
      refresh: ['deviceId', 'topic', 'raw'],
    };
    for (const [operation, names] of Object.entries(fields)) {
      await editor.fill('operation', operation);
      const shown: string[] = await visible(editor);
      assert.deepEqual(shown.sort(), [...names].sort(), operation);
    }
    await editor.fill('operation', 'watch');
    await editor.screenshot('powercontroller-status-de');
    const errors = await editor.fieldErrors();
    assert.match(String(errors.deviceId), /Kein Gerät/);
    assert.deepEqual(editor.pageErrors, []);
  });
});
