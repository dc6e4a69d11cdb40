import assert from 'node:assert/strict';

import { openEditor } from '../support/browser';
import type { Editor } from '../support/editor';
import { type Runtime, startRuntime } from '../support/runtime';

describe('settings that are folded away', () => {
  let runtime: Runtime;
  let editor: Editor;
  afterEach(async () => {
    await editor.close();
    await runtime.stop();
  });

  it('open by keyboard, and by themselves where one is not the default', async () => {
    runtime = await startRuntime();
    editor = await openEditor(runtime);
    const id = await editor.addNodeFromPalette('powercontroller-status');
    await editor.openDialog(id);
    const fold = editor.dialog().locator('.energy-devices-advanced');
    await editor.fill('operation', 'watch');
    assert.equal(await fold.isVisible(), false, 'none of its rows shows');
    await editor.fill('operation', 'history');
    assert.equal(await fold.isVisible(), true);
    assert.equal(await editor.field('inFlight').isVisible(), false);
    await fold.locator('summary').focus();
    await editor.page.keyboard.press('Enter');
    await editor.field('inFlight').waitFor({ state: 'visible' });
    await editor.fill('inFlight', '8');
    await editor.ok();
    await editor.openDialog(id);
    assert.equal(await editor.field('inFlight').isVisible(), true);
    assert.deepEqual(editor.pageErrors, []);
  });
});
