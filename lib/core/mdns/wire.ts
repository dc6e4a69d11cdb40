import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

import { DeviceError } from '../errors';
import type { Link } from './link';

/** What carries multicast DNS, injected so that tests need no network. */
export interface Wire {
  /**
   * Begins to listen.
   *
   * @param onPacket hears of each packet, its source with the zone of a link-local address, and the port it came from
   * @throws DeviceError UNREACHABLE `mdnsUnavailable` when nothing can be heard
   */
  open(onPacket: (bytes: Uint8Array, source: string, port: number) => void): Promise<void>;
  /** Sends to everybody in the networks of this machine, as far as it can be sent. */
  send(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export const MDNS_PORT = 5353;
const GROUP4 = '224.0.0.251';
const GROUP6 = 'ff02::fb';
/** RFC 6762: packets that have come through a router have less. */
const HOPS = 255;

/** One socket a family, both bound only between `open` and `close`, beside those of others on this machine. */
export class SocketWire implements Wire {
  private readonly sockets: { socket: Socket; family: 4 | 6 }[] = [];

  constructor(private readonly link: Link) {}

  async open(onPacket: (bytes: Uint8Array, source: string, port: number) => void): Promise<void> {
    let failure: unknown;
    for (const family of [4, 6] as const) {
      try {
        await this.openOne(family, onPacket);
      } catch (thrown) {
        failure ??= thrown;
      }
    }
    if (this.sockets.length > 0) return;
    const code = (failure as NodeJS.ErrnoException | undefined)?.code ?? 'ENODEV';
    throw new DeviceError('UNREACHABLE', `Nothing can be heard in the local network (${code}).`, {
      reason: 'mdnsUnavailable',
      params: { code },
      sent: false,
    });
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (const { socket, family } of this.sockets) {
      for (const one of this.link.interfaces) {
        const through = family === 4 ? one.address4 : one.hasAddress6 ? `::%${one.zone}` : undefined;
        if (through === undefined) continue;
        try {
          socket.setMulticastInterface(through);
        } catch {
          // It went away meanwhile.
          continue;
        }
        // The socket is told the interface anew for each packet, so one has to be gone before the next.
        await new Promise<void>((resolve) => {
          socket.send(bytes, MDNS_PORT, family === 4 ? GROUP4 : GROUP6, () => resolve());
        });
      }
    }
  }

  async close(): Promise<void> {
    const open = this.sockets.splice(0);
    await Promise.all(
      open.map(({ socket }) => new Promise<void>((resolve) => void socket.close(() => resolve()))),
    );
  }

  private async openOne(family: 4 | 6, onPacket: Parameters<Wire['open']>[0]): Promise<void> {
    const through = this.link.interfaces.filter((one) => (family === 4 ? one.address4 : one.hasAddress6));
    if (through.length === 0) return;
    let socket: Socket;
    try {
      socket = await bound(family, MDNS_PORT);
    } catch {
      // Somebody has the port alone. What asks from another one is answered directly, see RFC 6762, 6.7.
      socket = await bound(family, 0);
    }
    this.sockets.push({ socket, family });
    socket.setMulticastTTL(HOPS);
    socket.on('message', (bytes: Buffer, { address, port }: RemoteInfo) => onPacket(bytes, address, port));
    // One that is late, such as of an interface that has gone: what can still be heard is.
    socket.on('error', () => undefined);
    for (const { address4, zone } of through) {
      try {
        if (family === 4) socket.addMembership(GROUP4, address4);
        else socket.addMembership(GROUP6, `::%${zone}`);
      } catch {
        // One interface less.
      }
    }
  }
}

function bound(family: 4 | 6, port: number): Promise<Socket> {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    reuseAddr: true,
    ipv6Only: family === 6,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
