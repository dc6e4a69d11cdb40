import { strict as assert } from 'node:assert';

import { startEnapter } from '../../simulators/enapter';
import { startPowercontroller } from '../../simulators/powercontroller';
import {
  type PowersentrixCloud,
  Pusher,
  startPowersentrixCloud,
  UpsModel,
} from '../../simulators/powersentrix';
import { type Editor, openEditor } from '../support/browser';
import { countClicks } from '../support/clicks';
import { type Runtime, startRuntime } from '../support/runtime';

const RESULT = '#energy-devices-insert-result';

interface Placed {
  id: string;
  name: string;
  x: number;
  y: number;
  [setting: string]: unknown;
}

/** UPSes of an account, by their ids. */
const upses = (count: number, from = 1): Map<string, UpsModel> =>
  new Map(
    Array.from({ length: count }, (_one, i) => [
      String(100 + from + i),
      new UpsModel({ cmm: `ups-${from + i}`, description: `Rack ${from + i}` }),
    ]),
  );

const nodesOf = (editor: Editor, type: string): Promise<Placed[]> =>
  editor.page.evaluate<Placed[]>(
    `RED.nodes.createCompleteNodeSet().filter((node) => node.type === ${JSON.stringify(type)})`,
  );

async function insertAll(editor: Editor): Promise<void> {
  await editor.press('#energy-devices-insert');
}

/** What the insertion says, where it leaves the dialog open. */
async function said(editor: Editor, state: 'good' | 'bad'): Promise<string> {
  const result = editor.dialog().locator(`${RESULT}[data-state="${state}"]`);
  await result.waitFor();
  return result.innerText();
}

/** What the insertion says once the dialog is saved. */
async function inserted(editor: Editor): Promise<string> {
  const note = editor.page
    .locator('.red-ui-notification-success:not([data-seen])', { hasText: /\d+/ })
    .first();
  await note.waitFor();
  const text = await note.innerText();
  // The next one shall not be taken for this, and the editor takes it away by itself.
  await editor.page.evaluate(`$('.red-ui-notification-success').attr('data-seen', '')`);
  return text;
}

async function paste(editor: Editor, text: string): Promise<void> {
  const field = editor.dialog().locator('#energy-devices-insert-list');
  if (!(await field.isVisible()))
    await editor.dialog().locator('.energy-devices-wide summary').press('Enter');
  await field.fill(text);
}

function assertApart(placed: Placed[]): void {
  const spots = new Set(placed.map(({ x, y }) => `${x} ${y}`));
  assert.equal(spots.size, placed.length);
  for (const { x, y } of placed) assert.ok(x > 0 && y > 0 && y % 20 === 0, `${x} ${y}`);
}

describe('Insert all', () => {
  let cloud: PowersentrixCloud;
  let runtime: Runtime;
  let editor: Editor;

  beforeEach(async () => {
    cloud = await startPowersentrixCloud({ upses: upses(30) });
    runtime = await startRuntime();
    editor = await openEditor(runtime);
  });
  afterEach(async () => {
    await editor.close();
    await runtime.stop();
    await cloud.close();
    assert.deepEqual(editor.pageErrors, []);
    assert.deepEqual(editor.externalRequests, []);
  });

  /** A new account in the open dialog of a UPS. */
  async function enterAccount(): Promise<void> {
    await editor.openConfigDialog('account', 'add');
    await editor.fill('url', cloud.url);
    await editor.fill('email', cloud.email);
    await editor.fill('password', cloud.password);
  }

  it('takes less than fifteen clicks from an empty flow to thirty UPSes that read', async () => {
    const clicks = await countClicks(editor);
    const first = await editor.addNodeFromPalette('ups-status');
    await editor.openDialog(first);
    await editor.openConfigDialog('device', 'add');
    await enterAccount();
    await insertAll(editor);
    assert.equal(await inserted(editor), 'Inserted: 30; there already: 0.');
    // The account's dialog has closed; that of the UPS and that of the node are not needed any more.
    await editor.dialog().locator('#node-config-dialog-cancel').click();
    await editor.dialog().locator('#node-dialog-delete').click();
    await editor.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
    await editor.deploy();
    const count = await clicks();
    console.log(`      ${count} clicks`);
    assert.ok(count < 15, String(count));

    const readers = await nodesOf(editor, 'ups-status');
    const devices = await nodesOf(editor, 'ups-device');
    assert.equal(readers.length, 30);
    assertApart(readers);
    assert.deepEqual(
      devices.map(({ name, source, upsId }) => [name, source, upsId]),
      [...cloud.upses].map(([id, { description }]) => [description, 'cloud', id]),
    );
    assert.deepEqual(new Set(readers.map(({ device }) => device)), new Set(devices.map(({ id }) => id)));
    assert.ok(readers.every(({ wires }) => JSON.stringify(wires) === '[[],[]]'));
    for (const { id } of readers) await editor.statusText(id, /mains, \d+ W/);
    await editor.screenshot('insert-all');
    assert.ok(!JSON.stringify(await runtime.request('/flows')).includes(cloud.password));
  });

  it('is undone in one step, and inserts only what is not there, whatever it is called', async () => {
    await editor.page.evaluate(`RED.editor.editConfig('', 'powersentrix-account', '_ADD_')`);
    await editor.dialog().locator('#node-config-dialog-ok').waitFor();
    await editor.fill('url', cloud.url);
    await editor.fill('email', cloud.email);
    await editor.fill('password', cloud.password);
    await insertAll(editor);
    assert.equal(await inserted(editor), 'Inserted: 30; there already: 0.');
    await editor.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
    assert.equal((await nodesOf(editor, 'ups-device')).length, 30);
    await editor.page.evaluate(`RED.history.pop()`);
    assert.deepEqual(await nodesOf(editor, 'ups-device'), []);
    assert.deepEqual(await nodesOf(editor, 'ups-status'), []);
    await editor.page.evaluate(`RED.history.redo()`);
    const [renamed, moved] = await nodesOf(editor, 'ups-device');
    assert.ok(renamed && moved);
    const [account = ''] = await editor.nodeIds('powersentrix-account');
    // Two that are called like others, and one more than before.
    await editor.page.evaluate(`RED.nodes.node(${JSON.stringify(renamed.id)}).name = 'Rack 31'`);
    await editor.page.evaluate(`RED.nodes.node(${JSON.stringify(moved.id)}).name = ''`);
    for (const [id, model] of upses(2, 31)) cloud.upses.set(id, model);
    await editor.openAny(account);
    await insertAll(editor);
    assert.equal(await inserted(editor), 'Inserted: 2; there already: 30.');
    await editor.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
    const readers = await nodesOf(editor, 'ups-status');
    assert.equal(readers.length, 32);
    assertApart(readers);
    await editor.openAny(account);
    await insertAll(editor);
    assert.equal(await said(editor, 'good'), 'Nothing to insert: 32 there already.');
    await editor.cancel();
  });

  it('names what is wrong with a pasted list, and inserts nothing of it', async () => {
    await editor.page.evaluate(`RED.editor.editConfig('', 'powersentrix-account', '_ADD_')`);
    await editor.dialog().locator('#node-config-dialog-ok').waitFor();
    await paste(editor, 'name;source;id;address\nA;cloud;1;\nB;pigeon;2;\nC;lan;;\nD;lan;;http://u:p@host');
    await insertAll(editor);
    const wrong = await said(editor, 'bad');
    for (const part of ['Line 3: the source', 'Line 4: the address', 'Line 5: Enter a host name']) {
      assert.ok(wrong.includes(part), wrong);
    }
    assert.deepEqual(await nodesOf(editor, 'ups-device'), []);
    await editor.screenshot('insert-all-wrong');
    await editor.fill('email', cloud.email);
    await paste(editor, 'name;source;id;address\nA;cloud;1;\nB;lan;;ups.local\nC;cloud;1;');
    await insertAll(editor);
    const done = await inserted(editor);
    assert.match(done, /^Inserted: 2; there already: 0\. .*API key: 1\. Line 4 repeats line 2 \(C\)\.$/);
    const devices = await nodesOf(editor, 'ups-device');
    assert.deepEqual(
      devices.map(({ name, source, upsId, url }) => [name, source, upsId, url]),
      [
        ['A', 'cloud', '1', ''],
        ['B', 'lan', '', 'ups.local'],
      ],
    );
  });

  it('inserts what is more than a piece in several, tells how far it is, and undoes all of it in one step', async () => {
    const count = 250;
    await editor.page.evaluate(`RED.editor.editConfig('', 'powersentrix-account', '_ADD_')`);
    await editor.dialog().locator('#node-config-dialog-ok').waitFor();
    await editor.fill('email', cloud.email);
    await paste(editor, `name,id\n${Array.from({ length: count }, (_one, i) => `UPS ${i},${i}`).join('\n')}`);
    await editor.page.evaluate(`(() => {
      window.told = [];
      const note = () => window.told.push($('#red-ui-notifications').text());
      new MutationObserver(note).observe(document.getElementById('red-ui-notifications'), { childList: true, subtree: true });
    })()`);
    await insertAll(editor);
    assert.equal(await inserted(editor), `Inserted: ${count}; there already: 0.`);
    const told = await editor.page.evaluate<string[]>('window.told');
    for (const text of ['Inserting: 0 of 250', 'Inserting: 100 of 250', 'Inserting: 200 of 250']) {
      assert.ok(
        told.some((one) => one.includes(text)),
        JSON.stringify(told),
      );
    }
    const lists = (): Promise<number[]> =>
      editor.page.evaluate<number[]>(`['ups-device', 'ups-status'].map(
        (type) => RED.nodes.filterNodes({ type }).length + RED.nodes.createCompleteNodeSet().filter((node) => node.type === type && node.z === undefined).length,
      )`);
    const users = (): Promise<number> =>
      editor.page.evaluate<number>(`(() => {
        let users = 0;
        RED.nodes.eachConfig((node) => {
          if (node.type === 'powersentrix-account') users = node.users.length;
        });
        return users;
      })()`);
    assert.deepEqual([await lists(), await users()], [[count, count], count]);
    await editor.page.evaluate(`RED.history.pop()`);
    assert.deepEqual([await lists(), await users()], [[0, 0], 0]);
    await editor.page.evaluate(`RED.history.redo()`);
    assert.deepEqual([await lists(), await users()], [[count, count], count]);
    // The list of config nodes is one that is kept again.
    const shown = await editor.page.evaluate<number>(
      `$('.red-ui-sidebar-node-config-list .red-ui-palette-node').length`,
    );
    assert.ok(shown > count, String(shown));
  });

  it('inserts a list of a thousand rows', async () => {
    const count = 1000;
    await editor.page.evaluate(`RED.editor.editConfig('', 'powersentrix-account', '_ADD_')`);
    await editor.dialog().locator('#node-config-dialog-ok').waitFor();
    await editor.fill('email', cloud.email);
    const rows = Array.from({ length: count }, (_one, i) => `UPS ${i},${i}`).join('\n');
    await paste(editor, `name,id\n${rows}`);
    const before = performance.now();
    await insertAll(editor);
    assert.equal(await inserted(editor), `Inserted: ${count}; there already: 0.`);
    console.log(`      ${count} rows: ${Math.round(performance.now() - before)} ms`);
    const readers = await nodesOf(editor, 'ups-status');
    assert.equal(readers.length, count);
    assertApart(readers);
  });

  it('inserts the UPSes that have registered with a receiver', async () => {
    await editor.page.evaluate(`RED.editor.editConfig('', 'ups-receiver', '_ADD_')`);
    await editor.dialog().locator('#node-config-dialog-ok').waitFor();
    await editor.fill('companyId', 'company');
    const secret = await editor.field('secret').inputValue();
    await insertAll(editor);
    assert.match(await said(editor, 'bad'), /Deploy first/);
    await editor.press('#node-config-dialog-ok');
    await editor.page.locator('#red-ui-editor-shade').waitFor({ state: 'hidden' });
    await editor.deploy();
    const serverUrl = `${runtime.url}/powersentrix/${secret}`;
    const pushers = [...cloud.upses.values()]
      .slice(0, 3)
      .map((model) => new Pusher(model, { serverUrl, companyId: 'company' }));
    for (const pusher of pushers) await pusher.boot();
    const [receiver = ''] = await editor.nodeIds('ups-receiver');
    await editor.openAny(receiver);
    await insertAll(editor);
    assert.equal(await inserted(editor), 'Inserted: 3; there already: 0.');
    await editor.deploy();
    for (const pusher of pushers) await pusher.pushData();
    for (const { id } of await nodesOf(editor, 'ups-status')) await editor.statusText(id, /mains, \d+ W/);
    await editor.openAny(receiver);
    await insertAll(editor);
    assert.match(await said(editor, 'good'), /3 there already/);
    await editor.cancel();
    for (const pusher of pushers) pusher.close();
  });

  it('inserts the controllers of an account', async () => {
    const controllers = await startPowercontroller({ historyDays: 1 });
    await editor.page.evaluate(`RED.editor.editConfig('', 'powercontroller-account', '_ADD_')`);
    await editor.dialog().locator('#node-config-dialog-ok').waitFor();
    await editor.fill('url', controllers.url);
    await editor.fill('token', controllers.token);
    await insertAll(editor);
    assert.equal(await inserted(editor), 'Inserted: 1; there already: 0.');
    const [made] = await nodesOf(editor, 'powercontroller-status');
    assert.ok(made);
    assert.deepEqual(
      [made.name, made.operation, made.deviceId],
      ['PC-ZXCVBNMASDF-001', 'watch', controllers.deviceId],
    );
    await editor.deploy();
    await editor.statusText(made.id, / W$/);
    await controllers.close();
  });

  it('inserts the devices of an Enapter account', async () => {
    const enapter = await startEnapter();
    await editor.page.evaluate(`RED.editor.editConfig('', 'enapter-account', '_ADD_')`);
    await editor.dialog().locator('#node-config-dialog-ok').waitFor();
    await editor.fill('url', enapter.url);
    await editor.fill('token', enapter.token);
    await insertAll(editor);
    assert.match(await inserted(editor), /^Inserted: \d+; there already: 0\.$/);
    const made = await nodesOf(editor, 'enapter-device');
    assert.ok(made.length > 0 && made.every(({ operation, deviceId }) => operation === 'get' && deviceId));
    assertApart(made);
    await editor.deploy();
    await enapter.close();
  });
});
