import { startBroker } from '../../simulators/enapter/broker';
import { answerCalls } from '../support/ipc';

/** An MQTT broker that counts. */

let published = 0;

answerCalls({
  listen: async (): Promise<number> => {
    const broker = await startBroker();
    broker.onPublish = () => published++;
    return broker.port;
  },
  published: () => published,
});
process.on('disconnect', () => process.exit(1));
