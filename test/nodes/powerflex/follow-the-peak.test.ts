import assert from 'node:assert/strict';
import vm from 'node:vm';

import { readExamples } from '../../support/examples';

type Sent = { payload: { targets: Record<string, number> } } | null;

/** The function of the example, with a clock and a memory of its own. */
class Follower {
  private readonly code: string;
  private readonly memory = new Map<string, unknown>();
  private now = new Date(2026, 5, 10).getTime();

  constructor() {
    const example = readExamples().find(({ name }) => name === 'powerflex-follow-the-peak.json');
    const node = example?.nodes.find(({ name }) => name === 'follow the peak');
    this.code = `(function () {${String(node?.func)}\n})()`;
  }

  take(payload: unknown): Sent {
    const { now, memory } = this;
    const Date = function (): object {
      return new globalThis.Date(now);
    };
    const context = {
      get: (key: string) => memory.get(key),
      set: (key: string, value: unknown) => memory.set(key, value),
    };
    const sent: unknown = vm.runInNewContext(this.code, { msg: { payload }, context, flow: context, Date });
    return JSON.parse(JSON.stringify(sent)) as Sent;
  }

  /** What the node behind it notes when the site has answered. */
  holds(targets: Record<string, number>): void {
    this.memory.set('pflx2_held', targets);
  }

  /** A quarter (10 s in the example) of a load; returns what is sent in it. */
  quarter(payload: unknown): Sent {
    let sent: Sent = null;
    for (let i = 0; i < 5; i++) {
      sent = this.take(payload) ?? sent;
      this.now += 2000;
    }
    return sent;
  }

  /** Time without a reading. */
  pass(ms: number): void {
    this.now += ms;
  }
}

describe('the example that follows the peak', () => {
  const JUNE = (target: number): Sent => ({ payload: { targets: { Jun: target } } });

  it('raises what the site holds after a quarter above it, and never lowers it', () => {
    const follower = new Follower();
    follower.holds({ Jun: 200 });
    assert.equal(follower.quarter(150), null);
    assert.equal(follower.quarter(150), null);
    assert.equal(follower.quarter(230.5), null);
    assert.deepEqual(follower.quarter(100), JUNE(231));
    follower.holds({ Jun: 231 });
    assert.equal(follower.quarter(100), null);
  });

  it('tries again while the site has not taken the target', () => {
    const follower = new Follower();
    follower.holds({ Jun: 200 });
    follower.quarter(230);
    follower.quarter(230);
    assert.deepEqual(follower.quarter(100), JUNE(230));
    assert.deepEqual(follower.quarter(100), JUNE(230));
  });

  it('takes readings in W, and counts what is missing for nothing', () => {
    const follower = new Follower();
    follower.holds({ Jun: 200 });
    follower.quarter({ power: 100_000 });
    follower.quarter({ power: 240_000 });
    for (const nothing of [{ power: null }, null, undefined, NaN, 'text', {}]) {
      assert.equal(follower.take(nothing), null);
    }
    assert.deepEqual(follower.quarter({ power: 100_000 }), JUNE(240));
  });

  it('sends nothing before it knows what the site holds, and takes no part of a quarter for a whole one', () => {
    const follower = new Follower();
    follower.quarter(500);
    assert.equal(follower.quarter(100), null);
    follower.holds({ Jun: 200 });
    assert.equal(follower.quarter(100), null, 'the quarter of 500 kW was not seen from its beginning');
    follower.pass(60_000);
    assert.equal(follower.quarter(100), null);
  });
});
