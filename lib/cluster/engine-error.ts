import { DeviceError } from '../core/errors';
import type { Redactor } from '../core/redact';

/** What a client or an engine says of a failure; it may hold what the client was given. */
export function engineError(text: string, redact: Redactor): DeviceError {
  if (/^(?:NOAUTH|WRONGPASS)|invalid password|without any password/i.test(text)) {
    return new DeviceError('REJECTED', 'The engine of the cluster refuses the login.', {
      reason: 'clusterAuth',
    });
  }
  const words = redact(text).slice(0, 120);
  // Redis names the kind of its errors in capitals; older ones put that of a script's into words of their own.
  if (
    /^(?!ECONN|E[A-Z]{3,9}:)[A-Z]{3,16} /.test(text) &&
    !/(?:^|-)(?:LOADING|MASTERDOWN|READONLY|CLUSTERDOWN) /.test(text)
  ) {
    return new DeviceError('BAD_RESPONSE', `The engine of the cluster refuses: ${words}`, {
      reason: 'clusterRefused',
      params: { message: words },
    });
  }
  return unreachable(words);
}

export function unreachable(message: string): DeviceError {
  return new DeviceError(
    'UNREACHABLE',
    `The engine of the cluster cannot be reached${message === '' ? '.' : `: ${message}`}`,
    { reason: 'clusterUnreachable', sent: false, params: { message } },
  );
}
