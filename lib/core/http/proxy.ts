import type http from 'node:http';
import type https from 'node:https';
import type { Duplex } from 'node:stream';

import { invalidInput } from '../errors';

/** A proxy that connections go through (CONNECT). */
export interface Proxy {
  /** http(s), with user name and password where it wants them */
  readonly url: URL;
}

/** The proxy for a base URL; `undefined`: none. @throws DeviceError INVALID_INPUT */
export type ProxyChoice = (baseUrl: string) => Proxy | undefined;

/** Where the proxy's address comes from: variables as in `process.env`. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>;

/** As Node-RED's setting `proxyOptions`. */
export interface ProxyOptions {
  /** `legacy`: `http_proxy` for everything, and `no_proxy` as parts of the address */
  mode?: 'strict' | 'legacy';
  lowerCaseOnly?: boolean;
  favourUpperCase?: boolean;
  /** take no notice of npm's own variables */
  excludeNpm?: boolean;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * The proxy for an address, chosen as Node-RED's `http request` does: by `http_proxy`, `https_proxy`, `all_proxy` and
 * `no_proxy`, in lower or upper case, and npm's own of these names.
 *
 * @param address the target's base URL
 * @param login in place of the one in the proxy's address
 * @throws DeviceError INVALID_INPUT for an unusable address of the proxy
 */
export function proxyFor(
  address: string,
  variables: ProxyVariables,
  options: ProxyOptions = {},
  login?: { username?: string | undefined; password?: string | undefined },
): Proxy | undefined {
  const found =
    options.mode === 'legacy' ? legacyProxy(address, variables) : strictProxy(address, variables, options);
  if (found === '') return undefined;
  const refused = (): Error =>
    invalidInput('The address of the proxy is no http(s) URL with a host.', 'proxyInvalid');
  let url: URL;
  try {
    url = new URL(found);
  } catch {
    throw refused();
  }
  if (!/^https?:$/.test(url.protocol) || url.hostname === '') throw refused();
  try {
    decodeURIComponent(`${url.username}${url.password}`);
  } catch {
    throw refused();
  }
  if (login?.username || login?.password) {
    url.username = encodeURIComponent(login.username ?? '');
    url.password = encodeURIComponent(login.password ?? '');
  }
  return { url };
}

function strictProxy(address: string, variables: ProxyVariables, options: ProxyOptions): string {
  const value = (name: string): string => {
    if (options.excludeNpm && name.startsWith('npm_config_')) return '';
    const lower = variables[name] ?? '';
    const upper = variables[name.toUpperCase()] ?? '';
    if (options.lowerCaseOnly) return lower;
    return options.favourUpperCase ? upper || lower : lower || upper;
  };
  const url = new URL(address);
  const protocol = url.protocol.slice(0, -1);
  const port = Number(url.port) || (DEFAULT_PORTS[protocol] ?? 0);
  if (isSpared(url.hostname, port, value('npm_config_no_proxy') || value('no_proxy'))) return '';
  const proxy =
    value(`npm_config_${protocol}_proxy`) ||
    value(`${protocol}_proxy`) ||
    value('npm_config_proxy') ||
    value('all_proxy');
  return proxy === '' || proxy.includes('://') ? proxy : `${protocol}://${proxy}`;
}

/** @param list hosts with or without a port, those that begin with a dot or `*` for all that end so; `*` for all */
function isSpared(host: string, port: number, list: string): boolean {
  if (list === '*') return true;
  return list
    .toLowerCase()
    .split(/[,\s]/)
    .some((entry) => {
      const withPort = /^(.+):(\d{1,5})$/.exec(entry.slice(0, 300));
      const name = withPort?.[1] ?? entry;
      if (name === '' || (withPort && Number(withPort[2]) !== port)) return false;
      if (name.startsWith('*')) return host.endsWith(name.slice(1));
      return name.startsWith('.') ? host.endsWith(name) : host === name;
    });
}

function legacyProxy(address: string, variables: ProxyVariables): string {
  const value = (name: string): string =>
    [variables[name.toUpperCase()], variables[name]].find((given) => given !== undefined && given !== '') ??
    '';
  const spared = value('no_proxy')
    .split(',')
    .map((entry) => entry.trim());
  if (spared.some((entry) => entry !== '' && address.includes(entry))) return '';
  const proxy = value('http_proxy');
  return proxy === '' || proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** A proxy made no connection. Nothing has left for the target. */
export class ProxyFailure extends Error {
  /** @param status what the proxy answered; `undefined`: it could not be reached */
  constructor(
    readonly status: number | undefined,
    readonly code: string,
  ) {
    super('The proxy made no connection.');
  }
}

type Connected = (error: Error | null, socket: Duplex) => void;

/** ms that a proxy may take to answer */
const PATIENCE = 10_000;

function failureOf(error: Error): ProxyFailure {
  const status = /^Bad response: (\d{3})$/.exec(error.message.slice(0, 64))?.[1];
  const code: unknown = Reflect.get(error, 'code');
  return new ProxyFailure(
    status === undefined ? undefined : Number(status),
    typeof code === 'string' ? code : '',
  );
}

/** Errors that tell the proxy from the target. */
function told(callback: Connected | undefined): Connected {
  return (error, socket) => callback?.(error && failureOf(error), socket);
}

/** Makes agents that reach their targets through a proxy. */
export interface ProxyAgents {
  http: (proxy: Proxy, options: http.AgentOptions) => http.Agent;
  https: (proxy: Proxy, options: https.AgentOptions) => https.Agent;
}

/** `hpagent`, loaded where there is a proxy. */
export async function loadProxyAgents(): Promise<ProxyAgents> {
  const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
  class Plain extends HttpProxyAgent {
    override createConnection(options: http.ClientRequestArgs, callback?: Connected): undefined {
      super.createConnection({ ...options, timeout: PATIENCE }, told(callback));
    }
  }
  class Secure extends HttpsProxyAgent {
    override createConnection(options: https.RequestOptions, callback?: Connected): undefined {
      super.createConnection({ ...options, timeout: PATIENCE }, told(callback));
    }
  }
  return {
    http: ({ url }, options) => new Plain({ ...options, proxy: url }),
    https: ({ url }, options) => new Secure({ ...options, proxy: url }),
  };
}
