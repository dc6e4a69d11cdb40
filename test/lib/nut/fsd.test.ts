import assert from 'node:assert/strict';

import { FsdKeeper, type FsdView } from '../../../lib/nut/fsd';
import type { Login, NutRole, NutUps } from '../../../lib/nut/hub';
import { FakeClock } from '../../support/fake-clock';

const UPS: NutUps = { description: '', variables: () => null, commands: () => [] };
const login = (role: NutRole): Login => ({ ups: UPS, role, client: { address: '127.0.0.1', user: 'x' } });

const LOW: FsdView = { onBattery: true, lowBattery: true, logins: [] };
const MAINS: FsdView = { onBattery: false, lowBattery: false, logins: [] };
const UNKNOWN: FsdView = { onBattery: null, lowBattery: false, logins: [] };

describe('FsdKeeper', () => {
  let clock: FakeClock;
  let keeper: FsdKeeper;
  beforeEach(() => {
    clock = new FakeClock();
    keeper = new FsdKeeper({ clock, after: 5000, restore: 60_000 });
  });
  const later = async (ms: number, view: FsdView): Promise<'raise' | 'end' | undefined> => {
    await clock.advance(ms);
    return keeper.look(view);
  };

  it('raises it when the battery has been low for a while and nobody else can', async () => {
    assert.equal(keeper.look(LOW), undefined);
    assert.equal(await later(4999, LOW), undefined);
    assert.equal(await later(1, LOW), 'raise');
  });

  const NEVER: readonly (readonly [why: string, between: FsdView])[] = [
    ['the mains come back', MAINS],
    ['the battery recovers', { ...LOW, lowBattery: false }],
    ['nobody knows for a moment', UNKNOWN],
    ['a primary logs in', { ...LOW, logins: [login('secondary'), login('primary')] }],
  ];
  for (const [why, between] of NEVER) {
    it(`begins anew where ${why}`, async () => {
      keeper.look(LOW);
      assert.equal(await later(4000, between), undefined);
      assert.equal(await later(1000, LOW), undefined);
      assert.equal(await later(4999, LOW), undefined);
      assert.equal(await later(1, LOW), 'raise');
    });
  }

  it('leaves it to others where it is told to', async () => {
    keeper.update({ after: null, restore: 60_000 });
    keeper.look(LOW);
    assert.equal(await later(1e9, LOW), undefined);
  });

  it('ends it with stable mains once those who were told have gone', async () => {
    const nas = login('secondary');
    keeper.raised([nas]);
    assert.equal(await later(60_000, LOW), undefined);
    assert.equal(keeper.look({ ...MAINS, logins: [nas] }), undefined);
    assert.equal(await later(60_000, { ...MAINS, logins: [nas] }), undefined);
    // Who has booted since was not told.
    assert.equal(await later(1, { ...MAINS, logins: [login('secondary')] }), 'end');
  });

  it('does not wait for a host that hangs for longer than ten minutes of mains', async () => {
    const nas = login('secondary');
    keeper.raised([nas]);
    const view = { ...MAINS, logins: [nas] };
    keeper.look(view);
    assert.equal(await later(10 * 60_000 - 1, view), undefined);
    assert.equal(await later(1, view), 'end');
  });

  it('begins to wait anew with another outage, or when nobody knows', async () => {
    for (const between of [LOW, UNKNOWN]) {
      keeper.raised([]);
      keeper.look(MAINS);
      assert.equal(await later(59_000, between), undefined);
      assert.equal(await later(1000, MAINS), undefined);
      assert.equal(await later(59_999, MAINS), undefined);
      assert.equal(await later(1, MAINS), 'end');
      keeper.ended();
    }
  });
});
