import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node, NodeAPI } from 'node-red';

import { invalidInput } from '../../../lib/core/errors';
import { type InputResult, onInput } from '../../../nodes/shared/input-runner';
import type { FlowMessage } from '../../../nodes/shared/messages';

const RED = { _: (key: string) => key } as unknown as NodeAPI;
const RESULT = { payload: 1 };
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
        const { events } = await run(() => give(null));
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
    const node = new EventEmitter();
    let signal: AbortSignal | undefined;
    onInput(RED, node as unknown as Node, (_, context) => {
      ({ signal } = context);
      return null;
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
});
