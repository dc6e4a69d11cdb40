import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import type { TLSSocketOptions } from 'node:tls';

import { AvailabilityTracker, needsUser } from '../../../../lib/core/poll/availability';
import { DeviceError } from '../../../../lib/core/errors';
import type { HttpCall } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { tlsFault } from '../../../../lib/core/http/tls-errors';
import { type TlsOptions, Transport } from '../../../../lib/core/http/transport';
import { projectRoot } from '../../../../scripts/support/project-root';
import { failsWith } from '../../../support/expect-error';
import { FakeClock } from '../../../support/fake-clock';
import { fixture } from '../../../support/fixture';

const FOLDER = path.join(projectRoot(), 'test/fixtures/certificates');
const file = (name: string): string => fixture(`certificates/${name}`);
const COMMAND: HttpCall = { method: 'POST', path: 'command', safe: false, json: { on: true } };
const ca = file('ca.pem');
const key = file('key.pem');
const own = (name: string): TlsOptions => ({ ca, key, cert: file(`${name}.pem`) });

interface Server {
  port: number;
  close: () => Promise<void>;
}

/** Node's own server, which ends a handshake that it does not like without a word. */
async function nodeServer(options: TLSSocketOptions & https.ServerOptions): Promise<Server> {
  const server = https.createServer({ key, ...options }, (_, response) => response.end('{}'));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** OpenSSL's own server, which says by an alert what it does not like about a client's certificate. */
async function opensslServer(version: string): Promise<Server> {
  const port = await freePort();
  const options = `-cert good.pem -key key.pem -CAfile ca.pem -CRL revoked.crl -crl_check -Verify 2 -verify_return_error`;
  const args = ['s_server', '-accept', `127.0.0.1:${port}`, ...options.split(' '), `-${version}`];
  // It ends with its input.
  const server: ChildProcess = spawn('openssl', args, { cwd: FOLDER, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.stdout?.on('data', (text: Buffer) => {
      if (text.includes('ACCEPT')) resolve();
    });
  });
  return {
    port,
    close: () => {
      server.kill();
      return exited;
    },
  };
}

describe('TLS faults over real connections', () => {
  let transport: Transport;
  let server: Server;

  beforeEach(() => (transport = new Transport()));
  afterEach(async () => {
    transport.close();
    await server.close();
  });

  const outcome = (tls: TlsOptions, clock?: FakeClock): Promise<DeviceError> =>
    failsWith(
      new HttpClient(transport, { baseUrl: `https://127.0.0.1:${server.port}`, tls }, clock).json(COMMAND),
      'UNREACHABLE',
    );

  // Of the server's certificate we judge ourselves, before a byte of the request leaves.
  const servers: [string, TlsOptions, string][] = [
    ['expired', { ca }, 'tlsExpired'],
    ['not-yet-valid', { ca }, 'tlsNotYetValid'],
    ['other-host', { ca }, 'tlsHostName'],
    ['self-signed', { ca }, 'tlsUnknownCa'],
    ['good', {}, 'tlsUnknownCa'],
    ['revoked', { ca, crl: file('revoked.crl') }, 'tlsRevoked'],
  ];
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [name, tls, reason] of servers) {
      it(`calls a server's certificate that is ${name} ${reason} (${version})`, async () => {
        server = await nodeServer({ cert: file(`${name}.pem`), minVersion: version, maxVersion: version });
        const error = await outcome(tls);
        assert.equal(error.reason, reason);
        assert.equal(error.sent, false);
        assert.equal(needsUser(error), false);
      });
    }
  }

  // Our own certificate is judged by the server, whose alert comes after the handshake where that is TLS 1.3.
  const clients: [string, string][] = [
    ['revoked', 'tlsOwnRevoked'],
    ['self-signed', 'tlsOwnRefused'],
  ];
  for (const version of ['tls1_2', 'tls1_3']) {
    for (const [name, reason] of clients) {
      it(`understands the alert about an own certificate that is ${name} (${version})`, async () => {
        server = await opensslServer(version);
        const error = await outcome(own(name));
        assert.equal(error.reason, reason);
        assert.equal(needsUser(error), true);
      });
    }

    it(`understands the alert about an own certificate that has expired by the server's clock (${version})`, async () => {
      server = await opensslServer(version);
      const error = await outcome(own('expired'), new FakeClock(Date.parse('2001-06-01')));
      assert.equal(error.reason, 'tlsOwnExpired');
    });
  }

  it('understands that the server wants a certificate', async () => {
    server = await opensslServer('tls1_3');
    assert.equal((await outcome({ ca })).reason, 'tlsOwnMissing');
  });

  it('does not even connect with a certificate that has expired', async () => {
    let connections = 0;
    const plain = net.createServer(() => connections++);
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    server = {
      port: (plain.address() as AddressInfo).port,
      close: () => new Promise((resolve) => plain.close(() => resolve())),
    };
    const error = await outcome(own('expired'));
    assert.equal(error.reason, 'tlsOwnExpired');
    assert.equal(error.sent, false);
    assert.equal(connections, 0);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`names an own certificate that is not valid yet when the server breaks off (${version})`, async () => {
      const strict = { ca, requestCert: true, rejectUnauthorized: true };
      server = await nodeServer({
        ...strict,
        cert: file('good.pem'),
        minVersion: version,
        maxVersion: version,
      });
      const error = await outcome(own('not-yet-valid'));
      assert.equal(error.reason, 'tlsOwnNotYetValid');
      assert.equal(needsUser(error), false, 'our clock may be wrong, and be set soon');
    });
  }

  it('says that a key does not belong to its certificate', async () => {
    server = await nodeServer({ cert: file('good.pem') });
    const error = await outcome({ ca, key: fixture('broker-tls/client.key'), cert: file('good.pem') });
    assert.equal(error.reason, 'tlsOwnUnusable');
    assert.equal(error.sent, false);
  });

  it('says that a server speaks no TLS', async () => {
    const plain = http.createServer((_, response) => response.end('{}'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    server = {
      port: (plain.address() as AddressInfo).port,
      close: () => new Promise((resolve) => plain.close(() => resolve())),
    };
    assert.equal((await outcome({ ca })).reason, 'tlsNotSpoken');
  });

  it('uses a good certificate', async () => {
    server = await nodeServer({ cert: file('good.pem'), ca, requestCert: true, rejectUnauthorized: true });
    const client = new HttpClient(transport, {
      baseUrl: `https://127.0.0.1:${server.port}`,
      tls: own('good'),
    });
    assert.deepEqual(await client.json(COMMAND), {});
  });
});

describe('tlsFault', () => {
  const alert = (words: string): string =>
    `write EPROTO 80:error:0A:SSL routines:ssl3_read_bytes:${words}:../rec.c:1601:SSL alert number 45\n`;
  const table: [unknown, string | undefined][] = [
    [{ code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED' }, 'tlsOwnExpired'],
    [{ code: 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED' }, 'tlsOwnExpired'],
    [{ code: 'EPROTO', message: alert('sslv3 alert certificate expired') }, 'tlsOwnExpired'],
    [{ code: 'EPROTO', message: alert('tlsv1 alert unknown ca') }, 'tlsOwnRefused'],
    [{ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }, 'tlsOwnMissing'],
    [{ code: 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED' }, 'tlsOwnRefused'],
    [{ code: 'EPROTO', message: alert('sslv3 alert handshake failure') }, 'tls'],
    [{ code: 'EPROTO' }, 'tls'],
    [{ code: 'CRL_HAS_EXPIRED' }, 'tls'],
    [{ code: 'CERT_SIGNATURE_FAILURE' }, 'tls'],
    [{ code: 'ERR_SSL_NO_SHARED_CIPHER' }, 'tls'],
    [{ code: 'ERR_OSSL_PEM_NO_START_LINE' }, 'tlsOwnUnusable'],
    [{ code: 'ECONNRESET', message: alert('sslv3 alert certificate expired') }, undefined],
    [{ code: 45 }, undefined],
    [undefined, undefined],
    ['CERT_HAS_EXPIRED', undefined],
  ];
  for (const [error, reason] of table) {
    it(`calls ${JSON.stringify(error)} ${String(reason)}`, () =>
      assert.equal(tlsFault(error)?.reason, reason));
  }

  it('quotes no more of a code than a code has', () => {
    assert.equal(tlsFault({ code: `CERT_${'x'.repeat(1000)}` })?.code.length, 64);
  });
});

describe('availability after an own certificate', () => {
  const failure = (reason: string): DeviceError => new DeviceError('UNREACHABLE', reason, { reason });

  it('is told anew when the cause is ours, and once', () => {
    const tracker = new AvailabilityTracker();
    assert.ok(tracker.update(failure('connectionBroke'), 0));
    assert.equal(tracker.update(failure('tlsExpired'), 1), undefined, 'an outage that may pass');
    assert.ok(tracker.update(failure('tlsOwnExpired'), 2));
    assert.equal(tracker.update(failure('tlsOwnExpired'), 3), undefined);
  });
});
