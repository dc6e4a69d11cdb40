import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { Pusher, UpsModel } from '../../simulators/powersentrix';
import { type Editor, openEditor } from '../support/browser';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

const RECEIVER: FlowNode = {
  id: 'rec',
  type: 'ups-receiver',
  name: '',
  path: '/powersentrix',
};
const DEVICE: FlowNode = {
  id: 'dev',
  type: 'ups-device',
  source: 'push',
  receiver: 'rec',
  cmm: 'a',
  interval: 300,
};
const FLOWS: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  RECEIVER,
  DEVICE,
  { id: 'st', type: 'ups-status', z: 'tab', x: 200, y: 100, device: 'dev', wires: [[], []] },
];
const CREDENTIALS = { rec: { companyId: 'company' } };

/** A proxy that takes a prefix off the address, as `location /prefix/ { proxy_pass http://node-red/; }` does. */
async function stripping(prefix: string, target: string): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const path = request.url ?? '';
    if (!path.startsWith(`${prefix}/`)) {
      response.writeHead(404).end();
      return;
    }
    const { method = 'GET', headers } = request;
    const onward = http.request(`${target}${path.slice(prefix.length)}`, { method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the receiver in the editor', () => {
  let runtime: Runtime;
  let editor: Editor | undefined;
  let proxy: http.Server | undefined;
  afterEach(async () => {
    await editor?.close();
    proxy?.closeAllConnections();
    proxy?.close();
    await runtime.stop();
    editor = proxy = undefined;
  });

  const openReceiver = async (opened: Editor): Promise<void> => {
    await opened.openDialog('st');
    await opened.openConfigDialog('device', 'edit');
    await opened.openConfigDialog('receiver', 'edit');
  };
  const shownPath = async (opened: Editor, pattern: RegExp): Promise<string> => {
    const field = opened.dialog().locator('#ups-receiver-url');
    let value = '';
    while (!pattern.test(value)) value = await field.inputValue();
    return value;
  };

  it('makes no secret for one that exists', async () => {
    runtime = await startRuntime({ flows: FLOWS, credentials: CREDENTIALS });
    editor = await openEditor(runtime);
    await openReceiver(editor);
    assert.equal(await editor.field('secret').inputValue(), '');
    assert.match(await shownPath(editor, /powersentrix/), /:\d+\/powersentrix$/);
    assert.deepEqual(editor.pageErrors, []);
  });

  for (const [settings, path] of [
    [{}, '/node-red/powersentrix'],
    [{ httpAdminRoot: '/admin', httpNodeRoot: '/red' }, '/node-red/red/powersentrix'],
    [{ httpRoot: '/both/' }, '/node-red/both/powersentrix'],
  ] as const) {
    it(`shows the address in front of a proxy: ${path}`, async () => {
      runtime = await startRuntime({ flows: FLOWS, credentials: CREDENTIALS, settings });
      proxy = await stripping('/node-red', runtime.url.replace(/(:\d+)\/.*$/, '$1'));
      const { port } = proxy.address() as AddressInfo;
      const admin = 'httpAdminRoot' in settings ? '/admin' : 'httpRoot' in settings ? '/both' : '';
      editor = await openEditor(runtime, { url: `http://127.0.0.1:${port}/node-red${admin}` });
      await openReceiver(editor);
      const url = await shownPath(editor, /node-red/);
      assert.equal(new URL(url).pathname, path);
      const model = new UpsModel({ cmm: 'a' });
      const serverUrl = `http://127.0.0.1:${port}${new URL(url).pathname}`;
      const pusher = new Pusher(model, { serverUrl, companyId: 'company' });
      assert.equal((await pusher.pushData()).status, 200);
      pusher.close();
      model.close();
      await editor.dialog().locator('#ups-receiver-list tr[data-cmm="a"]').waitFor();
    });
  }

  it('shows no address where Node-RED serves no HTTP nodes, and says why', async () => {
    runtime = await startRuntime({
      flows: FLOWS,
      credentials: CREDENTIALS,
      settings: { httpNodeRoot: false },
    });
    editor = await openEditor(runtime);
    await openReceiver(editor);
    const problem = editor.dialog().locator('#ups-receiver-list div', { hasText: 'httpNodeRoot' });
    await problem.waitFor();
    const field = editor.dialog().locator('#ups-receiver-url[placeholder*="httpNodeRoot"]');
    await field.waitFor();
    assert.equal(await field.inputValue(), '');
    assert.equal(await editor.dialog().locator('#ups-receiver-copy').isDisabled(), true);
    await editor.screenshot('ups-receiver-no-root');
    assert.deepEqual(editor.pageErrors, []);
  });

  it('shows an identifier that looks like an expression as it is', async () => {
    runtime = await startRuntime({ flows: FLOWS, credentials: CREDENTIALS });
    const cmm = `$t((""""""""""""""""""""""""""""" <b>`;
    const model = new UpsModel({ cmm });
    const pusher = new Pusher(model, { serverUrl: `${runtime.url}/powersentrix`, companyId: 'company' });
    assert.equal((await pusher.pushData()).status, 200);
    pusher.close();
    model.close();
    editor = await openEditor(runtime);
    await openReceiver(editor);
    const row = editor.dialog().locator('#ups-receiver-list tr').nth(1);
    await row.waitFor();
    assert.ok((await row.innerText()).includes(cmm));
  });
});
