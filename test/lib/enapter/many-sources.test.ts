import assert from 'node:assert/strict';

import { type SimBroker, startBroker } from '../../../simulators/enapter/broker';
import { plainConfig, startDevice, type TestDevice } from '../../support/enapter-device';

/** More than may be on their way to the socket at once, and more than it takes in one go. */
const SOURCES = 300;
const TEXT = 'x'.repeat(500);

describe('enapter: many nodes on one connection', () => {
  let broker: SimBroker;
  let device: TestDevice;
  beforeEach(async () => {
    broker = await startBroker();
    device = startDevice(plainConfig(broker.port), { spread: 200 });
  });
  afterEach(async () => {
    await device.connection.close();
    await broker.close();
  });

  const publishAll = (round: number): void => {
    for (let source = 0; source < SOURCES; source++) {
      device.connection.publishValues('telemetry', `node-${source}`, { source, round, TEXT });
    }
  };
  /** What of this round arrived, once a log that was published after it has. */
  const arrived = async (round: number): Promise<number[]> => {
    const all = new Set<number>();
    await broker.nextPublish(({ json }) => {
      const { source, round: of } = json as { source?: number; round?: number };
      if (of === round && source !== undefined) all.add(source);
      return all.size === SOURCES;
    });
    const log = broker.nextPublish(({ topic }) => topic.endsWith('/logs'));
    device.connection.publishLog(`after round ${round}`);
    await log;
    return broker.published
      .map(({ json }) => json as { source?: number; round?: number })
      .filter((values) => values.round === round)
      .map(({ source }) => source ?? NaN);
  };
  const each = Array.from({ length: SOURCES }, (_, source) => source);

  it('writes what was published before the connection stood, each once', async () => {
    publishAll(1);
    assert.deepEqual(await arrived(1), each);
  });

  it('writes what comes all at once, each once', async () => {
    await device.availability.waitFor(({ available }) => available, 'connection');
    publishAll(1);
    assert.deepEqual(await arrived(1), each);
    publishAll(2);
    assert.deepEqual(await arrived(2), each);
  });

  it('writes the newest of each to a new connection, once', async () => {
    await device.availability.waitFor(({ available }) => available, 'connection');
    publishAll(1);
    assert.deepEqual(await arrived(1), each);
    await broker.kill();
    publishAll(2);
    const second = arrived(2);
    await broker.start();
    assert.deepEqual(await second, each);
  });
});
