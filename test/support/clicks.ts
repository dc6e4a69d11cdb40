import type { Editor } from './editor';

/** Begins to count what a person does with the mouse: a drag and a click are one, a double click is two. */
export async function countClicks(editor: Editor): Promise<() => Promise<number>> {
  await editor.page.evaluate(`(() => {
    window.clicks = 0;
    document.addEventListener('mousedown', ({ isTrusted }) => { if (isTrusted) window.clicks++; }, true);
  })()`);
  return () => editor.page.evaluate<number>('window.clicks');
}
