import { startBroker } from '../../simulators/enapter/broker';
import { responseCalls } from '../support/ipc';

/** An MQTT broker that counts. */

let published = 0;

responseCalls({
  listen: async (): Promise<number> => {
    const broker = await startBroker();
    broker.onPublish = () => published++;
    return broker.port;
  },
  published: () => published,
});
process.on('disconnect', () => process.exit(1));
