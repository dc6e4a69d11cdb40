import assert from 'node:assert/strict';

import {
  type PowersentrixCloud,
  type PowersentrixSimulator,
  startPowersentrix,
  startPowersentrixCloud,
} from '../../../simulators/powersentrix';
import { DOCUMENTED_IDENT } from '../../lib/powersentrix/documented';
import { admin, type FlowNode, type TestFlow, unloadFlow } from '../../support/flow';
import { lanDevice, load, pushDevice, statusNode } from './bench';
import type { ReceiverPart } from '../../../nodes/powersentrix/parts';
import type { ConfigNode } from '../../../nodes/shared/config-node';

interface Reply {
  ok: boolean;
  code?: string;
  reason?: string;
  upses?: { id: string; name: string }[];
  ups?: { model: string; serialNumber: string; totalCurrent?: number };
  lastPush?: string;
}

describe('the PowerSentrix dialogs', () => {
  let cloud: PowersentrixCloud;
  let ups: PowersentrixSimulator;
  let flow: TestFlow;
  beforeEach(async () => {
    cloud = await startPowersentrixCloud();
    ups = await startPowersentrix();
  });
  afterEach(async () => {
    await unloadFlow();
    await cloud.close();
    await ups.close();
  });
  const ask = async (path: string, settings: unknown, credentials: unknown): Promise<Reply> => {
    const reply = await admin().post(`/energy-devices/${path}`).send({ settings, credentials });
    assert.equal(reply.status, 200);
    return reply.body as Reply;
  };
  const start = async (nodes: FlowNode[] = []): Promise<void> => {
    const account = { id: 'a', type: 'powersentrix-account', url: cloud.url };
    const credentials = {
      a: { email: cloud.email, password: cloud.password },
      d: { apiKey: ups.apiKey },
      r: { companyId: 'c' },
    };
    flow = await load([account, ...nodes], credentials);
  };

  it('list the UPSes of an account, deployed or not', async () => {
    await start();
    const { email, password } = cloud;
    for (const credentials of [
      { email, password },
      { email: '__PWRD__', password: '__PWRD__' },
    ]) {
      const { upses } = await ask('powersentrix-account/a/test', { url: cloud.url }, credentials);
      assert.deepEqual(
        upses?.map(({ id, name }) => [id, name]),
        [['42', 'Server Room']],
      );
    }
    const wrong = await ask(
      'powersentrix-account/new/test',
      { url: cloud.url },
      { email, password: 'wrong' },
    );
    assert.deepEqual([wrong.code, wrong.reason], ['AUTH_FAILED', 'powersentrixLoginRefused']);
    assert.equal((await ask('powersentrix-account/new/test', {}, {})).reason, 'powersentrixLoginEmpty');
  });

  it('read one UPS of an account', async () => {
    await start();
    const credentials = { email: '__PWRD__', password: '__PWRD__' };
    const { ups: found } = await ask(
      'powersentrix-account/a/read',
      { url: cloud.url, upsId: '42' },
      credentials,
    );
    assert.deepEqual([found?.model, found?.totalCurrent], ['PWX-12-4422', 2.15]);
    const unknown = await ask('powersentrix-account/a/read', { url: cloud.url, upsId: '7' }, credentials);
    assert.equal(unknown.reason, 'powersentrixNotFound');
  });

  it('test a UPS at its own address', async () => {
    await start([lanDevice(ups.url)]);
    const settings = { source: 'lan', url: ups.url };
    for (const [id, apiKey] of [
      ['new', ups.apiKey],
      ['d', '__PWRD__'],
    ] as const) {
      const response = await ask(`ups-device/${id}/test`, settings, { apiKey });
      assert.equal(response.ups?.serialNumber, 'PSX-2024-001234');
    }
    assert.equal(
      (await ask('ups-device/d/test', settings, { apiKey: 'wrong' })).reason,
      'powersentrixKeyRefused',
    );
    assert.equal((await ask('ups-device/d/test', { source: 'lan' }, { apiKey: 'k' })).reason, 'addressEmpty');
    const tls = await ask('ups-device/d/test', { ...settings, tls: 'gone' }, { apiKey: 'k' });
    assert.equal(tls.reason, 'tlsMissing');
  });

  it('test a UPS that pushes', async () => {
    await start([
      { id: 'r', type: 'ups-receiver', path: '/x' },
      { id: 'r2', type: 'ups-receiver', path: '/y' },
      pushDevice(),
    ]);
    const settings = { source: 'push', receiver: 'r', cmm: 'ups-01', url: '' };
    const test = (more: object, apiKey = ''): Promise<Reply> =>
      ask('ups-device/d/test', { ...settings, ...more }, { apiKey });
    assert.equal((await test({ receiver: 'gone' })).reason, 'powersentrixReceiverNotDeployed');
    assert.equal((await test({ receiver: 'r2' })).reason, 'powersentrixCompanyIdEmpty');
    assert.equal((await test({})).reason, 'powersentrixNotRegistered');
    const receiver = (flow.node('r') as ConfigNode<ReceiverPart>).holder.part;
    const push = { kind: 'registered', cmm: 'ups-01', description: null, ident: DOCUMENTED_IDENT } as const;
    receiver.registry.note(push, '127.0.0.1', Date.now());
    const registered = await test({});
    assert.deepEqual([registered.ok, registered.ups?.model], [true, 'PWX-12-4422']);
    assert.ok(registered.lastPush);
    assert.equal((await test({ url: ups.url }, 'wrong')).reason, 'powersentrixKeyRefused');
    assert.equal((await test({ url: ups.url }, ups.apiKey)).ups?.totalCurrent, 2.15);
  });

  it('offer the names of ports that are known', async () => {
    await start([lanDevice(ups.url), statusNode()]);
    const ports = async (id: string): Promise<unknown[]> =>
      ((await admin().get(`/energy-devices/ups-device/${id}/ports`)).body as { ports: unknown[] }).ports;
    for (const id of ['a', 'new']) assert.deepEqual(await ports(id), []);
    flow.send('s', { payload: 1 });
    await flow.at('out').waitFor(() => true, 'status');
    const found = await ports('d');
    assert.equal(found.length, 12);
    assert.deepEqual(found[0], { port: 0, description: 'Router' });
  });

  it('offer diagnostics without secrets and values', async () => {
    await start([lanDevice(ups.url), statusNode()]);
    flow.send('s', { payload: 1 });
    await flow.at('out').waitFor(() => true, 'status');
    const device = await admin().get('/energy-devices/ups-device/d/diagnostics');
    const account = await admin().get('/energy-devices/powersentrix-account/a/diagnostics');
    assert.deepEqual((device.body as { settings: unknown }).settings, {
      source: 'lan',
      url: ups.url,
      interval: 3600,
      timezone: '',
      currentUnit: 'mA',
      mainsThreshold: null,
      mainsHysteresis: 0.5,
      lowBattery: null,
      lowBatteryMargin: 1,
    });
    assert.deepEqual((account.body as { settings: unknown }).settings, { url: cloud.url });
    for (const { text } of [device, account]) {
      for (const secret of [ups.apiKey, encodeURIComponent(ups.apiKey), cloud.password, 'PSX-2024-001234']) {
        assert.ok(!text.includes(secret), text);
      }
    }
  });
});
