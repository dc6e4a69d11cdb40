import { startPowersentrix } from '../../simulators/powersentrix';
import { responseCalls } from '../support/ipc';

/** A UPS on the local network. */

export interface UpsServer {
  url: string;
  apiKey: string;
}

let simulator: Awaited<ReturnType<typeof startPowersentrix>> | undefined;

responseCalls({
  listen: async (): Promise<UpsServer> => {
    simulator = await startPowersentrix();
    return { url: simulator.url, apiKey: simulator.apiKey };
  },
  requests: () => simulator?.http.counters.requests,
});
process.on('disconnect', () => process.exit(1));
