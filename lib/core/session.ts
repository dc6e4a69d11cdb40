import { type Clock, systemClock } from './clock';
import { DeviceError, toDeviceError } from './errors';

/** What a login gives. */
export interface Login {
  token: string;
  /** seconds that the token lasts, when the vendor says so */
  expiresIn?: number | undefined;
}

export interface SessionOptions {
  /** Logs in once. Must not retry by itself. */
  login: (signal: AbortSignal) => Promise<Login>;
  /** share of a token's life after which it is renewed; default 0.9 */
  renewAt?: number;
  clock?: Clock;
}

/**
 * A bearer login that many callers share: one login at a time, renewed before it ends, one new login when the
 * server answers 401. Credentials that were refused are not tried again until `reset`: a locked account helps nobody.
 */
export class BearerSession {
  private readonly clock: Clock;
  private readonly abort = new AbortController();
  private current: { token: string; renewAt: number } | undefined;
  private pending: Promise<string> | undefined;
  private refusal: DeviceError | undefined;

  constructor(private readonly options: SessionOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** The error that refused the credentials, while that stands. */
  get refused(): DeviceError | undefined {
    return this.refusal;
  }

  /**
   * Runs `call` with a token. When it fails with AUTH_FAILED, logs in once more and runs it once more: a request
   * that was answered 401 was not carried out, so this is safe for commands too.
   */
  async run<T>(call: (token: string) => Promise<T>): Promise<T> {
    const token = await this.token();
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof DeviceError) || error.code !== 'AUTH_FAILED') throw error;
      if (this.current?.token === token) this.current = undefined;
    }
    const renewed = await this.token();
    try {
      return await call(renewed);
    } catch (error) {
      // A token fresh from a login is refused: another login would change nothing.
      if (error instanceof DeviceError && error.code === 'AUTH_FAILED') {
        if (this.current?.token === renewed) this.current = undefined;
        this.refusal = error;
      }
      throw error;
    }
  }

  /** The token in use, which no text may show. */
  get secrets(): string[] {
    return this.current ? [this.current.token] : [];
  }

  /** Forgets a refusal and the token, for instance because the user asked for a test. */
  reset(): void {
    this.refusal = undefined;
    this.current = undefined;
  }

  /** Cancels a login in flight; later calls fail. */
  close(): void {
    this.abort.abort();
    this.current = undefined;
  }

  private async token(): Promise<string> {
    // What the token is wanted for has not been sent, whatever became of the login.
    if (this.refusal) throw this.refusal.neverSent();
    if (this.current && this.clock.monotonic() < this.current.renewAt) return this.current.token;
    this.pending ??= this.login().finally(() => (this.pending = undefined));
    try {
      return await this.pending;
    } catch (thrown) {
      throw toDeviceError(thrown).neverSent();
    }
  }

  private async login(): Promise<string> {
    const begun = this.clock.monotonic();
    try {
      const { token, expiresIn } = await this.options.login(this.abort.signal);
      const life = expiresIn === undefined ? Infinity : expiresIn * 1000 * (this.options.renewAt ?? 0.9);
      this.current = { token, renewAt: begun + life };
      return token;
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'AUTH_FAILED') this.refusal = error;
      throw error;
    }
  }
}

/**
 * Seconds until a JSON web token ends, by its `exp` and the wall clock.
 *
 * @returns `undefined` when the token does not say, or says what a wrong clock would make of it: it has ended already
 */
export function secondsLeftOfJwt(token: string, now: number): number | undefined {
  try {
    const claims = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    ) as unknown;
    const exp: unknown =
      typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'exp') : undefined;
    if (typeof exp !== 'number') return undefined;
    const left = exp - now / 1000;
    return left > 0 ? left : undefined;
  } catch {
    return undefined;
  }
}
