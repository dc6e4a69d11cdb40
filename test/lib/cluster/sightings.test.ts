import assert from 'node:assert/strict';

import { Sightings } from '../../../lib/cluster/sightings';

const LEASE = 4000;

describe('what a member has seen of the others', () => {
  let now: number;
  let sightings: Sightings;
  const saw = (call: number, run = 'first', lease = LEASE): void =>
    sightings.saw(run, [
      { holder: 'own', call: 1, lease: LEASE },
      { holder: 'other', call, lease },
    ]);
  const gone = (): string[] => sightings.gone.map(({ holder, call }) => `${holder} ${call}`);

  beforeEach(() => {
    now = 1_000_000;
    sightings = new Sightings('own', LEASE, () => now);
  });

  it('is that one is gone of which nothing has come for a lease, and nothing of itself', () => {
    saw(1);
    now += LEASE - 1;
    saw(1);
    assert.deepEqual(gone(), []);
    assert.equal(sightings.rest, 1);
    now += 1;
    assert.deepEqual(gone(), ['other 1']);
    assert.equal(sightings.rest, Infinity);
  });

  it('counts from the last call that came, also from an older one that an engine has gone back to', () => {
    for (const call of [1, 2, 1]) {
      saw(call);
      now += LEASE - 1;
    }
    assert.deepEqual(gone(), []);
    now += 1;
    assert.deepEqual(gone(), ['other 1']);
  });

  it('counts by the longer lease', () => {
    saw(1, 'first', 3 * LEASE);
    now += 3 * LEASE - 1;
    assert.deepEqual(gone(), []);
    now += 1;
    assert.deepEqual(gone(), ['other 1']);
    saw(2, 'first', 1);
    now += LEASE - 1;
    assert.deepEqual(gone(), []);
    sightings.saw('without its data', []);
    now += 3 * LEASE - 1;
    assert.equal(sightings.settled, '', 'one that is not told any more may hold');
    now += 1;
    assert.equal(sightings.settled, 'without its data');
  });

  it('forgets who has left, and begins anew with one that comes again', () => {
    saw(1);
    sightings.saw('first', []);
    now += LEASE;
    assert.deepEqual(gone(), []);
    saw(1);
    assert.deepEqual(gone(), []);
  });

  it('is that no lease from before a restart of the engine can hold, when that was a lease ago', () => {
    assert.equal(sightings.settled, '');
    saw(1);
    now += LEASE;
    saw(2);
    assert.equal(sightings.settled, 'first');
    saw(3, 'second');
    assert.equal(sightings.settled, '');
    now += LEASE;
    assert.equal(sightings.settled, 'second');
  });
});
