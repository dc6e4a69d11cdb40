import type { RequestFunction, StreamOptions } from 'got';

import { BackOff } from './back-off';
import type { Budget } from './budget';
import { type Clock, delay, systemClock } from './clock';
import { cancelled, DeviceError, invalidInput } from './errors';
import { errorFromStatus } from './http-errors';
import {
  type ChunkHandler,
  exchange,
  type HttpAnswer,
  type HttpHead,
  isSuccess,
  StaleConnection,
} from './http-exchange';
import { parseForeignJson } from './json';
import { cleanText, createRedactor, type Redactor } from './redact';
import { ownCertificateFault, tlsError, type TlsFault } from './tls-errors';
import { requestTo, type TlsOptions, type Transport } from './transport';
import { joinUrl, type Query, withoutZone } from './url';

export interface HttpClientOptions {
  /** http(s) URL without a trailing slash, see `parseBaseUrl` */
  baseUrl: string;
  /** ms for the whole request; default 10 s */
  timeout?: number;
  /** ms until the connection stands; default 5 s */
  connectTimeout?: number;
  /** longest body accepted, in bytes; default 1 MiB */
  maxBytes?: number;
  tls?: TlsOptions | undefined;
  /** every secret that a request of this client can hold, asked for when an error is made */
  secrets?: () => Iterable<string | undefined>;
  /** the vendor's own words in the parsed body of an error answer */
  vendorMessage?: (body: unknown) => string | undefined;
}

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** below the base URL */
  path: string;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  /** sent as JSON */
  json?: unknown;
  /**
   * Whether sending this twice does no harm. Only then is it sent over a kept connection, repeated when such a
   * connection turns out to be dead, and retried as `retries` says.
   */
  safe: boolean;
  /** further tries after a network error, 429 or 5xx, with back-off; default 0; needs `safe` */
  retries?: number;
  /** ms, the longest `Retry-After` that is waited for before a further try; a longer one is thrown; default 10 s */
  longestWait?: number;
  timeout?: number;
  maxBytes?: number;
  /** what the call that this request is a part of may cost as a whole */
  budget?: Budget | undefined;
  signal?: AbortSignal | undefined;
}

const RETRY_BASE_MS = 300;
const RETRY_CAP_MS = 30_000;
/**
 * A server may ask for hours. A command or a dialog may wait for this call, and a poll has to tell of the outage, so
 * anything longer than this is for the caller to decide.
 */
const LONGEST_WAIT_MS = 10_000;

/**
 * Talks HTTP with one server. Light: thousands of them share one `Transport`.
 *
 * Every failure is a `DeviceError`; redirects are not followed; nothing is repeated unless the call says `safe`.
 */
export class HttpClient {
  private readonly url: string;
  private readonly request: RequestFunction | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly options: HttpClientOptions,
    private readonly clock: Clock = systemClock,
  ) {
    const { url, host } = withoutZone(options.baseUrl);
    this.url = url;
    this.request = host === undefined ? undefined : requestTo(host);
  }

  /** Sends a call and returns the answer with a 2xx status. */
  async send(call: HttpCall): Promise<HttpAnswer> {
    return this.persist(call);
  }

  /**
   * Sends a call and passes the body of a 2xx answer on in pieces, as fast as `onChunk` takes them. What `onChunk`
   * throws ends the request and is thrown. Here `timeout` is the longest wait for the next piece, not for the whole,
   * there is no limit to the length unless the call sets `maxBytes`, and retries end with the first piece passed on.
   */
  async stream(call: HttpCall, onChunk: ChunkHandler): Promise<HttpHead> {
    const { status, headers } = await this.persist(call, onChunk);
    return { status, headers };
  }

  /**
   * Sends a call and parses the JSON of the answer. An empty body is an error. A bare `nan` in it is `null`, but makes
   * the answer to a call that is not `safe` no JSON: that one has to be understood exactly.
   */
  async json(call: HttpCall): Promise<unknown> {
    return parseForeignJson((await this.send(call)).body, { strict: !call.safe });
  }

  /** As `json`, but an empty body (204) is `undefined`. */
  async jsonOrNothing(call: HttpCall): Promise<unknown> {
    const { body } = await this.send(call);
    return body.length === 0 ? undefined : parseForeignJson(body, { strict: !call.safe });
  }

  /**
   * Does what reads the answers of this client. The words of a vendor may hold what was sent to him, so every error
   * that comes out of it is without this client's secrets.
   */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw thrown instanceof DeviceError ? thrown.redacted(this.redactor()) : thrown;
    }
  }

  private redactor(): Redactor {
    return createRedactor(this.options.secrets?.() ?? []);
  }

  private persist(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpAnswer> {
    return this.guard(() => this.repeat(call, onChunk));
  }

  private async repeat(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpAnswer> {
    let passedOn = false;
    const take: ChunkHandler | undefined =
      onChunk &&
      ((chunk, head) => {
        passedOn = true;
        return onChunk(chunk, head);
      });
    const mayRepeat = (): boolean => !passedOn;
    const retries = call.safe ? (call.retries ?? 0) : 0;
    const backOff = new BackOff({ base: RETRY_BASE_MS, cap: RETRY_CAP_MS }, this.clock);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.sendOverLiveConnection(call, take);
      } catch (error) {
        const again = error instanceof DeviceError && attempt < retries && isTransient(error) && mayRepeat();
        if (!again) throw error;
        const asked = (error.retryAfter ?? 0) * 1000;
        if (asked > (call.longestWait ?? LONGEST_WAIT_MS)) throw error;
        await delay(this.clock, Math.max(backOff.next(), asked), call.signal);
        if (call.signal?.aborted) throw cancelled();
      }
    }
  }

  private async sendOverLiveConnection(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpAnswer> {
    try {
      return await this.attempt(call, onChunk);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
    }
    // The server closed a kept connection while we reached for it: no fault of the device. A call that is not safe
    // goes out on a connection of its own.
    return this.attempt({ ...call, safe: false }, onChunk);
  }

  /** @throws DeviceError; StaleConnection only for a safe call */
  private async attempt(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpAnswer> {
    const { transport, options } = this;
    const got = await transport.got();
    if (call.signal?.aborted) throw cancelled(false);
    call.budget?.check();
    const own = this.ownFault();
    if (own?.reason === 'tlsOwnExpired') throw tlsError(own, false);

    const stream = got.stream(joinUrl(this.url, call.path, call.query), this.requestOptions(call));
    // got waits for the body of a method that can have one.
    if (call.json === undefined && call.method !== 'GET') stream.end();
    const answer = await exchange(stream, {
      timeout: Math.min(call.timeout ?? options.timeout ?? 10_000, call.budget?.msLeft ?? Infinity),
      connectTimeout: options.connectTimeout ?? 5000,
      maxCollected: call.maxBytes ?? options.maxBytes ?? 1024 * 1024,
      maxPassedOn: call.maxBytes ?? Infinity,
      onChunk,
      budget: call.budget,
      clock: this.clock,
      signal: call.signal,
    }).catch((error: unknown) => {
      // Many servers end a handshake without a word about the certificate that they do not take.
      const broke =
        error instanceof DeviceError && error.code === 'UNREACHABLE' && !error.reason.startsWith('tls');
      throw own && broke ? tlsError(own, error.sent) : error;
    });
    if (isSuccess(answer)) return answer;
    throw this.refused(answer);
  }

  /** What is wrong with the certificate that this client would show. */
  private ownFault(): TlsFault | undefined {
    const { tls, baseUrl } = this.options;
    return tls && baseUrl.startsWith('https:') ? ownCertificateFault(tls, this.clock.now()) : undefined;
  }

  /** got merges and checks each option that it is given, so it gets those that differ from the transport's. */
  private requestOptions({ method, headers, json, safe }: HttpCall): StreamOptions {
    const options: StreamOptions = this.request ? { request: this.request } : {};
    if (method !== 'GET') options.method = method;
    if (headers) options.headers = { ...headers };
    if (json !== undefined) {
      options.headers = { ...headers, 'content-type': 'application/json' };
      options.body = JSON.stringify(json);
    }
    if (!safe) options.agent = this.transport.fresh(this.options.tls);
    else if (this.options.tls) options.agent = this.transport.keepAlive(this.options.tls);
    return options;
  }

  private refused(answer: HttpAnswer): DeviceError {
    let said: string | undefined;
    try {
      said = this.options.vendorMessage?.(parseForeignJson(answer.body));
    } catch {
      // An error page that is no JSON has no words worth repeating.
    }
    const words = said === undefined ? undefined : cleanText(said, this.redactor());
    return errorFromStatus(answer.status, answer.headers, this.clock.now(), words);
  }
}

function isTransient(error: DeviceError): boolean {
  return (
    error.code === 'UNREACHABLE' ||
    error.code === 'TIMEOUT' ||
    error.code === 'RATE_LIMITED' ||
    (error.status !== undefined && error.status >= 500)
  );
}

/** Refuses header values that would break a request apart, before got does so with the value in its message. */
export function headerValue(value: string, what: string): string {
  if (!/^[\x20-\x7e]*$/.test(value)) {
    throw invalidInput(`The ${what} holds characters that cannot be sent.`, 'unsendable');
  }
  return value;
}
