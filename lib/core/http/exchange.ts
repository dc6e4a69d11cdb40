import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

import { LONGEST_CALL } from '../budget';
import { systemClock } from '../clock';
import type { Permit } from '../command/permit';
import { cancelled, DeviceError } from '../errors';
import { BodyDecoder, codingsOf } from './coding';
import { Collected } from './collected';
import { errorFromFailure } from './errors';
import { type ChunkHandler, type HttpHead, type HttpResponse, isSuccess } from './response';
import type { Outgoing, Progress, Send, Sending } from './sending';
import { type WaitOptions, Waits } from './waits';

export interface ExchangeOptions extends WaitOptions {
  /** ms that an error names as the time for the whole; default: `timeout` */
  allowed?: number | undefined;
  /** longest body that is collected, in bytes */
  maxCollected: number;
  /** longest body that is passed on, in bytes */
  maxPassedOn: number;
  /** gets the body of a 2xx answer in pieces; that of any other answer is collected all the same */
  onChunk?: ChunkHandler | undefined;
  /** whether a proxy has to be asked before the connection stands */
  throughProxy?: boolean | undefined;
  /** whether the client could be set to read deviations from HTTP, and is not */
  couldBeLenient?: boolean | undefined;
  /** gets the ms until the response began */
  onHead?: ((ms: number) => void) | undefined;
  onConnection?: ((socket: Socket) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** asked whether the request may leave, when the connection stands and before it does */
  permit?: Pick<Permit, 'refusal'> | undefined;
}

/** A kept connection turned out to be dead before the response began. */
export class StaleConnection extends Error {
  /** @param silent it did not break, it said nothing */
  constructor(
    readonly outcome: DeviceError,
    readonly silent: boolean,
  ) {
    super(outcome.message);
  }
}

/**
 * Sends one request and follows it to its response, whatever its status.
 *
 * @throws DeviceError UNREACHABLE, TIMEOUT, BAD_RESPONSE, CANCELLED; StaleConnection; what `onChunk` throws
 */
export function exchange(send: Send, outgoing: Outgoing, options: ExchangeOptions): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    new Exchange(options, resolve, reject).begin(send, outgoing);
  });
}

/** The words of an error response are short; whatever follows them is a page. */
const MAX_ERROR_BODY = 64 * 1024;

class Exchange implements Progress {
  private readonly begun = systemClock.monotonic();
  private collected: Collected | undefined;
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
  /** the response came as a whole */
  private complete = false;
  private ended = false;
  /** somebody takes his time over a piece, and whether it was the last one */
  private taking = false;
  private endsThen = false;
  private sending: Sending | undefined;
  private readonly waits: Waits;

  constructor(
    private readonly options: ExchangeOptions,
    private readonly resolve: (response: HttpResponse) => void,
    private readonly reject: (reason: Error) => void,
  ) {
    this.waits = new Waits(options, {
      inPieces: options.onChunk !== undefined,
      hasBegun: () => this.head !== undefined,
      isReused: () => this.reused,
      onSilence: () => this.failFrom({ name: 'TimeoutError', code: 'ETIMEDOUT' }),
      onDeadline: () => this.onDeadline(),
    });
  }

  begin(send: Send, outgoing: Outgoing): void {
    this.options.signal?.addEventListener('abort', this.onAbort, { once: true });
    this.waits.forBeginning();
    this.sending = send(outgoing, this);
  }

  readonly onRequest = (request: ClientRequest): void => {
    if (request.socket) this.watchSocket(request, request.socket);
    else {
      // A proxy hands over its connection when that stands.
      if (this.options.throughProxy) this.waits.forConnection();
      request.once('socket', (socket) => this.watchSocket(request, socket));
    }
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      this.fail(
        new DeviceError('BAD_RESPONSE', 'What answers there changes to another protocol.', {
          reason: 'notHttp',
          sent: true,
        }),
      );
    });
  };

  private watchSocket(
    request: ClientRequest,
    socket: Socket & { encrypted?: boolean; secureConnecting?: boolean },
  ): void {
    this.reused = request.reusedSocket;
    this.options.onConnection?.(socket);
    if (this.reused || !(socket.connecting || socket.secureConnecting)) {
      this.connected(request);
      return;
    }
    this.waits.forConnection();
    socket.once(socket.encrypted ? 'secureConnect' : 'connect', () => this.connected(request));
  }

  private connected(request: ClientRequest): void {
    this.waits.connected();
    const refusal = this.options.permit?.refusal();
    if (!refusal) {
      this.sent = true;
      return;
    }
    // Node writes it in a later turn, although it has been ended: nothing of it leaves.
    request.destroy();
    this.fail(refusal);
  }

  readonly onHead = (head: HttpHead): void => {
    if (this.ended) return;
    const { options } = this;
    this.head = head;
    options.onHead?.(systemClock.monotonic() - this.begun);
    // An error response is small and is read as a whole, for the vendor's words.
    if (isSuccess(head)) this.take = options.onChunk;
    let codings: string[];
    try {
      codings = codingsOf(head.headers['content-encoding']);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (codings.length === 0 || !this.sending) return;
    this.decoder = new BodyDecoder(codings, {
      source: this.sending,
      onData: (chunk) => this.onBody(chunk),
      onEnd: () => this.onDecoded(),
      onError: (error) => this.fail(error),
    });
  };

  readonly onData = (chunk: Buffer): void => {
    const { decoder } = this;
    if (!decoder) {
      this.onBody(chunk);
      return;
    }
    this.received += chunk.length;
    if (this.received > this.limit) this.tooLong();
    else if (!this.ended) decoder.write(chunk);
  };

  readonly onEnd = (): void => {
    this.complete = true;
    if (this.decoder) this.decoder.end();
    else this.onComplete();
  };

  /**
   * What is coded says itself where it ends, and a message may go on behind that, for ever. Nothing of it is wanted, and
   * no timer of ours runs any more when the body has been given out.
   */
  private onDecoded(): void {
    if (!this.complete) {
      this.complete = true;
      this.abandon();
    }
    this.onComplete();
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

  private onBody(chunk: Buffer): void {
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
    else (this.collected ??= new Collected(this.limit)).add(chunk);
  }

  private passOn(chunk: Buffer, head: HttpHead, take: ChunkHandler): void {
    this.waits.pieceCame();
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
      this.waits.forPiece();
      return;
    }
    this.waits.pause();
    const source = this.decoder ?? this.sending;
    source?.pause();
    this.taking = true;
    taken.then(
      () => {
        this.taking = false;
        if (this.endsThen) this.onComplete();
        if (this.ended || this.sending?.destroyed) return;
        this.waits.forPiece();
        source?.resume();
      },
      (error: unknown) => this.fail(error),
    );
  }

  private onComplete(): void {
    const { head, collected } = this;
    // The end of a stream comes although it is paused, where nothing of it is left.
    if (this.taking) {
      this.endsThen = true;
      return;
    }
    if (!this.finish()) return;
    // A response has a head before it ends. If one ever does not, the wait ends here all the same.
    if (!head) this.reject(errorFromFailure({ error: {}, sent: this.sent, responded: false, timeoutMs: 0 }));
    else this.resolve({ ...head, body: collected?.bytes ?? Buffer.alloc(0) });
  }

  private readonly onAbort = (): void => this.fail(cancelled(this.sent));

  private onDeadline(): void {
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
        responded: true,
        timeoutMs: LONGEST_CALL,
      }),
    );
  }

  readonly onFailure = (error: unknown): void => {
    // What is complete closes as well, while its body may still be decoded.
    if (!this.complete) this.failFrom(error);
  };

  private failFrom(error: unknown): void {
    // Making an error is dear.
    if (this.ended) return;
    const { sent, reused, head } = this;
    const { timeout, allowed: timeoutMs = timeout, couldBeLenient } = this.options;
    const responded = head !== undefined;
    const made = errorFromFailure({ error, sent, responded, timeoutMs, couldBeLenient });
    const silent = made.code === 'TIMEOUT';
    const dead = reused && !responded && (silent || made.code === 'UNREACHABLE');
    this.fail(dead ? new StaleConnection(made, silent) : made);
  }

  private fail(reason: unknown): void {
    if (this.ended) return;
    const { head } = this;
    // The status of a refusal is known, and its words are not worth another error.
    if (head && !isSuccess(head) && !this.options.signal?.aborted) {
      this.onComplete();
      this.abandon();
      return;
    }
    if (!this.finish()) return;
    this.reject(reason instanceof Error ? reason : new Error(String(reason)));
    this.abandon();
  }

  private abandon(): void {
    this.sending?.destroy();
    this.decoder?.destroy();
  }

  /** @returns whether this is the end, and not something that came after it */
  private finish(): boolean {
    if (this.ended) return false;
    this.ended = true;
    // An error that somebody keeps may keep all of this, by the functions that it was made in.
    this.collected = undefined;
    this.waits.end();
    this.options.signal?.removeEventListener('abort', this.onAbort);
    return true;
  }
}
