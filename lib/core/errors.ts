/**
 * The one error type that leaves `lib/`.
 *
 * A `DeviceError` never carries a request, a response or a foreign error object: those hold credentials, and
 * Node-RED copies an error's own properties into messages.
 */

/** What went wrong, from the point of view of a flow that has to decide what to do next. */
export type ErrorCode =
  /** the message or the configuration is wrong; nothing was sent */
  | 'INVALID_INPUT'
  /** the credentials were refused */
  | 'AUTH_FAILED'
  /** the credentials are right but do not permit this */
  | 'FORBIDDEN'
  /** the device or resource does not exist there */
  | 'NOT_FOUND'
  /** no connection, or the connection broke */
  | 'UNREACHABLE'
  /** no answer in time */
  | 'TIMEOUT'
  /** too many requests; see `retryAfter` */
  | 'RATE_LIMITED'
  /** an answer arrived that is not what the vendor documents */
  | 'BAD_RESPONSE'
  /** the vendor said no */
  | 'REJECTED'
  /** two sources of state disagree, or the vendor reports a conflict */
  | 'CONFLICT'
  /** a command may or may not have taken effect */
  | 'OUTCOME_UNKNOWN'
  /** given up because the node closes or the user cancelled */
  | 'CANCELLED'
  /** this device or connection cannot do that */
  | 'NOT_SUPPORTED'
  /** the device answers, but its values stand still; only ever an availability's reason, never thrown */
  | 'STALE';

/** Values that a translated error text may quote. */
export type ErrorParams = Readonly<Record<string, string | number>>;

export interface DeviceErrorOptions {
  /** Key below `errors.` in the catalogues; a node translates the text with it. Default: the code. */
  reason?: string;
  /** Values for the translated text. They must hold no secret. */
  params?: ErrorParams;
  /** HTTP status, when an answer arrived. */
  status?: number;
  /** Seconds to wait before the next try, as the vendor asked. */
  retryAfter?: number;
  /** `false` when it is certain that nothing left this machine for the device: a command may be tried again. */
  sent?: boolean;
}

export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: ErrorCode;
  readonly reason: string;
  readonly params: ErrorParams;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly sent: boolean;

  /**
   * @param code what kind of failure
   * @param message English text: what happened and what to do, without secrets
   */
  constructor(code: ErrorCode, message: string, options: DeviceErrorOptions = {}) {
    super(message);
    this.code = code;
    this.reason = options.reason ?? code;
    this.params = options.params ?? {};
    this.status = options.status;
    this.retryAfter = options.retryAfter;
    this.sent = options.sent ?? false;
  }
}

/** Shorthand for refused input: nothing was sent. */
export function invalidInput(message: string, reason?: string, params?: ErrorParams): DeviceError {
  return new DeviceError('INVALID_INPUT', message, {
    ...(reason === undefined ? {} : { reason }),
    ...(params === undefined ? {} : { params }),
  });
}

/** The error for work that was given up because its owner closes. */
export function cancelled(): DeviceError {
  return new DeviceError('CANCELLED', 'Cancelled because the node was stopped or redeployed.');
}

/**
 * Makes a `DeviceError` of whatever was thrown. What is none already is a fault of ours: its text is kept short and
 * its properties are dropped.
 */
export function toDeviceError(error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const text = error instanceof Error ? error.message.slice(0, 120) : '';
  return new DeviceError('BAD_RESPONSE', `Unexpected ${name}: ${text}`, {
    reason: 'unexpected',
    params: { name, text },
  });
}
