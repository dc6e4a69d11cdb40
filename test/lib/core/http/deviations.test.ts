import assert from 'node:assert/strict';

import type { HttpCall, HttpClientOptions } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { Transport } from '../../../../lib/core/http/transport';
import { failsWith } from '../../../support/expect-error';
import { type RawRequest, type RawServer, startRaw } from '../../../support/raw-server';

const GET: HttpCall = { method: 'GET', path: 'value', safe: true };
const COMMAND: HttpCall = { method: 'POST', path: 'command', safe: false, json: { on: true } };

describe('answers that deviate from HTTP', () => {
  let transport: Transport;
  let server: RawServer;
  let response: (request: RawRequest) => void;
  const client = (options: Partial<HttpClientOptions> = {}): HttpClient =>
    new HttpClient(transport, { baseUrl: server.url, ...options });

  beforeEach(async () => {
    transport = new Transport();
    server = await startRaw((request) => response(request));
  });
  afterEach(async () => {
    transport.close();
    await server.close();
  });

  const deviations: [string, string][] = [
    ['lines that end in a line feed', 'HTTP/1.1 200 OK\nContent-Length: 2\n\n{}'],
    ['one such line', 'HTTP/1.1 200 OK\r\nX: y\nContent-Length: 2\r\n\r\n{}'],
    ['a blank before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}'],
    ['a control character', 'HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 2\r\n\r\n{}'],
    [
      'both lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    [
      'both lengths, in their other order',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
  ];
  for (const [name, text] of deviations) {
    it(`are read where that is allowed: ${name}`, async () => {
      response = ({ socket }) => socket.write(Buffer.from(text, 'latin1'));
      for (const call of [GET, COMMAND]) {
        assert.deepEqual(await client({ insecureHTTPParser: true }).json(call), {});
        const off = await failsWith(client({ insecureHTTPParser: false }).json(call), 'BAD_RESPONSE');
        assert.equal(off.reason, 'lenientHttp');
        assert.match(off.message, /insecureHTTPParser/);
        const none = await failsWith(client().json(call), 'BAD_RESPONSE');
        assert.equal(none.reason, 'notHttp', 'no advice to set what cannot be set');
      }
    });
  }

  it('get no such advice where it would not help', async () => {
    response = ({ socket }) => socket.write('SSH-2.0-OpenSSH\r\n\r\n');
    const error = await failsWith(client({ insecureHTTPParser: false }).json(GET), 'BAD_RESPONSE');
    assert.equal(error.reason, 'notHttp');
  });
});
