import assert from 'node:assert/strict';
import http from 'node:http';
import { startHttp, type SimServer } from '../../../simulators/support/server';
import { request } from './request';

describe('simulator server', () => {
  let simulator: SimServer;
  let value: string;
  let processed: number;

  beforeEach(async () => {
    processed = 0;
    simulator = await startHttp(() => {
      processed += 1;
      return { json: { processed } };
    });
    value = `${simulator.url}/value`;
  });

  afterEach(() => simulator.close());

  describe('faults', () => {
    it('answers a status, a number of times, with headers and body', async () => {
      simulator.faults.add({
        kind: 'status',
        status: 429,
        headers: { 'Retry-After': '7' },
        body: 'slow',
        times: 2,
      });
      const first = await request(value);
      assert.deepEqual([first.status, first.headers['retry-after'], first.body], [429, '7', 'slow']);
      assert.equal((await request(value)).status, 429);
      assert.equal((await request(value)).status, 200);
    });

    it('fails until cleared when no number is given', async () => {
      simulator.faults.add({ kind: 'status', status: 500 });
      for (let turn = 0; turn < 3; turn += 1) assert.equal((await request(value)).status, 500);
      simulator.faults.clear();
      assert.equal((await request(value)).status, 200);
    });

    it('fails only requests that match, in the order the faults were added', async () => {
      simulator.faults.add({ kind: 'status', status: 503, times: 1, match: ({ query }) => query.has('b') });
      simulator.faults.add({ kind: 'status', status: 401, times: 1 });
      assert.equal((await request(value)).status, 401);
      assert.equal((await request(value)).status, 200);
      assert.equal((await request(`${value}?b=1`)).status, 503);
      assert.equal(simulator.faults.size, 0);
    });

    it('answers late', async () => {
      simulator.faults.add({ kind: 'delay', ms: 30, times: 1 });
      const started = performance.now();
      assert.equal((await request(value)).status, 200);
      assert.ok(performance.now() - started >= 29);
    });

    it('does its work at once and answers late, or does even the work late', async () => {
      simulator.faults.add({ kind: 'delay', ms: 20, times: 1 });
      simulator.faults.add({ kind: 'delay', ms: 20, late: true, times: 1 });
      for (const [whenArrived, whenResponding] of [
        [1, 1],
        [1, 2],
      ]) {
        const arrived = simulator.nextRequest();
        const response = request(value);
        await arrived;
        assert.equal(processed, whenArrived);
        await response;
        assert.equal(processed, whenResponding);
      }
    });

    it('hangs with the work done or not', async () => {
      simulator.faults.add({ kind: 'hang', times: 1 });
      simulator.faults.add({ kind: 'hang', processed: true, times: 1 });
      for (const expected of [0, 1]) {
        const abort = new AbortController();
        const arrived = simulator.nextRequest();
        const response = request(value, { signal: abort.signal });
        await arrived;
        assert.equal(processed, expected);
        abort.abort();
        await assert.rejects(response, { name: 'AbortError' });
      }
    });

    it('hangs until the client leaves', async () => {
      simulator.faults.add({ kind: 'hang', times: 1 });
      const abort = new AbortController();
      const arrived = simulator.nextRequest();
      const response = request(value, { signal: abort.signal });
      await arrived;
      assert.equal(simulator.counters.inFlight, 1);
      abort.abort();
      await assert.rejects(response, { name: 'AbortError' });
      assert.equal((await request(value)).status, 200);
    });

    it('resets the connection before or after its work', async () => {
      simulator.faults.add({ kind: 'reset', times: 1 });
      simulator.faults.add({ kind: 'resetAfter', times: 1 });
      await assert.rejects(request(value), { code: 'ECONNRESET' });
      assert.equal(processed, 0);
      await assert.rejects(request(value), { code: 'ECONNRESET' });
      assert.equal(processed, 1);
      assert.equal(simulator.counters.requests, 2);
      assert.equal((await request(value)).status, 200);
    });

    it('sends a raw body and cuts an answer short', async () => {
      simulator.faults.add({ kind: 'body', body: '<html>', contentType: 'text/html', times: 1 });
      simulator.faults.add({ kind: 'truncate', times: 1 });
      const raw = await request(value);
      assert.deepEqual([raw.status, raw.headers['content-type'], raw.body], [200, 'text/html', '<html>']);
      await assert.rejects(request(value), { code: 'ECONNRESET', message: 'aborted' });
    });
  });

  it('answers 500 when the device itself fails', async () => {
    const broken = await startHttp(() => {
      throw new Error('out of order');
    });
    const response = await request(broken.url);
    assert.deepEqual([response.status, response.body], [500, 'Error: out of order']);
    await broken.close();
  });

  it('rejects when its port is taken', async () => {
    await assert.rejects(
      startHttp(() => ({}), { port: simulator.port }),
      { code: 'EADDRINUSE' },
    );
  });

  describe('observation', () => {
    it('logs requests and keeps the last 1000', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      await request(`${value}?first=1`, { agent, method: 'POST', body: 'text' });
      const [first] = simulator.log;
      assert.ok(first);
      assert.deepEqual([first.method, first.path, first.body], ['POST', '/value', 'text']);
      assert.equal(first.query.get('first'), '1');
      assert.equal(first.headers['x-api-key'], '1097bd725557');
      assert.ok(Math.abs(Date.now() - first.time) < 10_000);
      for (let count = 0; count < 1000; count += 1) await request(value, { agent });
      assert.equal(simulator.log.length, 1000);
      assert.equal(simulator.log[0]?.method, 'GET');
      assert.equal(simulator.counters.requests, 1001);
      agent.destroy();
    });

    it('counts connections', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (let count = 0; count < 5; count += 1) await request(value, { agent });
      assert.equal(simulator.counters.connections, 1);
      assert.equal(simulator.counters.openConnections, 1);
      agent.destroy();
      await request(value, { agent: new http.Agent({ keepAlive: true }) });
      assert.equal(simulator.counters.connections, 2);
    });

    it('knows how many requests were in flight at once', async () => {
      simulator.faults.add({ kind: 'hang', times: 3 });
      const abort = new AbortController();
      const responses: Promise<unknown>[] = [];
      for (let count = 0; count < 3; count += 1) {
        const arrived = simulator.nextRequest();
        responses.push(request(value, { signal: abort.signal }).catch(() => 'gone'));
        await arrived;
      }
      abort.abort();
      assert.deepEqual(await Promise.all(responses), ['gone', 'gone', 'gone']);
      await request(value);
      assert.equal(simulator.counters.maxInFlight >= 3, true);
      assert.equal(simulator.counters.requests, 4);
    });

    it('tells of the next request, and of the next one that matches', async () => {
      const other = simulator.nextRequest(({ path }) => path.endsWith('/other'));
      const next = simulator.nextRequest();
      await request(value);
      assert.equal((await next).path, '/value');
      await request(`${simulator.url}/other`);
      assert.equal((await other).path, '/other');
    });

    it('closes at once, with connections kept alive, answers delayed and requests hanging', async () => {
      const agent = new http.Agent({ keepAlive: true });
      await request(value, { agent });
      simulator.faults.add({ kind: 'delay', ms: 600_000, times: 1 });
      simulator.faults.add({ kind: 'hang', times: 1 });
      const responses: Promise<unknown>[] = [];
      for (let count = 0; count < 2; count += 1) {
        const arrived = simulator.nextRequest();
        responses.push(assert.rejects(request(value), { code: 'ECONNRESET' }));
        await arrived;
      }
      const started = performance.now();
      await Promise.all([simulator.close(), simulator.close()]);
      assert.ok(performance.now() - started < 1000);
      await Promise.all(responses);
      await assert.rejects(request(value), { code: 'ECONNREFUSED' });
      agent.destroy();
    });
  });
});
