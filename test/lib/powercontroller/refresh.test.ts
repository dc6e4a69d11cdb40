import assert from 'node:assert/strict';

import { refreshed } from '../../../lib/powercontroller/refresh';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';
import { type Bench, startBench } from './support';

describe('refreshed', () => {
  let bench: Bench;
  const { signal } = new AbortController();
  const asking = ({ method, path }: { method: string; path: string }): boolean =>
    method === 'POST' && path.endsWith('/status');
  beforeEach(async () => (bench = await startBench({ historyDays: 1 })));
  afterEach(() => bench.close());

  it('takes the device of the answer when its status has a new date', async () => {
    const { simulator, client } = bench;
    simulator.controller(simulator.deviceId).switch(true, 'manual');
    const { device } = await refreshed(client, simulator.deviceId, signal);
    assert.equal(device.status.on, true);
    assert.equal(simulator.http.log.filter(asking).length, 1);
  });

  for (const held of ['no device', 'the device with its old status'] as const) {
    it(`waits for the new status when the answer holds ${held}`, async () => {
      const { simulator, client } = bench;
      const { raw } = await client.device(simulator.deviceId);
      const body = held === 'no device' ? '{"responseCodes":[100]}' : JSON.stringify({ device: raw });
      simulator.faults.add({ kind: 'body', body, match: asking });
      const clock = new FakeClock();
      const response = refreshed(client, simulator.deviceId, signal, clock);
      await simulator.http.nextRequest(asking);
      await simulator.http.nextRequest(({ path }) => path === '/v1/statuses');
      const controller = simulator.controller(simulator.deviceId);
      controller.switch(true, 'manual');
      controller.update('api');
      let over = false;
      void response.finally(() => (over = true));
      while (!over) {
        await clock.advance(500);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { device } = await response;
      assert.deepEqual([device.status.on, device.status.reason], [true, 'api']);
      assert.equal(device.serialNumber, 'PC-ZXCVBNMASDF-001');
      assert.equal(clock.pending, 0);
    });

    it(`gives no old status for a new one when the answer holds ${held}`, async () => {
      const { simulator, client } = bench;
      const { raw } = await client.device(simulator.deviceId);
      const body = held === 'no device' ? '' : JSON.stringify({ device: raw });
      simulator.faults.add({ kind: 'body', body, match: asking });
      const clock = new FakeClock();
      const outcome = failsWith(refreshed(client, simulator.deviceId, signal, clock), 'OUTCOME_UNKNOWN');
      let over = false;
      void outcome.then(() => (over = true));
      while (!over) {
        await clock.advance(500);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await outcome).reason, 'powercontrollerNotRefreshed');
      assert.deepEqual((await outcome).params, { seconds: 30 });
    });
  }

  it('does not know what became of it when it is stopped after asking', async () => {
    const { simulator, client } = bench;
    simulator.faults.add({ kind: 'body', body: '{"responseCodes":[100]}', match: asking });
    const abort = new AbortController();
    const running = failsWith(
      refreshed(client, simulator.deviceId, abort.signal, new FakeClock()),
      'OUTCOME_UNKNOWN',
    );
    await simulator.http.nextRequest(asking);
    await simulator.http.nextRequest(({ path }) => path === '/v1/statuses');
    abort.abort();
    assert.equal((await running).reason, 'stoppedWhileSwitching');
  });
});
