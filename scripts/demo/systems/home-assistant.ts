import { startBroker } from '../../../simulators/enapter/broker';
import { DemoError } from '../error';
import type { DemoSystem, Environment } from '../system';

/** A broker that Home Assistant can be pointed to. */
export async function homeAssistant(environment: Environment): Promise<DemoSystem> {
  const { HOME_ASSISTANT_BROKER: given } = environment;
  if (given) {
    const [, host, port = '1883'] = /^([^:/@\s]{1,253})(?::(\d{1,5}))?$/.exec(given) ?? [];
    if (host === undefined) throw new DemoError('HOME_ASSISTANT_BROKER must be host:port.');
    return {
      about: `Home Assistant: the broker at ${host}:${port}`,
      variables: { DEMO_MQTT_HOST: host, DEMO_MQTT_PORT: port },
      close: () => Promise.resolve(),
    };
  }
  const broker = await startBroker();
  return {
    about:
      `Home Assistant: a broker at 127.0.0.1:${broker.port} for its MQTT integration ` +
      '(HOME_ASSISTANT_BROKER chooses your own)',
    variables: { DEMO_MQTT_HOST: '127.0.0.1', DEMO_MQTT_PORT: String(broker.port) },
    close: () => broker.close(),
  };
}
