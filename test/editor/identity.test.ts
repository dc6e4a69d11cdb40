import { strict as assert } from 'node:assert';

import { type Editor, openEditor } from '../support/browser';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

/** A node of the editor as a deploy would send it. */
type Sent = Record<string, unknown>;

const meter = (id: string, device: string, z = 'tab'): FlowNode => ({
  ...{ id, type: 'poweropti-meter', z, device, x: 200, y: 100, wires: [[], []] },
});
const FLOWS: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'home' },
  { id: 'sub', type: 'subflow', name: 'sub', info: '', in: [], out: [], env: [] },
  { id: 'older', type: 'poweropti-device', host: '127.0.0.1:9', interval: 5, staleAfter: 60 },
  { id: 'inside', type: 'poweropti-device', z: 'sub', host: '127.0.0.1:9', interval: 5, staleAfter: 60 },
  meter('m1', 'older'),
  meter('m2', 'inside', 'sub'),
];

describe('the identity of a device in the editor', () => {
  let runtime: Runtime;
  let editor: Editor;

  const node = (id: string): Promise<Sent> =>
    editor.page.evaluate<Sent>(`RED.nodes.convertNode(RED.nodes.node(${JSON.stringify(id)}))`);
  const devices = (): Promise<Sent[]> =>
    editor.page.evaluate<Sent[]>(
      `RED.nodes.createCompleteNodeSet().filter(({ type }) => type === 'poweropti-device')`,
    );
  const changed = (id: string): Promise<boolean> =>
    editor.page.evaluate<boolean>(`Boolean(RED.nodes.node(${JSON.stringify(id)}).changed)`);

  before(async () => {
    const key = { apiKey: '1097bd725557' };
    runtime = await startRuntime({ flows: FLOWS, credentials: { older: key, inside: key } });
    editor = await openEditor(runtime);
  });
  after(async () => {
    await editor.close();
    await runtime.stop();
    assert.deepEqual(editor.pageErrors, []);
  });

  it('is the id of a node that is older than the setting, which is then exported and marks nothing as changed', async () => {
    assert.equal((await node('older')).deviceUid, undefined);
    await editor.openDialog('m1');
    await editor.openConfigDialog('device', 'edit');
    assert.equal(await editor.field('deviceUid').inputValue(), 'older');
    assert.equal(await editor.dialog().locator('.energy-devices-advanced').getAttribute('open'), null);
    await editor.ok();
    await editor.ok();
    assert.equal((await node('older')).deviceUid, 'older');
    assert.equal(await changed('older'), false);
  });

  it('stays in a copy that is imported, which is then told', async () => {
    await editor.page.evaluate(
      `RED.nodes.import([{ ...RED.nodes.convertNode(RED.nodes.node('older')), name: 'copy' }],
         { generateIds: true, importMap: { older: 'copy' } })`,
    );
    const copy = (await devices()).find(({ name }) => name === 'copy');
    assert.ok(copy);
    assert.notEqual(copy.id, 'older');
    assert.equal(copy.deviceUid, 'older');
    const wrong = await editor.page.evaluate<unknown[]>(
      `(() => { const node = RED.nodes.node(${JSON.stringify(copy.id)}); RED.editor.validateNode(node); return node.validationErrors; })()`,
    );
    assert.ok(
      wrong.some((one) => String(one).includes('Another config node has this identity')),
      JSON.stringify(wrong),
    );
    await editor.page.evaluate(`RED.nodes.remove(${JSON.stringify(copy.id)})`);
  });

  it('is drawn for a new node, and stays as typed', async () => {
    await editor.openDialog('m1');
    await editor.openConfigDialog('device', 'add');
    const drawn = await editor.field('deviceUid').inputValue();
    assert.match(drawn, /^[0-9a-f]{16}$/);
    await editor.fill('apiKey', 'k');
    await editor.fill('host', '192.168.1.51');
    await editor.ok();
    await editor.ok();
    assert.ok((await devices()).some(({ deviceUid }) => deviceUid === drawn));
    await editor.openDialog('m1');
    await editor.openConfigDialog('device', 'edit');
    await editor.page.locator('.energy-devices-advanced summary').click();
    await editor.fill('deviceUid', 'a b');
    assert.match(String((await editor.fieldErrors()).deviceUid), /1 to 64/);
    await editor.fill('deviceUid', 'older');
    assert.match(String((await editor.fieldErrors()).deviceUid), /Another config node/);
    await editor.fill('deviceUid', 'cellar');
    assert.deepEqual(await editor.fieldErrors(), {});
    await editor.ok();
    await editor.ok();
    assert.ok((await devices()).some(({ deviceUid }) => deviceUid === 'cellar'));
  });

  it('is left to each instance of a subflow', async () => {
    await editor.showTab('sub');
    await editor.openDialog('m2');
    await editor.openConfigDialog('device', 'edit');
    assert.equal(await editor.field('deviceUid').inputValue(), '');
    await editor.ok();
    await editor.openConfigDialog('device', 'add');
    const scope = editor.page.locator('#red-ui-editor-config-scope');
    assert.equal(await scope.inputValue(), 'sub');
    assert.equal(await editor.field('deviceUid').inputValue(), '');
    await scope.selectOption('');
    assert.match(await editor.field('deviceUid').inputValue(), /^[0-9a-f]{16}$/);
    await scope.selectOption('sub');
    assert.equal(await editor.field('deviceUid').inputValue(), '');
    await editor.press('#node-config-dialog-cancel');
    await editor.cancel();
    assert.equal(await changed('inside'), false);
  });
});
