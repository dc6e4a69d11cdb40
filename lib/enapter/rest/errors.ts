import { DeviceError } from '../../core/errors';
import { isRecord } from '../../core/values';

/** Errors of one response that are repeated. */
const MAX_ERRORS = 5;

/**
 * The vendor's own words in an error response: `{ errors: [{ code?, message?, details? }] }`.
 *
 * @returns `undefined` for a body of another shape, and for an empty list
 */
export function vendorMessage(body: unknown): string | undefined {
  if (!isRecord(body) || !Array.isArray(body.errors)) return undefined;
  const texts = (body.errors as unknown[])
    .slice(0, MAX_ERRORS)
    .map(textOf)
    .filter((text) => text !== '');
  return texts.length === 0 ? undefined : texts.join('; ');
}

function textOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (!isRecord(error)) return '';
  const { code, message, details } = error;
  const said = [message, code].filter((part): part is string => typeof part === 'string' && part !== '');
  const detail = typeof details === 'string' ? details : isRecord(details) ? JSON.stringify(details) : '';
  const head = said.length === 2 ? `${said[0] ?? ''} (${said[1] ?? ''})` : (said[0] ?? '');
  return [head, detail].filter((part) => part !== '').join(': ');
}

/** A token is one that the user has made: nothing here can renew it. */
export function refusedToken(error: DeviceError): DeviceError {
  if (error.code !== 'AUTH_FAILED') return error;
  const { status, retryAfter } = error;
  const message = String(error.params.message ?? '');
  return new DeviceError(
    'AUTH_FAILED',
    `Enapter refuses the access token (HTTP ${status}). ${message}`.trim(),
    {
      reason: 'enapterTokenRefused',
      sent: true,
      params: { status: status ?? 0, message },
      ...(status === undefined ? {} : { status }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  );
}

/** The error for a response that has another shape than the vendor documents. */
export function notEnapter(detail: string): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    `This is not what the Enapter API answers: ${detail}. Check the address.`,
    { reason: 'enapterShape', params: { detail }, sent: true },
  );
}
