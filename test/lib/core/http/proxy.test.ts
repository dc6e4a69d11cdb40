import assert from 'node:assert/strict';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import type { HttpCall, HttpClientOptions } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { proxyFor, type ProxyOptions, type ProxyVariables } from '../../../../lib/core/http/proxy';
import { Transport } from '../../../../lib/core/http/transport';
import { type SimServer, startHttp } from '../../../../simulators/support/server';
import { failsWith } from '../../../support/expect-error';
import { fixture } from '../../../support/fixture';
import { type ForwardProxy, startProxy } from '../../../support/proxy';

const GET: HttpCall = { method: 'GET', path: 'value', safe: true };
const COMMAND: HttpCall = { method: 'POST', path: 'command', safe: false, json: { on: true } };

describe('proxyFor', () => {
  const P = 'http://p:3128';
  const table: [string, ProxyVariables, string | undefined, ProxyOptions?][] = [
    ['https://cloud', {}, undefined],
    ['https://cloud', { HTTPS_PROXY: P }, 'http://p:3128/'],
    ['https://cloud', { https_proxy: P }, 'http://p:3128/'],
    ['https://cloud', { https_proxy: 'http://low:1', HTTPS_PROXY: 'http://up:1' }, 'http://low:1/'],
    [
      'https://cloud',
      { https_proxy: 'http://low:1', HTTPS_PROXY: 'http://up:1' },
      'http://up:1/',
      { favourUpperCase: true },
    ],
    ['https://cloud', { HTTPS_PROXY: P }, undefined, { lowerCaseOnly: true }],
    ['https://cloud', { HTTP_PROXY: P }, undefined],
    ['http://cloud', { HTTP_PROXY: P }, 'http://p:3128/'],
    ['http://cloud', { ALL_PROXY: P }, 'http://p:3128/'],
    ['http://cloud', { npm_config_proxy: P }, 'http://p:3128/'],
    ['http://cloud', { npm_config_proxy: P }, undefined, { excludeNpm: true }],
    ['http://cloud', { http_proxy: 'p:3128' }, 'http://p:3128/'],
    ['https://cloud.a.org', { https_proxy: P, no_proxy: '*' }, undefined],
    ['https://cloud.a.org', { https_proxy: P, NO_PROXY: 'b.org, cloud.a.org' }, undefined],
    ['https://cloud.a.org', { https_proxy: P, no_proxy: '.a.org' }, undefined],
    ['https://cloud.a.org', { https_proxy: P, no_proxy: '*.a.org' }, undefined],
    ['https://cloud.a.org', { https_proxy: P, no_proxy: 'a.org' }, 'http://p:3128/'],
    ['https://cloud.a.org', { https_proxy: P, no_proxy: 'CLOUD.a.org:443' }, undefined],
    ['https://cloud.a.org', { https_proxy: P, no_proxy: 'cloud.a.org:8443' }, 'http://p:3128/'],
    ['http://192.168.1.5:8080', { http_proxy: P, no_proxy: '192.168.1.5' }, undefined],
    ['http://[fe80::1]', { http_proxy: P, no_proxy: '[fe80::1]' }, undefined],
    ['https://cloud', { HTTP_PROXY: P }, 'http://p:3128/', { mode: 'legacy' }],
    ['https://cloud.a.org', { HTTP_PROXY: P, NO_PROXY: 'a.org' }, undefined, { mode: 'legacy' }],
    ['https://cloud', { HTTP_PROXY: '', http_proxy: P }, 'http://p:3128/', { mode: 'legacy' }],
    ['https://cloud', { HTTP_PROXY: 'p:3128' }, 'http://p:3128/', { mode: 'legacy' }],
    [
      'https://cloud.a.org',
      { http_proxy: P, NO_PROXY: '', no_proxy: 'a.org' },
      undefined,
      { mode: 'legacy' },
    ],
  ];
  for (const [address, variables, proxy, options] of table) {
    it(`leads to ${address} by ${JSON.stringify(variables)} ${JSON.stringify(options ?? {})}: ${proxy}`, () =>
      assert.equal(proxyFor(address, variables, options)?.url.href, proxy));
  }

  for (const url of ['ftp://p', 'http://', 'http://p:99999', '://', 'http://us%zz:x@p']) {
    it(`refuses ${url} without repeating it`, () =>
      assert.throws(() => proxyFor('http://a', { http_proxy: url }), { reason: 'proxyInvalid' }));
  }
});

describe('HttpClient through a proxy', () => {
  let server: SimServer;
  let secure: https.Server;
  let transport: Transport;
  let proxy: ForwardProxy;

  const use = (variables: ProxyVariables, options: Partial<HttpClientOptions> = {}, login = {}): HttpClient =>
    new HttpClient(transport, {
      baseUrl: server.url,
      proxy: (url) => proxyFor(url, variables, {}, login),
      parallel: true,
      ...options,
    });

  beforeEach(async () => {
    server = await startHttp(() => ({ json: { fine: true } }));
    secure = https.createServer(
      { key: fixture('certificates/key.pem'), cert: fixture('certificates/good.pem') },
      (_, response) => response.end('{"secure":true}'),
    );
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    transport = new Transport();
    proxy = await startProxy();
  });
  afterEach(async () => {
    transport.close();
    await proxy.close();
    await server.close();
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
  });
  const port = (): number => (secure.address() as AddressInfo).port;

  it('reaches plain and secure servers, over kept and fresh connections', async () => {
    const plain = use({ http_proxy: proxy.url });
    for (const call of [GET, GET, COMMAND]) assert.deepEqual(await plain.json(call), { fine: true });
    assert.deepEqual(proxy.targets, [`127.0.0.1:${server.port}`, `127.0.0.1:${server.port}`]);
    const tls = { ca: fixture('certificates/ca.pem') };
    const baseUrl = `https://localhost:${port()}`;
    const trusting = use({ https_proxy: proxy.url }, { baseUrl, tls });
    for (const call of [GET, GET, COMMAND]) assert.deepEqual(await trusting.json(call), { secure: true });
    assert.equal(proxy.targets.length, 4);
    transport.release(tls);
  });

  it('judges the certificate of the server behind it', async () => {
    const baseUrl = `https://localhost:${port()}`;
    const unknown = await failsWith(
      use({ https_proxy: proxy.url }, { baseUrl }).json(COMMAND),
      'UNREACHABLE',
    );
    assert.equal(unknown.reason, 'tlsUnknownCa');
    assert.equal(unknown.sent, false);
    const tls = { ca: fixture('certificates/ca.pem') };
    const elsewhere = use({ https_proxy: proxy.url }, { baseUrl: `https://other.invalid:${port()}`, tls });
    assert.equal((await failsWith(elsewhere.json(GET), 'UNREACHABLE')).reason, 'tlsHostName');
  });

  it('spares what is to be spared, and knows no other way to a name that only the proxy knows', async () => {
    const spared = use({ http_proxy: proxy.url, no_proxy: '127.0.0.1' });
    await spared.json(GET);
    assert.deepEqual(proxy.targets, []);
    await use({ http_proxy: proxy.url }, { baseUrl: `http://cloud.invalid:${server.port}` }).json(GET);
    assert.deepEqual(proxy.targets, [`cloud.invalid:${server.port}`]);
  });

  it('shows its login to the proxy, and to nobody else', async () => {
    const login = { username: 'me@home', password: 'p:ss/w%rd ü' };
    const client = use({ http_proxy: proxy.url }, {}, login);
    await client.json(GET);
    const sent = Buffer.from(String(proxy.logins[0]).replace('Basic ', ''), 'base64').toString();
    assert.equal(sent, `${login.username}:${login.password}`);
    assert.equal(server.log[0]?.headers['proxy-authorization'], undefined);
    assert.equal(client.proxyUrl, proxy.url);
    await proxy.close();
    transport.close();
    const error = await failsWith(client.json(GET), 'UNREACHABLE');
    for (const text of [inspect(error, { depth: 9 }), String(error.stack)]) assert.ok(!text.includes('w%rd'));
    proxy = await startProxy();
  });

  const refusals: [number | null | undefined, string][] = [
    [407, 'proxyLogin'],
    [403, 'proxyRefused'],
    [502, 'proxyRefused'],
    [undefined, 'proxyUnreachable'],
  ];
  for (const [reply, reason] of refusals) {
    it(`says ${reason} when the proxy ${reply === undefined ? 'is gone' : `answers ${reply}`}, and that nothing left`, async () => {
      await proxy.close();
      const { url } = proxy;
      proxy = await startProxy(reply ?? 200);
      const client = use({ http_proxy: reply === undefined ? url : proxy.url });
      for (const call of [GET, COMMAND]) {
        const error = await failsWith(client.json(call), 'UNREACHABLE');
        assert.equal(error.reason, reason);
        assert.equal(error.sent, false);
      }
      assert.equal(server.counters.requests, 0);
    });
  }

  it('gives up a proxy that does not answer', async () => {
    await proxy.close();
    proxy = await startProxy(null);
    const client = use({ http_proxy: proxy.url }, { connectTimeout: 100 });
    const error = await failsWith(client.json(COMMAND), 'UNREACHABLE');
    assert.equal(error.sent, false);
  });
});
