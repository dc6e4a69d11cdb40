import assert from 'node:assert/strict';

import type { Node, NodeAPI } from 'node-red';

import { Poller } from '../../../lib/core/poll/poller';
import { Duty, type DutyCluster } from '../../../nodes/shared/cluster-duty';
import type { SharedMemory } from '../../../nodes/shared/cluster-face';
import { type ShiftWork, Shifts } from '../../../nodes/shared/cluster-shifts';
import { TurnMemory, type TurnWork } from '../../../nodes/shared/turn-memory';

/** A node of a cluster: who owns it, and whether that is told, is the test's. */
class Turns {
  owns: boolean;
  readonly duty: Duty;
  readonly turns: TurnMemory;
  readonly errors: unknown[] = [];
  begun = 0;
  /** the hand-over of this node, as the lease asks for it: its partition is owned until all others have ended theirs */
  give: () => Promise<void> = () => Promise.reject(new Error('no hand-over is known'));
  /** what the owner before has kept */
  read: () => Promise<SharedMemory> = () =>
    Promise.resolve({ get: () => undefined, set: () => Promise.resolve(true) });

  constructor(owns: boolean, work: TurnWork = {}) {
    this.owns = owns;
    const node = {
      id: 'n',
      error: (text: unknown) => this.errors.push(text),
      warn: (text: unknown) => this.errors.push(text),
    } as unknown as Node;
    const RED = { _: (key: string) => key } as unknown as NodeAPI;
    const isOwned = (): boolean => this.owns;
    const cluster: DutyCluster = {
      partitionOf: () => 7,
      owns: isOwned,
      reads: isOwned,
      saysLast: isOwned,
      standbyStatus: () => (this.owns ? undefined : { text: 'standby' }),
      problem: undefined,
      lostError: () => {
        throw new Error('not lost');
      },
    };
    this.duty = new Duty(cluster, node);
    const shifts = {
      dutyOf: () => this.duty,
      atHandOver: (_: Duty, give: () => Promise<void>) => {
        this.give = give;
        return () => undefined;
      },
      memoryOf: () => this.read(),
      shifts: (_: Node, one: ShiftWork) => new Shifts(RED, shifts, node, one),
    };
    this.turns = new TurnMemory(RED, shifts, node, {
      ...work,
      begin: (memory) => {
        this.begun++;
        work.begin?.(memory);
      },
    });
  }

  /** The partition is another instance's, or this one's. */
  turnTo(owns: boolean): void {
    this.owns = owns;
    this.duty.look();
  }
}

/** Resolves with whether something has settled when all that is due now is done. */
async function isSettled(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void work.finally(() => (settled = true));
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('work of an owner that waits for its shift', () => {
  it('goes on when the shift begins', async () => {
    const own = new Turns(true);
    const ready = own.turns.ready();
    assert.equal(await isSettled(ready), true);
    assert.equal(own.begun, 1);
  });

  it('waits while the node is given to another instance, and goes on when it is', async () => {
    const own = new Turns(true);
    await own.turns.ready();
    await own.give();
    const ready = own.turns.ready();
    assert.equal(await isSettled(ready), false, 'what it read now would be told twice');
    own.turnTo(false);
    assert.equal(await isSettled(ready), true);
  });

  it('goes on when the node closes while it is given to another instance', async () => {
    const own = new Turns(true);
    await own.turns.ready();
    await own.give();
    const ready = own.turns.ready();
    await own.turns.close(false);
    assert.equal(await isSettled(ready), true);
    assert.equal(await isSettled(own.turns.ready()), true, 'and what comes later does not wait');
  });

  it('goes on when the node closes while what was kept is being read', async () => {
    const own = new Turns(true);
    own.read = () => new Promise(() => undefined);
    const ready = own.turns.ready();
    assert.equal(await isSettled(ready), false);
    await own.turns.close(false);
    assert.equal(await isSettled(ready), true);
  });

  it('lets a poller close that reads during a hand-over', async () => {
    const own = new Turns(true);
    await own.turns.ready();
    let read = 0;
    const poller = new Poller<number>(
      { interval: 60_000, minGap: 0, spread: 0, fetch: () => own.turns.ready().then(() => ++read) },
      {},
    );
    const reader = poller.subscribe({});
    await own.give();
    const asked = reader.refresh();
    own.turnTo(false);
    assert.equal(await asked, 1, 'a reading on demand on standby');
    own.turnTo(true);
    await own.turns.ready();
    await own.give();
    const late = reader.refresh();
    late.catch(() => undefined);
    await Promise.all([own.turns.close(false), poller.close()]);
  });

  it('begins at once where its turn among thousands has not come', async () => {
    const own = new Turns(false);
    own.owns = true;
    assert.equal(await isSettled(own.turns.ready()), true);
    assert.equal(own.begun, 1);
  });

  it('begins again after a hand-over that came before its turn among thousands', async () => {
    const own = new Turns(false);
    own.owns = true;
    await own.give();
    own.turnTo(false);
    own.turnTo(true);
    assert.equal(await isSettled(own.turns.ready()), true);
    assert.equal(own.begun, 1);
  });

  it('goes on where the shift before could not be ended, or this one does not begin well', async () => {
    for (const fails of ['begin', 'end'] as const) {
      const own = new Turns(true, {
        [fails]: () => {
          throw new Error(fails);
        },
      });
      await own.turns.ready();
      own.turnTo(false);
      own.turnTo(true);
      assert.equal(await isSettled(own.turns.ready()), true, fails);
      assert.equal(own.begun, 2, fails);
      assert.ok(own.errors.length > 0, fails);
    }
  });
});
