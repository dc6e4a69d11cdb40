import assert from 'node:assert/strict';

import { type EnapterSimulator, IDS, startEnapter } from '../../../simulators/enapter';
import { testTls } from '../../support/fixture';
import { admin, type TestFlow, unloadFlow } from '../../support/flow';
import { commandIn, isAvailable, loadWith, telemetry } from './support';

describe('the dialog of enapter-connection', () => {
  let sim: EnapterSimulator;
  let flow: TestFlow;
  let config: string;
  let password: string;

  const load = async (nodes: Record<string, unknown>[], given = config): Promise<void> => {
    flow = await loadWith(nodes, given);
  };

  beforeEach(async () => {
    sim = await startEnapter();
    const made = sim.generateConfig(IDS.meter, 'MQTT');
    config = JSON.stringify({ config: made });
    password = (made.mqtt_credentials as { password: string }).password;
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const dialog = async (action: string, body: object, id = 'new'): Promise<Record<string, unknown>> => {
    const reply = await admin().post(`/energy-devices/enapter-connection/${id}/${action}`).send(body);
    assert.equal(reply.status, 200);
    return reply.body as Record<string, unknown>;
  };

  it('describes a configuration before the first deploy, and a stored one, without its secrets', async () => {
    await load([]);
    const hardwareId = sim.store.get(IDS.meter).communication.hardware_id;
    const shown = {
      ok: true,
      host: '127.0.0.1',
      port: sim.broker.port,
      protocol: 'MQTT',
      hardwareId,
      channelId: 'ucm',
    };
    assert.deepEqual(await dialog('describe', { credentials: { config } }), shown);
    const stored = await dialog(
      'describe',
      { settings: { host: 'x:9' }, credentials: { config: '__PWRD__' } },
      'c',
    );
    assert.deepEqual(stored, { ...shown, host: 'x', port: 9 });
    assert.equal((await dialog('describe', {})).reason, 'enapterConfigEmpty');
    assert.equal(
      (await dialog('describe', { credentials: { config: '{' } })).reason,
      'enapterConfigUnreadable',
    );
    const wrongHost = await dialog('describe', { settings: { host: '://' }, credentials: { config } });
    assert.equal(wrongHost.reason, 'enapterHost');
  });

  it('tests a connection and leaves none behind', async () => {
    await load([]);
    assert.equal((await dialog('test', { credentials: { config } })).ok, true);
    const wrong = config.replace(password, 'wrong-password');
    const response = await dialog('test', { credentials: { config: wrong } });
    assert.equal(response.reason, 'enapterBrokerRefused');
    assert.equal(sim.broker.open, 0);
  });

  it('makes a manifest of what the flow has used', async () => {
    await load([telemetry(), commandIn({ command: 'reboot' })]);
    await flow.at('out').waitFor(isAvailable, 'connected');
    const published = sim.broker.nextPublish();
    flow.send('t', { payload: { power: 7, alerts: ['hot'] } });
    await published;
    const { manifest } = (await admin().get('/energy-devices/enapter-connection/c/manifest')).body as {
      manifest: string;
    };
    assert.match(manifest, /display_name: "Meter"/);
    assert.match(manifest, /telemetry:\n {2}power:\n/);
    assert.match(manifest, /alerts:\n {2}hot:\n/);
    assert.match(manifest, /commands:\n {2}reboot:\n/);
    assert.equal((await admin().get('/energy-devices/enapter-connection/gone/manifest')).status, 404);
  });

  it('offers diagnostics without password, key or values', async () => {
    await load([telemetry()]);
    await flow.at('out').waitFor(isAvailable, 'connected');
    const published = sim.broker.nextPublish();
    flow.send('t', { payload: { power: 4711.4711 } });
    await published;
    const reply = await admin().get('/energy-devices/enapter-connection/c/diagnostics');
    const report = reply.body as { settings: { protocol: string }; counts: { connects: number } };
    assert.equal(report.settings.protocol, 'MQTT');
    assert.equal(report.counts.connects, 1);
    for (const secret of [password, '4711']) assert.equal(reply.text.includes(secret), false);
    const pem = testTls();
    const secure = JSON.stringify({
      ...(JSON.parse(config) as { config: object }).config,
      mqtt_protocol: 'MQTTS',
      mqtt_credentials: { private_key: pem.clientKey, certificate: pem.clientCert, ca_chain: pem.ca },
    });
    await unloadFlow();
    await load([telemetry()], secure);
    await flow.at('out').waitFor((msg) => !isAvailable(msg), 'refused');
    const text = (await admin().get('/energy-devices/enapter-connection/c/diagnostics')).text;
    for (const line of pem.clientKey.split('\n').filter((one) => one.length > 20)) {
      assert.equal(`${text}${JSON.stringify(flow.log())}`.includes(line), false);
    }
  });
});
