import { strict as assert } from 'node:assert';

import { openEditor, type Editor } from '../support/browser';
import { cutOff, showAllRows, tabThrough, unusable, wordless } from '../support/dialog-checks';
import { dialogDefinitions } from '../support/dialogs';
import { type EveryDialog, nodeOf, startEveryDialog } from '../support/every-dialog';

const WIDE = { width: 1280, height: 900 };
/** A small window, in which a dialog is as narrow as it gets. */
const SMALL = { width: 700, height: 900 };

describe('every dialog', () => {
  let every: EveryDialog;
  let editor: Editor | undefined;

  before(async () => {
    every = await startEveryDialog();
  });
  afterEach(async () => {
    await editor?.close();
    editor = undefined;
  });
  after(() => every.close());

  /** Opens one dialog after the other, all rows shown, and reports what `look` finds in each. */
  async function lookAtEach(of: Editor, look: () => Promise<string[]>): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {};
    for (const type of dialogDefinitions().keys()) {
      await of.openAny(nodeOf(type));
      await showAllRows(of);
      const problems = await look();
      if (problems.length > 0) found[type] = problems;
      await of.cancel();
    }
    return found;
  }

  it('can be used without a mouse, and says in words below a field what is wrong with it', async () => {
    editor = await openEditor(every.runtime);
    const opened = editor;
    const found = await lookAtEach(opened, async () => [
      ...(await unusable(opened)),
      ...(await tabThrough(opened)),
      ...(await wordless(opened)),
    ]);
    assert.deepEqual(found, {});
    assert.deepEqual(editor.pageErrors, []);
  });

  for (const lang of ['en-US', 'de', 'sk'] as const) {
    it(`cuts nothing off, in a wide and in a small window (${lang})`, async () => {
      editor = await openEditor(every.runtime, { lang });
      const opened = editor;
      const found = await lookAtEach(opened, async () => {
        const wide = await cutOff(opened);
        await opened.page.setViewportSize(SMALL);
        const small = await cutOff(opened);
        await opened.page.setViewportSize(WIDE);
        return [...wide, ...small.map((problem) => `in a small window, ${problem}`)];
      });
      assert.deepEqual(found, {});
      assert.deepEqual(editor.pageErrors, []);
    });
  }
});
