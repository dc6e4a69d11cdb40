import { strict as assert } from 'node:assert';

import { startPoweropti, type PoweroptiSimulator } from '../../simulators/poweropti';
import { openEditor, type Editor } from '../support/browser';
import { startRuntime, type Runtime } from '../support/runtime';

describe('the keyboard alone', () => {
  let simulator: PoweroptiSimulator;
  let runtime: Runtime;
  let editor: Editor;

  beforeEach(async () => {
    simulator = await startPoweropti({ apiKey: '1097bd725557' });
    simulator.setPower(1234);
    runtime = await startRuntime({
      flows: [
        { id: 'tab', type: 'tab', label: 'home' },
        { id: 'meter', type: 'poweropti-meter', z: 'tab', device: '', x: 200, y: 100, wires: [[], []] },
      ],
    });
    editor = await openEditor(runtime);
  });
  afterEach(async () => {
    await editor.close();
    await runtime.stop();
    await simulator.close();
  });

  /** What has the focus: its id. */
  const focused = (): Promise<string> => editor.page.evaluate<string>('document.activeElement.id');

  /** Presses the tab key until an element has the focus. */
  async function tabTo(id: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    const passed: string[] = [];
    while ((await focused()) !== id) {
      passed.push(await focused());
      assert.ok(passed.length < 40, `the tab key does not come to ${id}: ${passed.join(', ')}`);
      await editor.page.keyboard.press(key);
    }
  }

  /** Waits until a dialog has slid in and taken the focus. */
  const opened = async (okButton: string): Promise<void> => {
    await editor.dialog().locator(okButton).waitFor();
    await editor.page.waitForFunction(
      `document.querySelector('${okButton}').closest('.red-ui-tray').contains(document.activeElement)`,
    );
  };

  it('sets up a meter: opens, fills, tests, reads the result, saves and deploys', async () => {
    const { keyboard } = editor.page;
    await editor.page.evaluate('RED.view.focus()');
    await keyboard.press('Control+a');
    await keyboard.press('Enter');
    await opened('#node-dialog-ok');

    await tabTo('node-input-btn-device-add');
    await keyboard.press('Enter');
    await opened('#node-config-dialog-ok');
    await tabTo('node-config-input-host');
    await keyboard.press('Control+a');
    await keyboard.type(simulator.host);
    await tabTo('node-config-input-apiKey');
    await keyboard.type('wrong');

    const status = editor.dialog().locator('#energy-devices-test-result[role="status"]');
    assert.equal(await status.getAttribute('aria-live'), 'polite');
    await tabTo('energy-devices-test');
    await keyboard.press('Space');
    await status.filter({ hasText: 'The poweropti refuses access' }).waitFor();
    assert.equal(await focused(), 'energy-devices-test', 'the button has lost the focus');

    await tabTo('node-config-input-apiKey', 'Shift+Tab');
    await keyboard.press('Control+a');
    await keyboard.type(simulator.apiKey);
    await tabTo('energy-devices-test');
    await keyboard.press('Enter');
    await status.filter({ hasText: 'It works: using 1,234 W' }).waitFor();

    await tabTo('node-config-dialog-ok', 'Shift+Tab');
    await keyboard.press('Enter');
    await opened('#node-dialog-ok');
    await tabTo('node-input-deadband');
    await keyboard.press('Control+a');
    await keyboard.type('50');
    await tabTo('node-input-raw');
    await keyboard.press('Space');
    await tabTo('node-dialog-ok', 'Shift+Tab');
    await keyboard.press('Space');
    await editor.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
    await keyboard.press('Control+d');
    await editor.statusText('meter', /1234 W/);

    const meter = (await runtime.flows()).find(({ id }) => id === 'meter');
    assert.deepEqual([meter?.deadband, meter?.raw], ['50', true]);
    assert.deepEqual(editor.pageErrors, []);
  });
});
