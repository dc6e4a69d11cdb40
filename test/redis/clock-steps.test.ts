import assert from 'node:assert/strict';

import { Cluster } from '../../lib/cluster/cluster';
import { RedisEngine } from '../../lib/cluster/redis';
import * as scripts from '../../lib/cluster/scripts';
import { clusterSettings } from '../../lib/cluster/settings';
import { closeEngines, connected, until } from '../support/cluster/engines';
import { RedisServer } from '../support/redis';
import { newSeed, Seeded } from '../support/seeded';

const own = { ...scripts };
/** Seconds by which the clock is put forward or set back at once: less than a lease, more, and more than any lease is. */
const STEPS = [1, 3, 9, 36, 700, 7200].flatMap((s) => [s, -s]);

/** What the scripts take for the clock of the host, as a key says. */
const CLOCK = `(function()
  local t = redis.call('TIME')
  return {tostring(t[1] + (tonumber(redis.call('GET', 'ahead') or 0))), t[2]}
end)()`;

interface Instance {
  cluster: Cluster;
  engine: RedisEngine;
  /** Resolves with the next renewal that is confirmed. */
  renewed: () => Promise<void>;
}

describe('a clock of the engine that is set', function () {
  this.timeout(60_000);
  let server: RedisServer;
  let instances: Instance[] = [];
  let ahead = 0;
  /** owners at the same time */
  let most = 0;

  const join = (holder: string): Instance => {
    const settings = clusterSettings({ url: server.url, name: 'test', takeover: 4 }, {});
    assert.ok(settings);
    const waiting = new Set<() => void>();
    const engine = new RedisEngine({
      settings,
      holder,
      onLost: () => undefined,
      onReady: () => setImmediate(() => cluster.connected()),
    });
    const cluster: Cluster = new Cluster(engine, settings, holder, {
      changed: () => {
        for (const tell of waiting) tell();
        waiting.clear();
        look();
      },
    });
    cluster.lease.setDigest('d');
    cluster.start();
    cluster.lease.setStarted();
    const made = {
      cluster,
      engine,
      renewed: () => {
        const renewed = new Promise<void>((resolve) => waiting.add(resolve));
        cluster.lease.turn();
        return renewed;
      },
    };
    instances.push(made);
    return made;
  };
  const owners = (): Instance[] => instances.filter(({ cluster }) => cluster.lease.owns(0));
  const look = (): void => {
    most = Math.max(most, owners().length);
  };
  const step = async (seconds: number): Promise<void> => {
    ahead += seconds;
    await server.ask('SET', 'ahead', String(ahead));
  };
  /** Two members, one of which owns; both may. */
  const pair = async (): Promise<[owner: Instance, other: Instance]> => {
    const [a, b] = [join('a'), join('b')];
    await until(() => owners().length === 1);
    await until(() => a.cluster.lease.members.filter(({ ready }) => ready).length === 2);
    return a.cluster.lease.owns(0) ? [a, b] : [b, a];
  };

  before(async () => {
    server = await RedisServer.start();
    for (const [name, text] of Object.entries(own))
      Object.assign(scripts, { [name]: text.replace("redis.call('TIME')", CLOCK) });
  });
  after(async () => {
    Object.assign(scripts, own);
    await server.stop();
  });
  afterEach(async () => {
    await Promise.all(instances.map(({ cluster }) => cluster.leave(0)));
    instances = [];
    assert.ok(most <= 1, `${most} owners at the same time`);
    [ahead, most] = [0, 0];
    await closeEngines();
    await server.ask('FLUSHALL');
  });

  it('takes nothing from an owner that lives, by steps to and fro', async () => {
    const [owner, other] = await pair();
    const seeded = new Seeded(newSeed());
    for (let i = 0; i < 60; i++) {
      await step(seeded.pick(STEPS));
      // Who looks first after a step is drawn, too.
      for (const one of seeded.chance(0.5) ? [owner, other] : [other, owner]) {
        if (seeded.chance(0.7)) await one.renewed();
      }
      assert.ok(owner.cluster.lease.owns(0), `the owner has lost it by step ${i}, ahead ${ahead} s`);
      look();
    }
    assert.deepEqual(owner.cluster.lease.counts, { gained: 1, handedOver: 0, fenced: 0 });
  });

  for (const seconds of [-7200, -36, 9]) {
    it(`does not keep an owner that has died alive, nor shorten its lease: ${seconds} s`, async () => {
      const [owner, other] = await pair();
      await owner.renewed();
      await owner.engine.close();
      await step(seconds);
      const looking = setInterval(look, 1);
      await until(() => other.cluster.lease.owns(0));
      clearInterval(looking);
      look();
      assert.ok(!owner.cluster.lease.owns(0));
    });
  }

  it('leaves no member deaf whose letters are gone with the data', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    // A letter of a time at which the clock was an hour ahead.
    await server.ask('XADD', '{energy-devices:test}:letters:b', `${Date.now() + 3_600_000}-0`, 'l', 'early');
    await until(() => b.letters.length === 1);
    await server.ask('FLUSHALL');
    for (const text of ['one', 'two']) await a.engine.send('b', text);
    await until(() => b.letters.length === 3);
    assert.deepEqual(
      b.letters.map(({ text }) => text),
      ['early', 'one', 'two'],
    );
  });

  it('hears each letter once where one cannot be deleted', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    try {
      await server.ask('ACL', 'SETUSER', 'default', '-xdel');
      for (let i = 0; i < 3; i++) {
        await a.engine.send('b', `letter ${i}`);
        await until(() => b.letters.length > i);
      }
    } finally {
      await server.ask('ACL', 'SETUSER', 'default', '+@all');
    }
    await a.engine.send('b', 'last');
    await until(async () => (await server.ask('XLEN', '{energy-devices:test}:letters:b')) === 0);
    assert.deepEqual(
      b.letters.map(({ text }) => text),
      ['letter 0', 'letter 1', 'letter 2', 'last'],
    );
  });
});
