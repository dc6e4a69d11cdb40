import assert from 'node:assert/strict';

import { cancelled, DeviceError, type ErrorCode, invalidInput } from '../../../../lib/core/errors';
import { afterSending, sendCommand } from '../../../../lib/core/command/outcome';
import { failsWith } from '../../../support/expect-error';

const failing = (code: ErrorCode, options: { sent?: boolean; status?: number; retryAfter?: number }) => () =>
  Promise.reject(new DeviceError(code, 'why', options));

describe('sendCommand', () => {
  it('returns the answer', async () => {
    assert.equal(await sendCommand(() => Promise.resolve(7)), 7);
  });

  for (const [what, code, options] of [
    ['the connection broke after sending', 'UNREACHABLE', { sent: true }],
    ['no answer came in time', 'TIMEOUT', { sent: true }],
    ['the answer makes no sense', 'BAD_RESPONSE', { sent: true }],
    ['the server failed', 'BAD_RESPONSE', { sent: true, status: 500 }],
    ['a gateway waited in vain', 'TIMEOUT', { sent: true, status: 408 }],
    ['a gateway gave up', 'UNREACHABLE', { sent: true, status: 503, retryAfter: 9 }],
  ] as const) {
    it(`says that the outcome is unknown when ${what}`, async () => {
      const error = await failsWith(sendCommand(failing(code, options)), 'OUTCOME_UNKNOWN');
      assert.equal(error.params.cause, code);
      assert.equal(error.status, 'status' in options ? options.status : undefined);
      assert.equal(error.retryAfter, 'retryAfter' in options ? options.retryAfter : undefined);
    });
  }

  it('says so too when it was cancelled on its way, or fails in a way of our own', async () => {
    await failsWith(
      sendCommand(() => Promise.reject(cancelled())),
      'OUTCOME_UNKNOWN',
    );
  });

  for (const [code, options] of [
    ['UNREACHABLE', { sent: false }],
    ['AUTH_FAILED', { sent: true, status: 401 }],
    ['REJECTED', { sent: true, status: 400 }],
    ['RATE_LIMITED', { sent: true, status: 429 }],
    ['BAD_RESPONSE', { sent: true, status: 302 }],
    ['REJECTED', { sent: true }],
    ['CONFLICT', { sent: true }],
    ['OUTCOME_UNKNOWN', { sent: true, status: 503 }],
  ] as const) {
    it(`passes ${code} ${JSON.stringify(options)} on`, async () => {
      const error = await failsWith(sendCommand(failing(code, options)), code);
      assert.equal(error.message, 'why');
    });
  }

  it('sends nothing when it is cancelled already or the input is refused', async () => {
    const abort = new AbortController();
    abort.abort();
    let sent = 0;
    const send = (): Promise<number> => {
      sent++;
      return Promise.resolve(sent);
    };
    await failsWith(sendCommand(send, abort.signal), 'CANCELLED');
    assert.equal(sent, 0);
    await failsWith(
      sendCommand(() => Promise.reject(invalidInput('no'))),
      'INVALID_INPUT',
    );
  });
});

describe('afterSending', () => {
  it('calls the outcome unknown when it is cancelled, and passes on everything else', async () => {
    assert.equal(await afterSending(Promise.resolve(7)), 7);
    const error = await failsWith(afterSending(Promise.reject(cancelled())), 'OUTCOME_UNKNOWN');
    assert.deepEqual([error.reason, error.sent], ['stoppedWhileSwitching', true]);
    await failsWith(afterSending(failing('UNREACHABLE', {})()), 'UNREACHABLE');
  });
});
