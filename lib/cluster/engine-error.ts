import { DeviceError } from '../core/errors';
import type { Redactor } from '../core/redact';

/** What the engine says of a call in words of its own. Redis names the kind of its errors in capitals. */
const REPLY = /^(?!ECONN|E[A-Z]{3,9}:)[A-Z]{3,16} /;

/**
 * What a client or an engine says of a failure; it may hold what the client was given.
 *
 * @param isWritten it is the failure of a call that was written to a connection: the engine may have done it, unless it says not
 */
export function engineError(text: string, redact: Redactor, isWritten = false): DeviceError {
  if (/^(?:NOAUTH|WRONGPASS)|invalid password|without any password/i.test(text)) {
    return new DeviceError('REJECTED', 'The engine of the cluster refuses the login.', {
      reason: 'clusterAuth',
    });
  }
  const words = redact(text).slice(0, 120);
  const isReply = REPLY.test(text);
  // Older ones put the kind of a script's error into words of their own.
  if (isReply && !/(?:^|-)(?:LOADING|MASTERDOWN|READONLY|CLUSTERDOWN) /.test(text)) {
    return new DeviceError('BAD_RESPONSE', `The engine of the cluster refuses: ${words}`, {
      reason: 'clusterRefused',
      params: { message: words },
    });
  }
  return unreachable(words, isWritten && !isReply);
}

/** @param sent a call may have reached the engine */
export function unreachable(message: string, sent = false): DeviceError {
  return new DeviceError(
    'UNREACHABLE',
    `The engine of the cluster cannot be reached${message === '' ? '.' : `: ${message}`}`,
    { reason: 'clusterUnreachable', sent, params: { message } },
  );
}
