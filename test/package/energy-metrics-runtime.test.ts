import assert from 'node:assert/strict';

import { hashPassword } from '../support/find-node-red';
import { type FlowNode, type Runtime, type RuntimeOptions, startRuntime } from '../support/runtime';

const PASSWORD = 'of the node';
const AUTH = { httpNodeAuth: { user: 'reader', pass: hashPassword('of Node-RED') } };

const metrics = (settings: object): FlowNode => ({
  ...{ id: 'metrics', type: 'energy-metrics', z: 'tab', x: 300, y: 40, wires: [[]] },
  ...{ prometheus: true, path: 'metrics', access: 'password', staleAfter: 900, output: 'points', every: 0 },
  ...settings,
});
const FEED: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'metrics' },
  {
    ...{ id: 'inject', type: 'inject', z: 'tab', x: 100, y: 40, once: true, onceDelay: 0.1, repeat: '' },
    ...{ props: [{ p: 'payload' }], payload: '{"power":230}', payloadType: 'json', wires: [['feed']] },
  },
  {
    ...{ id: 'feed', type: 'function', z: 'tab', x: 200, y: 40, outputs: 1, libs: [], wires: [['metrics']] },
    func: "msg.device = { vendor: 'powerfox', id: 'm', name: 'Meter' };\nreturn msg;",
  },
];
const login = (password: string) => ({
  authorization: `Basic ${Buffer.from(`reader:${password}`).toString('base64')}`,
});

describe('energy-metrics in a real Node-RED', () => {
  let runtime: Runtime;
  const start = async (settings: object, options: RuntimeOptions = {}): Promise<void> => {
    const credentials = { metrics: { password: PASSWORD } };
    runtime = await startRuntime({ flows: [...FEED, metrics(settings)], credentials, ...options });
  };
  const get = async (path: string, password?: string): Promise<[status: number, text: string]> => {
    const headers = password === undefined ? {} : login(password);
    const response = await fetch(`http://127.0.0.1:${runtime.port}${path}`, { headers });
    return [response.status, await response.text()];
  };
  const told = () => runtime.waitForStatus('metrics', ({ fill }) => fill === 'green');
  afterEach(async () => {
    await runtime.stop();
  });

  it('asks for its own password, below any root', async () => {
    await start({}, { settings: { httpNodeRoot: '/red/nodes', httpAdminRoot: '/admin' } });
    await told();
    const [status, text] = await get('/red/nodes/metrics', PASSWORD);
    assert.deepEqual([status, /power_watts\{[^}]*\} 230\n/.test(text)], [200, true]);
    assert.equal((await get('/red/nodes/metrics'))[0], 401);
    assert.equal((await get('/metrics', PASSWORD))[0], 404);
  });

  it("is behind Node-RED's own login where that is chosen", async () => {
    await start({ access: 'nodeRed' }, { settings: AUTH });
    await told();
    assert.equal((await get('/metrics', 'of Node-RED'))[0], 200);
    assert.equal((await get('/metrics', PASSWORD))[0], 401);
    assert.equal((await get('/metrics'))[0], 401);
  });

  for (const [what, settings, options] of [
    ["two logins would be asked for, its own and Node-RED's", {}, { settings: AUTH }],
    ["Node-RED's login is chosen, and there is none", { access: 'nodeRed' }, {}],
    ['Node-RED has no HTTP nodes', { access: 'open' }, { settings: { httpNodeRoot: false } }],
  ] as [string, object, RuntimeOptions][]) {
    it(`says in red that it cannot work where ${what}`, async () => {
      await start(settings, options);
      await runtime.waitForStatus('metrics', ({ fill }) => fill === 'red');
      assert.ok(runtime.log.some((line) => /\[warn\] \[energy-metrics:metrics\] .*http/i.test(line)));
      assert.notEqual((await get('/metrics', PASSWORD))[0], 200);
    });
  }

  it('answers behind what the user has put in front of all HTTP nodes, and shows nothing of its errors', async () => {
    const settingsCode = `{ httpNodeMiddleware: (req, res, next) => {
      if (req.headers['x-way'] === 'stop') res.status(418).end();
      else if (req.headers['x-way'] === 'quote') throw new Error('login ' + req.headers.authorization);
      else if (req.headers['x-way'] === 'throw') throw new Error('a secret of the middleware');
      else next();
    } }`;
    await start({}, { settingsCode });
    await told();
    const login = Buffer.from(`me:${PASSWORD}`).toString('base64');
    const by = async (way: string): Promise<[number, string]> => {
      const headers = { 'x-way': way, authorization: `Basic ${login}` };
      const response = await fetch(`${runtime.url}/metrics`, { headers });
      return [response.status, await response.text()];
    };
    assert.equal((await by('go'))[0], 200);
    assert.deepEqual(await by('stop'), [418, '']);
    assert.deepEqual(await by('throw'), [500, 'refused\n']);
    await runtime.waitForLog('a secret of the middleware');
    assert.deepEqual(await by('quote'), [500, 'refused\n']);
    await runtime.waitForLog('login Basic [redacted]');
    assert.ok(!runtime.log.some((line) => line.includes(login)));
  });

  it('goes with its node, and comes back with another path', async () => {
    await start({ access: 'open' });
    await told();
    assert.equal((await get('/metrics'))[0], 200);
    await runtime.deploy([...FEED, metrics({ access: 'open', path: 'other' })], { type: 'nodes' });
    assert.deepEqual([(await get('/metrics'))[0], (await get('/other'))[0]], [404, 200]);
    await runtime.deploy(FEED.slice(0, 1));
    assert.equal((await get('/other'))[0], 404);
  });
});
