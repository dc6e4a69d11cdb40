import assert from 'node:assert/strict';

import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import { admin, LEVEL, type TestFlow, unloadFlow } from '../../support/flow';
import { flowNode, loadSite } from './support';

interface Reply {
  ok: boolean;
  code?: string;
  reason?: string;
  targets?: Record<string, number> | null;
  signals?: unknown[];
}

describe('powerflex-site', () => {
  let sim: PowerflexSimulator;
  let flow: TestFlow;

  const load = async (nodes: Record<string, unknown>[] = [], site: Record<string, unknown> = {}) => {
    flow = await loadSite(sim, nodes, site);
  };

  beforeEach(async () => {
    sim = await startPowerflex({ username: 'garage-user', password: 'top/secret "word"' });
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const ask = async (
    action: string,
    id: string,
    settings: unknown = {},
    credentials: unknown = {},
  ): Promise<Reply> => {
    const reply = await admin()
      .post(`/energy-devices/powerflex-site/${id}/${action}`)
      .send({ settings, credentials });
    assert.equal(reply.status, 200);
    return reply.body as Reply;
  };
  const typed = (more: object = {}) => ({ url: sim.url, accId: '2', tls: '', ...more });
  const login = (more: object = {}) => ({ username: sim.username, password: sim.password, ...more });

  it('tests values that were never deployed', async () => {
    await load();
    sim.site.targets.Jun = 321;
    assert.equal((await ask('test', 'new', typed(), login())).targets?.Jun, 321);
  });

  it('uses the stored password where the dialog only knows that there is one', async () => {
    await load();
    assert.equal((await ask('test', 'd', typed(), login({ password: '__PWRD__' }))).ok, true);
    assert.equal(
      (await ask('test', 'x', typed(), login({ password: '__PWRD__' }))).reason,
      'powerflexLoginEmpty',
    );
  });

  it('says what is wrong, and works again afterwards', async () => {
    await load();
    for (const [settings, credentials, reason] of [
      [typed(), login({ password: 'wrong' }), 'powerflexLogin'],
      [typed({ accId: '3' }), login(), 'NOT_FOUND'],
      [typed({ accId: 'x' }), login(), 'powerflexAccId'],
      [typed({ url: '' }), login(), 'addressEmpty'],
      [typed({ url: 'http://127.0.0.1:9' }), login(), 'refusedConnection'],
      [typed({ tls: 'missing' }), login(), 'tlsMissing'],
      [{}, {}, 'addressEmpty'],
    ] as const) {
      assert.equal((await ask('test', 'd', settings, credentials)).reason, reason);
    }
    assert.equal((await ask('test', 'd', typed(), login())).ok, true);
  });

  it('takes a login for enough where the site has no demand-charge mitigation', async () => {
    await load();
    sim.faults.add({ kind: 'status', status: 403, match: ({ path }) => path.startsWith('/get_target') });
    const response = await ask('test', 'd', typed(), login());
    assert.deepEqual([response.ok, response.targets], [true, null]);
  });

  for (const [status, body] of [
    [400, '{"msg":"malformed"}'],
    [400, '<html>'],
    [401, '<html>'],
    [403, '<html>'],
    [403, '{"msg":"not you"}'],
    [404, ''],
    [422, ''],
    [302, ''],
    [500, ''],
    [200, '{}'],
  ] as const) {
    it(`does not call a login that worked what ${status} ${body || 'without a body'} answers`, async () => {
      await load();
      const match = ({ path }: { path: string }): boolean => path === '/login';
      sim.faults.add(
        status === 200 ? { kind: 'body', body, match } : { kind: 'status', status, body, match },
      );
      assert.equal((await ask('test', 'd', typed(), login())).ok, false);
    });
  }

  it('shows the dialogs of flow nodes what the deployed site holds', async () => {
    await load();
    sim.site.targets.Feb = 123;
    assert.equal((await ask('targets', 'd')).targets?.Feb, 123);
    assert.deepEqual((await ask('signals', 'd')).signals, []);
    assert.equal((await ask('targets', 'new')).reason, 'notDeployed');
    sim.faults.add({ kind: 'status', status: 503 });
    assert.equal((await ask('signals', 'd')).code, 'UNREACHABLE');
  });

  it('keeps a configuration that cannot work as a problem, and says so once', async () => {
    await load([flowNode('powerflex-dcm', { operation: 'get_target_peak_power' })], { accId: '' });
    assert.equal(flow.log(LEVEL.warn).length, 1);
    flow.send('n', { payload: 1 });
    const caught = await flow.at('caught').waitFor(() => true, 'error');
    assert.equal((caught.error as { code: string }).code, 'INVALID_INPUT');
    assert.equal(flow.statusOf('n').items.at(-1)?.text, 'status.unconfigured');
    assert.equal(sim.http.log.length, 0);
    assert.equal((await ask('targets', 'd')).reason, 'powerflexAccId');
  });

  it('warns of two config nodes for one site', async () => {
    await load([{ id: 'd2', type: 'powerflex-site', url: sim.url, accId: '02' }]);
    assert.equal(flow.log(LEVEL.warn).filter(({ msg }) => msg === 'log.deviceTwice').length, 1);
  });

  it('offers diagnostics without user name and password', async () => {
    await load([flowNode('powerflex-dcm', { operation: 'get_target_peak_power' })], { url: `${sim.url}/` });
    flow.send('n', { payload: 1 });
    await flow.at('out').waitFor(() => true, 'targets');
    const body = JSON.stringify({ msg: `never show ${sim.password}` });
    sim.faults.add({ kind: 'status', status: 403, body, times: 1 });
    flow.send('n', { payload: 1 });
    const caught = await flow.at('caught').waitFor(() => true, 'error');
    const reply = await admin().get('/energy-devices/powerflex-site/d/diagnostics');
    const report = reply.body as {
      settings: object;
      calls: number;
      failures: number;
      recentErrors: { code: string }[];
    };
    assert.deepEqual(report.settings, { url: `${sim.url}/`, accId: '2', tls: false, zone: '' });
    assert.deepEqual([report.calls, report.failures, report.recentErrors[0]?.code], [2, 1, 'FORBIDDEN']);
    for (const secret of [sim.password, JSON.stringify(sim.password).slice(1, -1), sim.username, 'eyJ']) {
      assert.ok(!reply.text.includes(secret), reply.text);
      assert.ok(!JSON.stringify([caught, flow.log()]).includes(secret));
    }
    assert.equal((await admin().get('/energy-devices/powerflex-site/other/diagnostics')).status, 404);
  });

  it('shares one login among all nodes', async () => {
    await load([
      flowNode('powerflex-dcm', { operation: 'get_target_peak_power' }),
      flowNode('powerflex-dcm', { id: 'n2', operation: 'get_external_signal' }),
      flowNode('powerflex-measurements', { id: 'n3', measurement: 'ct_response', output: 'array' }),
    ]);
    for (const id of ['n', 'n2', 'n3']) flow.send(id, { payload: 1 });
    await flow.at('out').waitFor(() => flow.at('out').items.length === 3, 'three answers');
    assert.equal(sim.logins, 1);
  });
});
