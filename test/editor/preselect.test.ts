import assert from 'node:assert/strict';

import { openEditor } from '../support/browser';
import type { Editor } from '../support/editor';
import { type Runtime, startRuntime } from '../support/runtime';

const account = (id: string): { id: string; type: string; name: string } => ({
  id,
  type: 'powersentrix-account',
  name: id,
});

/** A node that was deployed without an account, on purpose. */
const SAVED = {
  id: 'saved',
  type: 'ups-status',
  z: 'tab',
  x: 200,
  y: 60,
  scope: 'account',
  account: '',
  wires: [[], []],
};

describe('the only account, receiver or site', () => {
  let runtime: Runtime;
  let editor: Editor;
  before(async () => {
    runtime = await startRuntime({
      flows: [{ id: 'tab', type: 'tab', label: 'home' }, account('first'), SAVED],
    });
    editor = await openEditor(runtime);
  });
  after(async () => {
    await editor.close();
    await runtime.stop();
    assert.deepEqual(editor.pageErrors, []);
  });

  it('is chosen in a new node once its row shows, and not in one that is saved', async () => {
    const fresh = await editor.addNodeFromPalette('ups-status');
    await editor.openDialog(fresh);
    await editor.fill('scope', 'account');
    assert.equal(await editor.field('account').inputValue(), 'first');
    await editor.ok();
    await editor.openDialog('saved');
    assert.notEqual(await editor.field('account').inputValue(), 'first');
    await editor.cancel();
  });

  it('is not chosen of several', async () => {
    await editor.importFlow([account('second')]);
    const fresh = await editor.addNodeFromPalette('ups-status', { x: 300, y: 300 });
    await editor.openDialog(fresh);
    await editor.fill('scope', 'account');
    assert.ok(['', '_ADD_'].includes(await editor.field('account').inputValue()));
    await editor.cancel();
  });
});
