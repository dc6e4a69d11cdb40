import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { flatten, parseCatalogue } from '../../scripts/assets/catalogue';
import { projectRoot } from '../../scripts/support/project-root';
import { startPoweropti, type PoweroptiSimulator } from '../../simulators/poweropti';
import { openEditor, type Editor } from '../support/browser';
import { startRuntime, type FlowNode, type Runtime } from '../support/runtime';

const RESULT = '#energy-devices-test-result';
const API_KEY = '1097bd725557';

/** The texts of poweropti-device as users of a language read them. */
function textsIn(lang: string): (key: string) => string {
  const file = join(projectRoot(), 'dist/nodes/poweropti/locales', lang, 'poweropti-device.json');
  const texts = flatten(parseCatalogue(readFileSync(file, 'utf8')));
  return (key) => texts.get(key) ?? `no text ${key}`;
}

/** Matches a text of the catalogue whatever was filled in for its placeholders. */
function like(text: string): RegExp {
  const literal = text.split(/__\w+?__/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^\\s*${literal.join('.*')}\\s*$`);
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Presses "Test connection" and returns what the dialog then says. */
async function testConnection(editor: Editor, outcome: 'good' | 'bad'): Promise<string> {
  await editor.press('#energy-devices-test');
  const result = editor.dialog().locator(`${RESULT}[data-state="${outcome}"]`);
  await result.waitFor();
  return result.innerText();
}

async function screenshots(editor: Editor, name: string): Promise<void> {
  if (await editor.setDark(true)) await editor.screenshot(`${name}-dark`);
  await editor.setDark(false);
  await editor.screenshot(name);
}

describe('poweropti in the editor', () => {
  let simulator: PoweroptiSimulator;
  let stranger: Server;
  let strangerHost: string;
  let runtime: Runtime | undefined;
  let editor: Editor | undefined;

  before(async () => {
    simulator = await startPoweropti({ apiKey: API_KEY });
    simulator.setPower(1234);
    stranger = createServer((_request, response) => response.end('{"hello":"world"}'));
    strangerHost = await listen(stranger);
  });
  afterEach(async () => {
    await editor?.close();
    editor = undefined;
    await runtime?.stop();
    runtime = undefined;
  });
  after(async () => {
    await simulator.close();
    stranger.close();
  });

  for (const lang of ['en-US', 'de'] as const) {
    it(`sets up a meter from the palette to the reading below the node (${lang})`, async () => {
      const text = textsIn(lang);
      runtime = await startRuntime();
      editor = await openEditor(runtime, { lang });
      const meter = await editor.addNodeFromPalette('poweropti-meter');
      await editor.openDialog(meter);
      await screenshots(editor, `poweropti-meter-${lang}`);
      await editor.openConfigDialog('device', 'add');

      await editor.fill('host', '');
      await editor.fill('interval', '0.2');
      const errors = await editor.fieldErrors();
      assert.equal(errors.host, text('errors.addressEmpty'));
      assert.match(String(errors.interval), like(text('invalid.atLeast')));
      assert.notEqual(errors.apiKey, '', 'a missing key is marked without a word');
      await screenshots(editor, `poweropti-device-invalid-${lang}`);
      await editor.fill('interval', '1');

      const unused = createServer();
      const nothing = await listen(unused);
      await new Promise((resolve) => unused.close(resolve));
      await editor.fill('host', nothing);
      await editor.fill('apiKey', 'not-the-key');
      assert.match(await testConnection(editor, 'bad'), like(text('errors.refusedConnection')));

      await editor.fill('host', strangerHost);
      assert.match(await testConnection(editor, 'bad'), like(text('errors.poweroptiShape')));

      await editor.fill('host', simulator.host);
      const refused = await testConnection(editor, 'bad');
      assert.match(refused, like(text('errors.poweroptiUnauthorized')));
      if (lang === 'en-US')
        for (const cause of ['key', 'PRO service', 'firmware']) assert.ok(refused.includes(cause));
      await screenshots(editor, `poweropti-device-refused-${lang}`);

      await editor.fill('apiKey', API_KEY);
      const works = await testConnection(editor, 'good');
      assert.match(works, like(text('test.reading')));
      assert.ok(works.includes((1234).toLocaleString(lang)), works);
      assert.deepEqual(await editor.fieldErrors(), {});
      await screenshots(editor, `poweropti-device-works-${lang}`);

      await editor.ok();
      await editor.ok();
      await editor.deploy();
      assert.equal((await editor.statusText(meter, /W$/)).replace(/\D/g, ''), '1234');
      await screenshots(editor, `poweropti-deployed-${lang}`);

      await editor.openDialog(meter);
      await editor.openConfigDialog('device', 'edit');
      assert.equal(await editor.field('apiKey').getAttribute('type'), 'password');
      assert.equal(await editor.field('apiKey').inputValue(), '__PWRD__');
      assert.match(await testConnection(editor, 'good'), like(text('test.reading')));

      const file = await editor.download('#energy-devices-diagnostics');
      const diagnostics = readFileSync(await file.path(), 'utf8');
      assert.ok(diagnostics.includes('"poweropti-device"'), diagnostics);
      assert.ok(!diagnostics.includes(API_KEY), diagnostics);
      assert.ok(!JSON.stringify(await runtime.flows()).includes(API_KEY));
      assert.ok(!runtime.log.some((line) => line.includes(API_KEY)));
      assert.deepEqual(editor.pageErrors, []);
      assert.deepEqual(editor.externalRequests, []);
    });
  }

  for (const lang of ['en-US', 'de'] as const) {
    it(`finds a device, and takes over its address and its ticket (${lang})`, async () => {
      const text = textsIn(lang);
      const ticket = `announced:${'5'.repeat(32)}`;
      let answer: object = { ok: true, devices: [], heard: false, full: false };
      const asked: string[] = [];
      runtime = await startRuntime();
      editor = await openEditor(runtime, { lang });
      const { page } = editor;
      await page.route('**/energy-devices/poweropti-device/*/find', (route) =>
        route.fulfill({ json: answer }),
      );
      await page.route('**/energy-devices/poweropti-device/*/adopt', (route) => {
        asked.push(String(route.request().postData()));
        return route.fulfill({ json: { ok: true } });
      });
      const meter = await editor.addNodeFromPalette('poweropti-meter');
      await editor.openDialog(meter);
      await editor.openConfigDialog('device', 'add');
      const dialog = editor.dialog();
      const said = async (state: 'good' | 'bad', key: string): Promise<void> => {
        const place = dialog.locator(`#energy-devices-find-result[data-state="${state}"]`);
        await place.waitFor();
        assert.match(await place.innerText(), like(text(`find.${key}`)));
      };
      await editor.press('#energy-devices-find');
      await said('bad', 'silent');
      assert.equal(await dialog.locator('#energy-devices-found').isVisible(), false);

      const name = '<img src=x onerror="window.hit=1">';
      const device = { ticket, name: `powerfox ${name} …557`, address: '192.168.1.50', idIs: 'new' };
      answer = { ok: true, devices: [device], heard: true, full: false };
      await editor.press('#energy-devices-find');
      await said('good', 'found');
      await screenshots(editor, `poweropti-device-found-${lang}`);
      await dialog.locator('#energy-devices-found').selectOption(ticket);
      await said('good', 'id.new');
      assert.equal(await editor.field('host').inputValue(), '192.168.1.50');
      assert.equal(await editor.field('apiKey').inputValue(), ticket);
      assert.deepEqual(asked, [JSON.stringify({ settings: { ticket }, credentials: {} })]);
      await screenshots(editor, `poweropti-device-chosen-${lang}`);
      await editor.ok();
      await editor.ok();
      const stored = await page.evaluate<unknown>(
        `(() => { let found; RED.nodes.eachConfig(({ type, credentials }) => {
           if (type === 'poweropti-device') found = credentials; }); return found; })()`,
      );
      assert.equal((stored as { announcedId: string }).announcedId, ticket);
      assert.equal(await page.evaluate('window.hit'), undefined);
      assert.deepEqual(editor.pageErrors, []);
    });
  }

  it('tells a user without the right to edit that the test is not permitted', async () => {
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'home' },
      { id: 'device', type: 'poweropti-device', host: simulator.host, interval: 1, staleAfter: 60 },
      { id: 'meter', type: 'poweropti-meter', z: 'tab', device: 'device', x: 200, y: 100, wires: [[], []] },
    ];
    runtime = await startRuntime({ adminAuth: true, flows, credentials: { device: { apiKey: API_KEY } } });
    editor = await openEditor(runtime, { user: 'reader' });
    await editor.statusText('meter', /1234 W/);
    await editor.openDialog('meter');
    await editor.openConfigDialog('device', 'edit');
    assert.equal((await testConnection(editor, 'bad')).trim(), textsIn('en-US')('dialog.notPermitted'));
  });
});
