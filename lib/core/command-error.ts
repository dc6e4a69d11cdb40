import { DeviceError, toDeviceError } from './errors';

/** An answer by something between us and the server, which may have passed the request on before it gave up. */
const GATEWAY_STATUS = new Set([408, 502, 504]);

/**
 * The error of a request that changes something and must not be repeated. When it may have left and nobody knows
 * what became of it, that is what the error says: OUTCOME_UNKNOWN. Every other error stays as it is.
 *
 * @param thrown what the request failed with
 */
export function commandError(thrown: unknown): DeviceError {
  const error = toDeviceError(thrown);
  const unanswered = error.status === undefined && (error.code === 'TIMEOUT' || error.code === 'UNREACHABLE');
  const unsure = unanswered || (error.status !== undefined && GATEWAY_STATUS.has(error.status));
  if (!error.sent || !unsure) return error;
  return new DeviceError(
    'OUTCOME_UNKNOWN',
    `The request left, but its result did not arrive. It may have taken effect; look before you repeat it. (${error.message})`,
    {
      sent: true,
      params: { detail: error.message },
      ...(error.status === undefined ? {} : { status: error.status }),
    },
  );
}
