import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';

import { openEditor, type Editor } from '../support/browser';
import { send } from '../support/http';
import { installDashboard, shown, widget } from '../support/dashboard';
import { onPort, readDashboardExamples } from '../support/examples';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

const VIEWPORT = { width: 1040, height: 640 };
const EXAMPLES = readDashboardExamples();

/** Only one dashboard is left in the editor, and every page has become one of it. */
const ONE_DASHBOARD = `(() => {
  const nodes = RED.nodes.createCompleteNodeSet();
  const bases = nodes.filter((node) => node.type === 'ui-base');
  const pages = nodes.filter((node) => node.type === 'ui-page');
  return bases.length === 1 && pages.every((page) => page.ui === bases[0].id);
})()`;

describe('dashboard examples', () => {
  it('lie in a folder of the examples, and bring the offer to install the dashboard', async () => {
    const runtime = await startRuntime();
    const editor = await openEditor(runtime);
    const { page } = editor;
    try {
      await page.evaluate(`RED.actions.invoke('core:show-examples-import-dialog')`);
      for (const name of ['node-red-contrib-energy-devices', 'dashboard', 'poweropti-today'])
        await page.locator('.red-ui-treeList-label:visible').getByText(name, { exact: true }).click();
      await page.locator('#red-ui-clipboard-dialog-ok:not([disabled])').click();
      const offer = page.locator('.red-ui-notification', { hasText: '@flowfuse/node-red-dashboard' });
      await offer.getByRole('button', { name: /install/i }).waitFor();
      assert.deepEqual([...editor.pageErrors, ...editor.externalRequests], []);
    } finally {
      await editor.close();
      await runtime.stop();
    }
  });

  it('disable the switches of a UPS that has not been read since the start', async () => {
    const example = EXAMPLES.find(({ name }) => name.endsWith('powersentrix-ports.json'));
    assert.ok(example);
    // Nothing is read where nothing listens.
    const flows = onPort(example, 2).filter(({ initialize }) => !String(initialize).includes('listen'));
    const runtime = await startRuntime({ otherPackages: installDashboard(), flows });
    const editor = await openEditor(runtime);
    try {
      const page = await editor.openPage('dashboard/powersentrix', VIEWPORT);
      for (let port = 0; port < 6; port++) {
        const shownPort = widget(page, `dbupp${port}`);
        await shownPort.getByText(`Port ${port} · state unknown`, { exact: true }).waitFor();
        assert.equal(await shownPort.getByRole('checkbox').isDisabled(), true);
      }
    } finally {
      await editor.close();
      await runtime.stop();
    }
  });

  describe('all imported into one Node-RED', () => {
    let runtime: Runtime;
    let editor: Editor;
    /** The flows as the examples have them. */
    let imported: FlowNode[];

    before(async () => {
      runtime = await startRuntime({ otherPackages: installDashboard() });
      editor = await openEditor(runtime);
      for (const example of EXAMPLES) {
        await editor.importFlow(onPort(example, runtime.port));
        await editor.page.waitForFunction(ONE_DASHBOARD);
      }
      await editor.deploy();
      imported = await runtime.flows();
    });
    after(async () => {
      await editor.close();
      await runtime.stop();
      assert.deepEqual(editor.pageErrors, []);
      assert.deepEqual(editor.externalRequests, []);
    });

    /** The payload of a debug node's message, the first that `matches` of all that ever came. */
    async function payload<T>(id: string, matches: (payload: T) => boolean, from = 0): Promise<T> {
      const read = (msg: unknown): T => JSON.parse(String(msg)) as T;
      const message = await runtime.waitForDebug((each) => each.id === id && matches(read(each.msg)), {
        from,
      });
      return read(message.msg);
    }

    /** Deploys the examples with some nodes changed. */
    async function change(changes: Record<string, (node: FlowNode) => Partial<FlowNode>>): Promise<void> {
      const nodes = imported.map((node) => ({ ...node, ...changes[node.id]?.(node) }));
      await runtime.deploy(nodes, { type: 'nodes' });
    }

    /** A stand-in with pieces of its code replaced. */
    const standIn =
      (...pieces: [string, string][]) =>
      ({ func }: FlowNode): Partial<FlowNode> => {
        let code = String(func);
        for (const [from, to] of pieces) {
          assert.ok(code.includes(from), from);
          code = code.replace(from, to);
        }
        return { func: code };
      };

    /** What the number on top of a page shows, once it matches. */
    async function big(page: Page, id: string, pattern: RegExp): Promise<string> {
      const value = widget(page, id).locator('[class$="-value"]').filter({ hasText: pattern });
      await value.waitFor();
      return value.innerText();
    }

    const open = (path: string): Promise<Page> => editor.openPage(`dashboard/${path}`, VIEWPORT);

    /** Past the time after its connection in which nothing is switched for a page. */
    const settled = (page: Page): Promise<void> => page.waitForTimeout(2100);

    it('share one dashboard, and start without a complaint', () => {
      const of = (type: string): FlowNode[] => imported.filter((node) => node.type === type);
      const base = of('ui-base')[0];
      assert.equal(of('ui-base').length, 1);
      assert.deepEqual(
        [...of('ui-page'), ...of('ui-notification')].map(({ ui }) => ui),
        Array.from({ length: EXAMPLES.length + 1 }, () => base?.id),
      );
      // One of the devices is lost on purpose, and says so within a second.
      const complaints = runtime.log.filter(
        (line) => /\[(error|warn)\] \[/.test(line) && !line.includes('[ups-device:Branch office]'),
      );
      assert.deepEqual(complaints, []);
    });

    it('show the power of a meter now, its course, and the energy of the day', async () => {
      const page = await open('poweropti');
      const power = Number(await big(page, 'dbpopow', /^\d+$/));
      await payload<{ power: number }>('dbpod1', (reading) => Math.abs(reading.power) === power);

      const energy = parseFloat(await shown(page, 'dbpot1', /kWh$/));
      await payload<{ import: number; coverage: number }>(
        'dbpod2',
        (day) => (day.import / 1000).toFixed(2) === energy.toFixed(2) && day.coverage === 1,
      );
      await shown(page, 'dbpot2', /kWh$/);
      await shown(page, 'dbpot3', /^available$/);
      await widget(page, 'dbpochart').locator('canvas').waitFor();
      await editor.screenshot('dashboard-poweropti', page);
      await page.close();
    });

    it('show use, cost and demand as bars that are whole after a restart', async () => {
      interface Bar {
        x: number;
        y: number;
        topic: string;
      }
      const whole = (bars: Bar[]): boolean => bars.some(({ topic }) => topic === 'import');
      const before = await payload<Bar[]>('dbend1', whole);
      const page = await open('energy');
      await shown(page, 'dbent1', /^\d+\.\d\d kWh$/);
      await shown(page, 'dbent2', /^\d+\.\d\d EUR$/);
      await shown(page, 'dbent3', /^\d+\.\d\d kW$/);
      await shown(page, 'dbent4', /^\d+\.\d\d kW$/);
      for (const id of ['dbench', 'dbencd', 'dbencq']) await widget(page, id).locator('canvas').waitFor();
      await editor.screenshot('dashboard-energy', page);
      await page.close();
      const from = runtime.debug.length;
      await change({ dbencnt: ({ name }) => ({ name: `${String(name)} again` }) });
      const after = await payload<Bar[]>('dbend1', whole, from);
      assert.deepEqual(after.slice(0, before.length), before);
    });

    it('show the load of a site beside its target, and its limit', async () => {
      const page = await open('powerflex');
      const load = Number(await big(page, 'dbpfnow', /^\d+$/));
      await payload<{ realTimeLoad: number }>('dbpfd1', ({ realTimeLoad }) => realTimeLoad === load);
      await shown(page, 'dbpft2', /^160 kW$/);
      await shown(page, 'dbpft3', /^-?\d+ kW$/);
      await shown(page, 'dbpft4', /^60 kW$/);
      await shown(page, 'dbpft5', /^fresh$/);
      await widget(page, 'dbpfchart').locator('canvas').waitFor();
      await editor.screenshot('dashboard-powerflex', page);
      await page.close();
    });

    it('show any number of devices in a table, what is lost or on battery first', async () => {
      const page = await open('devices');
      const rows = widget(page, 'dballtable').locator('tbody tr');
      await rows.filter({ hasText: 'Branch office' }).filter({ hasText: 'lost' }).waitFor();
      await rows.filter({ hasText: /Grid meter\s*available\s*–\s*\d+\.\d W\s*\d+ s ago/ }).waitFor();
      await rows.nth(4).waitFor();
      assert.match(await rows.first().innerText(), /^Branch office/);
      assert.match((await rows.first().getAttribute('class')) ?? '', /energy-alert/);
      const names = async (): Promise<string[]> =>
        (await rows.locator('td:first-child').allInnerTexts()).map((name) => name.trim());
      await widget(page, 'dballtable').locator('th', { hasText: 'Device' }).click();
      // The page sorts a moment later.
      const sorted = ['Branch office', 'Grid meter', 'Server room', 'Warehouse', 'Workshop'];
      await rows.nth(1).filter({ hasText: 'Grid meter' }).waitFor();
      assert.deepEqual(await names(), sorted);
      await editor.screenshot('dashboard-devices', page);
      await page.close();
    });

    it('switch a port of a UPS, and show what the UPS then reports', async () => {
      const page = await open('powersentrix');
      const port = widget(page, 'dbupp3');
      await port.getByText(/^NAS · 0\.0 W$/).waitFor();
      await settled(page);
      // A UPS that takes its time, and is read once, so that what is shown before it answers a command can be seen.
      const late = 'setTimeout(() => node.send([msg, null]), 1000);\nreturn null;';
      const from = runtime.debug.length;
      await change({ dbupsf: standIn(['return [msg, null];', late]), dbupdev: () => ({ interval: 300 }) });
      await payload('dbupd1', () => true, from);
      await port.getByRole('checkbox').click();
      await port.locator('.v-switch--loading').waitFor();
      assert.equal(await port.getByRole('checkbox').isChecked(), false);
      await port.getByText(/^NAS · [1-9]\d\.\d W$/).waitFor();
      assert.equal(await port.getByRole('checkbox').isChecked(), true);
      interface Outcome {
        port: number;
        on: boolean;
        verified: boolean;
      }
      await payload<Outcome>('dbupd2', (outcome) => outcome.port === 3 && outcome.on && outcome.verified);
      const url = imported.find(({ id }) => id === 'dbupdev')?.url;
      const status = (await send(`${String(url)}/api_actions?fn=2`)).json();
      assert.equal((status as { upsData: { outputs: number[] } }).upsData.outputs[3], 1);
      await shown(page, 'dbupt1', /^mains$/);
      await shown(page, 'dbupt4', /^\d+\.\d W$/);
      await editor.screenshot('dashboard-powersentrix', page);
      await page.close();
    });

    it('switch nothing by a click that was made while the page was offline', async () => {
      await change({});
      const page = await open('powersentrix');
      const port = widget(page, 'dbupp0');
      await port.getByText(/^Router · \d+\.\d W$/).waitFor();
      await settled(page);
      const from = runtime.debug.length;
      const socket = `document.querySelector('#app').__vue_app__._context.provides.$socket`;
      // The page connects again by itself, and at once.
      const kept = await page.evaluate(`(async () => {
        ${socket}.disconnect();
        document.querySelector('[id="nrdb-ui-widget-dbupp0"] input').click();
        await Promise.resolve();
        return ${socket}.sendBuffer.some(({ data }) => data[0] === 'widget-change');
      })()`);
      assert.equal(kept, true, 'the page keeps the click');
      await page.locator('.nrdb-ui-notification').filter({ hasText: 'Not switched: the page' }).waitFor();
      await payload<{ message: string }>('dbupd3', ({ message }) => message.startsWith('Not switched'), from);
      assert.ok(!runtime.debug.slice(from).some(({ id }) => id === 'dbupd2'));
      const url = imported.find(({ id }) => id === 'dbupdev')?.url;
      const status = (await send(`${String(url)}/api_actions?fn=2`)).json();
      assert.equal((status as { upsData: { outputs: number[] } }).upsData.outputs[0], 1);
      await page.close();
    });

    it('tell when a UPS refuses to switch, and go on showing what it reports', async () => {
      await change({ dbupsf: standIn(["case '3':", "case '3': msg.statusCode = 403; break; case '':"]) });
      const page = await open('powersentrix');
      const port = widget(page, 'dbupp0');
      await port.getByText(/^Router · \d+\.\d W$/).waitFor();
      await settled(page);
      await port.getByRole('checkbox').click();
      const notification = page.locator('.nrdb-ui-notification').filter({ hasText: 'API' });
      await notification.waitFor();
      assert.equal(await port.getByRole('checkbox').isChecked(), true);
      await editor.screenshot('dashboard-powersentrix-refused', page);
      await page.close();
    });

    it('show no target of a month that has none, without an error', async () => {
      const logged = runtime.log.length;
      const from = runtime.debug.length;
      await change({
        dbpfpf: standIn(['[month, 160]', '[month, month === months[new Date().getMonth()] ? null : 160]']),
      });
      const site = await open('powerflex');
      await runtime.post('inject/dbpfi1', {});
      await shown(site, 'dbpft2', /^–$/);
      await payload('dbpfd2', () => true, from);
      assert.deepEqual(
        runtime.log.slice(logged).filter((line) => line.includes('[error]')),
        [],
      );
      await site.close();
    });

    it('show what does not arrive as "–", and keep it out of the charts', async () => {
      const meter = await open('poweropti');
      await big(meter, 'dbpopow', /^\d+$/);
      const site = await open('powerflex');
      await big(site, 'dbpfnow', /^\d+$/);
      const ups = await open('powersentrix');
      const port = widget(ups, 'dbupp0');
      await port.getByText(/W$/).waitFor();

      await change({
        dbposim: standIn(["'1.7.0'", "'0.0.0'"], ["'2.8.0'", "'0.0.0'"]),
        dbupsf: standIn(
          ['currents: ', 'none: '],
          ["status: on ? 'ON' : 'OFF', ", ''],
          ['outputs: ups.on,', ''],
        ),
        // A feed whose load grows old at once, and a site that answers nothing.
        dbpfdcm: () => ({ maxAge: 1 }),
        dbpfsim: standIn(["'1.7.0'", "'0.0.0'"]),
        dbpfpf: () => ({ func: 'msg.statusCode = 503; return msg;' }),
      });
      await runtime.post('inject/dbpfi1', {});

      await big(meter, 'dbpopow', /^–$/);
      // What the counter has told of the day before is still true.
      await shown(meter, 'dbpot2', /kWh$/);
      await big(site, 'dbpfnow', /^–$/);
      for (const text of ['dbpft2', 'dbpft3', 'dbpft4']) await shown(site, text, /^–$/);
      await port.getByText(/^Router · state unknown$/).waitFor();
      assert.equal(await port.getByRole('checkbox').isDisabled(), true);
      await shown(ups, 'dbupt4', /^–$/);
      await editor.screenshot('dashboard-poweropti-unknown', meter);
      await editor.screenshot('dashboard-powerflex-unknown', site);
      await editor.screenshot('dashboard-powersentrix-unknown', ups);

      for (const chart of ['dbpochart', 'dbpfchart', 'dbupchart']) {
        const points = (await runtime.get(`dashboard/_debug/datastore/${chart}`)).json();
        const values = (points as { _datapoint: { y: unknown } }[]).map(({ _datapoint }) => _datapoint.y);
        assert.ok(values.length > 1, chart);
        assert.ok(
          values.every((value) => typeof value === 'number'),
          chart,
        );
      }
    });

    it('show no old value of a device that is lost', async () => {
      await change({});
      const meter = await open('poweropti');
      await big(meter, 'dbpopow', /^\d+$/);
      const ups = await open('powersentrix');
      const port = widget(ups, 'dbupp0');
      await port.getByText(/W$/).waitFor();
      const silent = (): Partial<FlowNode> => ({ func: 'msg.statusCode = 503; return [msg, null];' });
      await change({ dbposim: silent, dbupsf: silent });
      await shown(meter, 'dbpot3', /^not available: /);
      for (const text of ['dbpot1', 'dbpot2']) await shown(meter, text, /^–$/);
      await big(meter, 'dbpopow', /^–$/);
      await shown(ups, 'dbupt5', /^UNREACHABLE$/);
      for (const text of ['dbupt1', 'dbupt2', 'dbupt3', 'dbupt6']) await shown(ups, text, /^–$/);
      await port.getByText(/^Router · state unknown$/).waitFor();
      assert.equal(await port.getByRole('checkbox').isDisabled(), true);
      await editor.screenshot('dashboard-poweropti-lost', meter);
      await editor.screenshot('dashboard-powersentrix-lost', ups);
    });
  });
});
