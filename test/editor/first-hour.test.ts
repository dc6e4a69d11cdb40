import { strict as assert } from 'node:assert';

import { startPowerflex } from '../../simulators/powerflex';
import { startPoweropti } from '../../simulators/poweropti';
import { type Editor, openEditor } from '../support/browser';
import { countClicks } from '../support/clicks';
import { type Runtime, startRuntime } from '../support/runtime';

/**
 * The ways of two people from an empty flow to the first reading, as a person goes them, with what they press. The third way,
 * to thirty UPSes, is in insert-all.
 */
describe('the first hour', () => {
  let runtime: Runtime;
  let editor: Editor;

  const open = async (lang: 'en-US' | 'de'): Promise<void> => {
    runtime = await startRuntime();
    editor = await openEditor(runtime, { lang });
  };
  afterEach(async () => {
    await editor.close();
    await runtime.stop();
    assert.deepEqual(editor.pageErrors, []);
    assert.deepEqual(editor.externalRequests, []);
  });

  async function test(): Promise<void> {
    await editor.press('#energy-devices-test');
    await editor.dialog().locator('#energy-devices-test-result[data-state="good"]').waitFor();
  }

  /** Tells and returns the clicks of a way. */
  async function walked(clicks: () => Promise<number>, begun: number): Promise<number> {
    const count = await clicks();
    console.log(`      ${count} clicks, ${((performance.now() - begun) / 1000).toFixed(1)} s for a machine`);
    return count;
  }

  it('brings a meter at home, in German, to its reading', async () => {
    const meter = await startPoweropti({ apiKey: '1097bd725557' });
    try {
      meter.setPower(1234);
      await open('de');
      const begun = performance.now();
      const clicks = await countClicks(editor);
      const node = await editor.addNodeFromPalette('poweropti-meter');
      await editor.openDialog(node);
      await editor.openConfigDialog('device', 'add');
      await editor.fill('host', meter.host);
      await editor.fill('apiKey', meter.apiKey);
      await test();
      await editor.ok();
      await editor.ok();
      await editor.deploy();
      assert.match(await editor.statusText(node, /W$/), /1\.?234/);
      assert.ok((await walked(clicks, begun)) <= 10);
    } finally {
      await meter.close();
    }
  });

  it('brings the chargers of a garage to their load and their target', async () => {
    const site = await startPowerflex();
    try {
      await open('en-US');
      const begun = performance.now();
      const clicks = await countClicks(editor);
      const node = await editor.addNodeFromPalette('powerflex-dcm');
      await editor.openDialog(node);
      await editor.openConfigDialog('site', 'add');
      await editor.fill('url', site.url);
      await editor.fill('accId', String(site.accId));
      await editor.fill('username', site.username);
      await editor.fill('password', site.password);
      await test();
      await editor.ok();
      await editor.ok();
      await editor.deploy();
      await editor.openDialog(node);
      await editor.fill('operation', 'set_target_peak_power');
      await editor.press('#powerflex-read-targets');
      await editor.page.locator('#powerflex-targets [data-month="Dec"]', { hasText: '200 kW' }).waitFor();
      await editor.page.locator('#powerflex-target-Jun').fill('700');
      await editor.ok();
      await editor.deploy();
      const deployed = (await runtime.flows()).find(({ id }) => id === node);
      assert.deepEqual(deployed?.targets, { Jun: 700 });
      assert.ok((await walked(clicks, begun)) < 15);
    } finally {
      await site.close();
    }
  });
});
