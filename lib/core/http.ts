import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import { type Clock, delay, systemClock } from './clock';
import { cancelled, DeviceError, invalidInput } from './errors';
import { errorFromFailure, errorFromStatus } from './http-errors';
import { cleanText, createRedactor, type Redactor } from './redact';
import type { TlsOptions, Transport } from './transport';
import { joinUrl, type Query } from './url';

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
  signal?: AbortSignal | undefined;
}

export interface HttpHead {
  status: number;
  headers: IncomingHttpHeaders;
}

export interface HttpAnswer extends HttpHead {
  body: Buffer;
}

/** Takes a piece of a body. While its promise is pending, no further piece is read from the connection. */
export type ChunkHandler = (chunk: Buffer) => Promise<void> | void;

/** A kept connection turned out to be dead before the answer began. */
class StaleConnection extends Error {
  constructor(readonly outcome: DeviceError) {
    super(outcome.message);
  }
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
  constructor(
    private readonly transport: Transport,
    private readonly options: HttpClientOptions,
    private readonly clock: Clock = systemClock,
  ) {}

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

  /** Sends a call and parses the JSON of the answer. An empty body is an error. */
  async json(call: HttpCall): Promise<unknown> {
    return parseJson((await this.send(call)).body);
  }

  /** As `json`, but an empty body (204) is `undefined`. */
  async jsonOrNothing(call: HttpCall): Promise<unknown> {
    const { body } = await this.send(call);
    return body.length === 0 ? undefined : parseJson(body);
  }

  private async persist(call: HttpCall, onChunk?: ChunkHandler): Promise<HttpAnswer> {
    let passedOn = false;
    const take: ChunkHandler | undefined =
      onChunk &&
      ((chunk) => {
        passedOn = true;
        return onChunk(chunk);
      });
    const mayRepeat = (): boolean => !passedOn;
    const retries = call.safe ? (call.retries ?? 0) : 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.sendOverLiveConnection(call, take);
      } catch (error) {
        const again = error instanceof DeviceError && attempt < retries && isTransient(error) && mayRepeat();
        if (!again) throw error;
        const asked = (error.retryAfter ?? 0) * 1000;
        if (asked > (call.longestWait ?? LONGEST_WAIT_MS)) throw error;
        await delay(this.clock, Math.max(this.backOff(attempt), asked), call.signal);
        if (call.signal?.aborted) throw cancelled();
      }
    }
  }

  private backOff(attempt: number): number {
    const backOff = Math.min(RETRY_BASE_MS * 2 ** attempt, RETRY_CAP_MS);
    return backOff * (0.5 + this.clock.random() / 2);
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
    const timeout = call.timeout ?? options.timeout ?? 10_000;
    const collectBytes = call.maxBytes ?? options.maxBytes ?? 1024 * 1024;
    const passOnBytes = call.maxBytes ?? Infinity;
    const got = await transport.got();
    if (call.signal?.aborted) throw cancelled();

    const answer = await new Promise<HttpAnswer>((resolve, reject) => {
      const stream = got.stream(joinUrl(options.baseUrl, call.path, call.query), {
        method: call.method,
        ...(call.json === undefined
          ? { headers: { ...call.headers } }
          : {
              headers: { ...call.headers, 'content-type': 'application/json' },
              body: JSON.stringify(call.json),
            }),
        agent: call.safe ? transport.keepAlive(options.tls) : transport.fresh(options.tls),
      });
      const wire = new WireWatch(() => systemClock.after(options.connectTimeout ?? 5000, onSilence));
      const chunks: Buffer[] = [];
      let size = 0;
      let head: HttpHead | undefined;
      let take: ChunkHandler | undefined;

      // One timer, where got's own timeouts would add listeners and timers to every request. A slow reader must not
      // look like a slow server, so a streamed answer is timed from piece to piece.
      let stopWaiting = (): void => undefined;
      const waitForServer = (): void => {
        stopWaiting();
        stopWaiting = (onChunk ? this.clock : systemClock).after(timeout, onSilence);
      };
      const finish = (act: () => void): void => {
        stopWaiting();
        wire.stopWaiting();
        call.signal?.removeEventListener('abort', onAbort);
        act();
      };
      const fail = (reason: unknown): void =>
        finish(() => {
          reject(reason instanceof Error ? reason : new Error(String(reason)));
          stream.destroy();
        });
      const onAbort = (): void => fail(cancelled());
      call.signal?.addEventListener('abort', onAbort, { once: true });
      const onFailure = (error: unknown): void => {
        const { sent, reused } = wire;
        const made = errorFromFailure({ error, sent, answered: head !== undefined, timeoutMs: timeout });
        fail(reused && !head && made.code === 'UNREACHABLE' ? new StaleConnection(made) : made);
      };
      const onSilence = (): void => onFailure({ name: 'TimeoutError', code: 'ETIMEDOUT' });
      const passOn = (chunk: Buffer, handle: ChunkHandler): void => {
        const taken = handle(chunk);
        if (!taken) {
          waitForServer();
          return;
        }
        stopWaiting();
        stream.pause();
        taken.then(() => {
          if (stream.destroyed) return;
          waitForServer();
          stream.resume();
        }, fail);
      };
      waitForServer();

      // got waits for the body of a method that can have one.
      if (call.json === undefined && call.method !== 'GET') stream.end();
      stream.on('request', (request: ClientRequest) => {
        wire.watch(request);
        request.once('upgrade', (_answer, socket) => {
          socket.destroy();
          fail(
            new DeviceError('BAD_RESPONSE', 'What answers there changes to another protocol.', {
              reason: 'notHttp',
              sent: true,
            }),
          );
        });
      });
      stream.on('response', (response: { statusCode: number; headers: IncomingHttpHeaders }) => {
        head = { status: response.statusCode, headers: response.headers };
        // An error answer is small and is read as a whole, for the vendor's words.
        if (isSuccess(head)) take = onChunk;
      });
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length;
        const limit = take ? passOnBytes : collectBytes;
        if (size > limit) {
          fail(tooLong(limit));
          return;
        }
        if (!take) {
          chunks.push(chunk);
          return;
        }
        try {
          passOn(chunk, take);
        } catch (error) {
          fail(error);
        }
      });
      stream.on('end', () =>
        finish(() => {
          // got ends a stream only after its response event
          if (head)
            resolve({ ...head, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
        }),
      );
      stream.on('error', onFailure);
      // got says nothing more of an answer that it does not understand, such as 101.
      stream.on('close', () => onFailure({}));
    });

    if (isSuccess(answer)) return answer;
    throw this.refused(answer);
  }

  private refused(answer: HttpAnswer): DeviceError {
    let said: string | undefined;
    try {
      said = this.options.vendorMessage?.(JSON.parse(answer.body.toString('utf8')));
    } catch {
      // An error page that is no JSON has no words worth repeating.
    }
    const redact: Redactor = createRedactor(this.options.secrets?.() ?? []);
    const words = said === undefined ? undefined : cleanText(said, redact);
    return errorFromStatus(answer.status, answer.headers, this.clock.now(), words);
  }
}

/** Notes whether a request can have left this machine, and whether it went out on a kept connection. */
class WireWatch {
  sent = false;
  reused = false;
  /** Ends the wait for the connection. */
  stopWaiting = (): void => undefined;

  /** @param waitForConnection starts the time limit for a connection; its result ends it */
  constructor(private readonly waitForConnection: () => () => void) {}

  watch(request: ClientRequest): void {
    const onSocket = (socket: Socket & { encrypted?: boolean }): void => {
      this.reused = request.reusedSocket;
      if (this.reused || !socket.connecting) {
        this.sent = true;
        return;
      }
      this.stopWaiting = this.waitForConnection();
      socket.once(socket.encrypted ? 'secureConnect' : 'connect', () => {
        this.stopWaiting();
        this.sent = true;
      });
    };
    if (request.socket) onSocket(request.socket);
    else request.once('socket', onSocket);
  }
}

function isSuccess({ status }: HttpHead): boolean {
  return status >= 200 && status < 300;
}

function isTransient(error: DeviceError): boolean {
  return (
    error.code === 'UNREACHABLE' ||
    error.code === 'TIMEOUT' ||
    error.code === 'RATE_LIMITED' ||
    (error.status !== undefined && error.status >= 500)
  );
}

function tooLong(maxBytes: number): DeviceError {
  return new DeviceError('BAD_RESPONSE', `The answer is longer than ${maxBytes} bytes.`, {
    reason: 'tooLong',
    sent: true,
    params: { bytes: maxBytes },
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    // The parser's message quotes the body, which may hold anything.
    const empty = body.length === 0;
    throw new DeviceError('BAD_RESPONSE', empty ? 'The answer is empty.' : 'The answer is not JSON.', {
      reason: empty ? 'emptyAnswer' : 'notJson',
      sent: true,
    });
  }
}

/** Refuses header values that would break a request apart, before got does so with the value in its message. */
export function headerValue(value: string, what: string): string {
  if (!/^[\x20-\x7e]*$/.test(value)) {
    throw invalidInput(`The ${what} holds characters that cannot be sent.`, 'unsendable');
  }
  return value;
}
