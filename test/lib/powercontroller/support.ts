import { type Clock, systemClock } from '../../../lib/core/clock';
import { Transport } from '../../../lib/core/http/transport';
import { type AccountSettings, PowercontrollerClient } from '../../../lib/powercontroller/client';
import {
  type PowercontrollerOptions,
  type PowercontrollerSimulator,
  startPowercontroller,
} from '../../../simulators/powercontroller';

/** A simulated cloud and a client of it. */
export interface Bench {
  simulator: PowercontrollerSimulator;
  client: PowercontrollerClient;
  transport: Transport;
  /** another client of the same cloud */
  connect: (settings?: Partial<AccountSettings>, clock?: Clock) => PowercontrollerClient;
  close: () => Promise<void>;
}

/** Waits for nothing: retries follow at once. */
export const hurried: Clock = { ...systemClock, after: (_ms, fn) => systemClock.after(0, fn) };

export async function startBench(
  options: PowercontrollerOptions = {},
  settings: Partial<AccountSettings> = {},
): Promise<Bench> {
  const simulator = await startPowercontroller(options);
  const transport = new Transport();
  const connect = (more: Partial<AccountSettings> = {}, clock: Clock = hurried): PowercontrollerClient => {
    const { url, email, password } = simulator;
    return new PowercontrollerClient({ url, email, password, ...settings, ...more }, transport, clock);
  };
  const client = connect();
  const close = async (): Promise<void> => {
    client.close();
    transport.close();
    await simulator.close();
  };
  return { simulator, client, transport, connect, close };
}
