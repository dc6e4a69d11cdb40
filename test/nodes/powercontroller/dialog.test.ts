import assert from 'node:assert/strict';

import { type PowercontrollerSimulator, startPowercontroller } from '../../../simulators/powercontroller';
import { admin, unloadFlow } from '../../support/flow';
import { type Json, loadWith, node } from './support';

describe('the dialog of powercontroller-account', () => {
  let sim: PowercontrollerSimulator;
  const SECRET = 'pa/ss word!';

  beforeEach(async () => {
    sim = await startPowercontroller({ historyDays: 1, password: SECRET });
    await loadWith(sim, [node('command', { operation: 'msg' })], { email: sim.email, password: SECRET });
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const post = async (id: string, action: string, body: Json = {}): Promise<Json> => {
    const reply = await admin().post(`/energy-devices/powercontroller-account/${id}/${action}`).send(body);
    assert.equal(reply.status, 200);
    return reply.body as Json;
  };
  const test = (id: string, credentials: Json, url = sim.url): Promise<Json> =>
    post(id, 'test', { settings: { url, durationKey: 'time' }, credentials });

  it('tests an account that was never deployed, and shows its devices', async () => {
    const response = await test('new', { email: sim.email, password: SECRET, token: '' });
    assert.deepEqual(response.devices, [{ id: sim.deviceId, label: 'PC-ZXCVBNMASDF-001', on: false }]);
    assert.equal((await test('new', { email: '', password: '', token: sim.token })).ok, true);
    assert.equal((await test('a', { email: sim.email, password: '__PWRD__' })).ok, true);
  });

  it('says what is wrong', async () => {
    assert.equal(
      (await test('new', { email: sim.email, password: 'x' })).reason,
      'powercontrollerSignInRefused',
    );
    assert.equal((await test('new', { token: 'wrong-token' })).reason, 'powercontrollerTokenRefused');
    assert.equal((await test('new', {})).reason, 'powercontrollerSignInEmpty');
    assert.equal((await test('new', { token: 't' }, 'ftp://x')).reason, 'addressInvalid');
    assert.equal((await test('new', { token: sim.token }, `${sim.url}/nothing`)).code, 'NOT_FOUND');
  });

  it('lists the devices of an account that runs', async () => {
    assert.deepEqual((await post('a', 'devices')).devices, [
      { id: sim.deviceId, label: 'PC-ZXCVBNMASDF-001', on: false },
    ]);
    assert.equal((await post('gone', 'devices')).reason, 'notDeployed');
    assert.equal((await post('n', 'devices')).reason, 'notDeployed');
    await unloadFlow();
    await loadWith(sim, [], {});
    assert.equal((await post('a', 'devices')).reason, 'powercontrollerSignInEmpty');
  });

  it('says at once that the server asks for a long wait', async () => {
    sim.faults.add({ kind: 'status', status: 429, headers: { 'Retry-After': '3600' } });
    assert.equal((await post('a', 'devices')).code, 'RATE_LIMITED');
    assert.equal((await test('new', { token: sim.token })).code, 'RATE_LIMITED');
  });

  it('offers diagnostics without password and token', async () => {
    await post('a', 'devices');
    const token = /^Bearer (.+)$/.exec(String(sim.http.log.at(-1)?.headers.authorization))?.[1] ?? '-';
    const reply = await admin().get('/energy-devices/powercontroller-account/a/diagnostics');
    const report = reply.body as Json;
    assert.deepEqual(report.settings, { url: sim.url, signIn: 'password', durationKey: 'time' });
    for (const secret of [SECRET, encodeURIComponent(SECRET), sim.email, token]) {
      assert.ok(!reply.text.includes(secret), reply.text);
    }
    await unloadFlow();
    await loadWith(sim, [], {});
    const broken = await admin().get('/energy-devices/powercontroller-account/a/diagnostics');
    // Without a catalogue here, the row stands for the text.
    assert.match(String((broken.body as Json).problem), /"email" is not valid|Enter email/);
  });
});
