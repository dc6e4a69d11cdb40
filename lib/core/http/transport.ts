import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

import { Origin } from './origin';
import { loadProxyAgents, type Proxy, type ProxyAgents } from './proxy';
import { sendBare } from './send-bare';
import { loadGot } from './send-got';
import { addressOf, type Agents, type Send } from './sending';
import { endWhenUnasked } from './unasked';

/** TLS settings as Node names them (`ca`, `cert`, `key`, `rejectUnauthorized`, `servername`, …). */
export type TlsOptions = Pick<
  https.AgentOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'pfx'
  | 'rejectUnauthorized'
  | 'servername'
  | 'ALPNProtocols'
  | 'checkServerIdentity'
  | 'crl'
>;

/** How a client's connections are made. Kept ones are shared by those with the same `tls` (else `proxy`) object. */
export interface Route {
  readonly tls?: TlsOptions | undefined;
  readonly proxy?: Proxy | undefined;
  /** take answers that deviate from HTTP, such as header lines that end in a line feed alone */
  readonly insecureHTTPParser?: boolean | undefined;
}

/** The key of the agents that parse leniently and have no other settings. */
const LENIENT = {};

/** Resolves when a connection that ends has ended, or after a second. */
export function connectionClosed(socket: Socket): Promise<void> {
  if (socket.destroyed && socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * The connections of one runtime: one keep-alive agent pair for all devices (Node's agents pool by origin), one pair
 * more for each distinct setting of TLS, proxy and parser, and got, loaded with the first login so that who needs none pays
 * nothing.
 */
export class Transport {
  private readonly shared = kept({
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true }),
  });
  private readonly special = new Map<object, Agents>();
  private readonly origins = new Map<string, Origin>();
  private proxies: ProxyAgents | undefined;
  private loading: Promise<Send> | undefined;

  /**
   * @param host the transport of those who use the same devices all the time; this one is for a short visit
   * @param sender sends everything; for tests
   */
  constructor(
    private readonly host?: Transport,
    private readonly sender?: Send,
  ) {}

  /** Sends what is read or switched all the time. */
  get send(): Send {
    return this.sender ?? sendBare;
  }

  /** Sends logins. */
  loginSend(): Promise<Send> {
    if (this.sender) return Promise.resolve(this.sender);
    this.loading ??= loadGot();
    return this.loading;
  }

  /** Whether kept connections of others may be in the way of every request of this one. */
  get isGuest(): boolean {
    return this.host !== undefined;
  }

  /** Loads what a route needs before its agents can be made. */
  async prepare({ proxy }: Route): Promise<void> {
    if (proxy) this.proxies ??= await loadProxyAgents();
  }

  /**
   * What is known of a server, for all who talk with it.
   *
   * @param host to connect to in place of the URL's: an IPv6 with its zone
   */
  origin(baseUrl: string, host?: string): Origin {
    if (this.host) return this.host.origin(baseUrl, host);
    const url = new URL(baseUrl);
    const port = url.port || (url.protocol === 'https:' ? 443 : 80);
    const place = `${host ?? addressOf(url)}:${port}:`;
    let origin = this.origins.get(place);
    if (!origin) {
      origin = new Origin(() => this.closeIdle(place));
      this.origins.set(place, origin);
    }
    return origin;
  }

  /** Agents with kept-alive connections. A route with a proxy has to be prepared. */
  keepAlive(route: Route): Agents {
    const key = route.tls ?? route.proxy ?? (route.insecureHTTPParser ? LENIENT : undefined);
    if (!key) return this.shared;
    let agents = this.special.get(key);
    if (!agents) {
      agents = kept(this.make(route, true));
      this.special.set(key, agents);
    }
    return agents;
  }

  /**
   * Agents that open a connection for one request only. For commands: on a kept connection that the other side is
   * just closing, nobody could say whether a command got through.
   */
  fresh(route: Route): Agents {
    return this.make(route, false);
  }

  /** Ends the kept connections made with these settings, when their owner closes. */
  release(settings: TlsOptions | Proxy | undefined): void {
    if (!settings) return;
    destroy(this.special.get(settings));
    this.special.delete(settings);
  }

  /** Closes every idle connection. Requests in flight belong to their callers, who cancel them. */
  close(): void {
    destroy(this.shared);
    for (const agents of this.special.values()) destroy(agents);
    this.special.clear();
    this.origins.clear();
  }

  private make({ tls, proxy }: Route, keepAlive: boolean): Agents {
    const plain = { keepAlive };
    const secure = { ...tls, keepAlive };
    if (proxy && !this.proxies) throw new Error('a route with a proxy was not prepared');
    return proxy && this.proxies
      ? { http: this.proxies.http(proxy, plain), https: this.proxies.https(proxy, secure) }
      : { http: new http.Agent(plain), https: new https.Agent(secure) };
  }

  /** @param place host and port, as Node's agents begin the names of their pools */
  private async closeIdle(place: string): Promise<boolean> {
    const closed: Promise<void>[] = [];
    for (const pair of [this.shared, ...this.special.values()]) {
      for (const { freeSockets } of [pair.http, pair.https]) {
        for (const [name, sockets] of Object.entries(freeSockets)) {
          if (!name.startsWith(place)) continue;
          for (const socket of sockets ?? []) {
            closed.push(connectionClosed(socket));
            socket.destroy();
          }
        }
      }
    }
    await Promise.all(closed);
    return closed.length > 0;
  }
}

function kept({ http, https }: Agents): Agents {
  return { http: endWhenUnasked(http), https: endWhenUnasked(https) };
}

function destroy(agents: Agents | undefined): void {
  agents?.http.destroy();
  agents?.https.destroy();
}
