import { IDS, startEnapter } from '../../simulators/enapter';
import { startPowercontroller } from '../../simulators/powercontroller';
import { startPowerflex } from '../../simulators/powerflex';
import { startPoweropti } from '../../simulators/poweropti';
import { startPowersentrix, startPowersentrixCloud, UpsModel } from '../../simulators/powersentrix';
import { Seeded } from '../support/seeded';
import type { SystemName } from './clients';
import { Proxy } from './proxy';
import { changedJson, oddValue } from './values';

/** A system under the generator's hand: simulators that tell the truth, and proxies that change it. */
export interface FuzzedSystem {
  name: SystemName;
  proxies: Proxy[];
  /** what the flow needs to reach it */
  variables: Record<string, string>;
  /** what reaches Node-RED without being asked for: pushes, MQTT commands */
  shoot?: (nodeRed: string) => Promise<void>;
  close: () => Promise<void>;
}

const COMPANY = 'fuzz-company';

/** Starts all five. */
export async function startSystems(seed: number): Promise<FuzzedSystem[]> {
  const proxyTo = async (url: string): Promise<{ proxy: Proxy; url: string }> => {
    const proxy = new Proxy(new URL(url).origin, new Seeded(seed + Number(new URL(url).port)));
    return { proxy, url: (await proxy.listen()) + new URL(url).pathname.replace(/\/$/, '') };
  };

  const meter = await startPoweropti();
  const atMeter = await proxyTo(meter.url);
  const poweropti: FuzzedSystem = {
    name: 'poweropti',
    proxies: [atMeter.proxy],
    variables: {
      DEMO_POWEROPTI_HOST: atMeter.url,
      DEMO_POWEROPTI_KEY: meter.apiKey,
      DEMO_POWEROPTI_SIM: meter.url,
    },
    close: () => meter.close(),
  };

  const local = await startPowersentrix();
  const model = new UpsModel({
    cmm: 'ups-42',
    serialNumber: 'PSX-2024-000042',
    description: 'Branch office',
  });
  const portal = await startPowersentrixCloud({ upses: new Map([['42', model]]) });
  const pushed = new UpsModel({ cmm: 'ups-02', serialNumber: 'PSX-2024-000002', description: 'Warehouse' });
  const [atUps, atPortal] = [await proxyTo(local.url), await proxyTo(portal.url)];
  const random = new Seeded(seed + 1);
  const powersentrix: FuzzedSystem = {
    name: 'powersentrix',
    proxies: [atUps.proxy, atPortal.proxy],
    variables: {
      DEMO_POWERSENTRIX_URL: atUps.url,
      DEMO_POWERSENTRIX_KEY: local.apiKey,
      DEMO_POWERSENTRIX_SIM: local.http.url,
      DEMO_POWERSENTRIX_CLOUD: atPortal.url,
      DEMO_POWERSENTRIX_EMAIL: portal.email,
      DEMO_POWERSENTRIX_PASSWORD: portal.password,
      DEMO_POWERSENTRIX_COMPANY: COMPANY,
      DEMO_POWERSENTRIX_PUSHING: local.http.url,
    },
    shoot: (nodeRed) => push(nodeRed, pushed, random),
    close: async () => {
      await Promise.all([local.close(), portal.close()]);
    },
  };

  const controller = await startPowercontroller({ samplePeriod: 15 });
  const atController = await proxyTo(controller.url);
  const powercontroller: FuzzedSystem = {
    name: 'powercontroller',
    proxies: [atController.proxy],
    variables: {
      DEMO_POWERCONTROLLER_URL: atController.url,
      DEMO_POWERCONTROLLER_TOKEN: controller.token,
      DEMO_POWERCONTROLLER_DEVICE: controller.deviceId,
      DEMO_POWERCONTROLLER_SIM: controller.http.url,
    },
    close: () => controller.close(),
  };

  const garage = await startPowerflex({ step: 300 });
  const atGarage = await proxyTo(garage.url);
  const powerflex: FuzzedSystem = {
    name: 'powerflex',
    proxies: [atGarage.proxy],
    variables: {
      DEMO_POWERFLEX_URL: atGarage.url,
      DEMO_POWERFLEX_ACC_ID: String(garage.accId),
      DEMO_POWERFLEX_USERNAME: garage.username,
      DEMO_POWERFLEX_PASSWORD: garage.password,
      DEMO_POWERFLEX_SIM: garage.url,
    },
    close: () => garage.close(),
  };

  const ems = await startEnapter({ commandTimeout: 2000 });
  const atEms = await proxyTo(ems.url);
  const { hardware_id: hardware, channel_id: channel } = ems.store.get(IDS.ups).communication;
  const enapter: FuzzedSystem = {
    name: 'enapter',
    proxies: [atEms.proxy],
    variables: {
      DEMO_ENAPTER_URL: atEms.url,
      DEMO_ENAPTER_TOKEN: ems.token,
      DEMO_ENAPTER_METER: JSON.stringify(ems.generateConfig(IDS.meter, 'MQTT')),
      DEMO_ENAPTER_UPS: JSON.stringify(ems.generateConfig(IDS.ups, 'MQTT')),
    },
    shoot: () => ems.broker.publish(`v1/to/${hardware}/${channel}/v1/command/requests`, command(random)),
    close: () => ems.close(),
  };
  return [poweropti, powersentrix, powercontroller, powerflex, enapter];
}

/** An MQTT command, odd in one way or another. */
function command(random: Seeded): string | Buffer {
  if (random.chance(0.05)) return Buffer.alloc(random.below(400_000), 0xff);
  if (random.chance(0.05)) return `{"id":"a","name":"set_output","arguments":{"x":"${'y'.repeat(300_000)}"}}`;
  const id = random.chance(0.5) ? String(random.below(1e9)) : 'x'.repeat(random.below(500));
  const valid = { id, name: 'set_output', arguments: { port: 1, on: true } };
  return changedJson(JSON.stringify(valid), random);
}

/** A push, odd in its body, its query or its headers. */
async function push(nodeRed: string, model: UpsModel, random: Seeded): Promise<void> {
  const log = {
    ord: random.below(1e6),
    code: 'I/E01',
    description: 'Output 1 turned ON',
    params: '',
    timestamp: '2026-10-25 02:30:00',
  };
  const [endpoint, valid] = random.pick([
    ['setNewUps', model.ident()],
    ['setUpsData', model.complex()],
    ['setUpsLog', log],
  ] as [[string, unknown], ...[string, unknown][]]);
  const cmm = random.chance(0.7) ? model.cmm : String(oddValue(random)).slice(0, 2000);
  const company = random.chance(0.9) ? COMPANY : String(oddValue(random)).slice(0, 2000);
  const query = new URLSearchParams({ companyId: company, cmm });
  if (endpoint === 'setNewUps') query.set('upsDescription', String(oddValue(random)).slice(0, 4000));
  const body = random.chance(0.05) ? '['.repeat(70_000) : changedJson(JSON.stringify(valid), random);
  const type = random.pick(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x']);
  const spelling = random.pick(['api/', 'api/v1/', 'api//', '']);
  await fetch(`${nodeRed}/powersentrix/${spelling}${endpoint}?${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(5000),
  }).then(
    (response) => response.arrayBuffer(),
    () => undefined,
  );
}
