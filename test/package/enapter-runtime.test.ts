import assert from 'node:assert/strict';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

import { type EnapterSimulator, IDS, startEnapter } from '../../simulators/enapter';
import { onPort, readExamples } from '../support/examples';
import { fixture, testTls } from '../support/fixture';
import { type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

/** What a real Node-RED does with the Enapter nodes. */
describe('enapter in a real Node-RED', () => {
  const pem = testTls();
  let sim: EnapterSimulator;
  let runtime: Runtime;
  let config: string;

  const flow = (more: Partial<FlowNode> = {}): FlowNode[] => [
    { id: 'tab1', type: 'tab', label: 'test' },
    { id: 'acc1', type: 'enapter-account', url: sim.url, credentials: { token: sim.token } },
    { id: 'con1', type: 'enapter-connection', name: 'Meter', host: '', credentials: { config }, ...more },
    { id: 'tel1', type: 'enapter-telemetry', z: 'tab1', x: 1, y: 1, connection: 'con1', wires: [['debug1']] },
    {
      id: 'in1',
      type: 'enapter-command-in',
      z: 'tab1',
      x: 1,
      y: 1,
      connection: 'con1',
      wires: [['r1', 'debug1']],
    },
    { id: 'r1', type: 'enapter-command-response', z: 'tab1', x: 1, y: 1, result: 'completed', wires: [] },
    {
      ...{ id: 'get1', type: 'enapter-device', z: 'tab1', x: 1, y: 1, account: 'acc1', wires: [['debug1']] },
      ...{ operation: 'msg', deviceId: IDS.meter },
    },
    {
      ...{ id: 'ask1', type: 'inject', z: 'tab1', x: 1, y: 1, wires: [['get1']] },
      props: [{ p: 'operation', v: 'get', vt: 'str' }],
    },
    { id: 'catch1', type: 'catch', z: 'tab1', x: 1, y: 1, scope: null, wires: [['debug1']] },
    { id: 'status1', type: 'status', z: 'tab1', x: 1, y: 1, scope: null, wires: [['debug1']] },
    { id: 'debug1', type: 'debug', z: 'tab1', x: 1, y: 1, active: true, complete: 'true', wires: [] },
  ];

  before(async () => {
    sim = await startEnapter({
      tls: {
        key: pem.serverKey,
        cert: pem.serverCert,
        ca: pem.ca,
        clientKey: pem.clientKey,
        clientCert: pem.clientCert,
      },
    });
    config = JSON.stringify({ config: sim.generateConfig(IDS.meter, 'MQTTS') });
    runtime = await startRuntime({
      settings: { logging: { console: { level: 'trace', metrics: false, audit: false } } },
    });
  });
  after(async () => {
    await runtime.stop();
    await sim.close();
  });

  it('is a device of the EMS over mutual TLS', async () => {
    const before = sim.http.counters.requests;
    await runtime.deploy(flow());
    await runtime.waitForStatus('tel1', (status) => status.fill === 'green');
    const execution = await sim.execute(IDS.meter, 'anything', { a: 1 });
    assert.deepEqual(execution.response?.payload, { a: 1 });
    assert.equal(sim.http.counters.requests, before, 'a deploy asks the EMS for nothing');
  });

  it('leaves one connection after a hundred deploys, and none after the last', async function () {
    this.timeout(60_000);
    for (let n = 0; n < 100; n++) {
      await runtime.deploy(flow({ name: `deploy ${n}` }), { type: n % 2 ? 'full' : 'nodes' });
      assert.ok(sim.broker.open <= 1);
    }
    await runtime.waitForStatus('tel1', (status) => status.fill === 'green');
    await sim.execute(IDS.meter, 'anything');
    assert.equal(sim.broker.open, 1);
    await runtime.deploy([{ id: 'tab1', type: 'tab', label: 'empty' }]);
    assert.equal(sim.broker.open, 0);
  });

  it('disconnects when no node of the flow uses the connection any more', async () => {
    await runtime.deploy(flow());
    await runtime.waitForStatus('tel1', (status) => status.fill === 'green');
    const departure = sim.broker.departure();
    const unused = flow().filter(({ type }) => !/^enapter-(telemetry|command-in)$/.test(type));
    await runtime.deploy(unused, { type: 'nodes' });
    await departure;
    assert.equal(sim.broker.open, 0);
  });

  it('shows key and token nowhere: messages, errors, status, log, flows, diagnostics', async () => {
    await runtime.deploy(flow());
    await runtime.waitForStatus('tel1', (status) => status.fill === 'green');
    for (const body of [`{"errors":[{"message":"${sim.token}"}]}`, '<html>']) {
      sim.faults.add({ kind: 'status', status: 403, times: 1, body });
      const from = runtime.debug.length;
      await runtime.post('inject/ask1', {});
      await runtime.waitForDebug((message) => JSON.stringify(message).includes('error'), { from });
    }
    const routes = [
      'energy-devices/enapter-connection/con1/diagnostics',
      'energy-devices/enapter-account/acc1/diagnostics',
    ];
    const reports = await Promise.all(routes.map((route) => runtime.get(route)));
    const described = await runtime.post('energy-devices/enapter-connection/con1/describe', {
      credentials: { config: '__PWRD__' },
    });
    assert.match(described.text, /"protocol":"MQTTS"/);
    const everything = [
      JSON.stringify(runtime.debug),
      runtime.log.join('\n'),
      JSON.stringify(await runtime.flows()),
      described.text,
      ...reports.map(({ text }) => text),
    ];
    const secrets = [
      sim.token,
      ...pem.clientKey.split('\n').filter((line) => /^[A-Za-z0-9+/=]{20,}$/.test(line)),
    ];
    assert.ok(secrets.length >= 3);
    for (const text of everything) {
      assert.ok(text.length > 50, text);
      for (const secret of secrets) assert.ok(!text.includes(secret), text.slice(0, 300));
    }
  });

  it('trusts the certificate of a gateway only where the TLS settings name it', async () => {
    const gateway = https.createServer(
      { key: fixture('tls/server-key.pem'), cert: fixture('tls/server.pem') },
      (_request, response) => response.end('{"devices":[{"id":"gw"}],"sites":[],"total_count":1}'),
    );
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(gateway.address() as AddressInfo).port}/api`;
    const settings = {
      type: 'tls-config',
      cert: '',
      key: '',
      ca: '',
      servername: '',
      verifyservercert: true,
    };
    const secure = (tls: string): FlowNode[] => [
      ...flow().filter(({ type }) => type !== 'enapter-account'),
      { ...settings, id: 'tls1', credentials: { cadata: fixture('tls/ca.pem') } },
      { id: 'acc1', type: 'enapter-account', url, tls, credentials: { token: 'secret-token' } },
      {
        ...{
          id: 'list1',
          type: 'enapter-device',
          z: 'tab1',
          x: 1,
          y: 1,
          account: 'acc1',
          wires: [['debug1']],
        },
        operation: 'list',
      },
      { id: 'ask2', type: 'inject', z: 'tab1', x: 1, y: 1, wires: [['list1']], props: [] },
    ];
    const ask = async (tls: string, text: string): Promise<void> => {
      await runtime.deploy(secure(tls));
      const from = runtime.debug.length;
      await runtime.post('inject/ask2', {});
      await runtime.waitForDebug((message) => JSON.stringify(message).includes(text), { from });
    };
    await ask('', 'UNREACHABLE');
    await ask('tls1', 'implementedProfiles');
    const dialog = async (tls: string, token: string): Promise<unknown> => {
      const body = { settings: { url, tls }, credentials: { token } };
      return JSON.parse((await runtime.post('energy-devices/enapter-account/acc1/test', body)).text);
    };
    assert.deepEqual(await dialog('tls1', '__PWRD__'), { ok: true, sites: [], devices: 1 });
    assert.equal(((await dialog('', 'secret-token')) as { reason: string }).reason, 'tlsUnknownCa');
    assert.equal(((await dialog('gone', 'secret-token')) as { reason: string }).reason, 'tlsMissing');
    await runtime.deploy([{ id: 'tab1', type: 'tab', label: 'empty' }]);
    await new Promise((resolve) => gateway.close(resolve));
  });

  describe('examples', () => {
    const deploy = async (name: string): Promise<number> => {
      const example = readExamples().find((one) => one.name === name);
      assert.ok(example);
      const from = runtime.debug.length;
      await runtime.deploy(onPort(example, runtime.port));
      return from;
    };
    const says = (from: number, text: string): Promise<unknown> =>
      runtime.waitForDebug((message) => JSON.stringify(message).replaceAll('\\', '').includes(text), {
        from,
      });

    it('react to a command: progress, the answer, the error, and a command that nobody takes', async () => {
      const from = await deploy('enapter/react-to-command.json');
      await says(from, '"state":"log"');
      await says(from, '"state":"completed","payload":{"port":3,"on":true}');
      await runtime.post('inject/enap2e2', {});
      await says(from, 'There is no output 42.');
      await says(from, '"state":"error"');
      await runtime.post('inject/enap2e3', {});
      await says(from, 'No node of the flow handles');
    });

    it('a meter as a device: telemetry and properties reach the EMS', async () => {
      const from = await deploy('enapter/meter-as-device.json');
      await says(from, '/v1/telemetry');
      await says(from, '/v1/register');
      await says(from, 'importPower');
    });

    it('execute a command: by its button only; done, the device said no, or nobody knows', async () => {
      const from = await deploy('enapter/execute-command.json');
      await runtime.waitForDebug(({ id }) => id === 'enap3d0', { from });
      const shown = (): string[] => runtime.debug.slice(from).map(({ id }) => id);
      assert.deepEqual(shown(), ['enap3d0'], 'a deploy commands nothing');
      await runtime.post('inject/enap3i1', {});
      await says(from, '"succeeded":true');
      await runtime.post('inject/enap3i2', {});
      await says(from, 'Devices do not do that.');
      assert.deepEqual(shown(), ['enap3d0', 'enap3d1', 'enap3d2']);
      const example = readExamples().find(({ name }) => name === 'enapter/execute-command.json');
      assert.ok(example);
      const nodes = onPort(example, runtime.port).map((node) =>
        node.id === 'enap3f1'
          ? { ...node, func: String(node.func).replaceAll("'ERROR'", "'TIMEOUT'") }
          : node,
      );
      await runtime.deploy(nodes);
      await runtime.post('inject/enap3i2', {});
      await runtime.waitForDebug(({ id }) => id === 'enap3d4', { from });
    });

    it('rename and re-blueprint in bulk: by its button only, three devices, once', async () => {
      const from = await deploy('enapter/bulk-rename.json');
      await says(from, 'would become Cabinet 3');
      assert.ok(!JSON.stringify(runtime.debug.slice(from)).includes('bluepri2'), 'a deploy changes nothing');
      await runtime.post('inject/enap4i1', {});
      for (const name of ['Cabinet 1', 'Cabinet 2', 'Cabinet 3']) await says(from, `"name":"${name}"`);
      await says(from, 'bluepri2');
    });
  });
});

describe('admin routes of enapter under adminAuth', () => {
  let runtime: Runtime;
  before(async () => {
    runtime = await startRuntime({ adminAuth: true });
  });
  after(async () => {
    await runtime.stop();
  });

  it('let readers look, and only editors test, list and generate', async () => {
    const reader = await runtime.login('reader');
    const posts = ['enapter-account/x/test', 'enapter-account/x/devices', 'enapter-account/x/generate'];
    const more = ['enapter-connection/x/test', 'enapter-connection/x/describe'];
    const gets = [
      'enapter-account/x/diagnostics',
      'enapter-connection/x/diagnostics',
      'enapter-connection/x/manifest',
    ];
    for (const path of [...posts, ...more]) {
      const status = async (token: string | null): Promise<number> =>
        (await runtime.post(`energy-devices/${path}`, {}, { token })).status;
      assert.deepEqual([await status(null), await status(reader)], [401, 401], path);
    }
    for (const path of gets) {
      const status = async (token: string | null): Promise<number> =>
        (await runtime.get(`energy-devices/${path}`, { token })).status;
      assert.deepEqual([await status(null), await status(reader)], [401, 404], path);
    }
  });
});
