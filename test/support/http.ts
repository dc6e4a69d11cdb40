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
