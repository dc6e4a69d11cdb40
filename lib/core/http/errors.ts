import type { IncomingHttpHeaders } from 'node:http';

import { DeviceError, type DeviceErrorOptions, type ErrorCode } from '../errors';
import { ProxyFailure } from './proxy';
import { parseIsoText } from '../time';
import { tlsError, tlsFault } from './tls-errors';

/** Longest wait that a `Retry-After` may ask for: a day. */
const MAX_RETRY_AFTER = 86_400;

/** What ends a date that says its zone. */
const WITH_ZONE = /(?:\b(?:GMT|UTC?|[ECMP][SD]T)|\dZ|[+-]\d{2}:?\d{2})$/i;

/** Epoch ms of a date in a header, if it is one. One of its three forms has no zone, and is UTC like the others. */
function readDate(given: string): number {
  const text = given.trim();
  // Every form of it names a month or has a T; plain digits and signs would be read as dates of their own kind.
  if (text.length > 64 || !/[a-z]/i.test(text)) return NaN;
  return parseIsoText(text) ?? Date.parse(WITH_ZONE.test(text) ? text : `${text} GMT`);
}

/**
 * `Retry-After` in seconds, from either of its two forms; `undefined` when absent or nonsense.
 *
 * @param date the response's own `Date`: a moment by the server's clock means nothing on ours
 * @param now epoch ms by our clock, for a response without one
 */
export function parseRetryAfter(value: string | undefined, now: number, date?: string): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const own = readDate(date ?? '');
  const seconds = /^\d{1,60}(\.\d{0,9})?$/.test(text)
    ? Number(text)
    : (readDate(text) - (Number.isFinite(own) ? own : now)) / 1000;
  if (!Number.isFinite(seconds)) return undefined;
  return Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER);
}

interface StatusMeaning {
  code: ErrorCode;
  reason: string;
  text: string;
}

const NOT_OF_HTTP: StatusMeaning = {
  code: 'BAD_RESPONSE',
  reason: 'notHttp',
  text: 'What answers there does not speak HTTP properly.',
};

function meaningOf(status: number): StatusMeaning {
  // Below 200 nothing is final, and what nobody has asked about cannot be unchanged.
  if (status < 200 || status === 304) return NOT_OF_HTTP;
  if (status >= 300 && status < 400) {
    return {
      code: 'BAD_RESPONSE',
      reason: 'redirected',
      text: 'The server redirects to another address; for safety that is not followed. Check the address.',
    };
  }
  switch (status) {
    case 401:
      return { code: 'AUTH_FAILED', reason: 'AUTH_FAILED', text: 'The credentials were refused.' };
    case 403:
      return { code: 'FORBIDDEN', reason: 'FORBIDDEN', text: 'The credentials do not permit this.' };
    case 404:
      return {
        code: 'NOT_FOUND',
        reason: 'NOT_FOUND',
        text: 'Not found there. Check the address and the id.',
      };
    case 408:
    // What some gateways say when whoever asked them has gone.
    case 499:
      return { code: 'TIMEOUT', reason: 'serverTimeout', text: 'The server gave up waiting.' };
    case 409:
      return { code: 'CONFLICT', reason: 'CONFLICT', text: 'The request conflicts with the present state.' };
    case 429:
      return { code: 'RATE_LIMITED', reason: 'RATE_LIMITED', text: 'Too many requests. Poll less often.' };
    case 502:
    case 503:
    case 504:
      return { code: 'UNREACHABLE', reason: 'unavailable', text: 'The server cannot serve at the moment.' };
    default:
      return status >= 500
        ? { code: 'BAD_RESPONSE', reason: 'serverError', text: 'The server reports an internal error.' }
        : { code: 'REJECTED', reason: 'REJECTED', text: 'The request was refused.' };
  }
}

/**
 * The error for an HTTP status other than 2xx.
 *
 * @param vendorMessage the vendor's own words, already cleaned
 */
export function errorFromStatus(
  status: number,
  headers: IncomingHttpHeaders,
  now: number,
  vendorMessage?: string,
): DeviceError {
  const { code, reason, text } = meaningOf(status);
  const retryAfter = parseRetryAfter(headers['retry-after'], now, headers.date);
  const said = vendorMessage ? ` It says: ${vendorMessage}` : '';
  return new DeviceError(code, `${text} (HTTP ${status})${said}`, {
    reason,
    status,
    sent: true,
    params: { status, message: vendorMessage ?? '' },
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** What the client knows of a request that failed without a response. */
export interface Failure {
  error: unknown;
  /** whether the request may have left */
  sent: boolean;
  /** whether a response had begun */
  responded: boolean;
  timeoutMs: number;
  /** whether the client could be set to read deviations from HTTP, and is not */
  couldBeLenient?: boolean | undefined;
}

const NO_SUCH_HOST = /^(ENOTFOUND|EAI_)/;
/** What Node's lenient parser lets pass, at least in some of its forms. */
const LENIENCY_HELPS =
  /^HPE_(CR_EXPECTED|LF_EXPECTED|STRICT|INVALID_HEADER_TOKEN|INVALID_TRANSFER_ENCODING|INVALID_CONTENT_LENGTH|INVALID_CHUNK_SIZE|INVALID_VERSION)$/;
const NOT_HTTP = /^(HPE_|Z_|ERR_BROTLI|ERR__?ZLIB)/;

function fieldOf(error: unknown, name: 'code' | 'name' | 'event'): string {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : '';
}

/** The error for a request that got no complete answer. The foreign error is read, never kept. */
export function errorFromFailure(failure: Failure): DeviceError {
  const { error, sent, responded, timeoutMs } = failure;
  // Some clients hand on what an agent says inside an error of their own.
  for (const said of [error, error instanceof Error ? error.cause : undefined]) {
    if (said instanceof ProxyFailure) return errorFromProxy(said);
  }
  const code = fieldOf(error, 'code');
  const options = { sent, params: { code } };
  if (fieldOf(error, 'name') === 'TimeoutError' && sent) {
    const seconds = timeoutMs / 1000;
    return new DeviceError('TIMEOUT', `No complete answer within ${seconds} s.`, {
      sent,
      params: { seconds },
    });
  }
  if (NO_SUCH_HOST.test(code)) {
    return new DeviceError('UNREACHABLE', 'No such host. Check the address, or use the IP.', {
      ...options,
      reason: 'noSuchHost',
    });
  }
  const fault = tlsFault(error);
  if (fault) return tlsError(fault, sent);
  if (failure.couldBeLenient && LENIENCY_HELPS.test(code)) {
    return new DeviceError(
      'BAD_RESPONSE',
      `The answer deviates from HTTP (${code}). If this is the right device, allow that in its settings (insecureHTTPParser).`,
      { ...options, reason: 'lenientHttp' },
    );
  }
  if (NOT_HTTP.test(code)) {
    const { code: kind, text, reason } = NOT_OF_HTTP;
    return new DeviceError(kind, text, { ...options, reason });
  }
  if (code === 'ECONNREFUSED') {
    return new DeviceError('UNREACHABLE', 'Nothing listens at this address and port.', {
      ...options,
      reason: 'refusedConnection',
    });
  }
  if (responded || sent) return connectionBroke(options);
  return new DeviceError(
    'UNREACHABLE',
    `No connection${code ? ` (${code})` : ''}. Is it switched on and in reach?`,
    options,
  );
}

/** The error for an answer that broke off, or never began. */
export function connectionBroke(options: Pick<DeviceErrorOptions, 'sent' | 'params'>): DeviceError {
  return new DeviceError('UNREACHABLE', 'The connection broke before the answer was complete.', {
    ...options,
    reason: 'connectionBroke',
  });
}

/** The error for a proxy that made no connection, in which case nothing has left for the target. */
function errorFromProxy({ status, code }: ProxyFailure): DeviceError {
  if (status === undefined) {
    return new DeviceError('UNREACHABLE', `The proxy cannot be reached (${code}). Check its address.`, {
      reason: 'proxyUnreachable',
      sent: false,
      params: { code },
    });
  }
  return status === 407
    ? new DeviceError('UNREACHABLE', 'The proxy refuses the user name or password (HTTP 407).', {
        reason: 'proxyLogin',
        sent: false,
      })
    : new DeviceError('UNREACHABLE', `The proxy makes no connection to this address (HTTP ${status}).`, {
        reason: 'proxyRefused',
        sent: false,
        params: { status },
      });
}
