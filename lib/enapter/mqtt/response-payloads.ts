import { invalidInput } from '../../core/errors';
import { refusedPayload } from '../../core/input';
import { isRecord } from '../../core/values';

/** Makes the payload of a response of whatever a flow has: an object as it is, nothing as `{}`, the rest as `result`. */
export function responsePayload(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null || value === '') return {};
  return isRecord(value) ? value : { result: value };
}

/**
 * The payload of an error response.
 *
 * @param value the message's payload: a text, or an object with `message`
 * @param caught the message's `error`, as a Catch node adds it
 */
export function errorPayload(value: unknown, caught: unknown): Record<string, unknown> {
  if (typeof value === 'string' && value !== '') return { message: value };
  if (isRecord(value) && typeof value.message === 'string') return value;
  if (isRecord(caught) && typeof caught.message === 'string') return { message: caught.message };
  return { message: 'The command failed.', ...responsePayload(value) };
}

/** The payload of a progress log. @throws DeviceError INVALID_INPUT */
export function logPayload(value: unknown): Record<string, unknown> {
  if (typeof value === 'string' && value !== '') return { message: value };
  if (isRecord(value) && typeof value.message === 'string' && value.message !== '') return value;
  throw refusedPayload(value, invalidInput('A progress log needs a message text.', 'enapterLogMessage'));
}
