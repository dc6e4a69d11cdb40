import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { DeviceError } from '../../../../lib/core/errors';
import type { HttpClientOptions } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { Transport } from '../../../../lib/core/http/transport';
import { failsWith } from '../../../support/expect-error';
import { FakeClock, settle } from '../../../support/fake-clock';

const GET = { method: 'GET', path: '/', safe: true } as const;
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

describe('HttpClient.stream', () => {
  let server: http.Server;
  let transport: Transport;
  let reply: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  let requests: number;

  beforeEach(async () => {
    requests = 0;
    transport = new Transport();
    server = http.createServer((request, response) => {
      requests++;
      reply(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function client(options: Partial<HttpClientOptions> = {}, clock?: FakeClock): HttpClient {
    const { port } = server.address() as AddressInfo;
    return new HttpClient(transport, { baseUrl: `http://127.0.0.1:${port}`, ...options }, clock);
  }

  it('passes on every byte in order, beyond the limit that holds for a collected answer', async () => {
    const sent = Buffer.concat([...Array(40).keys()].map((i) => Buffer.alloc(50_000, i)));
    reply = (_, response) => response.end(sent);
    const got: Buffer[] = [];
    const head = await client({ maxBytes: 10 }).stream(GET, (chunk) => void got.push(chunk));
    assert.equal(head.status, 200);
    assert.ok(got.length > 1);
    assert.ok(Buffer.concat(got).equals(sent));
  });

  it('leaves no timer when whoever takes a piece cancels the call', async () => {
    reply = (_, response) => response.write('a piece');
    const clock = new FakeClock();
    const abort = new AbortController();
    const reading = client({}, clock).stream({ ...GET, signal: abort.signal }, () => abort.abort());
    await failsWith(reading, 'CANCELLED');
    assert.equal(clock.pending, 0);
  });

  it('ends when its last piece has been taken, and not before', async () => {
    reply = (_, response) => response.end('all of it');
    let taken = false;
    await client().stream(GET, async () => {
      // The end of the response has come long before.
      for (let turn = 0; turn < 50; turn++) await settle();
      taken = true;
    });
    assert.ok(taken);
  });

  it('fails with what the taking of its last piece throws', async () => {
    reply = (_, response) => response.end('all of it');
    const reading = client().stream(GET, async () => {
      for (let turn = 0; turn < 50; turn++) await settle();
      throw new DeviceError('REJECTED', 'not this');
    });
    await failsWith(reading, 'REJECTED');
  });

  it('reads no further while a piece is being worked on', async () => {
    let written = 0;
    reply = (_, response) => {
      const more = (): void => {
        while (written < 60 && response.write(MEGABYTE)) written++;
        if (written >= 60) {
          response.end();
          return;
        }
        response.once('drain', () => {
          written++;
          more();
        });
      };
      more();
    };
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let taken = 0;
    let busy = 0;
    let first = (): void => undefined;
    const begun = new Promise<void>((resolve) => (first = resolve));
    const done = client().stream(GET, async (chunk) => {
      assert.equal(++busy, 1, 'one piece at a time');
      taken += chunk.length;
      first();
      await gate;
      busy--;
    });
    await begun;
    for (let i = 0; i < 100; i++) await settle();
    assert.ok(written < 40, `the server could get rid of ${written} MB while nobody took any`);
    open();
    await done;
    assert.equal(taken, 60 * MEGABYTE.length);
  });

  it('keeps a limit that the call sets', async () => {
    reply = (_, response) => response.end(MEGABYTE);
    const error = await failsWith(
      client().stream({ ...GET, maxBytes: 1000 }, () => undefined),
      'BAD_RESPONSE',
    );
    assert.equal(error.reason, 'tooLong');
  });

  it('maps an error status with the vendor’s words, and passes nothing of it on', async () => {
    reply = (_, response) => response.writeHead(403).end('{"msg":"no entry"}');
    const vendorMessage = (body: unknown): string => String(Reflect.get(Object(body) as object, 'msg'));
    const error = await failsWith(
      client({ vendorMessage }).stream(GET, () => assert.fail('passed on')),
      'FORBIDDEN',
    );
    assert.equal(error.params.message, 'no entry');
  });

  it('tells a connection that breaks in the middle', async () => {
    reply = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.socket?.destroy());
    };
    let got = '';
    const error = await failsWith(
      client().stream({ ...GET, retries: 5 }, (chunk) => void (got += chunk.toString())),
      'UNREACHABLE',
    );
    assert.equal(error.reason, 'connectionBroke');
    assert.equal(got, 'half');
    assert.equal(requests, 1, 'what was passed on cannot be taken back by a retry');
  });

  it('retries while nothing has been passed on', async () => {
    const clock = new FakeClock();
    reply = (_, response) => (requests < 3 ? response.writeHead(503).end() : response.end('ok'));
    let got = '';
    const work = client({}, clock).stream({ ...GET, retries: 2 }, (chunk) => void (got += chunk.toString()));
    let over = false;
    void work.finally(() => (over = true));
    while (!over) {
      await settle();
      if (clock.pending > 0 && requests < 3) await clock.advance(1000);
    }
    await work;
    assert.equal(got, 'ok');
    assert.equal(requests, 3);
  });

  it('gives up when the server falls silent, not when the reader is slow', async () => {
    const clock = new FakeClock();
    reply = (_, response) => response.write('part');
    let proceed = (): void => undefined;
    let first = (): void => undefined;
    const begun = new Promise<void>((resolve) => (first = resolve));
    const work = client({ timeout: 3000 }, clock).stream(GET, () => {
      first();
      return new Promise((resolve) => (proceed = resolve));
    });
    const outcome = failsWith(work, 'TIMEOUT');
    await begun;
    assert.equal(clock.pending, 0, 'nothing is timed while the reader works');
    await clock.advance(60_000);
    proceed();
    await settle();
    assert.equal(clock.next, 3000);
    await clock.advance(3000);
    assert.deepEqual((await outcome).params, { seconds: 3 });
    assert.equal(clock.pending, 0);
  });

  it('gives up when no answer begins', async () => {
    const clock = new FakeClock();
    const arrived = new Promise<void>((resolve) => (reply = () => resolve()));
    const outcome = failsWith(
      client({ timeout: 3000 }, clock).stream(GET, () => undefined),
      'TIMEOUT',
    );
    await arrived;
    await clock.advance(3000);
    await outcome;
  });

  it('ends the request with the reader’s own error, thrown or rejected', async () => {
    for (const handle of [
      (): void => {
        throw new Error('mine');
      },
      (): Promise<void> => Promise.reject(new Error('mine')),
    ]) {
      let closed = (): void => undefined;
      const gone = new Promise<void>((resolve) => (closed = resolve));
      reply = (_, response) => {
        response.once('close', closed);
        response.write('part');
      };
      await assert.rejects(client().stream(GET, handle), { message: 'mine' });
      await gone;
    }
  });

  it('cancels on a signal, also while the reader works', async () => {
    const abort = new AbortController();
    reply = (_, response) => response.write('part');
    const outcome = failsWith(
      client().stream({ ...GET, signal: abort.signal }, () => {
        abort.abort();
        return settle();
      }),
      'CANCELLED',
    );
    await outcome;
    await settle();
    await failsWith(
      client().stream({ ...GET, signal: abort.signal }, () => undefined),
      'CANCELLED',
    );
  });
});
