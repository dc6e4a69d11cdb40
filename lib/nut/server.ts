import { createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

import { type Clock, systemClock } from '../core/clock';
import { DeviceError } from '../core/errors';
import { NutConnection } from './connection';
import type { NutHub } from './hub';
import { NutSession } from './session';

export interface NutAddress {
  /** IP address to listen at */
  host: string;
  port: number;
}

export type NutServerState =
  | { state: 'listening'; host: string; port: number }
  /** it cannot listen, and tries again by itself */
  | { state: 'failed'; error: DeviceError };

export interface NutServerOptions {
  hub: NutHub;
  /** what VER says */
  version: string;
  /** whether a client of this IP address may connect; default: any */
  admits?: (address: string) => boolean;
  /** certificate and key for clients that ask for TLS; default: none */
  tls?: () => SecureContext | undefined;
  /** whether no client may be dropped now, because a UPS is on battery */
  holds?: () => boolean;
  onState?: (state: NutServerState) => void;
  /** told when the number of connections changes */
  onConnections?: (count: number) => void;
  clock?: Clock;
  limits?: Partial<NutLimits>;
}

export interface NutLimits {
  /** connections in all */
  connections: number;
  /** connections of one host */
  perHost: number;
  /** ms without a line */
  idle: number;
  /** ms between tries to listen */
  retry: number;
}

const LIMITS: NutLimits = { connections: 32, perHost: 8, idle: 60_000, retry: 10_000 };

/** An IPv4 client of a socket for both kinds is known by its IPv4 address. */
const plainAddress = (socket: Socket): string => (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d)/, '');

/** What counts as one host: an IPv4 address, or an IPv6 network of one household, in which anybody has any number. */
function hostOf(address: string): string {
  if (!address.includes(':')) return address;
  const [front = '', back] = (address.split('%')[0] ?? '').split('::');
  const groups = front.split(':').filter((group) => group !== '');
  const after = (back ?? '').split(':').filter((group) => group !== '');
  const zeros = back === undefined ? 0 : Math.max(8 - groups.length - after.length, 0);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}

/**
 * Listens for clients. A client above a limit is refused; one that is connected is never dropped for a newer one, and
 * none at all while a UPS is on battery: clients then take a closed connection for the end.
 */
export class NutServer {
  private server: Server | undefined;
  private address: NutAddress | undefined;
  private stopRetry: () => void = () => undefined;
  private readonly connections = new Map<NutConnection, string>();
  private readonly clock: Clock;
  private readonly limits: NutLimits;

  constructor(private options: NutServerOptions) {
    this.clock = options.clock ?? systemClock;
    this.limits = { ...LIMITS, ...options.limits };
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /** Takes over what is asked of it from now on; connections stay as they are. */
  update(options: Pick<NutServerOptions, 'admits' | 'holds' | 'onState' | 'onConnections'>): void {
    this.options = { ...this.options, ...options };
  }

  /** Listens at this address, and no longer at the one before. Connections stay. */
  listen(address: NutAddress): void {
    const same = this.address?.host === address.host && this.address.port === address.port;
    if (same) return;
    this.stopListening();
    this.address = address;
    this.open(address);
  }

  /** Ends all connections and stops to listen. */
  close(): void {
    this.stopListening();
    this.address = undefined;
    for (const connection of this.connections.keys()) connection.close();
  }

  private stopListening(): void {
    this.stopRetry();
    this.server?.close();
    this.server = undefined;
  }

  private open({ host, port }: NutAddress): void {
    const server = createServer((socket) => this.accept(socket));
    this.server = server;
    server.on('error', (thrown: NodeJS.ErrnoException) => {
      if (this.server !== server) return;
      server.close();
      const error = new DeviceError('UNREACHABLE', `Cannot listen at ${host}, port ${port}.`, {
        reason: thrown.code === 'EADDRINUSE' ? 'nutPortTaken' : 'nutCannotListen',
        params: { host, port, code: thrown.code ?? '?' },
      });
      this.stopRetry = this.clock.after(this.limits.retry, () => this.open({ host, port }));
      this.options.onState?.({ state: 'failed', error });
    });
    server.listen({ host, port, exclusive: true }, () => {
      const bound = server.address();
      const at = typeof bound === 'object' && bound ? bound.port : port;
      this.options.onState?.({ state: 'listening', host, port: at });
    });
  }

  private accept(socket: Socket): void {
    const address = plainAddress(socket);
    const host = hostOf(address);
    const sameHost = [...this.connections.values()].filter((one) => one === host).length;
    const isFull = this.connections.size >= this.limits.connections || sameHost >= this.limits.perHost;
    if (isFull || address === '' || this.options.admits?.(address) === false) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const { hub, version, tls } = this.options;
    const session = new NutSession(hub, address, version, tls);
    const connection: NutConnection = new NutConnection(
      socket,
      session,
      { clock: this.clock, idleAfter: this.limits.idle, holds: () => this.options.holds?.() ?? false },
      () => {
        this.connections.delete(connection);
        this.options.onConnections?.(this.connections.size);
      },
    );
    this.connections.set(connection, host);
    this.options.onConnections?.(this.connections.size);
  }
}
