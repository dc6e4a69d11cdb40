import type { IncomingMessage } from 'node:http';
import https from 'node:https';

import { fixture } from './fixture';

/** An answer, read to its end. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The body parsed as JSON. */
  json(): unknown;
}

/** What a request carries besides its path. */
export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  /** An access token in place of the harness's own; `null` sends none. */
  token?: string | null;
  /** An object is sent as JSON, a text as it is. */
  body?: unknown;
}

/** Sends a request and reads the answer, whatever its status. */
export async function send(url: string, options: RequestOptions = {}): Promise<Reply> {
  const { body } = options;
  const headers = { ...options.headers };
  if (typeof options.token === 'string') headers.authorization = `Bearer ${options.token}`;
  if (body !== undefined && typeof body !== 'string') headers['content-type'] ??= 'application/json';
  if (url.startsWith('https:')) return sendTls(url, options, headers);
  const init: RequestInit = { method: options.method ?? 'GET', headers, redirect: 'manual' };
  if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}

/** The same over TLS, of which `fetch` can be told no certificate: that of test/fixtures/tls. */
async function sendTls(
  url: string,
  { method = 'GET', body }: RequestOptions,
  headers: Record<string, string>,
): Promise<Reply> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = https.request(url, { method, headers, ca: fixture('tls/ca.pem') }, resolve);
    request.on('error', reject);
    request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  });
  const chunks = (await response.setEncoding('utf8').toArray()) as string[];
  const text = chunks.join('');
  const told = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    for (const one of [value].flat()) if (one !== undefined) told.append(name, one);
  }
  return {
    status: response.statusCode ?? 0,
    headers: told,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}
