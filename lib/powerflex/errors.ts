import { DeviceError } from '../core/errors';
import { saysWrongCredentials } from '../core/poll/refusal';
import { isRecord } from '../core/values';

/** The vendor's framework puts its words into `msg`; others are common. */
export function vendorMessage(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  return [body.msg, body.message, body.error].find((words) => typeof words === 'string');
}

/** The document does not say how a wrong password is answered, so any words for it count. */
export function refusedLogin(message: string, status: number | undefined): DeviceError | undefined {
  if (!saysWrongCredentials(message)) return undefined;
  return new DeviceError('AUTH_FAILED', `PowerFlex refuses the login (HTTP ${status}). ${message}`, {
    reason: 'powerflexLogin',
    definite: true,
    sent: true,
    params: { status: status ?? 0, message },
    ...(status === undefined ? {} : { status }),
  });
}

/** A token that the server cannot read, for instance after its key changed, is answered with 422 instead of 401. */
export function refusedToken(error: DeviceError): DeviceError {
  const aboutToken = /\b(token|signature|segments)\b/i.test(String(error.params.message ?? ''));
  if (error.status !== 422 || !aboutToken) return error;
  const { message, params } = error;
  return new DeviceError('AUTH_FAILED', message, { status: 422, sent: true, params });
}
