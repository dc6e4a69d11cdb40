import { strict as assert } from 'node:assert';
import { openEditor, type Editor } from '../support/browser';
import { startRuntime, type Runtime } from '../support/runtime';

describe('the harness around the editor', () => {
  let runtime: Runtime | undefined;
  let editor: Editor | undefined;
  afterEach(async () => {
    await editor?.close();
    await runtime?.stop();
  });

  it('drags, edits, deploys and reads the status, with a config node and its validation', async () => {
    runtime = await startRuntime({ packageFrom: 'none', adminAuth: true });
    editor = await openEditor(runtime, { lang: 'de', user: 'admin' });
    const id = await editor.addNodeFromPalette('mqtt in');
    await editor.openDialog(id);
    await editor.openConfigDialog('broker', 'add');
    await editor.fill('port', 'nought');
    assert.deepEqual(Object.keys(await editor.fieldErrors()).sort(), ['broker', 'port']);
    await editor.fill('broker', '127.0.0.1');
    await editor.fill('port', '1');
    await editor.fill('autoConnect', false);
    assert.deepEqual(await editor.fieldErrors(), {});
    await editor.ok();
    await editor.fill('topic', 'probe');
    await editor.fill('qos', '1');
    await editor.ok();
    await editor.deploy();
    assert.match(await editor.statusText(id), /Verbindung getrennt/);
    const flows = await runtime.flows();
    assert.equal(flows.find((node) => node.type === 'mqtt-broker')?.broker, '127.0.0.1');
    assert.equal(flows.find((node) => node.id === id)?.qos, '1');
    await editor.screenshot('harness');
    assert.deepEqual(editor.pageErrors, []);
    assert.deepEqual(editor.externalRequests, []);
  });

  it('imports a flow with its tab', async () => {
    runtime = await startRuntime({ packageFrom: 'none' });
    editor = await openEditor(runtime);
    await editor.importFlow([
      { id: 'tab-probe', type: 'tab', label: 'probe' },
      { id: 'node-probe', type: 'comment', z: 'tab-probe', name: 'old', x: 200, y: 100, wires: [] },
    ]);
    await editor.openDialog('node-probe');
    await editor.fill('name', 'new');
    await editor.ok();
    await editor.deploy();
    assert.equal((await runtime.flows()).find((node) => node.id === 'node-probe')?.name, 'new');
  });
});
