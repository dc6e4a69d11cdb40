import { strict as assert } from 'node:assert';

import { startPowerflex, type PowerflexSimulator } from '../../simulators/powerflex';
import { openEditor, type Editor } from '../support/browser';
import { onPort, readExamples } from '../support/examples';
import { type Runtime, startRuntime } from '../support/runtime';

describe('PowerFlex in the editor', () => {
  let simulator: PowerflexSimulator;
  let runtime: Runtime | undefined;
  let editor: Editor | undefined;

  before(async () => {
    simulator = await startPowerflex();
  });
  afterEach(async () => {
    await editor?.close();
    editor = undefined;
    await runtime?.stop();
    runtime = undefined;
  });
  after(async () => {
    await simulator.close();
  });

  for (const lang of ['en-US', 'de'] as const) {
    it(`sets up a site from the palette to the load below the node (${lang})`, async () => {
      runtime = await startRuntime();
      editor = await openEditor(runtime, { lang });
      const { page } = editor;
      const dcm = await editor.addNodeFromPalette('powerflex-dcm');
      await editor.openDialog(dcm);
      await editor.openConfigDialog('site', 'add');
      await editor.fill('url', 'ftp://x');
      await editor.fill('accId', 'two');
      const errors = await editor.fieldErrors();
      for (const field of ['url', 'accId', 'username', 'password']) {
        assert.ok(errors[field], `${field} is marked without a word`);
      }
      await editor.fill('url', simulator.url);
      await editor.fill('accId', '2');
      await editor.fill('username', simulator.username);
      await editor.fill('password', 'wrong');
      const result = (state: string) =>
        page.locator(`#energy-devices-test-result[data-state="${state}"]`).innerText();
      await editor.press('#energy-devices-test');
      assert.match(await result('bad'), /HTTP 401/);
      await editor.fill('password', simulator.password);
      await editor.press('#energy-devices-test');
      assert.match(await result('good'), /200 kW/);
      await editor.screenshot(`powerflex-site-${lang}`);
      await editor.ok();

      assert.ok(await editor.field('minInterval').isVisible());
      assert.ok(!(await page.locator('#powerflex-targets').isVisible()));
      await editor.screenshot(`powerflex-dcm-feed-${lang}`);
      await editor.ok();
      await editor.deploy();

      await editor.openDialog(dcm);
      await editor.fill('operation', 'set_target_peak_power');
      assert.ok(!(await editor.field('minInterval').isVisible()));
      const current = page.locator('#powerflex-targets [aria-current="date"]');
      const month = await page.evaluate<string>(
        `new Date().toLocaleString(${JSON.stringify(lang)}, { month: 'long' })`,
      );
      assert.deepEqual(await current.allInnerTexts(), [month]);
      await editor.press('#powerflex-read-targets');
      await page.locator('#powerflex-targets [data-month="Dec"]', { hasText: '200 kW' }).waitFor();
      assert.deepEqual(await current.allInnerTexts(), [month]);
      await page.locator('#powerflex-target-Jun').fill('70.5');
      assert.match((await page.locator('#powerflex-target-Jun').getAttribute('class')) ?? '', /input-error/);
      await page.locator('#powerflex-target-Jun').fill('700');
      await editor.screenshot(`powerflex-dcm-targets-${lang}`);
      await editor.ok();
      await editor.deploy();
      const deployed = (await runtime.flows()).find(({ id }) => id === dcm);
      assert.deepEqual(deployed?.targets, { Jun: 700 });

      await editor.openDialog(dcm);
      assert.equal(await page.locator('#powerflex-target-Jun').inputValue(), '700');
      await editor.fill('operation', 'set_external_signal');
      assert.ok(await editor.field('restoreAfter').isVisible());
      await editor.screenshot(`powerflex-dcm-signal-${lang}`);
      await editor.ok();

      const data = await editor.addNodeFromPalette('powerflex-measurements', { x: 300, y: 300 });
      await editor.openDialog(data);
      await editor.fill('output', 'messages');
      assert.ok(await editor.field('rowsPerMessage').isVisible());
      await editor.fill('measurement', 'evse_request');
      assert.ok(await editor.field('sessions').isDisabled());
      await editor.screenshot(`powerflex-measurements-${lang}`);
      await editor.ok();

      assert.ok(!JSON.stringify(await runtime.flows()).includes(simulator.password));
      assert.deepEqual(editor.pageErrors, []);
      assert.deepEqual(editor.externalRequests, []);
    });
  }

  it('marks the month that it is at the site, which may be another one than that of the browser', async () => {
    const site = { type: 'powerflex-site', url: simulator.url, accId: '2' };
    runtime = await startRuntime({
      flows: [
        { id: 'tab', type: 'tab', label: 'sites' },
        { ...site, id: 'east', name: 'East', zone: 'Pacific/Auckland' },
        { ...site, id: 'west', name: 'West', zone: 'America/Los_Angeles' },
        { ...site, id: 'nowhere', name: 'Nowhere', zone: '${ZONE}' },
        {
          ...{ id: 'dcm', type: 'powerflex-dcm', z: 'tab', x: 200, y: 100, site: 'east' },
          ...{ operation: 'set_target_peak_power', targets: {}, wires: [[], []] },
        },
      ],
    });
    editor = await openEditor(runtime);
    const { page } = editor;
    await editor.openDialog('dcm');
    // It is half past eleven in the morning in Auckland, and still June in the rest of the world. The editor's own
    // animations need a clock that goes on.
    await page.clock.setFixedTime(Date.UTC(2025, 5, 30, 23, 30));
    const current = page.locator('#powerflex-targets [aria-current="date"]');
    const here = await page.evaluate<string>("new Date().toLocaleString('en-US', { month: 'long' })");
    for (const [id, month] of [
      ['west', 'June'],
      ['east', 'July'],
      ['nowhere', here],
    ] as const) {
      await editor.fill('site', id);
      await current.filter({ hasText: month }).waitFor();
      assert.equal(await current.count(), 1);
    }
    assert.deepEqual(editor.pageErrors, []);
  });

  it('imports an example with the login that it brings', async () => {
    const example = readExamples().find(({ name }) => name === 'powerflex/grid-event.json');
    assert.ok(example);
    runtime = await startRuntime();
    editor = await openEditor(runtime);
    await editor.importFlow(onPort(example, runtime.port));
    await editor.deploy();
    await editor.statusText('pflx3get', /^1 ✓$/);
    assert.deepEqual(editor.pageErrors, []);
  });
});
