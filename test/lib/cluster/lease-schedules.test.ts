import assert from 'node:assert/strict';

import { Lease } from '../../../lib/cluster/lease';
import type { Spread } from '../../../lib/cluster/settings';
import { newSeed, Seeded } from '../../support/seeded';
import { Process, Store, WorldClock, WorldEngine } from '../../support/cluster-world';

const LEASE = 4000;
/** A fifth of a campaign, for which SCHEDULES is 10,000. */
const SCHEDULES = Number(process.env.SCHEDULES ?? 2000);
/** ms of one schedule */
const LONG = 30_000;

/** The partition of a node that is in another unit by the new flow file. */
const MOVED: Readonly<Record<string, number>> = { old: 77, new: 201 };

interface Instance {
  process: Process;
  lease: Lease;
  /** its flow file */
  flows?: string;
}

/** What a run has seen, so that a test that drew nothing of interest fails. */
interface Seen {
  gained: number;
  fenced: number;
  handedOver: number;
  lookedAt: number;
  /** looks at which one that had stopped by itself might say a last word */
  lastWords: number;
  /** looks at which a node that is moved by a flow file had an owner */
  moved: number;
}

/** One drawn schedule: processes that end, stand still, are cut off and come anew, and an engine that restarts. */
async function run(seed: number, seen: Seen): Promise<void> {
  const seeded = new Seeded(seed);
  const world = new WorldClock();
  const store = new Store(LEASE);
  const faults = { lost: seeded.pick([0, 0.02, 0.2]), late: seeded.pick([0, 0.05, 0.3]) };
  const spread: Spread = seeded.chance(0.1) ? 'flow' : 'none';
  const instances: Instance[] = [];
  let count = 0;

  const join = (): void => {
    const process = new Process(world, seeded);
    const holder = `holder ${count++}`;
    const engine = new WorldEngine({ world, store, process, seeded, holder, faults });
    const lease = new Lease({
      engine,
      holder,
      clock: process.clock,
      settings: { lease: LEASE, spread, whenLost: 'stop', instance: holder },
      listeners: {
        // What runs takes its time to end.
        ending: () => new Promise((resolve) => process.clock.after(seeded.pick([0, 0, 3000]), resolve)),
      },
    });
    const flows = seeded.pick(['old', 'old', 'old', 'new']);
    lease.setDigest(flows);
    engine.start(() => lease.turn());
    lease.start();
    lease.setStarted();
    instances.push({ process, lease, flows });
  };
  const running = (): Instance[] => instances.filter(({ process }) => !process.dead && !process.paused);
  const owners = (partition: number): number => running().filter(({ lease }) => lease.owns(partition)).length;
  const partitions = spread === 'none' ? [0] : [0, 77, 201];
  const look = (): void => {
    if (spread === 'flow') {
      const moved = running().filter(
        ({ lease, flows = '' }) => lease.isInForce && lease.owns(MOVED[flows] ?? NaN),
      ).length;
      assert.ok(moved <= 1, `seed ${seed}: ${moved} owners of a node that is moved at ${world.now} ms`);
      seen.moved += moved;
    }
    for (const partition of partitions) {
      const found = owners(partition);
      seen.lookedAt += found;
      assert.ok(found <= 1, `seed ${seed}: ${found} owners of ${partition} at ${world.now} ms`);
      const speak = running().filter(({ lease }) => lease.saysLast(partition));
      if (found === 0) seen.lastWords += speak.length;
      const all = speak.length;
      assert.ok(all <= 1, `seed ${seed}: ${all} may speak for ${partition} at ${world.now} ms`);
    }
  };
  const fault = (): void => {
    const instance = seeded.pick(instances);
    const { process, lease } = instance;
    switch (seeded.below(10)) {
      case 0:
        process.dead = true;
        if (instances.filter((one) => !one.process.dead).length < 3) join();
        return;
      case 1:
      case 2:
        process.paused = true;
        world.after(seeded.next() * 9000, () => process.resume());
        return;
      case 3:
      case 4:
        process.cut = true;
        world.after(seeded.next() * 9000, () => (process.cut = false));
        return;
      case 5:
        store.restart(seeded.chance(0.5));
        return;
      case 6:
        process.run(() => void lease.leave(500));
        join();
        return;
      case 7:
      case 8:
        // The clock of the engine's host is set.
        store.ahead += seeded.pick([-1, 1]) * seeded.pick([200, 3000, 9000, 3_600_000]);
        return;
      default:
        process.run(() => lease.setDigest((instance.flows = seeded.pick(['old', 'new']))));
    }
  };

  for (let i = 0; i < 3; i++) world.after(seeded.next() * 3000, join);
  for (let i = seeded.below(5); i > 0; i--) {
    world.after(6000 + seeded.next() * (LONG - 8000), () => {
      if (instances.length > 0) fault();
    });
  }
  await world.runUntil(LONG, look);
  for (const { lease } of instances) {
    seen.gained += lease.counts.gained;
    seen.fenced += lease.counts.fenced;
    seen.handedOver += lease.counts.handedOver;
  }
}

/** @returns a lease that runs, and its process */
function begin(world: WorldClock, store: Store, seeded: Seeded, holder: string): Instance {
  const process = new Process(world, seeded);
  const engine = new WorldEngine({ world, store, process, seeded, holder, faults: { lost: 0, late: 0 } });
  const settings = { lease: LEASE, spread: 'flow', whenLost: 'stop', instance: holder } as const;
  const lease = new Lease({ engine, holder, clock: process.clock, settings, listeners: {} });
  engine.start(() => lease.turn());
  lease.start();
  lease.setStarted();
  return { process, lease };
}

describe('leases after a standstill', () => {
  for (const [what, ms] of [
    ['shorter than the fence keep what they had', 2000],
    ['longer than the fence own nothing before late messages have aged out', 3500],
    ['longer than the lease own nothing before late messages have aged out', 20_000],
  ] as const) {
    it(what, async () => {
      const seeded = new Seeded(newSeed());
      const world = new WorldClock();
      const store = new Store(LEASE);
      const frozen = begin(world, store, seeded, 'frozen');
      begin(world, store, seeded, 'other');
      const start = 3 * LEASE;
      await world.runUntil(start, () => undefined);
      const before = frozen.lease.partitions.length;
      assert.ok(before > 50, `${before} partitions`);
      frozen.process.paused = true;
      await world.runUntil(start + ms, () => undefined);
      frozen.process.resume();
      let owned = 0;
      const count = (): void => {
        const own = frozen.lease.partitions.filter((one) => frozen.lease.owns(one));
        owned = Math.max(owned, own.length);
      };
      await world.runUntil(start + ms + LEASE + 1400, count);
      assert.equal(owned, ms < LEASE * 0.7 ? before : 0);
      await world.runUntil(start + ms + 3 * LEASE, count);
      assert.equal(owned, before);
    });
  }
});

describe('leases under drawn schedules', () => {
  it(`never have two valid owners: ${SCHEDULES} schedules with lost and late answers`, async function () {
    this.timeout(600_000);
    const seen: Seen = { gained: 0, fenced: 0, handedOver: 0, lookedAt: 0, lastWords: 0, moved: 0 };
    const first = newSeed();
    for (let i = 0; i < SCHEDULES; i++) await run(first + i, seen);
    console.log(`      seeds ${first} to ${first + SCHEDULES - 1}: ${JSON.stringify(seen)}`);
    for (const [what, times] of Object.entries(seen)) assert.ok(times > SCHEDULES / 10, what);
  });
});
