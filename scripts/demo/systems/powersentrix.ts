import { startPowersentrix, startPowersentrixCloud, UpsModel } from '../../../simulators/powersentrix';
import { NutHost } from '../../../simulators/nut-host';
import { freePort } from '../../../simulators/support/free-port';
import { DemoError } from '../error';
import type { DemoSystem, Environment } from '../system';

/** The battery of the simulated UPS is empty after six minutes. */
const SPEED = 10;
/** What the demo's receiver expects, and where. */
const COMPANY = 'demo-company';
const PATH = '/powersentrix';
const PUSH_INTERVAL = 10_000;
/** What the hosts behind the UPS log in with; a Synology knows no other. */
const HOST = { user: 'monuser', password: 'secret' };
/** ms of quiet mains after which somebody presses the hosts' buttons: FSD has ended then. */
const BOOT = 20_000;
/** Ports that feed the hosts, and how long each takes to shut down. */
const HOSTS = [
  { port: 4, shutdownTime: 15_000 },
  { port: 1, shutdownTime: 5000 },
] as const;

/** Three UPSes: one at its own address (or a real one), one in a simulated portal, one that pushes to the demo. */
export async function powersentrix(environment: Environment): Promise<DemoSystem> {
  const { POWERSENTRIX_URL: realUrl, POWERSENTRIX_KEY: realKey, DEMO_NODE_RED: nodeRed = '' } = environment;
  if (realUrl && !realKey) {
    throw new DemoError('POWERSENTRIX_URL is set, but the API key of that UPS is not: set POWERSENTRIX_KEY.');
  }
  const local = await startPowersentrix({ speed: SPEED });
  const portal = await startPowersentrixCloud({
    upses: new Map([
      ['42', new UpsModel({ cmm: 'ups-42', serialNumber: 'PSX-2024-000042', description: 'Branch office' })],
    ]),
  });
  const pushing = await startPowersentrix({
    speed: SPEED,
    cmm: 'ups-02',
    serialNumber: 'PSX-2024-000002',
    description: 'Warehouse',
    push: { serverUrl: `${nodeRed}${PATH}`, companyId: COMPANY, interval: PUSH_INTERVAL },
  });
  const nutPort = await freePort();
  // A real UPS's hosts are real ones.
  const hosts = (realUrl ? [] : HOSTS).map(({ port, shutdownTime }) => {
    const host: NutHost = new NutHost({
      ...HOST,
      port: nutPort,
      shutdownTime,
      onState: (state) => {
        if (state === 'down') local.model.asleep.add(port);
        else local.model.asleep.delete(port);
      },
    });
    return host;
  });
  let booting: NodeJS.Timeout | undefined;
  const boot = (): void => {
    if (local.model.mains) for (const host of hosts) host.boot();
  };
  const stopBoot = local.model.onEvent(() => {
    clearTimeout(booting);
    booting = setTimeout(boot, BOOT);
  });
  const about = realUrl
    ? `PowerSentrix: the real UPS at ${realUrl}, and simulated ones in the cloud and pushing`
    : `PowerSentrix: simulated UPSes at ${local.url}, in a portal and pushing (POWERSENTRIX_URL and POWERSENTRIX_KEY choose a real one)`;
  return {
    about,
    variables: {
      DEMO_POWERSENTRIX_URL: realUrl ?? local.url,
      DEMO_POWERSENTRIX_KEY: realKey ?? local.apiKey,
      // A real UPS's mains are not to be switched off by a button.
      DEMO_POWERSENTRIX_SIM: realUrl ? '' : local.http.url,
      DEMO_POWERSENTRIX_CLOUD: portal.url,
      DEMO_POWERSENTRIX_EMAIL: portal.email,
      DEMO_POWERSENTRIX_PASSWORD: portal.password,
      DEMO_POWERSENTRIX_COMPANY: COMPANY,
      DEMO_POWERSENTRIX_PUSHING: pushing.http.url,
      DEMO_NUT_PORT: String(nutPort),
      DEMO_NUT_PASSWORD: HOST.password,
    },
    close: async () => {
      stopBoot();
      clearTimeout(booting);
      for (const host of hosts) host.close();
      await Promise.all([local.close(), portal.close(), pushing.close()]);
    },
  };
}
