import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';

import type { Node, NodeAPI } from 'node-red';

import { parseStatuses } from '../../../lib/powercontroller/status';
import type { AccountReference } from '../../../nodes/powercontroller/account';
import { keep, recall } from '../../../nodes/powercontroller/watch-context';
import { attachWatch } from '../../../nodes/powercontroller/watch-node';
import { failsWith } from '../../support/expect-error';
import { FakeClock, settle, until } from '../../support/fake-clock';
import { type Message, payloadOf } from '../../support/flow';

const PATIENCE = 10_000;
const INTERVAL = 60_000;

type Answer = (error: Error | null, value?: unknown) => void;

/** A node whose context store does as it is told. */
class Watched extends EventEmitter {
  readonly id = 'n';
  readonly warned: string[] = [];
  readonly out: Message[] = [];
  readonly states: Message[] = [];
  get: (key: string, answer: Answer) => void = (_key, answer) => answer(null);
  set: (key: string, value: unknown, answer: Answer) => void = (_key, _value, answer) => answer(null);
  context = (): this => this;
  status = (): void => undefined;
  log = (): void => undefined;
  debug = (): void => undefined;
  error = (text: string): void => assert.fail(text);
  warn = (text: string): void => void this.warned.push(text);
  send = ([out, state]: (Message | null)[]): void => {
    if (out) this.out.push(out);
    if (state) this.states.push(state);
  };

  get node(): Node {
    return this as unknown as Node;
  }
}

const RED = {
  _: (key: string) => key,
  events: new EventEmitter(),
  settings: {},
} as unknown as NodeAPI;

const silent = (): void => undefined;
const broken = (): never => {
  throw new Error('broken');
};

/** how a store answers, and what the fault says; `undefined` for none */
const ANSWERS: [string, (answer: Answer) => void, string | undefined][] = [
  ['at once', (answer) => answer(null, 5), undefined],
  ['later', (answer) => setImmediate(() => answer(null, 5)), undefined],
  ['twice', (answer) => [5, 6].map((value) => answer(null, value)), undefined],
  ['with an error', (answer) => answer(new Error('locked')), 'locked'],
  ['with an error later', (answer) => setImmediate(() => answer(new Error('full'))), 'full'],
  ['by throwing', broken, 'broken'],
  ['never', silent, `No complete answer within ${PATIENCE / 1000} s.`],
];

describe('the context of a watch', () => {
  let node: Watched;
  let clock: FakeClock;
  const signal = new AbortController().signal;
  beforeEach(() => {
    node = new Watched();
    clock = new FakeClock();
  });

  for (const [what, answer, fault] of ANSWERS) {
    it(`is read from a store that answers ${what}`, async () => {
      node.get = (_key, given) => answer(given);
      const asked = fault === undefined ? recall(node.node, signal, clock) : undefined;
      if (asked) assert.equal(await asked, 5);
      else {
        const failed = failsWith(recall(node.node, signal, clock), 'UNREACHABLE');
        if (answer === silent) await clock.advance(PATIENCE);
        const { reason, params } = await failed;
        assert.deepEqual([reason, params.message], ['powercontrollerContextUnreadable', fault]);
      }
      assert.equal(clock.pending, 0);
    });

    it(`is kept, or not, in a store that answers ${what}`, async () => {
      node.set = (_key, _value, given) => answer(given);
      const kept = keep(RED, node.node, 7, signal, clock);
      if (answer === silent) await clock.advance(PATIENCE);
      await kept;
      const warning = `The node's context cannot be written: ${fault}`;
      assert.deepEqual(node.warned, fault === undefined ? [] : [warning]);
      assert.equal(clock.pending, 0);
    });
  }

  it('is not waited for at the end of the node', async () => {
    Object.assign(node, { get: silent, set: silent });
    const end = new AbortController();
    const asked = failsWith(recall(node.node, end.signal, clock), 'CANCELLED');
    const kept = keep(RED, node.node, 7, end.signal, clock);
    end.abort();
    await Promise.all([asked, kept]);
    assert.deepEqual([clock.pending, node.warned], [0, []]);
  });

  describe('that does not answer', () => {
    let asked: number;
    let close: () => void;
    const watch = (): void => {
      asked = 0;
      const statuses = () => {
        const date = new Date(clock.now() + ++asked).toISOString();
        return Promise.resolve(parseStatuses([{ id: `s${asked}`, date, info: { on: true } }]));
      };
      const account = { client: { statuses } };
      const follow = (user: unknown): void => {
        if (typeof user === 'function') close = (user as (part: unknown) => () => void)(account);
      };
      attachWatch(RED, node.node, {
        account: { part: account, follow } as unknown as AccountReference,
        ...{ deviceId: 'a', interval: INTERVAL / 1000, topic: '', clock },
        content: ({ status }) => ({ payload: status }),
      });
    };
    afterEach(async () => {
      close();
      node.emit('close', true, () => undefined);
      await settle();
      assert.equal(clock.pending, 0);
    });

    it('makes the controller unavailable, and is asked again at the next reading', async () => {
      const reads: string[] = [];
      node.get = (key) => void reads.push(key);
      watch();
      await until(() => clock.pending > 0);
      await clock.advance(1000 + PATIENCE);
      assert.deepEqual(reads, ['powercontroller-watch']);
      assert.deepEqual(
        node.states.map((state) => [payloadOf(state).available, (payloadOf(state).reason as Message).code]),
        [[false, 'UNREACHABLE']],
      );
      node.get = (key, answer) => {
        reads.push(key);
        answer(null);
      };
      await clock.advance(INTERVAL);
      assert.ok(reads.length >= 2, `${reads.length} reads`);
      assert.equal(payloadOf(node.states.at(-1) ?? {}).available, true);
      assert.ok(asked > 0 && node.out.length > 0);
    });

    it('costs the memory of what was sent, and no status', async () => {
      node.set = silent;
      watch();
      await until(() => clock.pending > 0);
      await clock.advance(1000 + PATIENCE);
      assert.equal(node.out.length, 1);
      await clock.advance(INTERVAL + PATIENCE);
      assert.equal(node.out.length, 2);
      assert.ok(node.warned.length > 0);
    });
  });
});
