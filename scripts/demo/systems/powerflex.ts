import { MONTHS, startPowerflex } from '../../../simulators/powerflex';
import { DemoError } from '../error';
import type { DemoSystem, Environment } from '../system';
import { MORNING, SPEED } from '../time';

/** kW; the house of the demo leaves the cars most of it. */
const DEMO_TARGET = 12;

/** A garage of EV chargers. */
export async function powerflex(environment: Environment): Promise<DemoSystem> {
  const { POWERFLEX_URL: url, POWERFLEX_ACC_ID: accId } = environment;
  const { POWERFLEX_USERNAME: username, POWERFLEX_PASSWORD: password } = environment;
  if (url) {
    if (!accId || !username || !password) {
      throw new DemoError(
        'POWERFLEX_URL is set, but not all of POWERFLEX_ACC_ID, POWERFLEX_USERNAME and POWERFLEX_PASSWORD.',
      );
    }
    return {
      about: `PowerFlex: the real site ${accId} at ${url}`,
      variables: {
        DEMO_POWERFLEX_URL: url,
        DEMO_POWERFLEX_ACC_ID: accId,
        DEMO_POWERFLEX_USERNAME: username,
        DEMO_POWERFLEX_PASSWORD: password,
        DEMO_POWERFLEX_SIM: '',
      },
      close: () => Promise.resolve(),
    };
  }
  const simulator = await startPowerflex({ speed: SPEED, startAt: MORNING, step: 300 });
  Object.assign(simulator.site.targets, Object.fromEntries(MONTHS.map((month) => [month, DEMO_TARGET])));
  return {
    about: `PowerFlex: a simulated garage at ${simulator.url} (POWERFLEX_URL and others choose a real site)`,
    variables: {
      DEMO_POWERFLEX_URL: simulator.url,
      DEMO_POWERFLEX_ACC_ID: String(simulator.accId),
      DEMO_POWERFLEX_USERNAME: simulator.username,
      DEMO_POWERFLEX_PASSWORD: simulator.password,
      DEMO_POWERFLEX_SIM: simulator.url,
    },
    close: () => simulator.close(),
  };
}
