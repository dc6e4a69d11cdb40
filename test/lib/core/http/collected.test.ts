import assert from 'node:assert/strict';

import { systemClock } from '../../../../lib/core/clock';
import { Collected } from '../../../../lib/core/http/collected';
import { exchange } from '../../../../lib/core/http/exchange';
import type { Progress, Sending } from '../../../../lib/core/http/sending';
import { usedHeap } from '../../../support/heap';

const MB = 2 ** 20;
/** What stands for a connection here has nothing to hold back. */
const SENDING: Sending = {
  destroyed: false,
  pause: () => undefined,
  resume: () => undefined,
  destroy: () => undefined,
};

/** MB that are in use, of the heap and of buffers beside it. */
const used = (): number => usedHeap() + process.memoryUsage().arrayBuffers / MB;

/** Bytes as a parser hands them on: each a view of what came at once. */
function* bytesOf(given: Buffer): Generator<Buffer> {
  for (let at = 0; at < given.length; at++) yield given.subarray(at, at + 1);
}

describe('a body that is collected', () => {
  const given = Buffer.alloc(MB);
  for (let at = 0; at < MB; at++) given[at] = at % 251;

  it('takes little more than its size, in pieces of a byte as well', () => {
    const body = new Collected(MB);
    const before = used();
    for (const byte of bytesOf(given)) assert.ok(body.add(byte));
    const taken = used() - before;
    assert.ok(taken < 20, `${taken} MB`);
    assert.ok(body.bytes.equals(given));
  });

  it('takes no more as a response', async () => {
    let progress: Progress | undefined;
    const response = exchange(
      (_outgoing, its) => {
        progress = its;
        return SENDING;
      },
      {
        target: { href: '', secure: false, host: '', port: '', path: '', named: undefined },
        method: 'GET',
        headers: {},
        agents: undefined as never,
        lenient: false,
      },
      { timeout: 60_000, connectTimeout: 60_000, maxCollected: MB, maxPassedOn: MB, clock: systemClock },
    );
    assert.ok(progress);
    progress.onHead({ status: 200, headers: {} });
    const before = used();
    for (const byte of bytesOf(given)) progress.onData(byte);
    const taken = used() - before;
    progress.onEnd();
    assert.ok((await response).body.equals(given));
    assert.ok(taken < 20, `${taken} MB`);
  });

  it('is no longer than allowed, and what was taken stays', () => {
    const body = new Collected(5);
    assert.equal(body.bytes.length, 0);
    assert.ok(body.add(Buffer.from('abc')));
    assert.ok(!body.add(Buffer.from('def')));
    assert.ok(body.add(Buffer.from('de')));
    assert.ok(!body.add(Buffer.from('f')));
    assert.equal(body.bytes.toString(), 'abcde');
  });

  it('is the piece itself where it came in one', () => {
    const body = new Collected(MB);
    body.add(given);
    assert.equal(body.bytes.buffer, given.buffer);
  });
});
