import assert from 'node:assert/strict';

import type { Node, NodeAPI } from 'node-red';

import { NodeMemory } from '../../../nodes/shared/node-memory';
import { FakeClock } from '../../support/fake-clock';

const RED = { _: (key: string) => key } as unknown as NodeAPI;

type Done = (error: unknown, value?: unknown) => void;

/** A node whose context store does as it is told. */
class Store {
  readonly said: string[] = [];
  readonly closers: (() => void)[] = [];
  get: (key: string, done: Done) => void = () => undefined;
  set: (key: string, value: unknown, done: Done) => void = () => undefined;

  get node(): Node {
    return {
      context: () => this,
      debug: (text: string) => this.said.push(text),
      on: (_event: string, close: () => void) => this.closers.push(close),
    } as unknown as Node;
  }
}

const broken = (): never => {
  throw new Error('broken');
};

describe('the memory of a node', () => {
  /** how the store answers, what is used, whether it is used at once */
  const CASES: [string, (done: Done) => void, unknown, boolean][] = [
    ['a value at once', (done) => done(null, 5), 5, true],
    ['nothing at once', (done) => done(null), undefined, true],
    ['an error at once', (done) => done(new Error('x'), 5), undefined, true],
    ['by throwing', broken, undefined, true],
    ['later', (done) => setImmediate(() => done(null, 5)), 5, false],
    ['an error later', (done) => setImmediate(() => done('x')), undefined, false],
    ['twice', (done) => [1, 2].map((value) => done(null, value)), 2, true],
  ];
  for (const [what, answer, expected, atOnce] of CASES) {
    it(`reads a store that answers ${what}`, async () => {
      const store = new Store();
      store.get = (_key, done) => answer(done);
      const clock = new FakeClock();
      let used = 0;
      const value = await new Promise((resolve) => {
        new NodeMemory(RED, store.node, 'k', clock).read((stored) => {
          used++;
          resolve(stored);
        });
        assert.equal(used, atOnce ? 1 : 0);
      });
      assert.equal(value, expected);
      assert.equal(used, 1);
      assert.equal(clock.pending, 0);
    });
  }

  it('takes a store that never answers for an empty one', async () => {
    const clock = new FakeClock();
    const used: unknown[] = [];
    new NodeMemory(RED, new Store().node, 'k', clock).read((stored) => used.push(stored));
    assert.deepEqual(used, []);
    await clock.advance(10_000);
    assert.deepEqual(used, [undefined]);
  });

  it('lets what a reader throws be the reader’s', () => {
    const store = new Store();
    store.get = (_key, done) => done(null, 5);
    assert.throws(() => new NodeMemory(RED, store.node, 'k').read(broken), /broken/);
    assert.deepEqual(store.said, []);
  });

  it('writes one value after the other, and of those that wait the last', () => {
    const store = new Store();
    const written: [unknown, Done][] = [];
    store.set = (_key, value, done) => written.push([value, done]);
    const memory = new NodeMemory(RED, store.node, 'k');
    for (const value of [1, 2, 3]) memory.write(value);
    assert.deepEqual(
      written.map(([value]) => value),
      [1],
    );
    written[0]?.[1](new Error('full'));
    assert.deepEqual(
      written.map(([value]) => value),
      [1, 3],
    );
    written[1]?.[1](null);
    store.set = broken;
    memory.write(4);
    assert.deepEqual(store.said, ['context: full', 'context: broken']);
  });
});
