import net, { type AddressInfo, type Socket } from 'node:net';

/** A connection that an instance has. */
export interface Held {
  from: number;
  to: number;
}

/** One instance's way to a server. It can be cut: connections stand, new ones are made, and nothing arrives. */
export class Link {
  port = 0;
  /** its connections so far, by time; those that stand have no end */
  readonly held: Held[] = [];
  /** bytes that the instance has sent and that were passed on */
  bytes = 0;
  private cut = false;
  private readonly server = net.createServer((socket) => this.take(socket));
  private readonly sockets = new Set<Socket>();

  constructor(private readonly target: () => number) {}

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Swallows everything of both directions from now on. */
  swallow(): void {
    this.cut = true;
  }

  /** Connections from before have lost a part of what was said, so they end. */
  heal(): void {
    this.cut = false;
    this.drop();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private take(socket: Socket): void {
    this.keep(socket);
    const held: Held = { from: Date.now(), to: Infinity };
    this.held.push(held);
    socket.on('close', () => (held.to = Date.now()));
    if (this.cut) {
      socket.resume();
      return;
    }
    const upstream = net.connect(this.target(), '127.0.0.1');
    this.keep(upstream);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      from.on('data', (data: Buffer) => {
        if (this.cut) return;
        if (from === socket) this.bytes += data.length;
        to.write(data);
      });
      from.on('close', () => {
        // Nobody hears of it while the network is cut.
        if (!this.cut) to.destroy();
      });
    }
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
  }
}
