import { IDS, startEnapter } from '../../../simulators/enapter';
import { DemoError } from '../error';
import type { DemoSystem, Environment } from '../system';

/** An EMS with its HTTP API and its broker. */
export async function enapter(environment: Environment): Promise<DemoSystem> {
  const { ENAPTER_URL: url, ENAPTER_TOKEN: token } = environment;
  if (url && !token)
    throw new DemoError('ENAPTER_URL is set, but there is no access token for it: set ENAPTER_TOKEN.');
  // Long enough for an output that is switched and then read again.
  const simulator = await startEnapter({ commandTimeout: 25_000 });
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
