import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import type { Request } from 'got';

import type { Budget } from './budget';
import { type Clock, systemClock } from './clock';
import { cancelled, DeviceError } from './errors';
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
  /** ms until the connection stands */
  connectTimeout: number;
  /** longest body that is collected, in bytes */
  maxCollected: number;
  /** longest body that is passed on, in bytes */
  maxPassedOn: number;
  /** gets the body of a 2xx answer in pieces; that of any other answer is collected all the same */
  onChunk?: ChunkHandler | undefined;
  /** what all requests of a call may cost together */
  budget?: Budget | undefined;
  /** decides the wait between two pieces */
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/** A kept connection turned out to be dead before the answer began. */
export class StaleConnection extends Error {
  constructor(readonly outcome: DeviceError) {
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

const nothing = (): void => undefined;

class Exchange {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private head: HttpHead | undefined;
  private take: ChunkHandler | undefined;
  /** whether the request can have left this machine */
  private sent = false;
  /** whether it went out on a kept connection */
  private reused = false;
  private stopWaiting = nothing;
  private stopConnecting = nothing;
  private ended = false;

  constructor(
    private readonly stream: Request,
    private readonly options: ExchangeOptions,
    private readonly resolve: (answer: HttpAnswer) => void,
    private readonly reject: (reason: Error) => void,
  ) {}

  begin(): void {
    const { stream } = this;
    this.options.signal?.addEventListener('abort', this.onAbort, { once: true });
    this.waitForServer();
    stream.on('request', (request: ClientRequest) => this.watch(request));
    stream.on('response', (response: { statusCode: number; headers: IncomingHttpHeaders }) => {
      this.head = { status: response.statusCode, headers: response.headers };
      // An error answer is small and is read as a whole, for the vendor's words.
      if (isSuccess(this.head)) this.take = this.options.onChunk;
    });
    stream.on('data', (chunk: Buffer) => this.onData(chunk));
    stream.on('end', () => this.onEnd());
    stream.on('error', (error) => this.onFailure(error));
    // got says nothing more of an answer that it does not understand, such as 101.
    stream.on('close', () => this.onFailure({}));
  }

  private watch(request: ClientRequest): void {
    if (request.socket) this.watchSocket(request, request.socket);
    else request.once('socket', (socket) => this.watchSocket(request, socket));
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

  private watchSocket(request: ClientRequest, socket: Socket & { encrypted?: boolean }): void {
    this.reused = request.reusedSocket;
    if (this.reused || !socket.connecting) {
      this.sent = true;
      return;
    }
    this.stopConnecting = systemClock.after(this.options.connectTimeout, this.onSilence);
    socket.once(socket.encrypted ? 'secureConnect' : 'connect', () => {
      this.stopConnecting();
      this.sent = true;
    });
  }

  /**
   * One timer, where got's own timeouts would add listeners and timers to every request. A slow reader must not look
   * like a slow server, so a streamed answer is timed from piece to piece.
   */
  private waitForServer(): void {
    this.stopWaiting();
    const { onChunk, clock, timeout } = this.options;
    this.stopWaiting = (onChunk ? clock : systemClock).after(timeout, this.onSilence);
  }

  private onData(chunk: Buffer): void {
    this.size += chunk.length;
    const limit = this.take ? this.options.maxPassedOn : this.options.maxCollected;
    if (this.size > limit) {
      this.fail(tooLong(limit));
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
    const { stream } = this;
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
      this.waitForServer();
      return;
    }
    this.stopWaiting();
    stream.pause();
    taken.then(
      () => {
        if (this.ended || stream.destroyed) return;
        this.waitForServer();
        stream.resume();
      },
      (error: unknown) => this.fail(error),
    );
  }

  private onEnd(): void {
    if (!this.finish()) return;
    const { head, chunks } = this;
    // got ends a stream only after its response event; should it ever not, nobody waits for good.
    if (!head) this.reject(errorFromFailure({ error: {}, sent: this.sent, answered: false, timeoutMs: 0 }));
    else
      this.resolve({ ...head, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
  }

  private readonly onAbort = (): void => this.fail(cancelled(this.sent));

  private readonly onSilence = (): void => this.onFailure({ name: 'TimeoutError', code: 'ETIMEDOUT' });

  private onFailure(error: unknown): void {
    // A stream that has ended closes as well, and making an error is dear.
    if (this.ended) return;
    const { sent, reused, head } = this;
    const answered = head !== undefined;
    const made = errorFromFailure({ error, sent, answered, timeoutMs: this.options.timeout });
    this.fail(reused && !answered && made.code === 'UNREACHABLE' ? new StaleConnection(made) : made);
  }

  private fail(reason: unknown): void {
    if (!this.finish()) return;
    this.reject(reason instanceof Error ? reason : new Error(String(reason)));
    this.stream.destroy();
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

function tooLong(maxBytes: number): DeviceError {
  return new DeviceError('BAD_RESPONSE', `The answer is longer than ${maxBytes} bytes.`, {
    reason: 'tooLong',
    sent: true,
    params: { bytes: maxBytes },
  });
}
