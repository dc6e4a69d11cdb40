import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import type { Store } from '../../support/cluster-world';
import {
  ask,
  codeOf,
  DEVICE,
  type Given,
  LEASE,
  NODE,
  NOTHING,
  share,
  World,
} from '../../support/cluster/commands';

/** ms, as nothing is set */
const USUAL = 10_000;

describe('commands of a cluster', () => {
  const ENDS: [string, () => typeof NOTHING, string][] = [
    ['done', () => NOTHING, 'done'],
    ['unknown', () => raise('OUTCOME_UNKNOWN', true), 'OUTCOME_UNKNOWN'],
    ['failed', () => raise('REJECTED', true), 'CONFLICT'],
  ];
  for (const [state, end, second] of ENDS) {
    it(`are not begun anew where the engine was away when they ended: ${state}`, async () => {
      const world = new World();
      const one = await world.owner();
      let runs = 0;
      const given: Given = {
        commandId: 'x',
        run: async (permit) => {
          runs++;
          await permit.begin('');
          one.process.cut = true;
          return end();
        },
      };
      const first = codeOf(ask(one, given));
      // Shorter than a fence: it is the owner all the time.
      await world.after(2300);
      one.process.cut = false;
      await world.after(100);
      assert.equal(
        await first,
        state === 'done' ? 'done' : state === 'failed' ? 'REJECTED' : 'OUTCOME_UNKNOWN',
      );
      const again = codeOf(ask(one, given));
      await world.after(4000);
      assert.deepEqual([await again, runs], [second, 1]);
      // The engine has been told since.
      assert.deepEqual(
        world.store.recent(DEVICE).map((record) => record.state),
        [state],
      );
    });
  }

  const LOSSES: [string, (store: Store) => void][] = [
    ['that has lost its data', (store) => store.restart(true)],
    ['that has lost the last of what was written', (store) => store.commands.clear()],
  ];
  for (const [what, lose] of LOSSES) {
    it(`leave what they lead to in an engine ${what} while they were under way`, async () => {
      const world = new World();
      const one = await world.owner();
      const asked = codeOf(
        share(one, {
          run: async (permit) => {
            await permit.begin('on');
            await new Promise<void>((resolve) => permit.signal.addEventListener('abort', () => resolve()));
            return raise('OUTCOME_UNKNOWN', true);
          },
        }),
      );
      await world.after(100);
      one.process.cut = true;
      lose(world.store);
      await world.after(3500);
      one.process.cut = false;
      assert.equal(await asked, 'OUTCOME_UNKNOWN');
      await world.after(3000);
      assert.deepEqual(
        world.store.recent(DEVICE).map(({ state, goal }) => [state, goal]),
        [['begun', 'on']],
      );
    });
  }

  it('do not take back what another owner has made of them', async () => {
    const world = new World();
    const one = await world.owner();
    const asked = codeOf(
      ask(one, {
        commandId: 'x',
        run: async (permit) => {
          await permit.begin('');
          one.process.cut = true;
          return raise('OUTCOME_UNKNOWN', true);
        },
      }),
    );
    await world.after(100);
    const [record] = world.store.recent(DEVICE);
    assert.ok(record);
    world.store.finish(DEVICE, { ...record, state: 'done', by: 'another' });
    await world.after(2300);
    one.process.cut = false;
    await world.after(3000);
    await asked;
    assert.deepEqual(
      world.store.recent(DEVICE).map(({ state, by }) => [state, by]),
      [['done', 'another']],
    );
  });

  it('wait no longer where their instance ends', async () => {
    const world = new World();
    const owner = await world.owner();
    const other = world.join();
    await world.after(1000);
    owner.process.paused = true;
    const asked = codeOf(ask(other, { run: () => Promise.resolve(NOTHING) }));
    const shared = share(other, { run: () => Promise.resolve(NOTHING) });
    await world.after(500);
    const left = other.cluster.leave(1000);
    await world.after(1000);
    await left;
    assert.deepEqual([await asked, await shared], ['OUTCOME_UNKNOWN', { dropped: true }]);
  });

  it('are refused, and not left without an answer, where too many are carried out for others', async () => {
    const world = new World();
    const owner = await world.owner();
    const letters: Record<string, unknown>[] = [];
    world.store.inboxes.set('asker', ({ text }) => letters.push(JSON.parse(text) as Record<string, unknown>));
    owner.cluster.forward.serve(NODE, { partition: 0, run: () => new Promise(() => undefined) });
    for (let i = 0; i <= 500; i++) {
      const letter = { t: 'ask', id: `id ${i}`, from: 'asker', key: `key ${i}`, node: NODE, message: {} };
      owner.cluster.forward.heard({ at: world.clock.now, text: JSON.stringify(letter) });
    }
    await world.after(100);
    assert.deepEqual(
      letters.map(({ id, error }) => [id, (error as { code: string }).code]),
      [['id 500', 'BUSY']],
    );
  });
});

describe('an owner that dies', () => {
  it('is replaced within its lease and a second, and what came when it died is carried out', async () => {
    for (let at = 0; at < USUAL / 2; at += 250) {
      const world = new World(USUAL);
      const owner = await world.owner();
      const other = world.join();
      await world.after(3 * USUAL + at);
      owner.process.dead = true;
      let runs = 0;
      const given: Given = {
        run: async (permit) => {
          await permit.begin('on');
          runs++;
          return NOTHING;
        },
      };
      const shared = share(other, given);
      await world.after(USUAL + 1000);
      assert.ok(other.cluster.lease.owns(0), `${at} ms`);
      await world.after(5000);
      assert.deepEqual([(await shared).dropped, runs], [false, 1], `${at} ms`);
    }
  });
});

describe('an instance with a shorter lease than the owner', () => {
  it('keeps its copies until that of an owner that dies is over', async () => {
    const world = new World(USUAL);
    const owner = await world.owner();
    const other = world.join('stop', LEASE);
    await world.after(3 * USUAL);
    let runs = 0;
    const run: Given['run'] = async (permit) => {
      await permit.begin('on');
      runs++;
      return NOTHING;
    };
    owner.process.dead = true;
    const shared = share(other, { run });
    await world.after(USUAL + 2000);
    assert.ok(other.cluster.lease.owns(0));
    assert.deepEqual([await shared, runs], [{ dropped: false, result: NOTHING }, 1]);
  });

  it('may own nothing before it has a copy of all that the owner may still lose', async () => {
    const world = new World(USUAL);
    await world.owner();
    const other = world.join('stop', LEASE);
    const isReady = (): boolean | undefined => world.store.members.get(other.cluster.holder)?.ready;
    await world.after(USUAL);
    assert.equal(isReady(), false);
    await world.after(4000);
    assert.equal(isReady(), true);
  });
});

describe('an instance that is set to act alone', () => {
  it('does so after three leases without an engine, and not because it stood still', async () => {
    const world = new World();
    const one = await world.owner('alone');
    one.process.paused = true;
    await world.after(5 * LEASE);
    one.process.cut = true;
    one.process.resume();
    await world.after(LEASE);
    assert.equal(one.cluster.lease.actsAlone, false);
    await world.after(2 * LEASE);
    assert.equal(one.cluster.lease.actsAlone, true);
    one.process.cut = false;
    await world.after(LEASE);
    assert.equal(one.cluster.lease.actsAlone, false);
  });

  it('says what the engine answers where it was never told that it belongs there', async () => {
    const world = new World();
    const one = world.join();
    one.engine.renew = () => Promise.reject(new DeviceError('REJECTED', 'full', { reason: 'clusterFull' }));
    await world.after(LEASE);
    assert.equal(one.cluster.problem?.reason, 'clusterFull');
  });
});

function raise(code: 'OUTCOME_UNKNOWN' | 'REJECTED', sent: boolean): never {
  throw new DeviceError(code, code, { sent });
}
