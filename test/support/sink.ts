import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { Feed } from './feed';

/** A server that answers nothing of use, and keeps what it was sent: only who is asked counts here. */
export class Sink {
  readonly heard = new Feed<string>();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Sink> {
    const server = createServer();
    const sink = new Sink(server);
    server.on('connection', (socket) => sink.take(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const text = data.toString('latin1');
      this.heard.push(text);
      if (/^[A-Z]+ \//.test(text)) socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
    });
  }
}
