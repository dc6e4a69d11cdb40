import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node, NodeAPI } from 'node-red';

import { cancelled, invalidInput } from '../../../lib/core/errors';
import type { PartUser } from '../../../nodes/shared/config-reference';
import {
  type InputContext,
  type InputOptions,
  type InputResult,
  NOTHING,
  onInput,
} from '../../../nodes/shared/input-runner';
import type { FlowMessage } from '../../../nodes/shared/messages';

const RED = {
  _: (key: string) => key,
  events: new EventEmitter(),
  // Nobody knows who listens.
  nodes: { eachNode: () => undefined },
} as unknown as NodeAPI;
const RESULT: InputResult = { send: { payload: 1 } };
const BAD = invalidInput('bad', 'noDevice');

interface Seen {
  /** what happened, in order */
  events: string[];
  /** what went to `done` */
  failures: unknown[];
}

/** One message through a node whose handler, `send` and `done` do as told; resolves when all is quiet. */
async function run(
  handle: (msg: FlowMessage) => InputResult | Promise<InputResult>,
  { send, done }: { send?: () => void; done?: () => void } = {},
): Promise<Seen> {
  const seen: Seen = { events: [], failures: [] };
  const node = Object.assign(new EventEmitter(), {
    status: () => undefined,
    debug: (text: string) => seen.events.push(`debug ${text.split('\n')[0]}`),
  });
  const unhandled = (error: unknown): unknown => seen.events.push(`unhandled ${String(error)}`);
  process.on('unhandledRejection', unhandled);
  try {
    onInput(RED, node as unknown as Node, handle);
    node.emit(
      'input',
      { payload: 0 },
      (message: unknown) => {
        seen.events.push(`send ${JSON.stringify(message)}`);
        send?.();
      },
      (error?: Error) => {
        seen.events.push(error ? 'done with error' : 'done');
        if (error) seen.failures.push(error);
        done?.();
      },
    );
    // Rejections nobody handled are announced before the next turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', unhandled);
  }
  return seen;
}

const throws = (): never => {
  throw new Error('no more');
};

describe('input runner', () => {
  const ways: [string, (result: InputResult) => InputResult | Promise<InputResult>][] = [
    ['at once', (result) => result],
    ['by a promise', (result) => Promise.resolve(result)],
  ];
  for (const [name, give] of ways) {
    describe(`result ${name}`, () => {
      it('is sent, then done', async () => {
        const { events } = await run(() => give(RESULT));
        assert.deepEqual(events, ['send {"payload":1}', 'done']);
      });

      it('null is done and sends nothing', async () => {
        const { events } = await run(() => give(NOTHING));
        assert.deepEqual(events, ['done']);
      });

      it('ends in one done with an error when sending fails', async () => {
        const { events, failures } = await run(() => give(RESULT), { send: throws });
        assert.deepEqual(
          events.filter((event) => !event.startsWith('debug')),
          ['send {"payload":1}', 'done with error'],
        );
        assert.equal(failures.length, 1);
      });

      it('survives a done that throws, and calls it once', async () => {
        const { events } = await run(() => give(RESULT), { done: throws });
        assert.deepEqual(events, ['send {"payload":1}', 'done', 'debug done: Error: no more']);
      });
    });
  }

  const failing: [string, () => never | Promise<never>][] = [
    [
      'thrown at once',
      () => {
        throw BAD;
      },
    ],
    ['by a promise', () => Promise.reject(BAD)],
  ];
  for (const [name, handle] of failing) {
    describe(`failure ${name}`, () => {
      it('ends in one done with the code', async () => {
        const { events, failures } = await run(handle);
        assert.deepEqual(events, ['done with error']);
        assert.equal((failures[0] as { code?: string }).code, 'INVALID_INPUT');
      });

      it('survives a done that throws, and calls it once', async () => {
        const { events } = await run(handle, { done: throws });
        assert.deepEqual(events, ['done with error', 'debug done: Error: no more']);
      });
    });
  }

  it('hands over a signal that aborts when the node closes, and not before', async () => {
    const node = Object.assign(new EventEmitter(), { status: () => undefined });
    let signal: AbortSignal | undefined;
    onInput(RED, node as unknown as Node, (_, context) => {
      ({ signal } = context);
      return NOTHING;
    });
    node.emit(
      'input',
      {},
      () => undefined,
      () => undefined,
    );
    assert.equal(signal?.aborted, false);
    await new Promise<void>((resolve) => node.emit('close', false, resolve));
    assert.equal(signal.aborted, true);
  });

  /** A node whose messages wait for what `end` does; its config node is replaced by `replace`. */
  const waiting = () => {
    const node = Object.assign(new EventEmitter(), {
      shown: '',
      status: ({ text }: { text: string }) => void (node.shown = text),
      debug: () => undefined,
    });
    let user: PartUser<unknown> | undefined;
    const config: InputOptions['config'] = {
      problem: undefined,
      follow: (one) => {
        assert.ok(typeof one === 'object');
        user = one;
        one.take({});
      },
    };
    const signals: AbortSignal[] = [];
    const handle = (_: FlowMessage, { signal, busy }: InputContext): Promise<InputResult> => {
      busy();
      signals.push(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(cancelled(false)));
      });
    };
    onInput(RED, node as unknown as Node, handle, { config });
    const replace = (): void => {
      user?.leave();
      user?.take({});
    };
    const ask = (): Promise<unknown> =>
      new Promise((resolve) => {
        node.emit('input', { payload: 0 }, () => undefined, resolve);
      });
    return { node, signals, replace, ask };
  };

  it('gives up what is under way when another config node takes the place of its own', async () => {
    const { node, signals, replace, ask } = waiting();
    const first = ask();
    const second = ask();
    replace();
    assert.equal(((await first) as { code: string }).code, 'CANCELLED');
    await second;
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, true],
    );
    assert.equal(node.shown, 'status.waiting');
    // What comes afterwards works with the new one, and shows its own state.
    const third = ask();
    const own = signals[2];
    assert.ok(own && !own.aborted);
    assert.equal(node.shown, 'status.busy');
    node.emit('close', false, () => undefined);
    await third;
    assert.ok(own.aborted);
  });

  it('may have many messages under way, and warns of no leak', async () => {
    const { node, ask } = waiting();
    const warnings: Error[] = [];
    const note = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', note);
    try {
      const all = Array.from({ length: 50 }, ask);
      node.emit('close', false, () => undefined);
      await Promise.all(all);
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', note);
    }
    assert.deepEqual(warnings, []);
  });

  it("asks once a deploy who hears of a node's errors", async () => {
    let asked = 0;
    const events = new EventEmitter();
    const counting = {
      ...RED,
      events,
      nodes: { eachNode: () => asked++ },
    } as unknown as NodeAPI;
    const node = Object.assign(new EventEmitter(), { status: () => undefined, debug: () => undefined });
    onInput(counting, node as unknown as Node, () => {
      throw BAD;
    });
    const flood = async (): Promise<void> => {
      for (let i = 0; i < 1000; i++) {
        await new Promise((resolve) => node.emit('input', { payload: i }, () => undefined, resolve));
      }
    };
    await flood();
    assert.equal(asked, 1);
    events.emit('flows:started');
    await flood();
    assert.equal(asked, 2);
    assert.equal(events.listenerCount('flows:started'), 1);
  });
});
