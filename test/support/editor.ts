import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Download, Locator, Page } from 'playwright-core';
import { projectRoot } from '../../scripts/support/project-root';
import type { FlowNode } from './runtime';
import { passwordOf } from './user-dir';

/** How the editor is looked at. */
export interface EditorOptions {
  lang?: 'en-US' | 'de' | 'sk';
  /** Sets the class of the dark theme, which Node-RED has from version 5 on. */
  dark?: boolean;
  /** Logs in as this user, where the runtime has `adminAuth`. */
  user?: 'admin' | 'reader';
  /** Where the editor is reached, e.g. behind a proxy, in place of the runtime's own address. */
  url?: string;
}

/** ms that a step may take: a browser that shares a slow machine with three others takes half a minute for some. */
export const PATIENCE = 100_000;
// Only the dialog that is fully built and slid in; one that is still being prepared, or going away, lies outside.
const DIALOG = '.red-ui-tray[style*="right: 0px"]';

/** The editor as a user has it before them. Every step waits for what it needs, none for a fixed time. */
export class Editor {
  readonly page: Page;
  /** Exceptions of the page and what it wrote to the console as an error. */
  readonly pageErrors: string[] = [];
  /** Requests to any host but the runtime's. */
  readonly externalRequests: string[] = [];
  private readonly browser: Browser;
  private readonly url: string;

  /** Use `openEditor`. */
  constructor(browser: Browser, page: Page, url: string) {
    this.browser = browser;
    this.page = page;
    this.url = url;
    this.watch(page);
  }

  /** Opens another page of the runtime, watched like the editor itself. */
  async openPage(path: string, viewport: { width: number; height: number }): Promise<Page> {
    const page = await this.page.context().newPage();
    this.watch(page);
    await page.setViewportSize(viewport);
    await page.goto(`${this.url}/${path}`);
    return page;
  }

  /** Loads the editor; `openEditor` has done so already. */
  async load(options: EditorOptions = {}): Promise<void> {
    await this.page.goto(`${this.url}/`);
    if (options.user) await this.login(options.user);
    await this.page.locator('[data-palette-type="inject"]').waitFor();
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    if (options.dark) await this.setDark(true);
  }

  /** Switches between the light and the dark theme. False where this Node-RED has no dark theme. */
  async setDark(dark: boolean): Promise<boolean> {
    return this.page.evaluate<boolean>(`(() => {
      const root = document.documentElement;
      const background = () => getComputedStyle(root).getPropertyValue('--red-ui-primary-background');
      root.classList.remove('nr-theme-dark');
      const light = background();
      root.classList.toggle('nr-theme-dark', ${dark});
      return !${dark} || background() !== light;
    })()`);
  }

  /** Imports nodes through the import dialog. Those without a tab of their own are put on the open one. */
  async importFlow(nodes: FlowNode[]): Promise<void> {
    await this.page.evaluate(`RED.actions.invoke('core:show-import-dialog')`);
    const text = this.page.locator('#red-ui-clipboard-dialog-import-text');
    await text.fill(JSON.stringify(nodes));
    // The dialog looks at the text when a key is released.
    await text.press('End');
    await this.page.locator('#red-ui-clipboard-dialog-ok:not([disabled])').click();
    await text.waitFor({ state: 'hidden' });
    const tab = nodes.find((node) => node.type === 'tab');
    if (tab) await this.showTab(tab.id);
    else await this.page.locator('#red-ui-workspace-chart').click({ position: { x: 300, y: 300 } });
  }

  /** Switches to a tab. */
  async showTab(id: string): Promise<void> {
    await this.page.evaluate(`RED.workspaces.show(${JSON.stringify(id)})`);
  }

  /** Drags a node from the palette onto the open tab and returns its id. */
  async addNodeFromPalette(type: string, position = { x: 300, y: 150 }): Promise<string> {
    const before = await this.nodeIds(type);
    const chart = this.page.locator('#red-ui-workspace-chart');
    await this.page.locator(`[data-palette-type="${type}"]`).dragTo(chart, { targetPosition: position });
    const added = (await this.nodeIds(type)).filter((id) => !before.includes(id));
    if (added[0] === undefined || added.length > 1) throw new Error(`the drag added ${added.length} nodes`);
    await this.node(added[0]).waitFor();
    return added[0];
  }

  /** The ids of all nodes of a type, config nodes included. */
  async nodeIds(type: string): Promise<string[]> {
    const isType = `(node) => node.type === ${JSON.stringify(type)}`;
    return this.page.evaluate<string[]>(
      `RED.nodes.createCompleteNodeSet().filter(${isType}).map((node) => node.id)`,
    );
  }

  /** A node as the workspace shows it. */
  node(id: string): Locator {
    return this.page.locator(`[id="${id}"] .red-ui-flow-node`).first();
  }

  /** The dialog on top. */
  dialog(): Locator {
    return this.page.locator(DIALOG);
  }

  /** Opens a node's dialog by a double click on the node. */
  async openDialog(nodeId: string): Promise<void> {
    await this.node(nodeId).dblclick();
    await this.opened('#node-dialog-ok');
  }

  /** Opens a node's dialog, also a config node's, wherever it is in the workspace. */
  async openAny(nodeId: string): Promise<void> {
    const isConfig = await this.page.evaluate<boolean>(`(() => {
      const node = RED.nodes.node(${JSON.stringify(nodeId)});
      const config = node._def.category === 'config';
      if (config) RED.editor.editConfig('', node.type, node.id);
      else RED.editor.edit(node);
      return config;
    })()`);
    await this.opened(isConfig ? '#node-config-dialog-ok' : '#node-dialog-ok');
  }

  /** Leaves the only dialog that is open without keeping anything. */
  async cancel(): Promise<void> {
    await this.dialog().locator('#node-config-dialog-cancel, #node-dialog-cancel').click();
    await this.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
  }

  /** From within a dialog: opens that of the config node chosen for `property`, or of a new one. */
  async openConfigDialog(property: string, action: 'edit' | 'add'): Promise<void> {
    await this.dialog().locator(`[id$="input-btn-${property}-${action}"]`).click();
    await this.opened('#node-config-dialog-ok');
  }

  /** The element of a property in the dialog on top. */
  field(property: string): Locator {
    return this.dialog().locator(`[id="node-input-${property}"], [id="node-config-input-${property}"]`);
  }

  /** Enters a value as a user does: typed, chosen or ticked, and left with the tab key. */
  async fill(property: string, value: string | boolean): Promise<void> {
    const field = this.field(property);
    const kind = await field.evaluate(
      (element: { tagName: string; type?: string }) => element.type ?? element.tagName,
    );
    if (typeof value === 'boolean') await field.setChecked(value);
    else if (kind === 'select-one') await field.selectOption(value);
    else {
      const typed = field.locator(
        'xpath=following-sibling::*[contains(@class,"red-ui-typedInput-container")][1]',
      );
      const input = (await field.isVisible()) ? field : typed.locator('input.red-ui-typedInput-input');
      await input.fill(value);
      await input.press('Tab');
    }
  }

  /** Presses a button of the dialog on top, named by its text or by a selector. */
  async press(button: string): Promise<void> {
    const bySelector = /^[#.[]/.test(button);
    const dialog = this.dialog();
    await (bySelector ? dialog.locator(button) : dialog.getByRole('button', { name: button })).click();
  }

  /** Presses a button of the dialog on top that offers a file, and waits for the file. */
  async download(button: string): Promise<Download> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), this.press(button)]);
    return download;
  }

  /** Accepts the dialog on top, and waits until it is gone and the one below, if any, is back. */
  async ok(): Promise<void> {
    const button = this.dialog().locator('#node-config-dialog-ok, #node-dialog-ok');
    const isConfig = (await button.getAttribute('id')) === 'node-config-dialog-ok';
    const handle = await button.elementHandle();
    await button.click();
    await handle.waitForElementState('hidden');
    if (isConfig) await this.dialog().waitFor();
    else await this.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
  }

  /** Deploys, and waits until the editor says that it was successful. */
  async deploy(): Promise<void> {
    const success = this.page.locator('.red-ui-notification-success');
    // One of an earlier deploy would be taken for the answer to this.
    for (const old of await success.elementHandles()) await old.waitForElementState('hidden');
    await this.page.locator('#red-ui-header-button-deploy:not(.disabled)').click();
    await success.first().waitFor();
    // The page stays covered a little longer.
    await this.page.locator('#red-ui-header-shade').waitFor({ state: 'hidden' });
  }

  /** The status text below a node, once it matches. */
  async statusText(nodeId: string, pattern = /./): Promise<string> {
    const label = this.page.locator(`[id="${nodeId}"] .red-ui-flow-node-status-label`);
    const matching = label.filter({ hasText: pattern });
    await matching.waitFor();
    return (await matching.textContent()) ?? '';
  }

  /**
   * What the dialog on top says about each field it marks as wrong, read from the tooltips; an empty text
   * for a field that a user sees marked without being told why.
   */
  async fieldErrors(): Promise<Record<string, string>> {
    const errors: Record<string, string> = {};
    const popover = this.page.locator('.red-ui-popover:visible').first();
    const elsewhere = this.dialog().locator('.red-ui-tray-header');
    for (const field of await this.dialog().locator('[id*="input-"].input-error').all()) {
      const id = (await field.getAttribute('id')) ?? '';
      const name = id.replace(/^node-(config-)?input-/, '');
      errors[name] = '';
      const hasTooltip = await this.page.evaluate<boolean>(`!!$('[id="${id}"]').data('tooltip')`);
      if (!hasTooltip || !(await field.isVisible())) continue;
      // From elsewhere, since the tooltip opens when the mouse enters the field and not when it rests there.
      await elsewhere.hover();
      await popover.waitFor({ state: 'hidden' });
      await field.hover();
      await popover.waitFor();
      errors[name] = await popover.innerText();
      await elsewhere.hover();
      await popover.waitFor({ state: 'hidden' });
    }
    return errors;
  }

  /** Saves a picture of the editor, or of another page, as .screenshots/<name>.png in the project. */
  async screenshot(name: string, page = this.page): Promise<void> {
    const folder = join(projectRoot(), '.screenshots');
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
  }

  /** Closes the browser. */
  async close(): Promise<void> {
    await this.browser.close();
  }

  /**
   * A dialog that has slid in takes the focus to its first field a moment later. What is typed in between
   * would end up in that field.
   */
  private async opened(okButton: string): Promise<void> {
    await this.dialog().locator(okButton).waitFor();
    await this.page.waitForFunction(
      `document.querySelector(${JSON.stringify(DIALOG)})?.contains(document.activeElement)`,
    );
  }

  private watch(page: Page): void {
    page.on('pageerror', (error) => this.pageErrors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.pageErrors.push(`${message.text()} (${message.location().url})`);
    });
    page.on('request', (request) => {
      const local = request.url().startsWith(`${this.url}/`) || /^(data|blob):/.test(request.url());
      if (!local) this.externalRequests.push(request.url());
    });
  }

  private async login(user: 'admin' | 'reader'): Promise<void> {
    await this.page.locator('#node-dialog-login-username').fill(user);
    await this.page.locator('#node-dialog-login-password').fill(passwordOf(user));
    // The editor learns that it has to log in from a 401, and nodes are loaded only afterwards.
    this.pageErrors.length = 0;
    await this.page.locator('#node-dialog-login-submit').click();
  }
}
