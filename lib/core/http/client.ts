import type { Socket } from 'node:net';

import { BackOff } from '../poll/back-off';
import { type Clock, delay, systemClock } from '../clock';
import { permitOf } from '../command/permit';
import { cancelled, DeviceError } from '../errors';
import type { HttpCall, HttpClientOptions } from './call';
import { errorFromStatus } from './errors';
import { exchange, StaleConnection } from './exchange';
import { parseForeignJson } from '../json/parse';
import type { Origin } from './origin';
import { type ChunkHandler, type HttpHead, type HttpResponse, isSuccess } from './response';
import { type Outgoing, type Target, targetOf } from './sending';
import { cleanText, createRedactor, type Redactor } from '../redact';
import { isOwnCertificate, ownCertificateFault, tlsError, type TlsFault } from './tls-errors';
import { connectionClosed, type Route, type Transport } from './transport';
import { joinUrl, type Query, withoutZone } from './url';

const DEFAULT_TIMEOUT = 10_000;
const RETRY_BASE_MS = 300;
const RETRY_CAP_MS = 30_000;
/**
 * A server may ask for hours. A command or a dialog may wait for this call, and a poll has to tell of the outage, so
 * anything longer than this is for the caller to decide.
 */
const LONGEST_WAIT_MS = 10_000;
/** Longer than anything that a vendor sends to be read as a whole; parsing it takes a noticeable moment. */
const MAX_COLLECTED = 4 * 1024 * 1024;
const MAX_PASSED_ON = 256 * 1024 * 1024;
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
  private readonly route: Route;
  /** the path, or the URL where there is a query */
  private lastText: string | undefined;
  private lastTarget: Target | undefined;
  private origin: Origin | undefined;
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
    const { tls, insecureHTTPParser } = options;
    const proxy = options.proxy?.(url);
    this.route = { tls, proxy, insecureHTTPParser };
    this.proxyUrl = proxy && `${proxy.url.protocol}//${proxy.url.host}`;
  }

  /** Sends a call and returns the response with a 2xx status. */
  async send(call: HttpCall): Promise<HttpResponse> {
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
   * Sends a call and parses the JSON of the response. An empty body is an error. A bare `nan` in it is `null`, but makes
   * the response to a call that is not `safe` no JSON: that one has to be understood exactly.
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
   * Does what reads the responses of this client. The words of a vendor may hold what was sent to him, so every error
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

  private async persist(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpResponse> {
    const { explain = this.options.explain } = call;
    try {
      return await this.repeat(call, onChunk);
    } catch (thrown) {
      if (!(thrown instanceof DeviceError)) throw thrown;
      throw (explain ? explain(thrown) : thrown).redacted(this.redactor());
    }
  }

  private repeat(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpResponse> {
    const retries = call.safe ? (call.retries ?? 0) : 0;
    return retries === 0 ? this.inTurn(call, onChunk) : this.tryAgain(call, retries, onChunk);
  }

  private async tryAgain(call: HttpCall, retries: number, onChunk?: ChunkHandler): Promise<HttpResponse> {
    let passedOn = false;
    const take: ChunkHandler | undefined =
      onChunk &&
      ((chunk, head) => {
        passedOn = true;
        return onChunk(chunk, head);
      });
    const mayRepeat = (): boolean => !passedOn;
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
  private async inTurn(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpResponse> {
    const origin = (this.origin ??= this.transport.origin(this.url, this.host));
    if (this.options.parallel) return this.sendOverLiveConnection(origin, call, onChunk);
    if (call.signal?.aborted) throw cancelled(false);
    const command = !call.safe;
    const turn = origin.enter(command ? null : this, call.signal);
    const place = turn instanceof Promise ? await turn : turn;
    let connections: Socket[] | undefined;
    try {
      const alone = command || this.transport.isGuest;
      if (alone && (await origin.closeIdle())) await delay(systemClock, REST_MS, call.signal);
      return await this.sendOverLiveConnection(origin, call, onChunk, (socket) =>
        (connections ??= []).push(socket),
      );
    } finally {
      if (!connections) origin.leave(place);
      else void leaveAfter(connections).then(() => origin.leave(place));
    }
  }

  /** @param onFresh gets the connections that end with this call */
  private async sendOverLiveConnection(
    origin: Origin,
    call: HttpCall,
    onChunk?: ChunkHandler,
    onFresh?: (socket: Socket) => void,
  ): Promise<HttpResponse> {
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
      const response = await this.attempt(origin, { ...call, timeout }, { onChunk, onFresh, allowed });
      if (silent) origin.keptWasSilent();
      return response;
    } catch (error) {
      throw error instanceof DeviceError ? error.mayHaveLeft() : error;
    }
  }

  /**
   * @param how `silence`: over a kept connection, which may let wait so many ms for the beginning of a response; without it
   *   over a connection of its own
   * @throws DeviceError; StaleConnection only over a kept connection
   */
  private async attempt(origin: Origin, call: HttpCall, how: Attempt): Promise<HttpResponse> {
    const { transport, options, route } = this;
    const send = call.isLogin ? await transport.loginSend() : transport.send;
    if (route.proxy) await transport.prepare(route);
    if (call.signal?.aborted) throw cancelled(false);
    call.budget?.check();
    const own = this.ownFault();
    if (own?.reason === 'tlsOwnExpired') throw tlsError(own, false);

    const fresh = how.silence === undefined;
    const allowed = call.timeout ?? options.timeout ?? DEFAULT_TIMEOUT;
    const response = await exchange(send, this.outgoing(call, fresh), {
      timeout: Math.min(allowed, call.budget?.msLeft ?? Infinity),
      connectTimeout: options.connectTimeout ?? 5000,
      allowed: how.allowed,
      silence: how.silence ?? allowed / 2,
      // A connection of ours that idles may be why a new one is not served.
      onUnserved: options.parallel ? undefined : () => void origin.closeIdle(),
      maxCollected: Math.min(call.maxBytes ?? options.maxBytes ?? 1024 * 1024, MAX_COLLECTED),
      maxPassedOn: call.maxBytes ?? MAX_PASSED_ON,
      onChunk: how.onChunk,
      budget: call.budget,
      throughProxy: route.proxy !== undefined,
      couldBeLenient: options.insecureHTTPParser === false,
      onHead: (ms) => origin.responded(ms),
      onConnection: fresh ? how.onFresh : undefined,
      clock: this.clock,
      signal: call.signal,
      permit: call.safe ? undefined : permitOf(call.signal),
    }).catch((error: unknown) => {
      // Many servers end a handshake without a word about the certificate that they do not take.
      const broke =
        error instanceof DeviceError && error.code === 'UNREACHABLE' && !error.reason.startsWith('tls');
      throw own && broke ? tlsError(own, error.sent) : error;
    });
    if (isSuccess(response)) return response;
    throw this.refused(response);
  }

  /** What is wrong with the certificate that this client would show. */
  private ownFault(): TlsFault | undefined {
    const { tls, baseUrl } = this.options;
    return tls && baseUrl.startsWith('https:') ? ownCertificateFault(tls, this.clock.now()) : undefined;
  }

  private outgoing({ method, path, query, headers = {}, json }: HttpCall, fresh: boolean): Outgoing {
    const { transport, route } = this;
    const outgoing: Outgoing = {
      target: this.targetOf(path, query),
      method,
      headers,
      agents: fresh ? transport.fresh(route) : transport.keepAlive(route),
      lenient: route.insecureHTTPParser ?? false,
    };
    if (json === undefined) return outgoing;
    const body = JSON.stringify(json);
    // Where a method seldom has a body, as DELETE, Node would not say how long it is, and the server read it as a request.
    const framing = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    return { ...outgoing, headers: { ...headers, ...framing }, body };
  }

  /** A poll asks for the same URL each time, and reading one is dear. */
  private targetOf(path: string, query: Query | undefined): Target {
    const text = query ? joinUrl(this.url, path, query) : path;
    if (this.lastTarget && text === this.lastText) return this.lastTarget;
    this.lastText = text;
    return (this.lastTarget = targetOf(new URL(query ? text : joinUrl(this.url, path)), this.host));
  }

  private refused(response: HttpResponse): DeviceError {
    let said: string | undefined;
    try {
      said = this.options.vendorMessage?.(parseForeignJson(response.body));
    } catch {
      // An error page that is no JSON has no words worth repeating.
    }
    const words = said === undefined ? undefined : cleanText(said, this.redactor());
    return errorFromStatus(response.status, response.headers, this.clock.now(), words);
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
