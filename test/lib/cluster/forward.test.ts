import assert from 'node:assert/strict';

import { Cluster } from '../../../lib/cluster/cluster';
import { toDeviceError } from '../../../lib/core/errors';
import { Process, Store, WorldClock, WorldEngine } from '../../support/cluster-world';
import { Seeded } from '../../support/seeded';

const LEASE = 4000;
const NODE = 'port';

describe('a command that is asked for at another instance', () => {
  let world: WorldClock;
  let store: Store;
  let seeded: Seeded;
  let run: string[];

  beforeEach(() => {
    world = new WorldClock();
    store = new Store(LEASE);
    seeded = new Seeded(1);
    run = [];
  });

  /** @param settings digest of what the node does there */
  const join = (holder: string, settings?: string): Cluster => {
    const process = new Process(world, seeded);
    const engine = new WorldEngine({ world, store, process, seeded, holder, faults: { lost: 0, late: 0 } });
    const of = {
      ...{ url: '', username: undefined, password: () => Promise.resolve(undefined), name: 'test' },
      ...{ lease: LEASE, spread: 'none' as const, whenLost: 'stop' as const, instance: holder },
    };
    const cluster = new Cluster(engine, of, holder, { changed: () => undefined }, process.clock);
    cluster.forward.serve(NODE, {
      partition: 0,
      ...(settings === undefined ? {} : { settings }),
      run: async (message, permit) => {
        await permit.begin('on');
        run.push(`${holder} ${String(message.payload)}`);
        return { sends: [{ payload: holder }], status: undefined };
      },
    });
    cluster.lease.setDigest('of its flow file');
    cluster.start();
    cluster.lease.setStarted();
    return cluster;
  };
  const ask = async (cluster: Cluster, settings?: string): Promise<string> => {
    const arrived = cluster.engine.time();
    const work = {
      ...{ node: NODE, partition: 0, commandId: undefined, arrived, print: 'p' },
      run: () => Promise.reject(new Error('it is not carried out here')),
    };
    let told = '';
    cluster.forward
      .ask(work, () => ({ payload: 'on' }), settings)
      .then(
        ({ sends }) => (told = JSON.stringify(sends)),
        (thrown: unknown) => {
          const { code, reason, sent } = toDeviceError(thrown);
          told = `${code} ${reason} ${sent ? 'sent' : 'not sent'}`;
        },
      );
    await world.runUntil(world.now + 2000, () => undefined);
    return told;
  };
  const pair = async (settings?: string): Promise<Cluster> => {
    join('owner', settings);
    await world.runUntil(20_000, () => undefined);
    assert.equal(store.owners.get(0), 'owner');
    const other = join('other', settings);
    await world.runUntil(30_000, () => undefined);
    return other;
  };

  it('is carried out by an owner that has the same settings for its node', async () => {
    assert.equal(await ask(await pair('a'), 'a'), '[{"payload":"owner"}]');
    assert.deepEqual(run, ['owner on']);
  });

  it('is refused by one that has others, and nothing is done', async () => {
    const other = await pair('a');
    for (const settings of ['b', '', undefined])
      assert.equal(await ask(other, settings), 'CONFLICT clusterOtherSettings not sent');
    assert.deepEqual(run, []);
  });
});
