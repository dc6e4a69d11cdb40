import assert from 'node:assert/strict';

import {
  type PowersentrixSimulator,
  Pusher,
  startPowersentrix,
  UpsModel,
} from '../../simulators/powersentrix';
import { onPort, readExamples } from '../support/examples';
import { type Reply, type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

const KEY = 'k3y/with+odd chars!';
const COMPANY = 'company & sons/42';
const SECRET = 'f00d-cafe-0123456789';

/** What a real Node-RED does with the PowerSentrix nodes. */
describe('PowerSentrix in a real Node-RED', () => {
  let ups: PowersentrixSimulator;
  let runtime: Runtime;

  const tab = { id: 'tab1', type: 'tab', label: 'test' };
  const flow = (more: { apiKey?: string; receiver?: boolean; name?: string } = {}): FlowNode[] => [
    tab,
    ...(more.receiver === false
      ? []
      : [
          {
            id: 'rec1',
            type: 'ups-receiver',
            name: more.name ?? '',
            path: '/powersentrix',
            credentials: { companyId: COMPANY, secret: SECRET },
          },
        ]),
    {
      id: 'dev1',
      type: 'ups-device',
      name: '',
      source: 'push',
      receiver: 'rec1',
      cmm: 'ups-01',
      url: ups.url,
      interval: 300,
      credentials: { apiKey: more.apiKey ?? KEY },
    },
    {
      id: 'st1',
      type: 'ups-status',
      z: 'tab1',
      x: 100,
      y: 100,
      device: 'dev1',
      raw: true,
      wires: [['debug1'], ['debug1']],
    },
    {
      id: 'ev1',
      type: 'ups-events',
      z: 'tab1',
      x: 100,
      y: 200,
      device: 'dev1',
      wires: [['debug1'], ['debug1']],
    },
    {
      id: 'po1',
      type: 'ups-port',
      z: 'tab1',
      x: 100,
      y: 300,
      device: 'dev1',
      port: '0',
      action: 'toggle',
      wires: [['debug1']],
    },
    { id: 'in1', type: 'inject', z: 'tab1', x: 100, y: 400, props: [], wires: [['po1']] },
    { id: 'catch1', type: 'catch', z: 'tab1', x: 100, y: 500, scope: null, wires: [['debug1']] },
    { id: 'status1', type: 'status', z: 'tab1', x: 100, y: 600, scope: null, wires: [['debug1']] },
    { id: 'debug1', type: 'debug', z: 'tab1', x: 300, y: 100, active: true, complete: 'true', wires: [] },
  ];
  const base = `powersentrix/${SECRET}/api`;
  const query = `companyId=${encodeURIComponent(COMPANY)}&cmm=ups-01`;
  const push = (endpoint: string, body: unknown): Promise<Reply> =>
    runtime.post(`${base}/${endpoint}?${query}`, body, {
      headers: { 'content-type': 'application/json' },
      token: null,
    });

  before(async () => {
    ups = await startPowersentrix({ apiKey: KEY });
    runtime = await startRuntime({
      settings: { logging: { console: { level: 'trace', metrics: false, audit: false } } },
    });
  });
  after(async () => {
    await runtime.stop();
    await ups.close();
  });

  it('reads broken and endless bodies itself, though the editor lives at the same root', async () => {
    await runtime.deploy(flow());
    const cases: [body: string, status: number][] = [
      ['{"config":', 400],
      ['[[[[', 400],
      [`{"config":"${'x'.repeat(6_000_000)}"}`, 413],
      [JSON.stringify(ups.model.complex()), 200],
    ];
    for (const [body, status] of cases) {
      const reply: Reply | undefined = await push('setUpsData', body).catch(() => undefined);
      // A client that is still sending megabytes may see the connection close before the answer.
      if (!reply && status === 413) continue;
      assert.equal(reply?.status, status, body.slice(0, 20));
      assert.ok(reply.text.length < 100 && !/\bat |node_modules/.test(reply.text), reply.text);
    }
    await runtime.waitForStatus('st1', (status) => status.fill === 'green');
  });

  it('delivers one event a push after many deploys, and none when the receiver is gone', async () => {
    for (let n = 0; n < 20; n++)
      await runtime.deploy(flow({ name: `receiver ${n}` }), { type: n % 2 ? 'full' : 'nodes' });
    const from = runtime.debug.length;
    const model = new UpsModel();
    const pusher = new Pusher(model, {
      serverUrl: `${runtime.url}/powersentrix/${SECRET}`,
      companyId: COMPANY,
    });
    await pusher.boot();
    model.setMains(false);
    await runtime.waitForDebug(({ msg }) => String(msg).includes('mainsLost'), { from });
    pusher.close();
    const events = runtime.debug.slice(from).map(({ msg }) => String(msg));
    assert.equal(events.filter((text) => text.includes('"event":"registered"')).length, 1);
    assert.equal(events.filter((text) => text.includes('mainsLost')).length, 1);

    await runtime.deploy(flow({ receiver: false }));
    assert.equal((await push('setUpsData', JSON.stringify(ups.model.complex()))).status, 404);
    await runtime.deploy(flow());
    assert.equal((await push('setUpsData', JSON.stringify(ups.model.complex()))).status, 200);
  });

  it('goes on receiving when the first of two receivers on one path is deployed again', async () => {
    const second = { id: 'rec2', type: 'ups-receiver', name: 'second', path: '/powersentrix' };
    const both = (name: string): FlowNode[] => [
      ...flow({ name }),
      { ...second, credentials: { companyId: COMPANY, secret: SECRET } },
    ];
    await runtime.deploy(both('first'));
    await runtime.deploy(both('first, renamed'), { type: 'nodes' });
    assert.equal((await push('setUpsData', JSON.stringify(ups.model.complex()))).status, 200);
    await runtime.deploy(flow());
  });

  it('keeps a path for its receiver when the last node that uses HTTP is gone', async () => {
    const credentials = { companyId: COMPANY, secret: SECRET };
    const receiver = (id: string): FlowNode => ({
      id,
      type: 'ups-receiver',
      path: '/powersentrix',
      credentials,
    });
    const device = { id: 'dev2', type: 'ups-device', source: 'lan', url: ups.url, interval: 60 };
    const lan = { ...device, credentials: { apiKey: KEY } };
    const reasonOf = async (id: string): Promise<string | undefined> => {
      const reply = await runtime.get(`energy-devices/ups-receiver/${id}/registrations`);
      return (reply.json() as { problem: { reason: string } | null }).problem?.reason;
    };
    await runtime.deploy([tab, receiver('rec1'), lan]);
    await runtime.deploy([tab, receiver('rec1')], { type: 'nodes' });
    await runtime.deploy([tab, receiver('rec1'), receiver('rec2')], { type: 'nodes' });
    assert.equal(await reasonOf('rec1'), undefined);
    assert.equal(await reasonOf('rec2'), 'powersentrixReceiverTwice');
    await runtime.deploy(flow());
  });

  it('shows no key, company or secret anywhere', async () => {
    await runtime.deploy(flow());
    await runtime.post('inject/in1', {});
    await runtime.waitForDebug(({ msg }) => String(msg).includes('"verified":true'), {
      from: runtime.debug.length - 5,
    });
    const told = ups.model.complex() as { config: { settings: Record<string, unknown> } };
    told.config.settings.remoteServer = {
      serverUrl: `${runtime.url}/powersentrix/${SECRET}`,
      companyId: COMPANY,
      upsId: 'ups-01',
    };
    const pushedFrom = runtime.debug.length;
    assert.equal((await push('setUpsData', JSON.stringify(told))).status, 200);
    await runtime.waitForDebug(({ msg }) => String(msg).includes('remoteServer'), { from: pushedFrom });
    for (const fault of [
      { kind: 'status', status: 403, body: JSON.stringify({ error: KEY }) },
      { kind: 'status', status: 500, body: KEY },
      { kind: 'body', body: JSON.stringify({ error: `no ${encodeURIComponent(KEY)}` }) },
    ] as const) {
      ups.faults.add({ ...fault, times: 1 });
      const from = runtime.debug.length;
      await runtime.post('inject/in1', {});
      await runtime.waitForDebug((message) => JSON.stringify(message).includes('code'), { from });
    }
    const diagnostics = await Promise.all(
      ['ups-device/dev1', 'ups-receiver/rec1'].map((path) =>
        runtime.get(`energy-devices/${path}/diagnostics`),
      ),
    );
    const registrations = await runtime.get('energy-devices/ups-receiver/rec1/registrations');
    const everything = [
      JSON.stringify(runtime.debug),
      runtime.log.join('\n'),
      JSON.stringify(await runtime.flows()),
      registrations.text,
      ...diagnostics.map(({ text }) => text),
    ];
    for (const secret of [KEY, COMPANY, SECRET]) {
      const spellings = [
        secret,
        encodeURIComponent(secret),
        new URLSearchParams({ s: secret }).toString().slice(2),
      ];
      for (const text of everything) {
        for (const spelling of spellings)
          assert.ok(!text.includes(spelling), `${spelling} in ${text.slice(0, 300)}`);
      }
    }
  });

  it('lets the example of the own server tell a power failure', async () => {
    const example = readExamples().find(({ name }) => name === 'powersentrix/own-server.json');
    assert.ok(example);
    await runtime.deploy(onPort(example, runtime.port));
    await runtime.waitForStatus('psosst', (status) => status.fill === 'green');
    const from = runtime.debug.length;
    await runtime.post('inject/psosp3', {});
    await runtime.waitForDebug(({ msg }) => String(msg).includes('mainsLost'), { from });
    await runtime.waitForDebug(({ msg }) => String(msg).includes('Mains lost'), { from });
  });

  it('lets each instance of the example of a subflow watch a UPS of its own', async () => {
    const example = readExamples().find(({ name }) => name === 'powersentrix/many-by-subflow.json');
    assert.ok(example);
    const from = runtime.debug.length;
    await runtime.deploy(onPort(example, runtime.port));
    await runtime.waitForDebug(({ msg }) => msg === 'Server room: on mains, 33 W', { from });
    await runtime.waitForDebug(({ msg }) => String(msg).startsWith('Cellar: on mains'), { from });
    await runtime.waitForStatus('psmsb', ({ fill, shape }) => fill === 'green' && shape === 'dot');
    await runtime.post('inject/psmsi2', {});
    await runtime.post('inject/psmsi1', {});
    await runtime.waitForDebug(({ msg }) => String(msg).startsWith('Cellar: on battery'), { from });
    await runtime.waitForDebug(({ msg }) => String(msg).includes('mainsLost'), { from });
    await runtime.waitForStatus('psmsb', ({ fill, shape }) => fill === 'yellow' && shape === 'dot');
    assert.equal(runtime.statusOf('psmsa')?.fill, 'green');
  });
});
