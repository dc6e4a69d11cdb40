import assert from 'node:assert/strict';

import { systemClock } from '../../../lib/core/clock';
import type { DeviceError, ErrorCode } from '../../../lib/core/errors';
import { commandRequest } from '../../../lib/powercontroller/input';
import { PowercontrollerCommands } from '../../../lib/powercontroller/commands';
import { normaliseStatus } from '../../../lib/powercontroller/status';
import { failsWith } from '../../support/expect-error';
import { FakeClock, settle } from '../../support/fake-clock';
import { type Bench, hurried, startBench } from './support';

describe('PowercontrollerCommands', () => {
  let bench: Bench;
  let abort: AbortController;
  beforeEach(async () => {
    bench = await startBench({ historyDays: 1 });
    abort = new AbortController();
  });
  afterEach(() => bench.close());

  const on = commandRequest('on');
  const off = commandRequest('off');
  const confirmed = (): { confirmWithin: number; signal: AbortSignal } => ({
    confirmWithin: 5000,
    signal: abort.signal,
  });
  const plain = (): { confirmWithin: number; signal: AbortSignal } => ({
    confirmWithin: 0,
    signal: abort.signal,
  });

  it('runs commands that nobody wants confirmed with a single request', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client);
    const outcome = await commands.run(on, simulator.deviceId, plain());
    assert.deepEqual([outcome.verified, outcome.status, outcome.responseCodes], [false, null, [102]]);
    const delayed = commandRequest({ command: 'off', delay: 60 });
    assert.equal((await commands.run(delayed, simulator.deviceId, confirmed())).verified, false);
    const added = commandRequest({ command: 'add', sn: 'X', country: 'AT' });
    assert.equal((await commands.run(added, undefined, plain())).verified, false);
    assert.equal(simulator.http.log.filter(({ path }) => path === '/v1/statuses').length, 0);
  });

  it('confirms on and off by the relay status that the command caused', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client);
    for (const [request, state] of [
      [on, true],
      [off, false],
      [off, false],
    ] as const) {
      const { verified, status } = await commands.run(request, simulator.deviceId, confirmed());
      assert.equal(verified, true);
      assert.deepEqual([status?.type, status?.reason, status?.on], ['relay', 'api', state]);
    }
    assert.equal(simulator.carriedOut.length, 3);
  });

  it('confirms a command whose answer got lost', async () => {
    const { simulator, client } = bench;
    simulator.faults.add({ kind: 'resetAfter', match: ({ path }) => path.endsWith('/command') });
    const { verified } = await new PowercontrollerCommands(client).run(on, simulator.deviceId, confirmed());
    assert.equal(verified, true);
    assert.equal(simulator.carriedOut.length, 1);
  });

  it('waits through failing looks, and gives up when the time is over', async () => {
    const { simulator, connect } = bench;
    const clock = new FakeClock();
    const client = connect({}, hurried);
    const commands = new PowercontrollerCommands(client, clock);
    simulator.faults.add({
      kind: 'body',
      body: '{"responseCodes":[102]}',
      match: ({ path }) => path.endsWith('/command'),
    });
    const waiting = failsWith(commands.run(on, simulator.deviceId, confirmed()), 'OUTCOME_UNKNOWN');
    const looks = ({ path }: { path: string }): boolean => path === '/v1/statuses';
    await simulator.http.nextRequest(looks);
    await simulator.http.nextRequest(looks);
    simulator.faults.add({ kind: 'status', status: 400, match: looks });
    let error: unknown;
    void waiting.then((reason) => (error = reason));
    while (!error) {
      await clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await waiting).reason, 'powercontrollerNotConfirmed');
    assert.deepEqual((await waiting).params, { seconds: 5 });
    assert.equal(clock.pending, 0);
  });

  it('does not take another cause, another state or an older status for the confirmation', async () => {
    const { simulator, client } = bench;
    const device = simulator.controller(simulator.deviceId);
    device.switch(true, 'api');
    const lost = ({ path }: { path: string }): boolean => path.endsWith('/command');
    simulator.faults.add({ kind: 'body', body: '{}', match: lost });
    const clock = new FakeClock();
    const waiting = failsWith(
      new PowercontrollerCommands(client, clock).run(on, simulator.deviceId, confirmed()),
      'OUTCOME_UNKNOWN',
    );
    await simulator.http.nextRequest(lost);
    device.switch(false, 'api');
    device.switch(true, 'manual');
    let over = false;
    void waiting.then(() => (over = true));
    while (!over) {
      await clock.advance(500);
      await settle();
    }
    await waiting;
  });

  const toCommand = ({ path }: { path: string }): boolean => path.endsWith('/command');
  const toStatuses = ({ path }: { path: string }): boolean => path === '/v1/statuses';
  const outcomeOf = async (
    run: Promise<unknown>,
    code: ErrorCode,
    clock: FakeClock,
  ): Promise<DeviceError> => {
    const waiting = failsWith(run, code);
    let over = false;
    void waiting.then(() => (over = true));
    while (!over) {
      await clock.advance(500);
      await settle();
    }
    return waiting;
  };

  it('does not take a status that a newer one contradicts for the confirmation', async () => {
    const { simulator, client } = bench;
    const device = simulator.controller(simulator.deviceId);
    simulator.faults.add({ kind: 'body', body: '{}', match: toCommand });
    const clock = new FakeClock();
    const run = new PowercontrollerCommands(client, clock).run(on, simulator.deviceId, confirmed());
    const waiting = outcomeOf(run, 'OUTCOME_UNKNOWN', clock);
    await simulator.http.nextRequest(toCommand);
    device.switch(true, 'api');
    device.switch(false, 'manual');
    assert.equal((await waiting).reason, 'powercontrollerNotConfirmed');
  });

  it('does not take the effect of an earlier command for that of one whose answer got lost', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client);
    await commands.run(off, simulator.deviceId, plain());
    simulator.faults.add({ kind: 'reset', match: toCommand });
    const lost = failsWith(commands.run(on, simulator.deviceId, confirmed()), 'OUTCOME_UNKNOWN');
    await simulator.http.nextRequest(toCommand);
    simulator.controller(simulator.deviceId).switch(true, 'api');
    assert.equal((await lost).reason, 'OUTCOME_UNKNOWN');
  });

  it('confirms a lost answer again once the earlier command is long ago, or was confirmed', async () => {
    const { simulator, client } = bench;
    const clock = new FakeClock();
    const commands = new PowercontrollerCommands(client, clock);
    await commands.run(off, simulator.deviceId, plain());
    await clock.advance(15 * 60_000);
    for (const request of [on, off]) {
      simulator.faults.add({ kind: 'resetAfter', match: toCommand, times: 1 });
      assert.equal((await commands.run(request, simulator.deviceId, confirmed())).verified, true);
    }
  });

  it('confirms although a status lies in the future', async () => {
    const { simulator, client } = bench;
    const raw = {
      id: 'odd',
      date: '2099-01-01T00:00:00Z',
      type: 'relay',
      reason: 'api',
      info: { on: false },
    };
    const odd = { status: normaliseStatus(raw), raw };
    const commands = new PowercontrollerCommands({
      send: (...args) => client.send(...args),
      statuses: async (query, signal) => [odd, ...(await client.statuses(query, signal))],
    });
    assert.equal((await commands.run(on, simulator.deviceId, confirmed())).verified, true);
  });

  it('fails instead of sending hours later when the server asks for a long wait', async () => {
    const { simulator, client } = bench;
    const headers = { 'Retry-After': '3600' };
    simulator.faults.add({ kind: 'status', status: 429, headers, times: 1, match: toStatuses });
    const run = new PowercontrollerCommands(client).run(on, simulator.deviceId, confirmed());
    assert.equal((await failsWith(run, 'RATE_LIMITED')).retryAfter, 3600);
    assert.equal(simulator.carriedOut.length, 0);
  });

  it('fails instead of sending late when the state before does not come', async () => {
    const { simulator, client } = bench;
    simulator.faults.add({ kind: 'hang', match: toStatuses });
    const clock = new FakeClock();
    const run = new PowercontrollerCommands(client, clock).run(on, simulator.deviceId, confirmed());
    const waiting = failsWith(run, 'TIMEOUT');
    await simulator.http.nextRequest(toStatuses);
    await clock.advance(20_000);
    assert.equal((await waiting).sent, false);
    assert.equal(simulator.carriedOut.length, 0);
  });

  it('sends nothing when it cannot see the state before, and passes a refusal on', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client, systemClock);
    simulator.faults.add({
      kind: 'status',
      status: 400,
      times: 1,
      match: ({ path }) => path === '/v1/statuses',
    });
    await failsWith(commands.run(on, simulator.deviceId, confirmed()), 'REJECTED');
    assert.equal(simulator.carriedOut.length, 0);
    simulator.faults.add({
      kind: 'status',
      status: 400,
      times: 1,
      match: ({ path }) => path.endsWith('/command'),
    });
    await failsWith(commands.run(on, simulator.deviceId, confirmed()), 'REJECTED');
    assert.equal(simulator.carriedOut.length, 0);
  });

  it('says that the outcome is unknown when it is stopped before the confirmation', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client, new FakeClock());
    simulator.faults.add({ kind: 'body', body: '{"responseCodes":[102]}', match: toCommand });
    const running = failsWith(commands.run(on, simulator.deviceId, confirmed()), 'OUTCOME_UNKNOWN');
    await simulator.http.nextRequest(toCommand);
    await simulator.http.nextRequest(toStatuses);
    abort.abort();
    const error = await running;
    assert.deepEqual([error.reason, error.sent], ['stoppedWhileSwitching', true]);
  });

  it('is cancelled when it is stopped before anything was sent', async () => {
    const { simulator, client } = bench;
    simulator.faults.add({ kind: 'hang', match: toStatuses });
    const running = failsWith(
      new PowercontrollerCommands(client).run(on, simulator.deviceId, confirmed()),
      'CANCELLED',
    );
    await simulator.http.nextRequest(toStatuses);
    abort.abort();
    assert.equal((await running).sent, false);
    assert.equal(simulator.http.log.filter(toCommand).length, 0);
  });

  it('runs one command at a time a device', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client);
    const { device: other } = await client.add('PC-2', 'AT');
    const before = simulator.http.counters.maxInFlight;
    const refresh = commandRequest('refresh');
    await Promise.all(
      [on, refresh, refresh, on].map((one) => commands.run(one, simulator.deviceId, plain())),
    );
    assert.equal(simulator.http.counters.maxInFlight, before);
    await Promise.all([simulator.deviceId, other.id].map((id) => commands.run(on, id, plain())));
  });

  it('switches to the newest wish, not to those that waited with another one', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client);
    const outcomes = await Promise.allSettled(
      [on, off, on, off, off].map((request) => commands.run(request, simulator.deviceId, plain())),
    );
    assert.deepEqual(
      simulator.carriedOut.map(({ body }) => (body.command as { name: string }).name),
      ['on', 'off', 'off'],
    );
    assert.deepEqual(
      outcomes.map((outcome) =>
        outcome.status === 'rejected' ? (outcome.reason as DeviceError).reason : 'sent',
      ),
      ['sent', 'superseded', 'superseded', 'sent', 'sent'],
    );
  });

  it('refuses devices that cannot be, and everything once it is closed', async () => {
    const { simulator, client } = bench;
    const commands = new PowercontrollerCommands(client);
    await failsWith(commands.run(on, undefined, plain()), 'INVALID_INPUT');
    await failsWith(commands.run(on, '../x', plain()), 'INVALID_INPUT');
    simulator.faults.add({ kind: 'hang' });
    const running = failsWith(commands.run(on, simulator.deviceId, plain()), 'CANCELLED');
    const waiting = failsWith(commands.run(off, simulator.deviceId, plain()), 'CANCELLED');
    await simulator.http.nextRequest();
    commands.close();
    client.close();
    abort.abort();
    await Promise.all([running, waiting]);
    await failsWith(commands.run(on, simulator.deviceId, plain()), 'CANCELLED');
    assert.equal(simulator.carriedOut.length, 0);
  });
});
