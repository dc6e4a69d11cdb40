import { BackOff } from './back-off';
import type { Clock } from '../clock';
import { DeviceError } from '../errors';

/** ms, the first wait after a refusal that may pass by itself: between one and two minutes */
const FIRST_WAIT = 2 * 60_000;
/** ms between two tries at the most: a user who has put things right, or a gateway that has, need not wait longer */
export const LONGEST_REFUSAL = 15 * 60_000;

/**
 * Waits after refusals that may pass by themselves: a gateway's page, a token that counts a moment late, a key that is
 * being changed. Minutes, because whoever refuses has heard us, and many tries may lock an account.
 */
export function slowBackOff(clock: Clock): BackOff {
  return new BackOff({ base: FIRST_WAIT, cap: LONGEST_REFUSAL }, clock);
}

/** Whether this refuses access in a way that only waiting or another user can cure. */
export function isRefusal({ code }: DeviceError): boolean {
  return code === 'AUTH_FAILED' || code === 'FORBIDDEN';
}

const LOGIN_STATUSES: readonly (number | undefined)[] = [400, 401, 403, 422];

/**
 * The error of a login that an HTTP status has refused; any other error as it is.
 *
 * @param definite makes the vendor's error of his own words when they say that the credentials are wrong
 * @returns AUTH_FAILED `loginUnclear` where they do not: it may be a gateway's page or a passing fault. A session tries
 *   again later after each of them, REJECTED included
 */
export function loginError(
  error: DeviceError,
  definite: (words: string, status: number | undefined) => DeviceError | undefined,
): DeviceError {
  const { status, retryAfter } = error;
  if (!LOGIN_STATUSES.includes(status)) return error;
  const message = String(error.params.message ?? '');
  const wrong = message === '' ? undefined : definite(message, status);
  // The vendor's words about the request, not about who sends it.
  if (!wrong && status === 400 && message !== '') return error;
  return (
    wrong ??
    new DeviceError(
      'AUTH_FAILED',
      `The login was refused (HTTP ${status}), without the words for wrong credentials. It is tried again, with pauses of ` +
        `up to 15 minutes. ${message}`.trim(),
      {
        reason: 'loginUnclear',
        sent: true,
        params: { status: status ?? 0, message },
        ...(status === undefined ? {} : { status }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    )
  );
}

const ABOUT_LOGIN =
  /\b(?:users?|user\s?names?|e-?mails?|passwords?|credentials?|logins?|sign-?in|accounts?)\b/i;
const WRONG =
  /\b(?:invalid|wrong|bad|incorrect|unknown|mismatch(?:ed)?|not (?:found|valid|correct|exist)|no such|(?:do(?:es)? not|doesn't|don't) (?:match|exist)|disabled)\b/i;
const PASSING =
  /\b(?:tokens?|signatures?|temporar\w{0,3}|too many|try again|later|locked|captcha|maintenance|rate)\b/i;

/**
 * Whether a vendor's words say that the credentials are wrong. For vendors that do not document theirs.
 *
 * @param words already cleaned and short
 */
export function saysWrongCredentials(words: string): boolean {
  return ABOUT_LOGIN.test(words) && WRONG.test(words) && !PASSING.test(words);
}
