import { DeviceError } from '../../core/errors';
import { isRecord } from '../../core/units';

/** Errors of one answer that are repeated. */
const MOST_ERRORS = 5;

/**
 * The vendor's own words in an error answer: `{ errors: [{ code?, message?, details? }] }`.
 *
 * @returns `undefined` for a body of another shape, and for an empty list
 */
export function vendorMessage(body: unknown): string | undefined {
  if (!isRecord(body) || !Array.isArray(body.errors)) return undefined;
  const texts = (body.errors as unknown[])
    .slice(0, MOST_ERRORS)
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

/** The error for an answer that has another shape than the vendor documents. */
export function notEnapter(detail: string): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    `This is not what the Enapter API answers: ${detail}. Check the address.`,
    { reason: 'enapterShape', params: { detail }, sent: true },
  );
}
