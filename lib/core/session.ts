import { Aging } from './poll/age';
import type { BackOff } from './poll/back-off';
import { type Clock, systemClock } from './clock';
import { cancelled, DeviceError, type ErrorCode, toDeviceError } from './errors';
import { parseForeignJson } from './json/parse';
import { LONGEST_REFUSAL, slowBackOff } from './poll/refusal';

/** What a login gives. */
export interface Login {
  token: string;
  /** seconds that the token lasts, when the vendor says so */
  expiresIn?: number | undefined;
}

export interface SessionOptions {
  /** Logs in once. Must not retry by itself. One who has a fixed token gives the same one each time. */
  login: (signal: AbortSignal) => Promise<Login>;
  /** the error for a fixed token that was refused; default: the call's own */
  refusedToken?: (error: DeviceError) => DeviceError;
  /** share of a token's life after which it is renewed; default 0.9 */
  renewAt?: number;
  clock?: Clock;
}

interface Token {
  token: string;
  /** ms by age */
  renewAt: number;
  endsAt: number;
}

/** ms between two logins because of a 401, while other calls of the account work: the 401 is about something else */
const BETWEEN_LOGINS = 60_000;

/**
 * A bearer login that many callers share: one login at a time, renewed before it ends, one new login when the
 * server answers 401.
 *
 * Credentials that the vendor himself calls wrong are not tried again until `reset`: a locked account helps nobody. Any
 * other refusal stands for some minutes, for all callers, and is then tried once more; each further one stands longer,
 * up to a quarter of an hour.
 */
export class BearerSession {
  private readonly aging: Aging;
  private readonly slow: BackOff;
  private readonly abort = new AbortController();
  private current: Token | undefined;
  private previous: string | undefined;
  private pending: Promise<string> | undefined;
  private refusal: { error: DeviceError; until: number } | undefined;
  private lastWorked = -Infinity;
  private nextLogin = -Infinity;

  constructor(private readonly options: SessionOptions) {
    const clock = options.clock ?? systemClock;
    this.aging = new Aging(clock);
    this.slow = slowBackOff(clock);
  }

  /** The error that refused credentials or token, until a call has worked. */
  get refused(): DeviceError | undefined {
    return this.refusal?.error;
  }

  /** The session's present and last token, to keep them out of texts. */
  get tokens(): (string | undefined)[] {
    return [this.current?.token, this.previous];
  }

  /**
   * Runs `call` with a token. When it fails with AUTH_FAILED, logs in once more and runs it once more: a request
   * that was answered 401 was not carried out, so this is safe for commands too.
   *
   * @param signal ends the wait for a login, which goes on for others; `call` sees to itself
   * @throws what `call` and the login throw; while a refusal stands that one, with `retryAfter`, and nothing is sent
   */
  async run<T>(call: (token: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const token = await this.token(signal);
    let first: DeviceError;
    try {
      return this.worked(await call(token));
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.check();
      if (this.current?.token === token) {
        if (this.aging.now() < this.nextLogin) throw error;
        this.current = undefined;
        this.previous = token;
      }
      first = error;
    }
    const renewed = await this.token(signal);
    // A fixed token, which has just been refused.
    if (renewed === token) throw this.hold(this.options.refusedToken?.(first) ?? first);
    try {
      return this.worked(await call(renewed));
    } catch (error) {
      throw isRefused(error) ? this.refuse(renewed, error) : error;
    }
  }

  /** Logs in, unless there is a token that still counts. @throws what the login throws */
  async signIn(): Promise<void> {
    await this.token();
  }

  /** Forgets a refusal and the token, for instance because the user asked for a test. */
  reset(): void {
    this.refusal = undefined;
    this.current = undefined;
    this.nextLogin = -Infinity;
    this.slow.reset();
  }

  /** Cancels a login in flight; later calls fail. */
  close(): void {
    this.abort.abort();
    this.current = undefined;
  }

  private worked<T>(response: T): T {
    this.lastWorked = this.aging.now();
    this.refusal = undefined;
    this.slow.reset();
    return response;
  }

  /** A token fresh from a login is refused: another login at once would change nothing. */
  private refuse(token: string, error: DeviceError): DeviceError {
    if (this.current?.token !== token) return error;
    const now = this.aging.now();
    if (now - this.lastWorked < LONGEST_REFUSAL) {
      // The account works, so what is refused is one device or one call, which must not stop the others.
      this.nextLogin = now + BETWEEN_LOGINS;
      return error;
    }
    // The token is kept: by a clock that differs it may count in a moment, and a new one would come too early again.
    return this.hold(error);
  }

  private hold(error: DeviceError): DeviceError {
    const now = this.aging.now();
    const stands = this.refusal !== undefined && now < this.refusal.until;
    if (!stands || error.definite) {
      const wait = error.definite ? Infinity : Math.max(this.slow.next(), (error.retryAfter ?? 0) * 1000);
      this.refusal = { error, until: now + wait };
    }
    return error;
  }

  /** @throws DeviceError the refusal that stands */
  private check(): void {
    const { refusal } = this;
    const now = this.aging.now();
    if (!refusal || now >= refusal.until) return;
    const left = Math.ceil((refusal.until - now) / 1000);
    throw refusal.error.standing(Number.isFinite(left) ? left : undefined);
  }

  private async token(signal?: AbortSignal): Promise<string> {
    this.check();
    if (this.current && this.aging.now() < this.current.renewAt) return this.current.token;
    this.pending ??= this.login().finally(() => (this.pending = undefined));
    try {
      return await unlessAborted(this.pending, signal);
    } catch (thrown) {
      throw toDeviceError(thrown).neverSent();
    }
  }

  private async login(): Promise<string> {
    const begun = this.aging.now();
    try {
      const { token, expiresIn } = await this.options.login(this.abort.signal);
      const life = expiresIn === undefined ? Infinity : expiresIn * 1000;
      if (this.current && this.current.token !== token) this.previous = this.current.token;
      this.current = {
        token,
        renewAt: begun + life * (this.options.renewAt ?? 0.9),
        endsAt: begun + life,
      };
      return token;
    } catch (error) {
      const { current } = this;
      if (current && !(error instanceof DeviceError && error.definite) && this.aging.now() < current.endsAt) {
        // Renewed early, so there is time for further tries.
        current.renewAt = this.aging.now() + BETWEEN_LOGINS;
        return current.token;
      }
      if (error instanceof DeviceError && REFUSED_LOGIN.includes(error.code)) this.hold(error);
      throw error;
    }
  }
}

/** Waits for what goes on for others too. @throws DeviceError CANCELLED as soon as `signal` aborts */
async function unlessAborted<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return shared;
  if (signal.aborted) throw cancelled(false);
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(cancelled(false));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const REFUSED_LOGIN: readonly ErrorCode[] = ['AUTH_FAILED', 'FORBIDDEN', 'REJECTED'];

function isRefused(error: unknown): error is DeviceError {
  return error instanceof DeviceError && error.code === 'AUTH_FAILED';
}

/**
 * Seconds until a JSON web token ends, by its `exp` and the wall clock.
 *
 * @returns `undefined` when the token does not say, or says what a wrong clock would make of it: it has ended already
 */
export function secondsLeftOfJwt(token: string, now: number): number | undefined {
  try {
    const claims = parseForeignJson(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
    const exp: unknown =
      typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'exp') : undefined;
    if (typeof exp !== 'number') return undefined;
    const left = exp - now / 1000;
    return left > 0 ? left : undefined;
  } catch {
    return undefined;
  }
}
