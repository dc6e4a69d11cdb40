import { startPowercontroller } from '../../../simulators/powercontroller';
import { DemoError } from '../error';
import type { DemoSystem, Environment } from '../system';

/** A load controller at a water heater. */
export async function powercontroller(environment: Environment): Promise<DemoSystem> {
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
