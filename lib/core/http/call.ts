import type { Budget } from '../budget';
import { type DeviceError, invalidInput } from '../errors';
import type { ProxyChoice } from './proxy';
import type { TlsOptions } from './transport';
import type { Query } from './url';

/** Makes the error that a user can act on of one that HTTP gives. It sees the vendor's words in `params.message`. */
export type Explain = (error: DeviceError) => DeviceError;

export interface HttpClientOptions {
  /** http(s) URL without a trailing slash, see `parseBaseUrl` */
  baseUrl: string;
  /** ms for the whole request; default 10 s */
  timeout?: number;
  /** ms until the connection stands; default 5 s */
  connectTimeout?: number;
  /** longest body accepted that is read as a whole, in bytes; default 1 MiB, 4 MiB at the most */
  maxBytes?: number;
  tls?: TlsOptions | undefined;
  /** the proxy for the base URL, asked for once; devices in the LAN are given none */
  proxy?: ProxyChoice | undefined;
  /**
   * Whether answers may deviate from HTTP, such as header lines that end in a line feed alone. `false`: it could be
   * allowed, and an error says so; `undefined`: there is no such setting.
   */
  insecureHTTPParser?: boolean | undefined;
  /**
   * Whether the server is known to serve several connections at once, as clouds do. Else a call that is not safe has the
   * server to itself: it waits for those in flight, kept connections that idle are closed, and later ones wait for it.
   */
  parallel?: boolean;
  /** every secret that a request of this client can hold, asked for when an error is made */
  secrets?: () => Iterable<string | undefined>;
  /** the vendor's own words in the parsed body of an error response */
  vendorMessage?: (body: unknown) => string | undefined;
  /** what an error means with this server, where it says more than HTTP does; any other comes back as it is */
  explain?: Explain;
}

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** below the base URL */
  path: string;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  /** sent as JSON */
  json?: unknown;
  /**
   * Whether sending this twice does no harm. Only then is it sent over a kept connection, repeated when such a
   * connection turns out to be dead, and retried as `retries` says.
   */
  safe: boolean;
  /** further tries after a network error, 429 or 5xx, with back-off; default 0; needs `safe` */
  retries?: number;
  /** ms, the longest `Retry-After` that is waited for before a further try; a longer one is thrown; default 10 s */
  longestWait?: number;
  timeout?: number;
  /** as in the client's options; for `stream` the longest body that is passed on, default 256 MiB */
  maxBytes?: number;
  /** what the call that this request is a part of may cost as a whole */
  budget?: Budget | undefined;
  signal?: AbortSignal | undefined;
  /** in place of the client's `explain`, for a call whose errors mean something else, such as a login */
  explain?: Explain;
  /** sent over got, whose price does not matter once in hours */
  isLogin?: boolean;
}

/** Refuses header values that would break a request apart, before Node does so with the value in its message. */
export function headerValue(value: string, what: string): string {
  if (!/^[\x20-\x7e]*$/.test(value)) {
    throw invalidInput(`The ${what} holds characters that cannot be sent.`, 'unsendable');
  }
  return value;
}
