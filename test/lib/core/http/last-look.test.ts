import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { withPermit } from '../../../../lib/core/command/permit';
import { DeviceError } from '../../../../lib/core/errors';
import { HttpClient } from '../../../../lib/core/http/client';
import { Transport } from '../../../../lib/core/http/transport';
import { projectRoot } from '../../../../scripts/support/project-root';
import { startHttp, type SimServer } from '../../../../simulators/support/server';

const refused = new DeviceError('UNREACHABLE', 'not the owner any more', {
  reason: 'clusterLost',
  sent: false,
});

describe('the last look before a request leaves', () => {
  let server: SimServer;
  let transport: Transport;
  beforeEach(async () => {
    server = await startHttp(() => ({ json: {} }));
    transport = new Transport();
  });
  afterEach(async () => {
    transport.close();
    await server.close();
  });

  /** A signal whose permit is refused from the look of this number on. */
  const signal = (until: number): { signal: AbortSignal; looks: () => number } => {
    let looks = 0;
    const permit = {
      begin: (goal: string) => Promise.resolve(goal),
      refusal: () => (++looks > until ? refused : undefined),
    };
    return { signal: withPermit(new AbortController().signal, permit), looks: () => looks };
  };
  const client = (): HttpClient => new HttpClient(transport, { baseUrl: server.url });

  it('keeps a command from leaving when the connection stands, 50 times', async () => {
    for (let i = 0; i < 50; i++) {
      const { signal: of, looks } = signal(0);
      const call = client().send({ method: 'POST', path: 'toggle', json: { i }, safe: false, signal: of });
      await assert.rejects(call, { code: 'UNREACHABLE', reason: 'clusterLost', sent: false });
      assert.equal(looks(), 1);
    }
    assert.equal(server.log.length, 0);
  });

  it('lets a command go that may leave, after one look', async () => {
    const { signal: of, looks } = signal(1);
    await client().send({ method: 'POST', path: 'toggle', json: {}, safe: false, signal: of });
    assert.equal(looks(), 1);
    assert.equal(server.log.length, 1);
  });

  it('is not made for what is only read', async () => {
    const { signal: of, looks } = signal(0);
    await client().send({ method: 'GET', path: 'state', safe: true, signal: of });
    assert.equal(looks(), 0);
  });

  it('keeps a command from leaving over TLS as well, 50 times', async () => {
    const file = (name: string): Buffer =>
      readFileSync(join(projectRoot(), 'test/fixtures/certificates', name));
    let seen = 0;
    const secure = https.createServer({ cert: file('good.pem'), key: file('key.pem') }, (_, response) => {
      seen++;
      response.end('{}');
    });
    secure.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { port } = secure.address() as AddressInfo;
    const tls = { ca: file('ca.pem') };
    const over = new HttpClient(transport, { baseUrl: `https://127.0.0.1:${port}`, tls });
    const ask = (until: number): Promise<unknown> =>
      over.send({ method: 'POST', path: 'toggle', json: {}, safe: false, signal: signal(until).signal });
    try {
      for (let i = 0; i < 50; i++) await assert.rejects(ask(0), { reason: 'clusterLost', sent: false });
      assert.equal(seen, 0);
      await ask(1);
      assert.equal(seen, 1);
    } finally {
      secure.closeAllConnections();
      secure.close();
    }
  });
});
