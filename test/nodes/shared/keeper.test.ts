import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';

import type { Node, NodeAPI } from 'node-red';

import { PATIENCE } from '../../../nodes/shared/context-store';
import { Keeper } from '../../../nodes/shared/keeper';
import { FakeClock, settle } from '../../support/fake-clock';

type Answer = (error: Error | null, value?: unknown) => void;

const RED = {
  _: (key: string) => key,
  settings: { contextStorage: { default: { module: 'redis' } } },
} as unknown as NodeAPI;

/** how a store answers, and whether that is a fault */
const ANSWERS: [string, (answer: Answer) => void, boolean][] = [
  ['at once', (answer) => answer(null), false],
  ['later', (answer) => setImmediate(() => answer(null)), false],
  ['with an error', (answer) => answer(new Error('locked')), true],
  ['with an error later', (answer) => setImmediate(() => answer(new Error('full'))), true],
  [
    'by throwing',
    () => {
      throw new Error('broken');
    },
    true,
  ],
  ['never', () => undefined, true],
];

/** A node with a context store that forgets nothing, and answers as it is told. */
class Keeping extends EventEmitter {
  readonly id = 'n';
  readonly warned: string[] = [];
  answer: (answer: Answer) => void = (answer) => answer(null);
  get = (_key: string, answer: Answer): void => this.answer(answer);
  set = (_key: string, _value: unknown, answer: Answer): void => this.answer(answer);
  context = (): this => this;
  warn = (text: string): void => void this.warned.push(text.replace(/ .*/, ''));
}

describe('a state in a context store', () => {
  for (const [how, answer, fault] of ANSWERS) {
    it(`costs nothing but itself where the store answers ${how}`, async () => {
      const node = new Keeping();
      const clock = new FakeClock();
      const keeper = new Keeper(RED, node as unknown as Node, {
        ...{ settings: 1, every: 1000, clock },
        state: () => ({ counted: 5 }),
      });
      /** What comes of it, although the store may stay silent. */
      const outcome = async <T>(work: Promise<T>): Promise<T> => {
        for (let i = 0; i < 3; i++) await settle();
        await clock.advance(PATIENCE);
        return work;
      };
      node.answer = answer;
      const { anew } = await outcome(keeper.load(() => assert.fail('there is none')));
      assert.equal(anew, false);
      assert.deepEqual(node.warned, fault ? ['stateUnreadable'] : []);
      for (let i = 0; i < 2; i++) await outcome(keeper.save());
      assert.deepEqual(node.warned, fault ? ['stateUnreadable', 'stateUnwritable'] : []);
    });
  }
});
