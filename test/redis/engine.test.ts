import assert from 'node:assert/strict';

import type { CommandRecord } from '../../lib/cluster/engine';
import { closeEngines, type Connected, connected, engineOf, OWN, until } from '../support/cluster/engines';
import { RedisServer } from '../support/redis';

const PREFIX = '{energy-devices:test}';

/** Renews and claims until it is owned. */
async function own({ engine }: Connected, partition: number): Promise<void> {
  await until(async () => {
    await engine.renew(OWN, []);
    return (await engine.claim([partition])).includes(partition);
  });
}

const record = (more: Partial<CommandRecord>): CommandRecord => ({
  ...{ key: 'k', print: 'p', at: 1000, by: 'a', state: 'begun', goal: '', outcome: '', single: false },
  ...more,
});

describe('Redis as the engine of a cluster', function () {
  this.timeout(60_000);
  let server: RedisServer;

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.stop());
  afterEach(async () => {
    await closeEngines();
    await server.ask('FLUSHALL');
  });

  it('grants no claim while a lease of before a restart may hold, and one afterwards', async () => {
    const a = await connected(server, 'a');
    await a.engine.renew(OWN, []);
    assert.deepEqual(await a.engine.claim([3]), []);
    const begun = Date.now();
    await own(a, 3);
    assert.ok(Date.now() - begun > 2500, `${Date.now() - begun} ms`);
  });

  it('gives a partition to one member, and to another when it is released', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    await own(a, 3);
    await b.engine.renew({ ...OWN, name: 'b' }, []);
    assert.deepEqual(await b.engine.claim([3]), []);
    const { owners, members } = await a.engine.renew(OWN, [3]);
    assert.deepEqual([...owners], [[3, 'a']]);
    assert.deepEqual(members.map(({ holder }) => holder).sort(), ['a', 'b']);
    await a.engine.release([3], false);
    assert.deepEqual(await b.engine.claim([3]), [3]);
    assert.deepEqual((await a.engine.renew(OWN, [3])).lost, [3]);
  });

  it('tells of each member how long its lease is', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b', { takeover: 10 })]);
    await a.engine.renew(OWN, []);
    await server.ask(
      'HSET',
      `${PREFIX}:members`,
      'odd',
      `{"expires":${Date.now() + 9000},"call":1,"lease":9e9}`,
    );
    const { members } = await b.engine.renew({ ...OWN, name: 'b' }, []);
    assert.deepEqual(members.map(({ holder, lease }) => `${holder} ${lease ?? 'untold'}`).sort(), [
      'a 4000',
      'b 10000',
      'odd untold',
    ]);
  });

  it('does nothing for a call that comes after one that was made later', async () => {
    const a = await connected(server, 'a');
    await own(a, 3);
    // The same process as it was before: its calls are numbered from one.
    const late = await connected(server, 'a');
    await late.engine.release([3], false);
    assert.deepEqual(await late.engine.claim([4]), []);
    await assert.rejects(late.engine.renew(OWN, []), { reason: 'clusterOdd' });
    assert.deepEqual([...(await a.engine.renew(OWN, [3])).owners], [[3, 'a']]);
  });

  it('lets a member with another flow file claim nothing until the last of the old one has left', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    await own(a, 3);
    const fresh = { ...OWN, digest: 'new' };
    assert.equal((await b.engine.renew(fresh, [])).digest, 'd');
    assert.deepEqual(await b.engine.claim([5]), []);
    await a.engine.release([3], true);
    assert.equal((await b.engine.renew(fresh, [])).digest, 'new');
    assert.deepEqual(await b.engine.claim([5]), [5]);
  });

  it('says that everything is forgotten after a flush, and grants nothing for a lease', async () => {
    const a = await connected(server, 'a');
    await own(a, 3);
    const before = await a.engine.renew(OWN, [3]);
    await server.ask('FLUSHALL');
    const after = await a.engine.renew(OWN, [3]);
    assert.notEqual(after.epoch, before.epoch);
    assert.deepEqual(after.lost, [3]);
    assert.deepEqual(await a.engine.claim([3]), []);
  });

  it('begins a command once, for the owner alone, and goes on with what has a goal', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    await own(a, 3);
    const begin = (by: Connected, more: Partial<CommandRecord>) =>
      by.engine.begin({ partition: 3, device: 'port', record: record(more) });
    assert.deepEqual(await begin(b, { key: 'on', by: 'b', goal: 'on' }), { kind: 'notOwner' });
    assert.deepEqual(await begin(a, { key: 'on', goal: 'on' }), { kind: 'begun', goal: 'on' });
    assert.deepEqual(await begin(a, { key: 'restart' }), { kind: 'begun', goal: '' });
    assert.deepEqual(await begin(a, { key: 'done' }), { kind: 'begun', goal: '' });
    await a.engine.finish('port', record({ key: 'done', state: 'done', outcome: '{}' }));
    await b.engine.renew({ ...OWN, name: 'b' }, []);
    await a.engine.release([3], false);
    assert.deepEqual(await b.engine.claim([3]), [3]);
    // Another goal than the one from a fresh reading: that one has been meant.
    assert.deepEqual(await begin(b, { key: 'on', by: 'b', goal: 'off' }), { kind: 'begun', goal: 'on' });
    assert.equal((await begin(b, { key: 'restart', by: 'b' })).kind, 'known');
    const done = await begin(b, { key: 'done', by: 'b' });
    assert.ok(done.kind === 'known' && done.record.state === 'done' && done.record.outcome === '{}');
    assert.deepEqual(await begin(b, { key: 'late', by: 'b', at: -5000 }), { kind: 'older' });
    const keys = (await b.engine.recent('port')).map(({ key }) => key);
    assert.deepEqual(keys.sort(), ['done', 'on', 'restart']);
  });

  it('goes on with no command that a newer one has left behind', async () => {
    const a = await connected(server, 'a');
    await own(a, 3);
    const begin = (more: Partial<CommandRecord>) =>
      a.engine.begin({ partition: 3, device: 'port', record: record({ goal: 'on', ...more }) });
    const at = Date.now() + 0.123;
    // As an owner before has left it, and as this one has when it did not hear the answer.
    await a.engine.remember('port', record({ key: 'left', by: 'b', at, goal: 'on' }));
    await begin({ key: 'unheard', at: at + 100 });
    assert.deepEqual(await begin({ key: 'unheard', at: at + 100, goal: 'off' }), {
      kind: 'begun',
      goal: 'on',
    });
    await begin({ key: 'newer', at: at + 200 });
    const left = await begin({ key: 'left', at });
    assert.ok(left.kind === 'known' && left.record.by === 'b');
    assert.deepEqual(await begin({ key: 'unheard', at: at + 100 }), { kind: 'older' });
    assert.deepEqual(await begin({ key: 'newer', at: at + 200 }), { kind: 'begun', goal: 'on' });
  });

  it('keeps what nodes keep for the owner alone', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    await own(a, 3);
    assert.equal(await a.engine.keep(3, 'node:x', 'kept'), true);
    assert.equal(await b.engine.keep(3, 'node:x', 'stolen'), false);
    assert.equal(await b.engine.kept('node:x'), 'kept');
    const long = 'x'.repeat(4_000_000);
    assert.equal(await a.engine.keep(3, 'node:x', long), true);
    assert.equal(await b.engine.kept('node:x'), long);
    await assert.rejects(a.engine.keep(3, 'node:x', 'x'.repeat(9_000_000)), { reason: 'clusterTooLong' });
  });

  it('keeps what is sent to a name of nobody for all, the newest of it, and not for ever', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    assert.deepEqual(await b.engine.sent('push:r'), []);
    for (let n = 0; n < 1200; n++) await a.engine.send('push:r', `line ${n}`);
    const lines = await b.engine.sent('push:r');
    assert.deepEqual(lines, await a.engine.sent('push:r'));
    assert.equal(lines.at(-1)?.text, 'line 1199');
    assert.ok(lines.length >= 500 && lines.length < 1000, `${lines.length}`);
    assert.ok(lines.every(({ at }) => Math.abs(at - Date.now()) < 60_000));
    const left = Number(await server.ask('TTL', `${PREFIX}:letters:push:r`));
    assert.ok(left > 0 && left <= 3600, `${left} s`);
  });

  it('carries letters in their order, also those from before the receiver listened', async () => {
    const a = await connected(server, 'a');
    for (let i = 0; i < 40; i++) await a.engine.send('b', `letter ${i}`);
    const b = await connected(server, 'b');
    await until(() => b.letters.length === 40);
    assert.deepEqual(
      b.letters.map(({ text }) => text),
      Array.from({ length: 40 }, (_, i) => `letter ${i}`),
    );
    assert.ok(b.letters.every(({ at }) => Math.abs(at - Date.now()) < 60_000));
  });

  it('leaves out what others have written that it cannot read', async () => {
    const a = await connected(server, 'a');
    const odd = ['not json', '{}', '{"expires":"soon"}', 'x'.repeat(100_000), '{"expires":9e99,"name":7}'];
    for (const [at, text] of odd.entries()) await server.ask('HSET', `${PREFIX}:members`, `odd ${at}`, text);
    await server.ask('HSET', `${PREFIX}:owners`, '999', 'odd 4', 'x', 'odd 4', '-1', 'odd 4');
    await server.ask('XADD', `${PREFIX}:letters:a`, '*', 'l', '{"t":"ask","node":7}');
    await server.ask('XADD', `${PREFIX}:letters:a`, '*', 'other', '');
    const renewal = await a.engine.renew(OWN, []);
    assert.deepEqual([...renewal.owners], []);
    assert.ok(renewal.members.some(({ holder }) => holder === 'a'));
    await until(() => a.letters.length === 2);
  });

  it('takes no more members than it may have', async () => {
    const a = await connected(server, 'a');
    const expires = Date.now() + 300_000;
    for (let i = 0; i < 64; i++)
      await server.ask('HSET', `${PREFIX}:members`, `m${i}`, `{"expires":${expires},"call":1,"digest":"d"}`);
    await assert.rejects(a.engine.renew(OWN, []), { reason: 'clusterFull' });
  });

  it('goes on where its clock has been set back by hours', async () => {
    const a = await connected(server, 'a');
    const hours = Date.now() + 7_200_000;
    await server.ask('HSET', `${PREFIX}:members`, 'dead', `{"expires":${hours},"call":1,"digest":"d"}`);
    await server.ask('HSET', `${PREFIX}:owners`, '3', 'dead');
    await own(a, 3);
    const at = Date.now();
    await a.engine.finish('port', record({ key: 'of the future', at: hours, state: 'done' }));
    const begun = await a.engine.begin({ partition: 3, device: 'port', record: record({ key: 'now', at }) });
    assert.equal(begun.kind, 'begun');
    assert.deepEqual(
      (await a.engine.recent('port')).map(({ key }) => key),
      ['now'],
    );
  });

  it('keeps the newest commands of a device alone, also of those that need not begin', async () => {
    const a = await connected(server, 'a');
    for (let i = 0; i < 200; i++)
      await a.engine.finish('port', record({ key: `key ${i}`, at: i, state: 'done' }));
    const [device] = (await server.ask('KEYS', `${PREFIX}:device:*`)) as string[];
    assert.ok(device);
    assert.equal(await server.ask('ZCARD', device), 50);
    assert.equal((await a.engine.recent('port')).at(-1)?.key, 'key 199');
  });

  it('remembers what became of a command, unless something else is known of it', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    await own(a, 3);
    const stateOf = async (key: string): Promise<unknown[]> =>
      (await a.engine.recent('port')).filter((one) => one.key === key).map(({ state, by }) => [state, by]);
    await a.engine.remember('port', record({ key: 'lost', state: 'done' }));
    assert.deepEqual(await stateOf('lost'), [['done', 'a']]);
    await a.engine.begin({ partition: 3, device: 'port', record: record({ key: 'mine' }) });
    await a.engine.remember('port', record({ key: 'mine', state: 'unknown' }));
    assert.deepEqual(await stateOf('mine'), [['unknown', 'a']]);
    await b.engine.finish('port', record({ key: 'taken', state: 'begun', by: 'b' }));
    await a.engine.remember('port', record({ key: 'taken', state: 'unknown' }));
    assert.deepEqual(await stateOf('taken'), [['begun', 'b']]);
    await a.engine.remember('port', record({ key: 'mine', state: 'done' }));
    assert.deepEqual(await stateOf('mine'), [['unknown', 'a']]);
  });

  it('hears letters again when the engine has refused a call of it', async () => {
    const [a, b] = await Promise.all([connected(server, 'a'), connected(server, 'b')]);
    try {
      await server.ask('ACL', 'SETUSER', 'default', '-xdel');
      await a.engine.send('b', 'first');
      await until(() => b.letters.length === 1);
      await server.ask('ACL', 'SETUSER', 'default', '+xdel', '-xread');
      await a.engine.send('b', 'second');
    } finally {
      await server.ask('ACL', 'SETUSER', 'default', '+@all');
    }
    await until(() => b.letters.length === 2);
    await a.engine.send('b', 'third');
    await until(() => b.letters.length === 3);
    assert.deepEqual(
      b.letters.map(({ text }) => text),
      ['first', 'second', 'third'],
    );
  });

  it('leaves no connection behind that was being made when it was closed', async () => {
    for (let turns = 0; turns < 8; turns++) {
      const { engine } = engineOf(server, `closed ${turns}`);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      await engine.close();
    }
    await until(async () => {
      const clients = String(await server.ask('CLIENT', 'LIST'));
      return !clients.includes('name=energy-devices') && clients.trim().split('\n').length === 1;
    });
  });

  it('comes back after the server has been killed', async () => {
    const a = await connected(server, 'a');
    await server.restart();
    await assert.rejects(async () => {
      await a.engine.renew(OWN, []);
      throw new Error('still there');
    });
    await until(() => a.engine.connected);
    await a.engine.renew(OWN, []);
  });
});
