import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

import type { Clock } from '../core/clock';
import { MAX_LINE } from './line';
import type { NutSession } from './session';

/** Lines that are answered before other connections have their turn. */
const LINES_A_TURN = 50;
/** Bytes of requests that wait to be answered; the client is read again when they have been. */
const MAX_WAITING = 16 * 1024;

/** ms of silence after which the system asks whether the client's host is still there. */
const KEEP_ALIVE = 15_000;

export interface ConnectionOptions {
  clock: Clock;
  /** ms without a line after which a client is dropped */
  idleAfter: number;
  /** whether no client may be dropped now: some take a closed connection for the end of their UPS */
  holds: () => boolean;
}

/**
 * One client's socket: cuts what arrives into lines, hands them to the session, and writes the replies.
 *
 * A client that does not read its replies is not read either, so it costs a bounded buffer, whatever it sends.
 */
export class NutConnection {
  private waiting = '';
  /** a line that is too long is skipped up to its end */
  private isSkipping = false;
  private isBusy = false;
  private lastLine: number;
  private stopIdle: () => void = () => undefined;

  constructor(
    private socket: Socket,
    private readonly session: NutSession,
    private readonly options: ConnectionOptions,
    private readonly closed: () => void,
  ) {
    this.lastLine = options.clock.monotonic();
    socket.setNoDelay(true);
    // A host without power says no farewell.
    socket.setKeepAlive(true, KEEP_ALIVE);
    // A connection that breaks closes as well, and its reason is nobody's.
    socket.on('error', () => undefined);
    this.listen(socket);
    this.watchIdle();
  }

  private listen(socket: Socket): void {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.take(chunk));
    socket.on('drain', () => this.answer());
    socket.on('close', () => {
      this.stopIdle();
      this.session.end();
      this.closed();
    });
  }

  /** Goes on over TLS on the same connection; a client that cannot do that loses it. */
  private secure(context: SecureContext): void {
    const plain = this.socket;
    // A client waits for the answer: what stands behind its request may have been put there by anybody.
    if (this.waiting !== '') {
      plain.destroy();
      return;
    }
    for (const event of ['data', 'drain', 'close']) plain.removeAllListeners(event);
    this.socket = new TLSSocket(plain, { isServer: true, secureContext: context });
    this.socket.on('error', () => undefined);
    this.listen(this.socket);
  }

  close(): void {
    this.socket.destroy();
  }

  private watchIdle(): void {
    const { clock, idleAfter, holds } = this.options;
    const left = idleAfter - (clock.monotonic() - this.lastLine);
    this.stopIdle = clock.after(Math.max(left, 1000), () => {
      if (clock.monotonic() - this.lastLine >= idleAfter && !holds()) this.socket.destroy();
      else this.watchIdle();
    });
  }

  private take(chunk: string): void {
    this.waiting += chunk;
    if (this.waiting.length > MAX_WAITING) this.socket.pause();
    this.answer();
  }

  /** The next whole line; `null`: one that is too long. */
  private nextLine(): string | null | undefined {
    const end = this.waiting.indexOf('\n');
    if (end === -1) {
      if (this.waiting.length <= MAX_LINE) return undefined;
      this.waiting = '';
      if (this.isSkipping) return undefined;
      this.isSkipping = true;
      return null;
    }
    const line = this.waiting.slice(0, end);
    this.waiting = this.waiting.slice(end + 1);
    if (this.isSkipping) {
      this.isSkipping = false;
      return this.nextLine();
    }
    return end > MAX_LINE ? null : line.replace(/\r$/, '');
  }

  private answer(): void {
    if (this.isBusy) return;
    this.isBusy = true;
    let left = LINES_A_TURN;
    while (left-- > 0 && !this.socket.destroyed) {
      if (this.socket.writableNeedDrain) {
        this.rest(false);
        return;
      }
      const line = this.nextLine();
      if (line === undefined) {
        this.rest(false);
        return;
      }
      this.lastLine = this.options.clock.monotonic();
      const reply = line === null ? { text: 'ERR INVALID-ARGUMENT\n' } : this.session.respond(line);
      if (reply?.ends) {
        this.socket.end(reply.text, 'latin1');
        this.rest(false);
        return;
      }
      if (reply) this.socket.write(reply.text, 'latin1');
      if (reply?.secures) this.secure(reply.secures);
    }
    this.rest(true);
  }

  private rest(isMore: boolean): void {
    this.isBusy = false;
    if (this.socket.destroyed) return;
    if (isMore) setImmediate(() => this.answer());
    else if (!this.socket.writableNeedDrain && this.waiting.length <= MAX_WAITING) this.socket.resume();
  }
}
