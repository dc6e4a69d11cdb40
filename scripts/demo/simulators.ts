import { IDS, startEnapter } from '../../simulators/enapter';
import { startPowercontroller } from '../../simulators/powercontroller';
import { startPoweropti } from '../../simulators/poweropti';
import { DemoError } from './error';

type Environment = Readonly<Record<string, string | undefined>>;

/** A system the demo shows: a simulator, or a real device. */
export interface DemoSystem {
  /** One line for the console; holds no secret. */
  about: string;
  /** Environment variables that the demo flow refers to as `${NAME}`. */
  variables: Record<string, string>;
  close(): Promise<void>;
}

/** Starts a system, or refers to the real device that environment variables point to. */
export type StartSystem = (environment: Environment) => Promise<DemoSystem>;

/** A simulated day takes 2.4 minutes, and it starts at seven in the morning. */
const SPEED = 600;
const MORNING = Date.UTC(2025, 5, 21, 7);

async function poweropti(environment: Environment): Promise<DemoSystem> {
  const { POWEROPTI_HOST: host, POWEROPTI_KEY: key } = environment;
  if (host) {
    if (!key)
      throw new DemoError('POWEROPTI_HOST is set, but the key of that device is not: set POWEROPTI_KEY.');
    return {
      about: `poweropti: the real device at ${host}`,
      // Without a simulator there is nothing that the demo's buttons could make fail.
      variables: { DEMO_POWEROPTI_HOST: host, DEMO_POWEROPTI_KEY: key, DEMO_POWEROPTI_SIM: '' },
      close: () => Promise.resolve(),
    };
  }
  const simulator = await startPoweropti({ speed: SPEED, startAt: MORNING, energyImport: 4_321_000 });
  return {
    about: `poweropti: a simulated one at ${simulator.url} (POWEROPTI_HOST and POWEROPTI_KEY choose a real one)`,
    variables: {
      DEMO_POWEROPTI_HOST: simulator.host,
      DEMO_POWEROPTI_KEY: simulator.apiKey,
      DEMO_POWEROPTI_SIM: `http://127.0.0.1:${simulator.port}`,
    },
    close: () => simulator.close(),
  };
}

async function powercontroller(environment: Environment): Promise<DemoSystem> {
  const { POWERCONTROLLER_TOKEN: token, POWERCONTROLLER_DEVICE: device } = environment;
  if (token) {
    if (!device)
      throw new DemoError(
        'POWERCONTROLLER_TOKEN is set, but no device: set POWERCONTROLLER_DEVICE to its id.',
      );
    const url = environment.POWERCONTROLLER_URL ?? 'https://api.automategreen.com/v1';
    return {
      about: `power controller: the real device ${device} at ${url}`,
      variables: {
        DEMO_POWERCONTROLLER_URL: url,
        DEMO_POWERCONTROLLER_TOKEN: token,
        DEMO_POWERCONTROLLER_DEVICE: device,
        DEMO_POWERCONTROLLER_SIM: '',
      },
      close: () => Promise.resolve(),
    };
  }
  const simulator = await startPowercontroller({ samplePeriod: 15 });
  return {
    about:
      `power controller: a simulated one at ${simulator.url} ` +
      '(POWERCONTROLLER_TOKEN and POWERCONTROLLER_DEVICE choose a real one)',
    variables: {
      DEMO_POWERCONTROLLER_URL: simulator.url,
      DEMO_POWERCONTROLLER_TOKEN: simulator.token,
      DEMO_POWERCONTROLLER_DEVICE: simulator.deviceId,
      DEMO_POWERCONTROLLER_SIM: simulator.http.url,
    },
    close: () => simulator.close(),
  };
}

async function enapter(environment: Environment): Promise<DemoSystem> {
  const { ENAPTER_URL: url, ENAPTER_TOKEN: token } = environment;
  if (url && !token)
    throw new DemoError('ENAPTER_URL is set, but there is no access token for it: set ENAPTER_TOKEN.');
  const simulator = await startEnapter();
  const deviceConfig = (id: string): string => JSON.stringify(simulator.generateConfig(id, 'MQTT'));
  const account = url && token ? { url, token } : { url: simulator.url, token: simulator.token };
  return {
    about: url
      ? `Enapter: the real EMS at ${url}; the devices of the flow connect to a simulated one`
      : `Enapter: a simulated EMS at ${simulator.url} (ENAPTER_URL and ENAPTER_TOKEN choose a real one)`,
    variables: {
      DEMO_ENAPTER_URL: account.url,
      DEMO_ENAPTER_TOKEN: account.token,
      DEMO_ENAPTER_METER: deviceConfig(IDS.meter),
      DEMO_ENAPTER_UPS: deviceConfig(IDS.ups),
    },
    close: () => simulator.close(),
  };
}

/** Every system of the demo. A new one needs an entry here, and its nodes in flows/. */
export const SYSTEMS: readonly StartSystem[] = [poweropti, powercontroller, enapter];
