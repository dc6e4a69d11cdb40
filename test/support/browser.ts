import { chromium } from 'playwright-core';
import { Editor, type EditorOptions, PATIENCE } from './editor';
import type { Runtime } from './runtime';

export type { Editor };

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Opens the runtime's editor in a headless Chromium of its own and waits until it can be worked with. */
export async function openEditor(runtime: Runtime, options: EditorOptions = {}): Promise<Editor> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
  });
  try {
    const context = await browser.newContext({
      locale: options.lang ?? 'en-US',
      viewport: { width: 1280, height: 900 },
      acceptDownloads: true,
    });
    context.setDefaultTimeout(PATIENCE);
    const editor = new Editor(browser, await context.newPage(), options.url ?? runtime.url);
    await editor.load(options);
    return editor;
  } catch (error) {
    await browser.close();
    throw error;
  }
}
