import http from 'node:http';

/** A response read to its end. */
export interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface RequestOptions {
  key?: string;
  method?: string;
  body?: string;
  contentType?: string;
  agent?: http.Agent;
  signal?: AbortSignal;
}

/**
 * One request with the meter's key. Rejects with the code of node:http when the connection breaks, also in the
 * middle of an answer, which fetch does not tell apart.
 */
export function request(url: string, options: RequestOptions = {}): Promise<Reply> {
  const { key = '1097bd725557', method = 'GET', body = '', contentType, agent, signal } = options;
  return new Promise((resolve, reject) => {
    const headers = { 'X-API-KEY': key, ...(contentType !== undefined && { 'Content-Type': contentType }) };
    const sent = http.request(url, { method, headers, ...(agent && { agent }), ...(signal && { signal }) });
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.end(body);
  });
}
