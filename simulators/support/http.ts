import type { IncomingHttpHeaders } from 'node:http';

/** A request as a simulator sees it, and as the request log keeps it. */
export interface SimRequest {
  readonly method: string;
  /** Path without the query, as sent (not decoded). */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Arrival, epoch milliseconds. */
  readonly time: number;
}

/** What a simulator answers: `json`, or a raw `body`. Default status 200; the length is filled in. */
export interface SimReply {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  body?: string;
}

/** The device behind the server. What it throws becomes a status 500 with the error's text. */
export type SimHandler = (request: SimRequest) => SimReply | Promise<SimReply>;
