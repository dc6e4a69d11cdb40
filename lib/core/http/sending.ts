import http, { type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';

import type { HttpHead } from './response';

/** The pair of agents that one request is sent with. */
export interface Agents {
  http: http.Agent;
  https: https.Agent;
}

/** Where a request goes. Read from its URL once, because a poll asks for the same each time, and thousands keep one. */
export interface Target {
  /** the URL */
  href: string;
  secure: boolean;
  /** to connect to */
  host: string;
  port: string;
  /** with the query */
  path: string;
  /** what the header names in place of `host` */
  named: string | undefined;
}

/** One request as it is to leave. */
export interface Outgoing {
  target: Target;
  method: string;
  /** beside those that every request has */
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  agents: Agents;
  /** take responses that deviate from HTTP */
  lenient: boolean;
}

/** Gets what becomes of a request. After `onEnd` or `onFailure`, what still comes means nothing. */
export interface Progress {
  /** the request of Node's own, for its socket and for a change of protocol */
  onRequest: (request: ClientRequest) => void;
  onHead: (head: HttpHead) => void;
  /** a piece of the body as it came */
  onData: (chunk: Buffer) => void;
  /** the response is complete */
  onEnd: () => void;
  /** @param error foreign, and nothing but its `code`, `name` and `cause` is read */
  onFailure: (error: unknown) => void;
}

/** A request under way. */
export interface Sending {
  readonly destroyed: boolean;
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** Sends a request. Follows no redirect, repeats nothing, keeps no time; throws nothing. */
export type Send = (outgoing: Outgoing, progress: Progress) => Sending;

/** What every request says. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  accept: 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'node-red-contrib-energy-devices',
};

/** Brackets belong to a URL, not to an address. */
export function addressOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/**
 * @param host to connect to in place of the URL's: an IPv6 with its zone
 */
export function targetOf(url: URL, host?: string): Target {
  return {
    href: url.href,
    secure: url.protocol === 'https:',
    host: host ?? addressOf(url),
    port: url.port,
    path: url.pathname + url.search,
    // Node would name the zone of an address in the header, which means something on this machine only.
    named: host === undefined ? undefined : url.host,
  };
}

/** What Node needs to make a request, and no more. */
export interface NodeRequest {
  target: Target;
  method: string | undefined;
  headers: OutgoingHttpHeaders;
  agent: http.RequestOptions['agent'];
  lenient: boolean;
}

/** Makes the request that an `Outgoing` stands for; it has not left yet. */
export function nodeRequest({ target, method, headers, agent, lenient }: NodeRequest): ClientRequest {
  const { secure, host, port, path, named } = target;
  if (named !== undefined) headers.host = named;
  return (secure ? https : http).request({
    host,
    port,
    path,
    method,
    headers,
    agent,
    ...(lenient ? { insecureHTTPParser: true } : {}),
  });
}
