import { type Budget, LONGEST_CALL } from '../budget';
import { type Clock, systemClock } from '../clock';

export interface WaitOptions {
  /** ms for the whole response; of one that is passed on in pieces, until the next piece */
  timeout: number;
  /** ms until the connection stands */
  connectTimeout: number;
  /** ms until a response on a kept connection begins; after that the connection counts as dead. Default: `timeout` */
  silence?: number | undefined;
  /** a new connection got no response in that time */
  onUnserved?: (() => void) | undefined;
  /** what all requests of a call may cost together */
  budget?: Budget | undefined;
  /** decides the wait between two pieces */
  clock: Clock;
}

/** How a request stands, and what ends it. */
export interface WaitedFor {
  /** whether the body is passed on in pieces */
  inPieces: boolean;
  hasBegun: () => boolean;
  isReused: () => boolean;
  /** nothing came in time */
  onSilence: () => void;
  /** pieces came, and the time for the whole is over */
  onDeadline: () => void;
}

const nothing = (): void => undefined;

/** The waits of one request: for its connection, for the beginning of the response, and for each piece of it. */
export class Waits {
  private stopWaiting = nothing;
  private stopConnecting = nothing;
  /** ms that the server may still take in all, and since when it has been waited for */
  private left = LONGEST_CALL;
  private waitingSince = 0;

  constructor(
    private readonly options: WaitOptions,
    private readonly request: WaitedFor,
  ) {}

  forConnection(): void {
    this.stopConnecting();
    this.stopConnecting = systemClock.after(this.options.connectTimeout, this.request.onSilence);
  }

  connected(): void {
    this.stopConnecting();
  }

  /**
   * One timer: it first ends when a kept connection must have given a sign of life, and then goes on.
   */
  forBeginning(): void {
    const { options, request } = this;
    const { clock, timeout, silence = timeout } = options;
    const timer = request.inPieces ? clock : systemClock;
    this.waitingSince = clock.monotonic();
    if (silence >= timeout) {
      this.stopWaiting = timer.after(timeout, request.onSilence);
      return;
    }
    this.stopWaiting = timer.after(silence, () => {
      if (request.isReused() && !request.hasBegun()) {
        request.onSilence();
        return;
      }
      if (!request.hasBegun()) options.onUnserved?.();
      this.stopWaiting = timer.after(timeout - silence, request.onSilence);
    });
  }

  /**
   * A slow reader must not look like a slow server, so a streamed answer is timed from piece to piece. In all the server
   * may take as long as any call: one byte a second is no response.
   */
  forPiece(): void {
    this.stopWaiting();
    const { clock, timeout, budget } = this.options;
    this.waitingSince = clock.monotonic();
    const ms = Math.min(timeout, this.left, budget?.msLeft ?? Infinity);
    this.stopWaiting = clock.after(ms, ms < timeout ? this.request.onDeadline : this.request.onSilence);
  }

  /** A piece has come, and is being taken. */
  pieceCame(): void {
    this.left -= this.options.clock.monotonic() - this.waitingSince;
  }

  /** The consumer of the piece needs time. */
  pause(): void {
    this.stopWaiting();
  }

  end(): void {
    this.stopWaiting();
    this.stopConnecting();
  }
}
