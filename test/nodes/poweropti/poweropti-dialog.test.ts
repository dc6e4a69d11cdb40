import assert from 'node:assert/strict';

import { type PoweroptiSimulator, startPoweropti } from '../../../simulators/poweropti';
import { admin, loadFlow, PLACED, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const deviceNode = nodeSet('poweropti-device');
const meterNode = nodeSet('poweropti-meter');

interface Reply {
  ok: boolean;
  code?: string;
  reason?: string;
  message?: string;
  reading?: { power: number };
}

describe('the dialog of poweropti-device', () => {
  let sim: PoweroptiSimulator;
  let flow: TestFlow;

  beforeEach(async () => {
    sim = await startPoweropti({ apiKey: 'top/secret key' });
    flow = await loadFlow(
      [deviceNode, meterNode],
      [
        TAB,
        { id: 'd', type: 'poweropti-device', name: 'Meter', host: sim.url, interval: 3600 },
        { id: 'm', type: 'poweropti-meter', ...PLACED, device: 'd', wires: [['out'], []] },
        sink('out'),
      ],
      { d: { apiKey: sim.apiKey } },
    );
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const test = async (id: string, settings: unknown, credentials: unknown): Promise<Reply> => {
    const reply = await admin()
      .post(`/energy-devices/poweropti-device/${id}/test`)
      .send({ settings, credentials });
    assert.equal(reply.status, 200);
    return reply.body as Reply;
  };

  it('tests values that were never deployed', async () => {
    sim.setPower(77);
    const response = await test('new', { host: sim.host }, { apiKey: sim.apiKey });
    assert.equal(response.ok, true);
    assert.equal(response.reading?.power, 77);
  });

  it('uses the stored key where the dialog only knows that there is one', async () => {
    assert.equal((await test('d', { host: sim.host }, { apiKey: '__PWRD__' })).ok, true);
    assert.equal((await test('other', { host: sim.host }, { apiKey: '__PWRD__' })).reason, 'apiKeyEmpty');
  });

  it('takes environment variables as whole values', async () => {
    process.env.TEST_METER_HOST = sim.host;
    process.env.TEST_METER_KEY = sim.apiKey;
    try {
      assert.equal(
        (await test('x', { host: '${TEST_METER_HOST}' }, { apiKey: '${TEST_METER_KEY}' })).ok,
        true,
      );
      assert.equal(
        (await test('x', { host: '${NOT_SET_ANYWHERE}' }, { apiKey: 'k' })).reason,
        'variableUnset',
      );
    } finally {
      delete process.env.TEST_METER_HOST;
      delete process.env.TEST_METER_KEY;
    }
  });

  it('says what is wrong, and works again afterwards', async () => {
    const wrong = await test('d', { host: sim.host }, { apiKey: 'wrong' });
    assert.deepEqual([wrong.ok, wrong.code, wrong.reason], [false, 'AUTH_FAILED', 'poweroptiUnauthorized']);
    assert.equal((await test('d', { host: '127.0.0.1:9' }, { apiKey: 'k' })).reason, 'refusedConnection');
    assert.equal((await test('d', { host: `${sim.url}/x` }, { apiKey: 'k' })).reason, 'poweroptiNotFound');
    sim.faults.add({ kind: 'body', body: '{"hello":1}', times: 1 });
    assert.equal((await test('d', { host: sim.url }, { apiKey: '__PWRD__' })).reason, 'poweroptiShape');
    assert.equal((await test('d', { host: sim.url }, { apiKey: '__PWRD__' })).ok, true);
  });

  for (const body of [
    {},
    { settings: 7, credentials: [] },
    { settings: { host: {} }, credentials: { apiKey: 5 } },
  ]) {
    it(`survives ${JSON.stringify(body)}`, async () => {
      const reply = await admin().post('/energy-devices/poweropti-device/d/test').send(body);
      assert.equal((reply.body as Reply).code, 'INVALID_INPUT');
    });
  }

  it('takes no form, and gives a stored key to its own type only', async () => {
    const reply = await admin()
      .post('/energy-devices/poweropti-device/d/test')
      .type('form')
      .send({ settings: 'x' });
    assert.equal(reply.status, 415);
    // A device of its own: the node in the flow reads the other one when it likes.
    const asked = await startPoweropti();
    try {
      assert.equal((await test('m', { host: asked.host }, { apiKey: '__PWRD__' })).reason, 'apiKeyEmpty');
      assert.equal(asked.http.counters.requests, 0);
    } finally {
      await asked.close();
    }
  });

  it('offers diagnostics without key and readings', async () => {
    flow.send('m', { payload: 1 });
    const first = await flow.at('out').waitFor(() => true, 'reading');
    const energy = String((first.payload as { energyImport: number }).energyImport);
    sim.faults.add({ kind: 'status', status: 401, times: 1 });
    const reply = await admin().get('/energy-devices/poweropti-device/d/diagnostics');
    const report = reply.body as Record<string, unknown>;
    assert.deepEqual(report.settings, {
      ...{ host: sim.url, interval: 3600, staleAfter: 60 },
      ...{ follow: 'auto', followed: null },
    });
    assert.equal((report.availability as { available: boolean }).available, true);
    assert.equal((report.stats as { polls: number }).polls, 1);
    assert.deepEqual((report.lastReadingShape as { timestamp: string }).timestamp, 'number');
    for (const secret of [sim.apiKey, encodeURIComponent(sim.apiKey), energy]) {
      assert.ok(!reply.text.includes(secret), reply.text);
    }
  });

  it('has no diagnostics of a node that does not run', async () => {
    assert.equal((await admin().get('/energy-devices/poweropti-device/gone/diagnostics')).status, 404);
    assert.equal((await admin().get('/energy-devices/poweropti-device/m/diagnostics')).status, 404);
  });
});
