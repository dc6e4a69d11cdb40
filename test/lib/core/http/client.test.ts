import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { DeviceError, type ErrorCode } from '../../../../lib/core/errors';
import type { HttpCall, HttpClientOptions } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { Transport } from '../../../../lib/core/http/transport';
import { projectRoot } from '../../../../scripts/support/project-root';
import {
  type SimReply,
  type SimRequest,
  type SimServer,
  startHttp,
} from '../../../../simulators/support/server';
import { failsWith } from '../../../support/expect-error';
import type { FakeClock } from '../../../support/fake-clock';

const GET: HttpCall = { method: 'GET', path: 'value', safe: true };
const COMMAND: HttpCall = { method: 'POST', path: 'command', safe: false, json: { on: true } };

describe('HttpClient', () => {
  let server: SimServer;
  let transport: Transport;
  let reply: (request: SimRequest) => SimReply | Promise<SimReply>;

  const client = (options: Partial<HttpClientOptions> = {}, clock?: FakeClock): HttpClient =>
    new HttpClient(transport, { baseUrl: server.url, ...options }, clock);

  beforeEach(async () => {
    reply = () => ({ json: { fine: true } });
    server = await startHttp((request) => reply(request));
    transport = new Transport();
  });

  afterEach(async () => {
    transport.close();
    await server.close();
  });

  it('sends method, path, query, headers and JSON', async () => {
    reply = ({ method, path, query, headers, body }) => ({
      json: { method, path, query: [...query], type: headers['content-type'], x: headers['x-a'], body },
    });
    const response = await client({ baseUrl: `${server.url}/api` }).json({
      method: 'PUT',
      path: '/v1/x',
      query: { 'date[start]': '2026', none: undefined },
      headers: { 'x-a': '1' },
      json: { a: 'ä' },
      safe: false,
    });
    assert.deepEqual(response, {
      method: 'PUT',
      path: '/api/v1/x',
      query: [['date[start]', '2026']],
      type: 'application/json',
      x: '1',
      body: '{"a":"ä"}',
    });
  });

  it('keeps one connection for safe calls and opens one for each command', async () => {
    for (let i = 0; i < 5; i++) await client().json(GET);
    assert.equal(server.counters.connections, 1);
    for (let i = 0; i < 3; i++) await client().json(COMMAND);
    assert.equal(server.counters.connections, 4);
    assert.equal(server.counters.requests, 8);
  });

  it('explains errors by the call, else by the client, and without their secrets', async () => {
    reply = () => ({ status: 404, json: {} });
    const named =
      (name: string) =>
      ({ code, status }: DeviceError): DeviceError =>
        new DeviceError(code, `${name} of a-secret-key`, { reason: name, ...(status ? { status } : {}) });
    const explaining = client({ explain: named('client'), secrets: () => ['a-secret-key'] });
    const byClient = await failsWith(explaining.json(GET), 'NOT_FOUND');
    const byCall = await failsWith(explaining.json({ ...GET, explain: named('call') }), 'NOT_FOUND');
    assert.deepEqual([byClient.reason, byCall.reason, byCall.status], ['client', 'call', 404]);
    for (const { message } of [byClient, byCall]) assert(!message.includes('a-secret-key'));
  });

  const statuses: [number, ErrorCode][] = [
    [301, 'BAD_RESPONSE'],
    [302, 'BAD_RESPONSE'],
    [400, 'REJECTED'],
    [401, 'AUTH_FAILED'],
    [403, 'FORBIDDEN'],
    [404, 'NOT_FOUND'],
    [408, 'TIMEOUT'],
    [409, 'CONFLICT'],
    [422, 'REJECTED'],
    [429, 'RATE_LIMITED'],
    [499, 'TIMEOUT'],
    [500, 'BAD_RESPONSE'],
    [502, 'UNREACHABLE'],
    [503, 'UNREACHABLE'],
  ];
  for (const [status, code] of statuses) {
    it(`turns ${status} into ${code}, after one request`, async () => {
      const other = await startHttp(() => ({ json: {} }));
      reply = () => ({ status, body: '<html>', headers: { location: other.url, 'retry-after': '7' } });
      const error = await failsWith(client().json(GET), code);
      assert.equal(error.status, status);
      assert.equal(error.retryAfter, 7);
      assert.equal(error.sent, true);
      assert.equal(server.counters.requests, 1);
      assert.equal(other.counters.requests, 0);
      await other.close();
    });
  }

  it('repeats the words of the vendor, cleaned and without secrets', async () => {
    reply = () => ({ status: 400, json: { message: 'bad key tops/cret\n\u0007 tops%2Fcret' } });
    const error = await failsWith(
      client({
        secrets: () => ['tops/cret'],
        vendorMessage: (body) => (body as { message: string }).message,
      }).json(GET),
      'REJECTED',
    );
    assert.match(error.message, /bad key \[redacted\] \[redacted\]$/);
  });

  it('never carries a request or a secret in an error', async () => {
    const secret = 'ver-y-secret-token';
    const call: HttpCall = {
      ...GET,
      headers: { authorization: `Bearer ${secret}` },
      query: { apiKey: secret },
    };
    server.faults.add({ kind: 'reset', times: 1 });
    server.faults.add({ kind: 'status', status: 401, body: secret, times: 1 });
    server.faults.add({ kind: 'body', body: `{ "${secret}`, times: 1 });
    for (const code of ['UNREACHABLE', 'AUTH_FAILED', 'BAD_RESPONSE'] as const) {
      const error = await failsWith(client().json(call), code);
      for (const text of [inspect(error, { depth: 10 }), JSON.stringify(error), String(error.stack)]) {
        assert.ok(!text.includes(secret), text);
      }
    }
  });

  it('says for sure that nothing was sent when nobody listens', async () => {
    await server.close();
    const error = await failsWith(client().json(COMMAND), 'UNREACHABLE');
    assert.equal(error.sent, false);
    assert.equal(error.reason, 'refusedConnection');
  });

  it('says for sure that nothing was sent when there is no such host', async () => {
    const error = await failsWith(client({ baseUrl: 'http://nowhere.invalid' }).json(GET), 'UNREACHABLE');
    assert.equal(error.sent, false);
    assert.equal(error.reason, 'noSuchHost');
  });

  it('says for sure that nothing was sent when TLS never comes about', async () => {
    // Accepts the connection and then keeps silent, so that the handshake cannot end.
    const silent = net.createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const error = await failsWith(
      client({ baseUrl: `https://127.0.0.1:${port}`, timeout: 80 }).json(COMMAND),
      'UNREACHABLE',
    );
    assert.equal(error.sent, false);
    await new Promise((resolve) => silent.close(resolve));
  });

  for (const kind of ['reset', 'resetAfter', 'truncate'] as const) {
    it(`says that a command may have got through after ${kind}, and does not repeat it`, async () => {
      server.faults.add({ kind });
      const error = await failsWith(client().json(COMMAND), 'UNREACHABLE');
      assert.equal(error.sent, true);
      assert.equal(server.counters.requests, 1);
    });
  }

  it('gives up after the timeout, and says that the request was sent', async () => {
    server.faults.add({ kind: 'hang' });
    const error = await failsWith(client({ timeout: 40 }).json(COMMAND), 'TIMEOUT');
    assert.equal(error.sent, true);
    assert.deepEqual(error.params, { seconds: 0.04 });
  });

  it('gives up a reading when its signal aborts', async () => {
    server.faults.add({ kind: 'hang' });
    const abort = new AbortController();
    const outcome = failsWith(client().json({ ...GET, signal: abort.signal }), 'CANCELLED');
    await server.nextRequest();
    abort.abort();
    await outcome;
    await failsWith(client().json({ ...GET, signal: abort.signal }), 'CANCELLED');
    assert.equal(server.counters.requests, 1);
  });

  const bodies: [string, string, string][] = [
    ['empty', '', 'emptyResponse'],
    ['HTML', '<html><body>Login</body></html>', 'notJson'],
    ['half', '{"a":', 'notJson'],
  ];
  for (const [name, body, reason] of bodies) {
    it(`calls an ${name} body a bad response without quoting it`, async () => {
      server.faults.add({ kind: 'body', body });
      const error = await failsWith(client().json(GET), 'BAD_RESPONSE');
      assert.equal(error.reason, reason);
      assert.ok(body === '' || !error.message.includes(body));
    });
  }

  it('takes an empty body where that is allowed', async () => {
    reply = () => ({ status: 204 });
    assert.equal(await client().jsonOrNothing(GET), undefined);
    reply = () => ({ json: [1] });
    assert.deepEqual(await client().jsonOrNothing(GET), [1]);
  });

  it('stops reading a body that is too long', async () => {
    reply = () => ({ body: 'x'.repeat(10 * 1024 * 1024) });
    const error = await failsWith(client({ maxBytes: 1000 }).json(GET), 'BAD_RESPONSE');
    assert.equal(error.reason, 'tooLong');
    reply = () => ({ json: 'x'.repeat(2000) });
    await failsWith(client().json({ ...GET, maxBytes: 1000 }), 'BAD_RESPONSE');
  });

  it('takes no notice of a kept connection that the server has closed', async () => {
    // Answers the first request of each connection and breaks it at the second: the race that a server's idle
    // timeout makes rare, made certain.
    const served = new WeakSet<net.Socket>();
    const rude = http.createServer((request, response) => {
      if (served.has(request.socket)) request.socket.resetAndDestroy();
      else response.end('{}');
      served.add(request.socket);
    });
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const { port } = rude.address() as AddressInfo;
    const rudeClient = client({ baseUrl: `http://127.0.0.1:${port}` });
    for (let i = 0; i < 6; i++) assert.deepEqual(await rudeClient.json(GET), {});
    transport.close();
    await new Promise((resolve) => rude.close(resolve));
  });

  it('does not hang when the other side changes the protocol', async () => {
    const odd = net.createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    const { port } = odd.address() as AddressInfo;
    for (const call of [GET, COMMAND]) {
      const error = await failsWith(
        client({ baseUrl: `http://127.0.0.1:${port}` }).json(call),
        'BAD_RESPONSE',
      );
      assert.equal(error.reason, 'notHttp');
    }
    await new Promise((resolve) => odd.close(resolve));
  });

  it('calls what is no HTTP a bad response', async () => {
    const odd = net.createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('SSH-2.0-OpenSSH\r\n\r\n');
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    const { port } = odd.address() as AddressInfo;
    const error = await failsWith(client({ baseUrl: `http://127.0.0.1:${port}` }).json(GET), 'BAD_RESPONSE');
    assert.equal(error.reason, 'notHttp');
    await new Promise((resolve) => odd.close(resolve));
  });

  describe('TLS', () => {
    const file = (name: string): Buffer => readFileSync(join(projectRoot(), 'test/fixtures/tls', name));
    let secure: https.Server;
    let baseUrl: string;

    beforeEach(async () => {
      secure = https.createServer(
        { key: file('server-key.pem'), cert: file('server.pem') },
        (_, response) => {
          response.end('{"secure":true}');
        },
      );
      await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
      baseUrl = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    });
    afterEach(() => new Promise((resolve) => secure.close(resolve)));

    it('refuses a certificate it does not know, before anything is sent', async () => {
      const error = await failsWith(client({ baseUrl }).json(COMMAND), 'UNREACHABLE');
      assert.equal(error.reason, 'tlsUnknownCa');
      assert.equal(error.sent, false);
    });

    it('trusts the authority that the settings give, over kept and fresh connections', async () => {
      const tls = { ca: file('ca.pem') };
      const trusting = client({ baseUrl, tls });
      for (const call of [GET, GET, COMMAND]) assert.deepEqual(await trusting.json(call), { secure: true });
      transport.release(tls);
      transport.release(undefined);
    });
  });
});
