import assert from 'node:assert/strict';

import { Known, Matchings } from '../../../lib/cluster/copies';
import type { CommandRecord } from '../../../lib/cluster/engine';
import type { Shared } from '../../../lib/cluster/work';
import { DeviceError } from '../../../lib/core/errors';
import { codeOf, type Instance, LEASE, NOTHING, share, World } from '../../support/cluster/commands';

/** What owners before have done, as an owner of today hears of it. */
function matchingOf(records: CommandRecord[]): ReturnType<Matchings['of']> {
  const engine = { recent: () => Promise.resolve(records) };
  return new Matchings({ engine, holder: 'own', keeps: () => Infinity }).of('device', 0, 0);
}

/** A port that can only be toggled, seen by all instances. */
class Port {
  on = false;
  readonly toggles: string[] = [];

  /** @param then what its instance does when it has switched */
  command(by: Instance, then?: () => Promise<void>): Promise<Shared<unknown>> {
    return share(by, {
      run: async (permit) => {
        const goal = (await permit.begin(this.on ? 'off' : 'on')) === 'on';
        if (goal !== this.on) {
          this.on = goal;
          this.toggles.push(by.cluster.holder);
        }
        await then?.();
        return NOTHING;
      },
    });
  }
}

/** It dies, and nothing goes on there. */
const die =
  ({ process }: Instance) =>
  (): Promise<void> => {
    process.dead = true;
    return new Promise(() => undefined);
  };

/** Its next call of that kind finds no engine, and nobody else is troubled. */
function failOnce({ engine }: Instance, call: 'begin' | 'recent', code: 'UNREACHABLE' | 'TIMEOUT'): void {
  Object.assign(engine, {
    [call]: () => {
      // That of its class is there again.
      Reflect.deleteProperty(engine, call);
      return Promise.reject(new DeviceError(code, 'It is away.', { reason: 'clusterUnreachable' }));
    },
  });
}

/** What it has come to by now. */
const byNow = <T>(told: Promise<T>): Promise<T | 'it waits'> =>
  Promise.race([told, Promise.resolve('it waits' as const)]);

describe('a copy of what the owner was about when it died', () => {
  for (const call of ['begin', 'recent'] as const) {
    for (const code of ['UNREACHABLE', 'TIMEOUT'] as const) {
      it(`is carried out once where ${call} fails at its next owner at first, ${code}`, async () => {
        const world = new World();
        const port = new Port();
        const owner = await world.owner();
        const next = world.join();
        await world.after(5 * LEASE);
        void port.command(owner, die(owner));
        const copy = port.command(next);
        failOnce(next, call, code);
        await world.after(5 * LEASE);
        assert.ok(next.cluster.lease.owns(0));
        assert.deepEqual(await byNow(copy), { dropped: false, result: NOTHING });
        assert.deepEqual([port.on, port.toggles], [true, ['holder 0']]);
      });
    }
  }

  it('is not gone on with when a newer one has begun meanwhile, and its sender hears that nobody knows', async () => {
    const world = new World();
    const port = new Port();
    const owner = await world.owner();
    const next = world.join();
    await world.after(5 * LEASE);
    void port.command(owner, die(owner));
    const first = codeOf(port.command(next));
    await world.after(10);
    const second = port.command(next);
    failOnce(next, 'begin', 'UNREACHABLE');
    await world.after(5 * LEASE);
    assert.equal(await byNow(first), 'OUTCOME_UNKNOWN');
    assert.deepEqual(await byNow(second), { dropped: false, result: NOTHING });
    assert.deepEqual([port.on, port.toggles], [false, ['holder 0', 'holder 1']]);
  });

  it('is refused in words of the engine that does not tell what was done, and does not wait for it', async () => {
    const world = new World();
    const port = new Port();
    const owner = await world.owner();
    const next = world.join();
    await world.after(5 * LEASE);
    void port.command(owner, die(owner));
    next.engine.recent = () => Promise.reject(new DeviceError('BAD_RESPONSE', 'NOPERM'));
    const told = codeOf(port.command(next));
    await world.after(LEASE + 2000);
    assert.deepEqual([await byNow(told), port.toggles], ['BAD_RESPONSE', ['holder 0']]);
  });
});

describe('what is known of one copy', () => {
  const record = (key: string, more: Partial<CommandRecord> = {}): CommandRecord => ({
    ...{ key, print: 'p', at: 1000, by: 'a', state: 'begun', goal: 'on', outcome: '', single: false },
    ...more,
  });
  const copy = { arrived: 1000, print: 'p' };

  it('stays its own record however often it is tried', async () => {
    const matching = await matchingOf([record('1'), record('2')]);
    const [first, second] = [new Known(copy), new Known(copy)];
    assert.deepEqual(
      [first.of(matching), first.of(matching), second.of(matching), first.of(matching)].map(
        (one) => one?.key,
      ),
      ['1', '1', '2', '1'],
    );
  });

  it('stays that none has it, until another owner has come in between', async () => {
    const known = new Known(copy);
    const matching = await matchingOf([]);
    assert.deepEqual([known.of(matching), known.of(matching)], [undefined, undefined]);
    assert.equal(known.of(await matchingOf([record('3', { by: 'c' })]))?.key, '3');
  });

  it('stays its own record where another owner has gone on with it, and is given to no other', async () => {
    const [first, second] = [new Known(copy), new Known(copy)];
    first.of(await matchingOf([record('1')]));
    const later = await matchingOf([record('2'), record('1', { by: 'c', state: 'done' })]);
    assert.deepEqual([first.of(later)?.state, second.of(later)?.key], ['done', '2']);
    assert.equal(first.of(await matchingOf([]))?.key, '1');
  });
});

describe('an instance that acts alone', () => {
  it('carries out what comes, whatever waited for the engine before', async () => {
    const world = new World();
    const port = new Port();
    const one = await world.owner('alone');
    one.process.cut = true;
    await world.after(LEASE);
    const before = codeOf(port.command(one));
    await world.after(3 * LEASE);
    assert.ok(one.cluster.lease.actsAlone);
    const told = [before];
    for (let n = 0; n < 10; n++) {
      told.push(codeOf(port.command(one)));
      await world.after(5000);
    }
    assert.deepEqual(await Promise.all(told.map(byNow)), Array(11).fill('done'));
    assert.equal(port.toggles.length, 11);
  });
});
