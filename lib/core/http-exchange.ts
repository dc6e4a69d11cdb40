import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import type { Request } from 'got';

import { type Budget, LONGEST_CALL } from './budget';
import { type Clock, systemClock } from './clock';
import { cancelled, DeviceError } from './errors';
import { BodyDecoder, codingsOf } from './http-coding';
import { errorFromFailure } from './http-errors';

export interface HttpHead {
  status: number;
  headers: IncomingHttpHeaders;
}

export interface HttpAnswer extends HttpHead {
  body: Buffer;
}

/** Takes a piece of a body. While its promise is pending, no further piece is read from the connection. */
export type ChunkHandler = (chunk: Buffer, head: HttpHead) => Promise<void> | void;

export interface ExchangeOptions {
  /** ms for the whole answer; with `onChunk`, until the next piece */
  timeout: number;
  /** ms that an error names as the time for the whole; default: `timeout` */
  allowed?: number | undefined;
  /** ms until the connection stands */
  connectTimeout: number;
  /** ms until an answer on a kept connection begins; after that the connection counts as dead. Default: `timeout` */
  silence?: number | undefined;
  /** a new connection got no answer in that time */
  onUnserved?: (() => void) | undefined;
  /** longest body that is collected, in bytes */
  maxCollected: number;
  /** longest body that is passed on, in bytes */
  maxPassedOn: number;
  /** gets the body of a 2xx answer in pieces; that of any other answer is collected all the same */
  onChunk?: ChunkHandler | undefined;
  /** what all requests of a call may cost together */
  budget?: Budget | undefined;
  /** whether a proxy has to be asked before the connection stands */
  throughProxy?: boolean | undefined;
  /** whether the client could be set to read deviations from HTTP, and is not */
  couldBeLenient?: boolean | undefined;
  /** gets the ms until the answer began */
  onHead?: ((ms: number) => void) | undefined;
  onConnection?: ((socket: Socket) => void) | undefined;
  /** decides the wait between two pieces */
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/** A kept connection turned out to be dead before the answer began. */
export class StaleConnection extends Error {
  /** @param silent it did not break, it said nothing */
  constructor(
    readonly outcome: DeviceError,
    readonly silent: boolean,
  ) {
    super(outcome.message);
  }
}

export function isSuccess({ status }: HttpHead): boolean {
  return status >= 200 && status < 300;
}

/**
 * Follows one request on got's stream to its answer, whatever its status.
 *
 * @throws DeviceError UNREACHABLE, TIMEOUT, BAD_RESPONSE, CANCELLED; StaleConnection; what `onChunk` throws
 */
export function exchange(stream: Request, options: ExchangeOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    new Exchange(stream, options, resolve, reject).begin();
  });
}

/** The words of an error answer are short; whatever follows them is a page. */
const MAX_ERROR_BODY = 64 * 1024;

const nothing = (): void => undefined;

class Exchange {
  private readonly begun = systemClock.monotonic();
  private chunks: Buffer[] = [];
  /** bytes of the body, and of its coded form */
  private size = 0;
  private received = 0;
  private head: HttpHead | undefined;
  private take: ChunkHandler | undefined;
  private decoder: BodyDecoder | undefined;
  /** whether the request can have left this machine */
  private sent = false;
  /** whether it went out on a kept connection */
  private reused = false;
  private stopWaiting = nothing;
  private stopConnecting = nothing;
  /** ms that the server may still take in all, and since when it has been waited for */
  private left = LONGEST_CALL;
  private waitingSince = 0;
  private ended = false;

  constructor(
    private readonly stream: Request,
    private readonly options: ExchangeOptions,
    private readonly resolve: (answer: HttpAnswer) => void,
    private readonly reject: (reason: Error) => void,
  ) {}

  begin(): void {
    const { stream, options } = this;
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
    this.waitForBeginning();
    stream.on('request', (request: ClientRequest) => this.watch(request));
    stream.on('response', (response: { statusCode: number; headers: IncomingHttpHeaders }) => {
      if (!this.ended) this.onHead({ status: response.statusCode, headers: response.headers });
    });
    stream.on('error', (error) => this.onFailure(error));
    // got says nothing more of an answer that it does not understand, such as 101.
    stream.on('close', () => this.onFailure({}));
  }

  private watch(request: ClientRequest): void {
    if (request.socket) this.watchSocket(request, request.socket);
    else {
      // A proxy hands over its connection when that stands.
      if (this.options.throughProxy) this.limitConnecting();
      request.once('socket', (socket) => this.watchSocket(request, socket));
    }
    request.once('upgrade', (_answer, socket) => {
      socket.destroy();
      this.fail(
        new DeviceError('BAD_RESPONSE', 'What answers there changes to another protocol.', {
          reason: 'notHttp',
          sent: true,
        }),
      );
    });
  }

  private limitConnecting(): void {
    this.stopConnecting();
    this.stopConnecting = systemClock.after(this.options.connectTimeout, this.onSilence);
  }

  private watchSocket(
    request: ClientRequest,
    socket: Socket & { encrypted?: boolean; secureConnecting?: boolean },
  ): void {
    this.reused = request.reusedSocket;
    this.options.onConnection?.(socket);
    if (this.reused || !(socket.connecting || socket.secureConnecting)) {
      this.stopConnecting();
      this.sent = true;
      return;
    }
    this.limitConnecting();
    socket.once(socket.encrypted ? 'secureConnect' : 'connect', () => {
      this.stopConnecting();
      this.sent = true;
    });
  }

  /**
   * One timer, where got's own timeouts would add listeners and timers to every request. It first ends when a kept
   * connection must have given a sign of life, and then goes on.
   */
  private waitForBeginning(): void {
    const { onChunk, clock, timeout, silence = timeout } = this.options;
    const timer = onChunk ? clock : systemClock;
    this.waitingSince = clock.monotonic();
    if (silence >= timeout) {
      this.stopWaiting = timer.after(timeout, this.onSilence);
      return;
    }
    this.stopWaiting = timer.after(silence, () => {
      if (this.reused && !this.head) {
        this.onSilence();
        return;
      }
      if (!this.head) this.options.onUnserved?.();
      this.stopWaiting = timer.after(timeout - silence, this.onSilence);
    });
  }

  /**
   * A slow reader must not look like a slow server, so a streamed answer is timed from piece to piece. In all the server
   * may take as long as any call: one byte a second is no answer.
   */
  private waitForPiece(): void {
    this.stopWaiting();
    const { clock, timeout, budget } = this.options;
    this.waitingSince = clock.monotonic();
    const ms = Math.min(timeout, this.left, budget?.msLeft ?? Infinity);
    this.stopWaiting = clock.after(ms, ms < timeout ? this.onDeadline : this.onSilence);
  }

  private onHead(head: HttpHead): void {
    const { stream, options } = this;
    this.head = head;
    options.onHead?.(systemClock.monotonic() - this.begun);
    // An error answer is small and is read as a whole, for the vendor's words.
    if (isSuccess(head)) this.take = options.onChunk;
    let codings: string[];
    try {
      codings = codingsOf(head.headers['content-encoding']);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (codings.length === 0) {
      stream.on('data', (chunk: Buffer) => this.onData(chunk));
      stream.on('end', () => this.onEnd());
      return;
    }
    const decoder = new BodyDecoder(codings, {
      source: stream,
      onData: (chunk) => this.onData(chunk),
      onEnd: () => this.onEnd(),
      onError: (error) => this.fail(error),
    });
    this.decoder = decoder;
    stream.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      if (this.received > this.limit) this.tooLong();
      else if (!this.ended) decoder.write(chunk);
    });
    stream.on('end', () => decoder.end());
  }

  private get limit(): number {
    const { maxPassedOn, maxCollected } = this.options;
    if (this.take) return maxPassedOn;
    return this.head && !isSuccess(this.head) ? Math.min(MAX_ERROR_BODY, maxCollected) : maxCollected;
  }

  private tooLong(): void {
    const { limit } = this;
    this.fail(
      new DeviceError('BAD_RESPONSE', `The answer is longer than ${limit} bytes.`, {
        reason: 'tooLong',
        sent: true,
        params: { bytes: limit },
      }),
    );
  }

  private onData(chunk: Buffer): void {
    if (this.ended) return;
    this.size += chunk.length;
    if (this.size > this.limit) {
      this.tooLong();
      return;
    }
    try {
      this.options.budget?.take(chunk.length);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.take && this.head) this.passOn(chunk, this.head, this.take);
    else this.chunks.push(chunk);
  }

  private passOn(chunk: Buffer, head: HttpHead, take: ChunkHandler): void {
    this.left -= this.options.clock.monotonic() - this.waitingSince;
    let taken: Promise<void> | void;
    try {
      taken = take(chunk, head);
    } catch (error) {
      this.fail(error);
      return;
    }
    // Whoever took it may have cancelled the call.
    if (this.ended) return;
    if (!taken) {
      this.waitForPiece();
      return;
    }
    this.stopWaiting();
    const source = this.decoder ?? this.stream;
    source.pause();
    taken.then(
      () => {
        if (this.ended || this.stream.destroyed) return;
        this.waitForPiece();
        source.resume();
      },
      (error: unknown) => this.fail(error),
    );
  }

  private onEnd(): void {
    const { head, chunks } = this;
    if (!this.finish()) return;
    // got ends a stream only after its response event; should it ever not, nobody waits for good.
    if (!head) this.reject(errorFromFailure({ error: {}, sent: this.sent, answered: false, timeoutMs: 0 }));
    else
      this.resolve({ ...head, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
  }

  private readonly onAbort = (): void => this.fail(cancelled(this.sent));

  private readonly onSilence = (): void => this.onFailure({ name: 'TimeoutError', code: 'ETIMEDOUT' });

  private readonly onDeadline = (): void => {
    try {
      this.options.budget?.check();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.fail(
      errorFromFailure({
        error: { name: 'TimeoutError' },
        sent: true,
        answered: true,
        timeoutMs: LONGEST_CALL,
      }),
    );
  };

  private onFailure(error: unknown): void {
    // A stream that has ended closes as well, and making an error is dear.
    if (this.ended) return;
    const { sent, reused, head } = this;
    const { timeout, allowed: timeoutMs = timeout, couldBeLenient } = this.options;
    const answered = head !== undefined;
    const made = errorFromFailure({ error, sent, answered, timeoutMs, couldBeLenient });
    const silent = made.code === 'TIMEOUT';
    const dead = reused && !answered && (silent || made.code === 'UNREACHABLE');
    this.fail(dead ? new StaleConnection(made, silent) : made);
  }

  private fail(reason: unknown): void {
    if (this.ended) return;
    const { head } = this;
    // The status of a refusal is known, and its words are not worth another error.
    if (head && !isSuccess(head) && !this.options.signal?.aborted) {
      this.onEnd();
      this.abandon();
      return;
    }
    if (!this.finish()) return;
    this.reject(reason instanceof Error ? reason : new Error(String(reason)));
    this.abandon();
  }

  private abandon(): void {
    this.stream.destroy();
    this.decoder?.destroy();
  }

  /** @returns whether this is the end, and not something that came after it */
  private finish(): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.stopWaiting();
    this.stopConnecting();
    this.options.signal?.removeEventListener('abort', this.onAbort);
    return true;
  }
}
