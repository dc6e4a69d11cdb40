import { cleanText, type Redactor } from './redact';

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
  /** no response in time */
  | 'TIMEOUT'
  /** the vendor says that there are too many requests; see `retryAfter` */
  | 'RATE_LIMITED'
  /** refused by this package, not by the vendor: too much waited for its turn, or this waited too long; nothing was sent */
  | 'BUSY'
  /** a response arrived that is not what the vendor documents */
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
  /** HTTP status, when a response arrived. */
  status?: number;
  /** Seconds to wait before the next try, as the vendor asked. */
  retryAfter?: number;
  /**
   * `false` when it is certain that nothing left this machine for the device: a command may be tried again. Default:
   * it may have left, but for INVALID_INPUT.
   */
  sent?: boolean;
  /**
   * Of AUTH_FAILED: the vendor's own words say that the credentials are wrong, so that they are not tried again before
   * somebody changes them. Anything else that refuses, a gateway's page or a clock that differs, may pass by itself.
   */
  definite?: boolean;
}

/** Longest text that an error shows, its own or that of a value in it. */
const LONGEST_TEXT = 300;

interface Texts {
  message: string;
  params: ErrorParams;
}

/** Makes every text one short line without control characters, also a text of the vendor. */
function cleanTexts({ message, params }: Texts, redact?: Redactor): Texts {
  return {
    message: cleanText(message, redact, LONGEST_TEXT),
    params: Object.fromEntries(
      Object.entries(params).map(([name, value]) => [
        name,
        typeof value === 'string' ? cleanText(value, redact, LONGEST_TEXT) : value,
      ]),
    ),
  };
}

/** Text in its first length, for a redaction that comes later; no longer than anybody looks at. */
function isLong({ message, params }: Texts): boolean {
  return [message, ...Object.values(params)].some(
    (text) => typeof text === 'string' && text.length > LONGEST_TEXT,
  );
}

export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: ErrorCode;
  readonly reason: string;
  readonly params: ErrorParams;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly sent: boolean;
  readonly definite: boolean;

  /** The texts before they were cut: a cut secret is not recognised any more. */
  readonly #whole: Texts | undefined;

  /**
   * @param code what kind of failure
   * @param message English text: what happened and what to do, without secrets
   */
  constructor(code: ErrorCode, message: string, options: DeviceErrorOptions = {}) {
    const whole = { message, params: options.params ?? {} };
    const texts = cleanTexts(whole);
    super(texts.message);
    this.code = code;
    this.reason = options.reason ?? code;
    this.params = texts.params;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
    this.sent = options.sent ?? code !== 'INVALID_INPUT';
    this.definite = options.definite ?? false;
    this.#whole = isLong(whole) ? whole : undefined;
  }

  /** The same error without secrets in its texts. */
  redacted(redact: Redactor): DeviceError {
    const texts = cleanTexts(this.#whole ?? this, redact);
    const same =
      texts.message === this.message &&
      Object.entries(texts.params).every(([name, value]) => value === this.params[name]);
    return same ? this : this.copy(texts);
  }

  /** The same error of something that certainly was not sent, such as a command whose login failed. */
  neverSent(): DeviceError {
    return this.sent ? this.copy(this.#whole ?? this, { sent: false }) : this;
  }

  /** The same error of a call of which an earlier try may have left. */
  mayHaveLeft(): DeviceError {
    return this.sent ? this : this.copy(this.#whole ?? this, { sent: true });
  }

  /** The same refusal for somebody who asks while it stands: not sent, and when it may be tried again. */
  standing(retryAfter: number | undefined): DeviceError {
    return this.copy(this.#whole ?? this, { sent: false, retryAfter });
  }

  private copy(
    { message, params }: Texts,
    change: { sent?: boolean; retryAfter?: number | undefined } = {},
  ): DeviceError {
    const { code, reason, status, definite } = this;
    const { sent, retryAfter } = { sent: this.sent, retryAfter: this.retryAfter, ...change };
    return new DeviceError(code, message, {
      reason,
      params,
      sent,
      definite,
      ...(status === undefined ? {} : { status }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
}

/** Shorthand for refused input: nothing was sent. */
export function invalidInput(message: string, reason?: string, params?: ErrorParams): DeviceError {
  return new DeviceError('INVALID_INPUT', message, {
    sent: false,
    ...(reason === undefined ? {} : { reason }),
    ...(params === undefined ? {} : { params }),
  });
}

/**
 * The error for work that was given up because its owner closes.
 *
 * @param sent `false` where it had not begun
 */
export function cancelled(sent = true): DeviceError {
  return new DeviceError('CANCELLED', 'Cancelled because the node was stopped or redeployed.', { sent });
}

/**
 * Makes a `DeviceError` of whatever was thrown. What is none already is a fault of ours: its text is kept short and
 * its properties are dropped.
 */
export function toDeviceError(error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const text = error instanceof Error ? cleanText(error.message, undefined, 120) : '';
  return new DeviceError('BAD_RESPONSE', `Unexpected ${name}: ${text}`, {
    reason: 'unexpected',
    params: { name, text },
  });
}
