import type { Socket } from 'node:net';

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
import type { Origin } from './origin';
import type { ProxyChoice } from './proxy';
import { cleanText, createRedactor, type Redactor } from './redact';
import { isOwnCertificate, ownCertificateFault, tlsError, type TlsFault } from './tls-errors';
import { connectionClosed, requestTo, type Route, type TlsOptions, type Transport } from './transport';
import { joinUrl, type Query, withoutZone } from './url';

export interface HttpClientOptions {
  /** http(s) URL without a trailing slash, see `parseBaseUrl` */
  baseUrl: string;
  /** ms for the whole request; default 10 s */
  timeout?: number;
  /** ms until the connection stands; default 5 s */
  connectTimeout?: number;
  /** longest body accepted that is read as a whole, in bytes; default 1 MiB, 4 MiB at the most */
  maxBytes?: number;
  tls?: TlsOptions | undefined;
  /** the proxy for the base URL, asked for once; devices in the LAN are given none */
  proxy?: ProxyChoice | undefined;
  /**
   * Whether answers may deviate from HTTP, such as header lines that end in a line feed alone. `false`: it could be
   * allowed, and an error says so; `undefined`: there is no such setting.
   */
  insecureHTTPParser?: boolean | undefined;
  /**
   * Whether the server is known to serve several connections at once, as clouds do. Else a call that is not safe has the
   * server to itself: it waits for those in flight, kept connections that idle are closed, and later ones wait for it.
   */
  parallel?: boolean;
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
  /** as in the client's options; for `stream` the longest body that is passed on, default 256 MiB */
  maxBytes?: number;
  /** what the call that this request is a part of may cost as a whole */
  budget?: Budget | undefined;
  signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT = 10_000;
const RETRY_BASE_MS = 300;
const RETRY_CAP_MS = 30_000;
/**
 * A server may ask for hours. A command or a dialog may wait for this call, and a poll has to tell of the outage, so
 * anything longer than this is for the caller to decide.
 */
const LONGEST_WAIT_MS = 10_000;
/** Longer than anything that a vendor sends to be read as a whole; parsing it takes a noticeable moment. */
const MOST_COLLECTED = 4 * 1024 * 1024;
const MOST_PASSED_ON = 256 * 1024 * 1024;
/** ms that a small device gets to notice that a connection has ended, before the next one comes */
const REST_MS = 50;

/**
 * Talks HTTP with one server. Light: thousands of them share one `Transport`.
 *
 * Every failure is a `DeviceError`; redirects are not followed; nothing is repeated unless the call says `safe`.
 */
export class HttpClient {
  private readonly url: string;
  private readonly host: string | undefined;
  private readonly request: RequestFunction | undefined;
  private readonly route: Route;
  /** the proxy of this client's connections, without its login, for diagnostics */
  readonly proxyUrl: string | undefined;

  /** @throws DeviceError INVALID_INPUT for an unusable address of the proxy */
  constructor(
    private readonly transport: Transport,
    private readonly options: HttpClientOptions,
    private readonly clock: Clock = systemClock,
  ) {
    const { url, host } = withoutZone(options.baseUrl);
    this.url = url;
    this.host = host;
    this.request = host === undefined ? undefined : requestTo(host);
    const { tls, insecureHTTPParser } = options;
    const proxy = options.proxy?.(url);
    this.route = { tls, proxy, insecureHTTPParser };
    this.proxyUrl = proxy && `${proxy.url.protocol}//${proxy.url.host}`;
  }

  /** Sends a call and returns the answer with a 2xx status. */
  async send(call: HttpCall): Promise<HttpAnswer> {
    return this.persist(call);
  }

  /**
   * Sends a call and passes the body of a 2xx answer on in pieces, as fast as `onChunk` takes them. What `onChunk`
   * throws ends the request and is thrown. Here `timeout` is the longest wait for the next piece; for the whole the server
   * may take ten minutes, to which the time that `onChunk` takes does not count. Retries end with the first piece.
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
    let left = false;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.inTurn(call, take);
      } catch (thrown) {
        const error: unknown = left && thrown instanceof DeviceError ? thrown.mayHaveLeft() : thrown;
        left ||= error instanceof DeviceError && error.sent;
        const again = error instanceof DeviceError && attempt < retries && isTransient(error) && mayRepeat();
        if (!again) throw error;
        const asked = (error.retryAfter ?? 0) * 1000;
        if (asked > (call.longestWait ?? LONGEST_WAIT_MS)) throw error;
        await delay(this.clock, Math.max(backOff.next(), asked), call.signal);
        if (call.signal?.aborted) throw cancelled();
      }
    }
  }

  /** In its turn: a command of a client whose server may serve one connection at a time has it to itself. */
  private async inTurn(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpAnswer> {
    const origin = this.transport.origin(this.url, this.host);
    if (this.options.parallel) return this.sendOverLiveConnection(origin, call, onChunk);
    if (call.signal?.aborted) throw cancelled(false);
    const command = !call.safe;
    const turn = origin.enter(command ? null : this, call.signal);
    const place = turn instanceof Promise ? await turn : turn;
    const connections: Socket[] = [];
    try {
      const alone = command || this.transport.isGuest;
      if (alone && (await origin.closeIdle())) await delay(systemClock, REST_MS, call.signal);
      return await this.sendOverLiveConnection(origin, call, onChunk, (socket) => connections.push(socket));
    } finally {
      if (connections.length === 0) origin.leave(place);
      else void leaveAfter(connections).then(() => origin.leave(place));
    }
  }

  /** @param onFresh gets the connections that end with this call */
  private async sendOverLiveConnection(
    origin: Origin,
    call: HttpCall,
    onChunk?: ChunkHandler,
    onFresh?: (socket: Socket) => void,
  ): Promise<HttpAnswer> {
    if (!call.safe || !origin.keeps) return this.attempt(origin, call, { onChunk, onFresh });
    const allowed = call.timeout ?? this.options.timeout ?? DEFAULT_TIMEOUT;
    const clock = onChunk ? this.clock : systemClock;
    const begun = clock.monotonic();
    let timeout = allowed;
    let silent: boolean;
    try {
      return await this.attempt(origin, call, { onChunk, silence: origin.patience(allowed) });
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      ({ silent } = error);
      if (silent) timeout -= clock.monotonic() - begun;
      if (timeout < allowed / 10) throw error.outcome;
    }
    // The server closed a kept connection while we reached for it, or forgot it: no fault of the device.
    try {
      const answer = await this.attempt(origin, { ...call, timeout }, { onChunk, onFresh, allowed });
      if (silent) origin.keptWasSilent();
      return answer;
    } catch (error) {
      throw error instanceof DeviceError ? error.mayHaveLeft() : error;
    }
  }

  /**
   * @param how `silence`: over a kept connection, which may let wait so many ms for the beginning of an answer; without it
   *   over a connection of its own
   * @throws DeviceError; StaleConnection only over a kept connection
   */
  private async attempt(origin: Origin, call: HttpCall, how: Attempt): Promise<HttpAnswer> {
    const { transport, options, route } = this;
    const got = await transport.got();
    if (route.proxy) await transport.prepare(route);
    if (call.signal?.aborted) throw cancelled(false);
    call.budget?.check();
    const own = this.ownFault();
    if (own?.reason === 'tlsOwnExpired') throw tlsError(own, false);

    const fresh = how.silence === undefined;
    const allowed = call.timeout ?? options.timeout ?? DEFAULT_TIMEOUT;
    const stream = got.stream(joinUrl(this.url, call.path, call.query), this.requestOptions(call, fresh));
    // got waits for the body of a method that can have one.
    if (call.json === undefined && call.method !== 'GET') stream.end();
    const answer = await exchange(stream, {
      timeout: Math.min(allowed, call.budget?.msLeft ?? Infinity),
      connectTimeout: options.connectTimeout ?? 5000,
      allowed: how.allowed,
      silence: how.silence ?? allowed / 2,
      // A connection of ours that idles may be why a new one is not served.
      onUnserved: options.parallel ? undefined : () => void origin.closeIdle(),
      maxCollected: Math.min(call.maxBytes ?? options.maxBytes ?? 1024 * 1024, MOST_COLLECTED),
      maxPassedOn: call.maxBytes ?? MOST_PASSED_ON,
      onChunk: how.onChunk,
      budget: call.budget,
      throughProxy: route.proxy !== undefined,
      couldBeLenient: options.insecureHTTPParser === false,
      onHead: (ms) => origin.answered(ms),
      onConnection: fresh ? how.onFresh : undefined,
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
  private requestOptions({ method, headers, json }: HttpCall, fresh: boolean): StreamOptions {
    const { transport, route } = this;
    const options: StreamOptions = this.request ? { request: this.request } : {};
    if (method !== 'GET') options.method = method;
    if (headers) options.headers = { ...headers };
    if (json !== undefined) {
      options.headers = { ...headers, 'content-type': 'application/json' };
      options.body = JSON.stringify(json);
    }
    if (fresh) options.agent = transport.fresh(route);
    else if (route.tls || route.proxy || route.insecureHTTPParser) options.agent = transport.keepAlive(route);
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

/** How one request is sent. */
interface Attempt {
  onChunk?: ChunkHandler | undefined;
  silence?: number;
  onFresh?: ((socket: Socket) => void) | undefined;
  /** ms that both tries may take together */
  allowed?: number;
}

/** Resolves when the connections have ended and a small device may have noticed it. */
async function leaveAfter(connections: readonly Socket[]): Promise<void> {
  await Promise.all(connections.map(connectionClosed));
  await delay(systemClock, REST_MS);
}

function isTransient(error: DeviceError): boolean {
  if (isOwnCertificate(error.reason)) return false;
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
