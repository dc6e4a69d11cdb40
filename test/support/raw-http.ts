import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which a test writes bytes of its own, as no client library would. */
export class RawHttp {
  private readonly socket: Socket;
  private received = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.received += text));
    // A server may close while the test still writes.
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<RawHttp> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawHttp(socket);
  }

  /** Everything that came so far. */
  get text(): string {
    return this.received;
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits until what came matches, or the connection has ended. @returns everything that came */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received) && !this.socket.destroyed && !this.socket.readableEnded) {
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
    return this.received;
  }

  /** Waits until the other side has ended the connection. @returns everything that came */
  async untilClosed(): Promise<string> {
    if (!this.socket.destroyed) await once(this.socket, 'close');
    return this.received;
  }

  /** The status of the first answer, when it has come; 0: none came. */
  async status(): Promise<number> {
    const text = await this.until(
      /^HTTP\/1\.1 (?!100)\d{3}[\s\S]*\r\n\r\n|\r\n\r\nHTTP\/1\.1 \d{3}[\s\S]*\r\n\r\n/,
    );
    return Number(/HTTP\/1\.1 (?!100)(\d{3})/.exec(text)?.[1] ?? 0);
  }

  close(): void {
    this.socket.destroy();
  }
}
