import { startPoweropti } from '../../../simulators/poweropti';
import { DemoError } from '../error';
import type { DemoSystem, Environment } from '../system';
import { MORNING, SPEED } from '../time';

/** An electricity meter of a house with a roof full of PV. */
export async function poweropti(environment: Environment): Promise<DemoSystem> {
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
