import { cancelled, DeviceError, toDeviceError } from '../errors';
import { permitOf } from './permit';

/**
 * Sends a command that must not be sent twice, and tells failures that leave its outcome open from those that do not.
 *
 * A refusal (HTTP 3xx and 4xx as in `isRefusedBy`, or the vendor's own no) means that nothing was switched, and so does a
 * request that never left. Everything else that goes wrong after the request may have left, a gateway's 5xx and our own
 * giving up included, is OUTCOME_UNKNOWN: the device may have carried the command out.
 *
 * @param send must not repeat the request by itself
 * @param signal the one that `send` was given
 */
export async function sendCommand<T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal?.aborted) throw cancelled(false);
  const permit = permitOf(signal);
  if (permit) await beforeSending(permit.begin(''));
  try {
    return await send();
  } catch (thrown) {
    throw commandError(toDeviceError(thrown));
  }
}

/**
 * What is no refusal although it stands among them: 303 shows the result of what was done, 304 says nothing of a command,
 * and with 408 and 499 a gateway may have passed the command on before it, or its client, gave up waiting.
 */
const SAYS_NOTHING: ReadonlySet<number> = new Set([303, 304, 408, 499]);

/**
 * Whether an HTTP status says that a request was not carried out, and never will be. What is no final status of HTTP, such
 * as 101 without a change of protocol, says nothing.
 */
export function isRefusedBy(status: number | undefined): boolean {
  return status !== undefined && status >= 300 && status < 500 && !SAYS_NOTHING.has(status);
}

/** What has to be known before a command is sent: when that fails, the command certainly has not left. */
export async function beforeSending<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw toDeviceError(thrown).neverSent();
  }
}

/**
 * What is done after a command has left, such as looking for its effect. To be stopped then is no CANCELLED: who repeats
 * that would send the command twice.
 */
export async function afterSending<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const error = toDeviceError(thrown);
    if (error.code !== 'CANCELLED') throw error;
    throw new DeviceError(
      'OUTCOME_UNKNOWN',
      'It is not known whether it took effect: the node was stopped while the command was under way.',
      { reason: 'stoppedWhileSwitching', sent: true },
    );
  }
}

/** The error of a command whose request failed with `error`. */
function commandError(error: DeviceError): DeviceError {
  const { code, status, retryAfter } = error;
  if (code === 'OUTCOME_UNKNOWN' || code === 'REJECTED' || code === 'CONFLICT') return error;
  const refused = isRefusedBy(status);
  if (refused || !error.sent) return error;
  return new DeviceError(
    'OUTCOME_UNKNOWN',
    `The request left, but no usable answer came (${code}): nobody knows whether the command took effect.`,
    {
      params: { cause: code },
      sent: true,
      ...(status === undefined ? {} : { status }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  );
}
