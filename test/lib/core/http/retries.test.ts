import assert from 'node:assert/strict';

import type { HttpCall } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { Transport } from '../../../../lib/core/http/transport';
import { type SimServer, startHttp } from '../../../../simulators/support/server';
import { failsWith } from '../../../support/expect-error';
import { FakeClock } from '../../../support/fake-clock';

const GET: HttpCall = { method: 'GET', path: 'value', safe: true };
const COMMAND: HttpCall = { method: 'POST', path: 'command', safe: false, json: { on: true } };

describe('what HttpClient tries again', () => {
  let server: SimServer;
  let transport: Transport;

  const client = (clock?: FakeClock): HttpClient => new HttpClient(transport, { baseUrl: server.url }, clock);

  beforeEach(async () => {
    server = await startHttp(() => ({ json: { fine: true } }));
    transport = new Transport();
  });

  afterEach(async () => {
    transport.close();
    await server.close();
  });

  it('repeats safe calls after failures that pass, with back-off', async () => {
    const clock = new FakeClock();
    server.faults.add({ kind: 'status', status: 503, times: 1 });
    server.faults.add({ kind: 'status', status: 500, times: 1 });
    const response = client(clock).json({ ...GET, retries: 3 });
    const waits: number[] = [];
    for (let i = 0; i < 2; i++) {
      waits.push(await clock.nextTimer());
      await clock.advance(clock.next ?? 0);
    }
    assert.deepEqual(await response, { fine: true });
    assert.deepEqual(waits, [225, 450]);
  });

  it('waits as long as the server asks', async () => {
    const clock = new FakeClock();
    server.faults.add({ kind: 'status', status: 429, headers: { 'retry-after': '8' }, times: 1 });
    const response = client(clock).json({ ...GET, retries: 1 });
    assert.equal(await clock.nextTimer(), 8000);
    await clock.advance(8000);
    assert.deepEqual(await response, { fine: true });
  });

  for (const [asked, longestWait] of [
    ['11', undefined],
    ['86400', undefined],
    ['61', 60_000],
  ] as const) {
    it(`fails at once when the server asks for ${asked} s (longest: ${longestWait ?? 'default'})`, async () => {
      const clock = new FakeClock();
      server.faults.add({ kind: 'status', status: 429, headers: { 'retry-after': asked }, times: 1 });
      const wait = longestWait === undefined ? {} : { longestWait };
      const failure = failsWith(client(clock).json({ ...GET, ...wait, retries: 5 }), 'RATE_LIMITED');
      void clock.nextTimer().then(() => clock.advance(1e9));
      assert.equal((await failure).retryAfter, Number(asked));
      assert.equal(server.counters.requests, 1);
      assert.equal(clock.pending, 0);
    });
  }

  it('waits longer where the call says so', async () => {
    const clock = new FakeClock();
    server.faults.add({ kind: 'status', status: 503, headers: { 'retry-after': '60' }, times: 1 });
    const response = client(clock).json({ ...GET, retries: 1, longestWait: 60_000 });
    assert.equal(await clock.nextTimer(), 60_000);
    await clock.advance(60_000);
    assert.deepEqual(await response, { fine: true });
  });

  it('gives up in the end, and at once when cancelled', async () => {
    const clock = new FakeClock();
    server.faults.add({ kind: 'status', status: 503 });
    const abort = new AbortController();
    const outcome = failsWith(client(clock).json({ ...GET, retries: 9, signal: abort.signal }), 'CANCELLED');
    await clock.nextTimer();
    abort.abort();
    await outcome;
    assert.equal(clock.pending, 0);
    await failsWith(client().json({ ...GET, retries: 1 }), 'UNREACHABLE');
  });

  it('repeats neither commands nor what would fail again', async () => {
    server.faults.add({ kind: 'status', status: 503, times: 1 });
    await failsWith(client().json({ ...COMMAND, retries: 5 }), 'UNREACHABLE');
    server.faults.add({ kind: 'status', status: 404, times: 1 });
    await failsWith(client().json({ ...GET, retries: 5 }), 'NOT_FOUND');
    assert.equal(server.counters.requests, 2);
  });
});
