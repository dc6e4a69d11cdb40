import { strict as assert } from 'node:assert';

import {
  type PowersentrixCloud,
  type PowersentrixSimulator,
  Pusher,
  startPowersentrix,
  startPowersentrixCloud,
  UpsModel,
} from '../../simulators/powersentrix';
import { type Editor, openEditor } from '../support/browser';
import { type Runtime, startRuntime } from '../support/runtime';

const RESULT = '#energy-devices-test-result';

async function testConnection(editor: Editor, outcome: 'good' | 'bad'): Promise<string> {
  await editor.press('#energy-devices-test');
  const result = editor.dialog().locator(`${RESULT}[data-state="${outcome}"]`);
  await result.waitFor();
  return result.innerText();
}

const intervalLabel = (editor: Editor): Promise<string> =>
  editor.dialog().locator('label[for="node-config-input-interval"]').innerText();

describe('PowerSentrix in the editor', () => {
  let ups: PowersentrixSimulator;
  let cloud: PowersentrixCloud;
  let runtime: Runtime;
  let editor: Editor;

  beforeEach(async () => {
    ups = await startPowersentrix();
    cloud = await startPowersentrixCloud();
    runtime = await startRuntime();
  });
  afterEach(async () => {
    await editor.close();
    await runtime.stop();
    await cloud.close();
    await ups.close();
    assert.deepEqual(editor.pageErrors, []);
    assert.deepEqual(editor.externalRequests, []);
  });

  it('leaves an interval alone that was set on purpose', async () => {
    const device = { type: 'ups-device', account: '', receiver: '', url: '', configVersion: 1 };
    const intervals: [source: string, interval: number][] = [
      ['cloud', 300],
      ['push', 60],
    ];
    await runtime.deploy([
      { id: 'tab', type: 'tab', label: 'tab' },
      ...intervals.flatMap(([source, interval], i) => [
        { ...device, id: source, source, interval },
        {
          id: `s${i}`,
          type: 'ups-status',
          z: 'tab',
          device: source,
          x: 100,
          y: 60 + 60 * i,
          wires: [[], []],
        },
      ]),
    ]);
    editor = await openEditor(runtime);
    for (const [source, interval] of intervals) {
      await editor.openAny(source);
      assert.equal(await editor.field('interval').inputValue(), String(interval));
      await editor.field('source').selectOption('lan');
      assert.equal(await editor.field('interval').inputValue(), '60');
      assert.equal(await intervalLabel(editor), 'Read every');
      await editor.cancel();
    }
    await editor.openAny('cloud');
    await editor.fill('interval', '60');
    await editor.field('source').selectOption('push');
    assert.equal(await editor.field('interval').inputValue(), '300');
    assert.equal(await intervalLabel(editor), 'Pushes every');
    await editor.cancel();
  });

  it('sets a UPS up at its own address, from the palette to its status', async () => {
    editor = await openEditor(runtime);
    const node = await editor.addNodeFromPalette('ups-status');
    await editor.openDialog(node);
    await editor.openConfigDialog('device', 'add');
    assert.equal(await editor.field('url').isVisible(), false);
    await editor.field('source').selectOption('lan');
    assert.deepEqual(
      await Promise.all(['url', 'apiKey', 'upsId', 'cmm'].map((name) => editor.field(name).isVisible())),
      [true, true, false, false],
    );
    await editor.fill('url', ups.url);
    await editor.fill('apiKey', 'wrong');
    assert.match(await testConnection(editor, 'bad'), /API key/);
    await editor.fill('apiKey', ups.apiKey);
    const works = await testConnection(editor, 'good');
    assert.match(works, /PWX-12-4422/);
    assert.ok(works.includes('2.15 A') && works.includes('21.5 A'), works);
    await editor.screenshot('ups-device-lan');
    await editor.ok();
    await editor.ok();
    await editor.deploy();
    await editor.statusText(node, /mains, \d+ W/);

    const port = await editor.addNodeFromPalette('ups-port');
    await editor.openDialog(port);
    const id = await editor.page.evaluate<string>(
      `$('#node-input-device option').toArray().map(({ value }) => value).find((id) => /^[0-9a-f]+$/.test(id))`,
    );
    await editor.field('device').selectOption(id);
    const router = editor.field('port').locator('option[value="0"]', { hasText: '0 Router' });
    await router.waitFor({ state: 'attached' });
    assert.equal(await editor.field('port').locator('option[value="11"]').textContent(), '11');
    await editor.field('port').selectOption('0');
    await editor.field('action').selectOption('restart');
    await editor.screenshot('ups-port');
    await editor.ok();
    const label = `(() => { const node = RED.nodes.node('${port}'); return node._def.label.call(node); })()`;
    assert.equal(await editor.page.evaluate(label), '0 Router · restart');
    await editor.openDialog(port);
    await editor.field('port').selectOption('11');
    await editor.ok();
    assert.equal(await editor.page.evaluate(label), 'Port 11 · restart');
    const events = await editor.addNodeFromPalette('ups-events');
    await editor.openDialog(events);
    await editor.screenshot('ups-events');
    await editor.ok();
  });

  it('reads a UPS of an account that was never deployed', async () => {
    editor = await openEditor(runtime);
    const node = await editor.addNodeFromPalette('ups-status');
    await editor.openDialog(node);
    await editor.openConfigDialog('device', 'add');
    assert.match(await testConnection(editor, 'bad'), /account/);
    await editor.openConfigDialog('account', 'add');
    await editor.fill('url', cloud.url);
    await editor.fill('email', cloud.email);
    await editor.fill('password', cloud.password);
    assert.match(await testConnection(editor, 'good'), /Server Room/);
    await editor.screenshot('powersentrix-account');
    await editor.ok();
    await editor.field('upsId').click();
    const inAccount = editor.dialog().locator('datalist option[value="42"]');
    await inAccount.waitFor({ state: 'attached' });
    assert.equal(await inAccount.textContent(), 'Server Room');
    await editor.fill('upsId', '42');
    assert.match(await testConnection(editor, 'good'), /PSX-2024-001234/);
    await editor.screenshot('ups-device-cloud');
    await editor.ok();
    await editor.ok();
    await editor.deploy();
    await editor.statusText(node, /mains, \d+ W/);
  });

  it('shows the address to type into the UPS, and who has registered', async () => {
    editor = await openEditor(runtime);
    const node = await editor.addNodeFromPalette('ups-status');
    await editor.openDialog(node);
    await editor.openConfigDialog('device', 'add');
    await editor.field('source').selectOption('push');
    await editor.openConfigDialog('receiver', 'add');
    const first = await editor.field('secret').inputValue();
    assert.match(first, /^[0-9a-f]{32}$/);
    await editor.fill('companyId', 'company');
    await editor.press('#ups-receiver-generate');
    const secret = await editor.field('secret').inputValue();
    assert.match(secret, /^[0-9a-f]{32}$/);
    assert.notEqual(secret, first);
    const url = await editor.dialog().locator('#ups-receiver-url').inputValue();
    assert.ok(url.endsWith(`/powersentrix/${secret}`), url);
    await editor.ok();
    await editor.fill('cmm', 'ups-01');
    await editor.ok();
    await editor.ok();
    await editor.deploy();

    const model = new UpsModel();
    const pusher = new Pusher(model, {
      serverUrl: `${runtime.url}/powersentrix/${secret}`,
      companyId: 'company',
    });
    await pusher.boot();
    await editor.statusText(node, /mains, \d+ W/);
    await editor.openDialog(node);
    await editor.openConfigDialog('device', 'edit');
    assert.match(await testConnection(editor, 'good'), /Registered: PWX-12-4422/);
    await editor.field('cmm').click();
    await editor.dialog().locator('datalist option[value="ups-01"]').waitFor({ state: 'attached' });
    await editor.openConfigDialog('receiver', 'edit');
    const row = editor.dialog().locator('#ups-receiver-list tr[data-cmm="ups-01"]');
    await row.waitFor();
    assert.match(await row.innerText(), /PSX-2024-001234/);
    await editor.screenshot('ups-receiver');
    pusher.close();
    model.close();
  });
});
