import assert from 'node:assert/strict';

import type { Answer } from '../../../lib/cluster/forward';
import type { CommandPermit } from '../../../lib/cluster/permit';
import { DeviceError, toDeviceError } from '../../../lib/core/errors';
import { ask, type Instance, LEASE, NODE, NOTHING, World } from '../../support/cluster/commands';

/** An owner, another instance that is asked, and how often something has been carried out. */
interface Pair {
  world: World;
  owner: Instance;
  other: Instance;
  runs: () => number;
  run: (permit: CommandPermit) => Promise<Answer>;
}

/** @param then what whoever carries it out does when it has begun */
async function pair(
  then: (made: Pair) => Promise<Answer> = () => Promise.resolve(NOTHING),
  // Longer than the engine is away here.
  lease = 2 * LEASE,
): Promise<Pair> {
  const world = new World(lease);
  const owner = await world.owner();
  const other = world.join();
  await world.after(6 * LEASE);
  let runs = 0;
  const run = async (permit: CommandPermit): Promise<Answer> => {
    await permit.begin('on');
    runs++;
    return then(made);
  };
  const made: Pair = { world, owner, other, runs: () => runs, run };
  owner.cluster.forward.serve(NODE, {
    partition: 0,
    run: (_message, permit) => run(permit),
  });
  return made;
}

/** What the sender at the other instance hears, and after how many ms. */
function told({ world, other, run }: Pair): { is: string; after: number } {
  const since = world.clock.now;
  const heard = { is: 'it waits', after: Infinity };
  const hears = (is: string): void => {
    Object.assign(heard, { is, after: world.clock.now - since });
  };
  ask(other, { run }).then(
    () => hears('done'),
    (thrown: unknown) => hears(`${toDeviceError(thrown).code} ${toDeviceError(thrown).reason}`),
  );
  return heard;
}

/** Replaces what the engine of one instance does with its letters. */
function letters({ engine }: Instance, send: (own: () => Promise<void>) => Promise<void>): void {
  const own = engine.send.bind(engine);
  engine.send = (to, text) => send(() => own(to, text));
}

const broken = (sent: boolean): Promise<never> =>
  Promise.reject(new DeviceError('UNREACHABLE', 'broken', { reason: 'clusterUnreachable', sent }));

describe('a letter of a command that is lost, or seems to be', () => {
  it('is done, and said to be, where the connection broke when it had left', async () => {
    const made = await pair(async ({ world }) => {
      await new Promise<void>((resolve) => world.clock.after(1500, resolve));
      return NOTHING;
    });
    let count = 0;
    letters(made.other, async (own) => {
      count++;
      // It arrives; then there is no connection for a second.
      if (count === 1) await own();
      return count < 4 ? broken(count === 1) : own();
    });
    const heard = told(made);
    await made.world.after(3000);
    assert.deepEqual([heard.is, made.runs()], ['done', 1]);
  });

  it('is of an unknown outcome where its way stays broken', async () => {
    const made = await pair();
    let count = 0;
    letters(made.other, async (own) => {
      count++;
      if (count > 1) return broken(false);
      made.world.store.inboxes.delete(made.other.cluster.holder);
      await own();
      return broken(true);
    });
    const heard = told(made);
    await made.world.after(1000);
    made.other.process.cut = true;
    await made.world.after(4 * LEASE);
    assert.deepEqual([heard.is, made.runs()], ['OUTCOME_UNKNOWN clusterUnanswered', 1]);
  });

  it('has not been sent where there never was a connection', async () => {
    const made = await pair();
    letters(made.other, () => broken(false));
    const heard = told(made);
    await made.world.after(4 * LEASE);
    assert.deepEqual([heard.is, made.runs()], ['UNREACHABLE clusterNoOwner', 0]);
  });

  it('is sent again when the engine comes back, which may have lost it', async () => {
    const made = await pair();
    letters(made.other, () => Promise.resolve());
    const heard = told(made);
    await made.world.after(1000);
    Reflect.deleteProperty(made.other.engine, 'send');
    made.other.cluster.connected();
    await made.world.after(1000);
    assert.deepEqual([heard.is, made.runs()], ['done', 1]);
  });

  it('is sent again when the engine has lost its data', async () => {
    const made = await pair(undefined, LEASE);
    letters(made.other, () => Promise.resolve());
    const heard = told(made);
    await made.world.after(1000);
    Reflect.deleteProperty(made.other.engine, 'send');
    made.world.store.restart(true);
    await made.world.after(4 * LEASE);
    assert.deepEqual([heard.is, made.runs()], ['done', 1]);
  });

  it('is sent again in vain while the command runs', async () => {
    const made = await pair(async ({ world, other }) => {
      for (let n = 0; n < 3; n++) {
        other.cluster.connected();
        await new Promise<void>((resolve) => world.clock.after(1000, resolve));
      }
      return NOTHING;
    });
    const heard = told(made);
    await made.world.after(5000);
    assert.deepEqual([heard.is, made.runs()], ['done', 1]);
  });
});

describe('an answer that is lost', () => {
  for (const ms of [700, 2300]) {
    it(`is told again: the engine was away for ${ms} ms when it was given`, async () => {
      const made = await pair(({ world, owner, other }) => {
        for (const { process } of [owner, other]) {
          process.cut = true;
          world.clock.after(ms, () => (process.cut = false));
        }
        return Promise.resolve(NOTHING);
      });
      const heard = told(made);
      await made.world.after(ms + 4000);
      assert.deepEqual([heard.is, made.runs()], ['done', 1]);
    });
  }

  const ENDS: [string, () => Answer, string][] = [
    ['what came of it', () => NOTHING, 'done'],
    [
      'what went wrong',
      () => {
        throw new DeviceError('REJECTED', 'no', { reason: 'other' });
      },
      'REJECTED other',
    ],
  ];
  for (const [what, end, is] of ENDS) {
    it(`is told again to who asks again, as it was: ${what}`, async () => {
      const made = await pair(() => Promise.resolve().then(end));
      letters(made.owner, () => Promise.resolve());
      const heard = told(made);
      await made.world.after(1000);
      Reflect.deleteProperty(made.owner.engine, 'send');
      assert.equal(heard.is, 'it waits');
      made.other.cluster.connected();
      await made.world.after(1000);
      assert.deepEqual([heard.is, made.runs()], [is, 1]);
    });
  }

  it('is not told for ever, and no more when its instance ends', async () => {
    for (const ends of [true, false]) {
      const made = await pair();
      let count = 0;
      letters(made.owner, () => {
        count++;
        return broken(false);
      });
      told(made);
      await made.world.after(2000);
      assert.ok(count >= 2 && count <= 5, `${count} times`);
      if (ends) made.owner.cluster.commands.close();
      await made.world.after(20_000);
      assert.ok(ends ? count <= 5 : count >= 15 && count < 30, `${count} times`);
    }
  });
});
