import http from 'node:http';
import https from 'node:https';

import type { Got, RequestFunction } from 'got';

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

/** The pair of agents that one request is sent with. */
export interface Agents {
  http: http.Agent;
  https: https.Agent;
}

/**
 * Hands Node what it needs and no more: the rest of got's options costs a request a quarter of its CPU time.
 *
 * @param host to connect to in place of the URL's: an IPv6 with its zone
 */
export function requestTo(host?: string): RequestFunction {
  return (url, { method, headers, agent }) =>
    (url.protocol === 'https:' ? https : http).request({
      // Brackets belong to a URL, not to an address.
      host: host ?? url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port,
      path: url.pathname + url.search,
      method,
      // Node would name the zone in the header, which means something on this machine only.
      headers: (host === undefined
        ? headers
        : Object.assign({}, headers, { host: url.host })) as http.OutgoingHttpHeaders,
      agent,
    });
}

/**
 * The connections of one runtime: one keep-alive agent pair for all devices (Node's agents pool by origin), one
 * agent more for each distinct TLS setting, and got, loaded on first use so that an installed but unused package
 * costs nothing.
 */
export class Transport {
  private readonly shared: Agents = {
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true }),
  };
  private readonly byTls = new Map<TlsOptions, https.Agent>();
  private loading: Promise<Got> | undefined;

  /** got, as an ES module: a static `require` breaks when Node-RED 5 loads node files side by side. */
  got(): Promise<Got> {
    this.loading ??= import('got').then(({ default: got }) => {
      // What every request has in common is merged and checked once, here.
      const instance = got.extend({
        request: requestTo(),
        retry: { limit: 0 },
        followRedirect: false,
        throwHttpErrors: false,
        decompress: false,
        agent: this.shared,
        mutableDefaults: true,
        headers: { accept: 'application/json', 'user-agent': 'node-red-contrib-energy-devices' },
      });
      // Four options of a cache that nobody uses are spread into each request's; without them that step takes 4 µs in
      // place of 40 on Node 20.
      instance.defaults.options.cacheOptions = {};
      return instance;
    });
    return this.loading;
  }

  /** Agents with kept-alive connections; the same `tls` object shares one pool. */
  keepAlive(tls?: TlsOptions): Agents {
    if (!tls) return this.shared;
    let agent = this.byTls.get(tls);
    if (!agent) {
      agent = new https.Agent({ ...tls, keepAlive: true });
      this.byTls.set(tls, agent);
    }
    return { http: this.shared.http, https: agent };
  }

  /**
   * Agents that open a connection for one request only. For commands: on a kept connection that the other side is
   * just closing, nobody could say whether a command got through.
   */
  fresh(tls?: TlsOptions): Agents {
    return { http: new http.Agent(), https: new https.Agent({ ...tls }) };
  }

  /** Ends the pool of one TLS setting, when its owner closes. */
  release(tls: TlsOptions | undefined): void {
    if (!tls) return;
    this.byTls.get(tls)?.destroy();
    this.byTls.delete(tls);
  }

  /** Closes every idle connection. Requests in flight belong to their callers, who cancel them. */
  close(): void {
    this.shared.http.destroy();
    this.shared.https.destroy();
    for (const agent of this.byTls.values()) agent.destroy();
    this.byTls.clear();
  }
}
