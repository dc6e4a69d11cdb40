import assert from 'node:assert/strict';

import { Transport } from '../../../lib/core/http/transport';
import { CloudClient } from '../../../lib/powersentrix/cloud-client';
import type { PortCommand } from '../../../lib/powersentrix/input';
import { LanClient } from '../../../lib/powersentrix/lan-client';
import { UpsCommands, type UpsCommandsOptions, type PortOutcome } from '../../../lib/powersentrix/commands';
import { startPowersentrix, startPowersentrixCloud, UpsModel } from '../../../simulators/powersentrix';
import type { SimRequest, SimServer } from '../../../simulators/support/server';
import type { DeviceError } from '../../../lib/core/errors';
import { failsWith } from '../../support/expect-error';

/** One UPS behind one of the two ways, with real requests on loopback. */
interface Bench {
  model: UpsModel;
  http: SimServer;
  control: UpsCommands;
  forbid: () => void;
  close: () => Promise<void>;
}

const QUICK: UpsCommandsOptions = { window: 400, firstPause: 5, restartPause: 20, restartWindow: 1500 };
/** ms for one request: plenty, as what is answered has to be answered on a busy machine too */
const PATIENT = 20_000;
/** ms for one request where an answer stays away */
const SHORT = 1000;

const isToggle = (request: SimRequest): boolean =>
  request.query.get('fn') === '3' || request.path.endsWith('changePortState');
const isRead = (request: SimRequest): boolean =>
  request.query.get('fn') === '2' || request.path.endsWith('getUpsComplexObject');

const LOCKED = '{"responseMessage":"Output locked by overload protection"}';
const LOCKED_TEXT = 'PowerSentrix says: Output locked by overload protection';

async function lanBench(timeout = PATIENT): Promise<Bench> {
  const transport = new Transport();
  const ups = await startPowersentrix({ restartMs: 800 });
  const client = new LanClient({ url: ups.url, apiKey: ups.apiKey, timeout }, transport);
  return {
    model: ups.model,
    http: ups.http,
    control: new UpsCommands(client, QUICK),
    forbid: () => (ups.writeActions = false),
    close: async () => {
      transport.close();
      await ups.close();
    },
  };
}

async function cloudBench(timeout = PATIENT): Promise<Bench> {
  const transport = new Transport();
  const model = new UpsModel();
  const cloud = await startPowersentrixCloud({ upses: new Map([['42', model]]) });
  const { url, email, password } = cloud;
  const client = new CloudClient({ url, email, password, timeout }, transport);
  return {
    model,
    http: cloud.http,
    control: new UpsCommands(client.link('42'), QUICK),
    forbid: () => (cloud.writeActions = false),
    close: async () => {
      client.close();
      transport.close();
      await cloud.close();
    },
  };
}

for (const [way, open] of [
  ['the LAN', lanBench],
  ['the cloud', cloudBench],
] as const) {
  describe(`switching over ${way}`, () => {
    let bench: Bench;
    beforeEach(async () => (bench = await open()));
    afterEach(() => bench.close());
    const run = (action: 'on' | 'off' | 'toggle', port = 0): Promise<PortOutcome> =>
      bench.control.run({ port, action });

    it('on, off and toggle for all twelve ports', async () => {
      for (let port = 0; port < 12; port++) {
        const before = bench.model.outputs[port] ?? false;
        const steps: [action: 'on' | 'off' | 'toggle', on: boolean][] = [
          ['toggle', !before],
          ['off', false],
          ['on', true],
          ['on', true],
          ['off', false],
        ];
        let state = before;
        for (const [action, on] of steps) {
          const expected = { port, action, on, changed: on !== state, verified: true };
          assert.deepEqual(await run(action, port), expected);
          assert.equal(bench.model.outputs[port], on);
          state = on;
        }
      }
    });

    it('toggles once for five "on" at the same time', async () => {
      bench.model.outputs[0] = false;
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => run('on')));
      assert.equal(bench.model.toggles, 1);
      assert.deepEqual(
        outcomes.map(({ changed }) => changed),
        [true, false, false, false, false],
      );
    });

    it('carries out the newest of opposite commands that wait for a port, and leaves other ports alone', async () => {
      const outcomes = await Promise.allSettled([run('off'), run('on'), run('off', 1), run('off')]);
      assert.equal(bench.model.toggles, 2);
      assert.deepEqual(
        outcomes.map((outcome) =>
          outcome.status === 'fulfilled' ? outcome.value.changed : (outcome.reason as DeviceError).reason,
        ),
        [true, 'superseded', true, false],
      );
    });

    it('does not switch what contradicts itself', async () => {
      bench.model.configuredOutputs.set(0, 'OFF');
      await failsWith(run('off'), 'CONFLICT');
      assert.equal(bench.model.toggles, 0);
      assert.equal((await run('off', 1)).on, false);
    });

    it('says CONFLICT when the sources disagree after the toggle', async () => {
      bench.model.configuredOutputs.set(0, 'ON');
      const { message } = await failsWith(run('off'), 'CONFLICT');
      assert.equal(bench.model.toggles, 1);
      assert.doesNotMatch(message, /not switched/, 'nobody knows');
    });

    it('says FORBIDDEN with the hint', async () => {
      bench.forbid();
      assert.match((await failsWith(run('off'), 'FORBIDDEN')).message, /Enable API Write Actions/);
      assert.equal(bench.model.toggles, 0);
    });

    it('request lost before it took effect: REJECTED', async () => {
      bench.http.faults.add({ kind: 'reset', times: 1, match: isToggle });
      assert.equal((await failsWith(run('off'), 'REJECTED')).reason, 'notSwitchedUnanswered');
      assert.equal(bench.model.toggles, 0);
    });

    for (const kind of ['resetAfter', 'truncate'] as const) {
      it(`answer lost after it took effect (${kind}): verified`, async () => {
        bench.http.faults.add({ kind, times: 1, match: isToggle });
        assert.deepEqual(await run('off'), {
          port: 0,
          action: 'off',
          on: false,
          changed: true,
          verified: true,
        });
        assert.equal(bench.model.toggles, 1);
      });
    }

    describe('without an answer in time', () => {
      beforeEach(async () => {
        await bench.close();
        bench = await open(SHORT);
      });

      it('effect at once: verified', async () => {
        bench.http.faults.add({ kind: 'delay', ms: 2 * SHORT, times: 1, match: isToggle });
        assert.equal((await run('off')).changed, true);
        assert.equal(bench.model.toggles, 1);
      });

      it('effect that comes after the answer was given up: verified, one toggle', async () => {
        bench.http.faults.add({ kind: 'delay', ms: SHORT + 100, late: true, times: 1, match: isToggle });
        assert.equal((await run('off')).changed, true);
        assert.equal(bench.model.toggles, 1);
      });

      it('no effect: REJECTED, one request', async () => {
        bench.http.faults.add({ kind: 'hang', times: 1, match: isToggle });
        await failsWith(run('off'), 'REJECTED');
        assert.equal(bench.http.log.filter(isToggle).length, 1);
      });
    });

    for (const body of ['{"responseMessage":"busy"}', 'not JSON', '<html>', '7']) {
      it(`answer without effect and with a wrong body (${body}): REJECTED`, async () => {
        bench.http.faults.add({ kind: 'body', body, times: 1, match: isToggle });
        await failsWith(run('off'), 'REJECTED');
      });
    }

    it("keeps the UPS's reason for not switching", async () => {
      bench.http.faults.add({ kind: 'body', body: LOCKED, times: 1, match: isToggle });
      const { reason, message } = await failsWith(run('off'), 'REJECTED');
      assert.deepEqual([reason, message], ['powersentrixSaid', LOCKED_TEXT]);
      assert.equal(bench.http.log.filter(isToggle).length, 1);
    });

    it('status 500 without effect: REJECTED', async () => {
      bench.http.faults.add({ kind: 'status', status: 500, times: 1, match: isToggle });
      await failsWith(run('off'), 'REJECTED');
      assert.equal(bench.http.log.filter(isToggle).length, 1);
    });

    it('cannot be read afterwards: OUTCOME_UNKNOWN', async () => {
      const reached = bench.http.nextRequest(isToggle);
      const work = run('off');
      await reached;
      bench.http.faults.add({ kind: 'status', status: 500, match: isRead });
      await failsWith(work, 'OUTCOME_UNKNOWN');
      assert.equal(bench.model.toggles, 1);
    });

    it('somebody else toggles in between: no second toggle', async () => {
      bench.http.faults.add({ kind: 'delay', ms: 20, late: true, times: 1, match: isToggle });
      const reached = bench.http.nextRequest(isToggle).then(() => bench.model.setPort(0, false));
      await failsWith(run('off'), 'REJECTED');
      await reached;
      assert.equal(bench.model.toggles, 1);
    });

    it('sends nothing when it cannot read first', async () => {
      bench.http.faults.add({ kind: 'status', status: 500, match: isRead });
      await failsWith(run('off'), 'BAD_RESPONSE');
      assert.equal(bench.http.log.filter(isToggle).length, 0);
    });

    it('cancels what waits when it closes', async () => {
      const reached = bench.http.nextRequest(isRead);
      const first = run('off');
      const second = run('on');
      await reached;
      bench.control.close();
      await failsWith(second, 'CANCELLED');
      assert.equal((await first).on, false);
    });

    it('refuses more than fifty waiting commands', async () => {
      const results = await Promise.allSettled(Array.from({ length: 52 }, () => run('on')));
      const refused = results.filter(({ status }) => status === 'rejected');
      assert.equal(refused.length, 1);
      assert.equal(bench.model.toggles, 0);
    });
  });
}

describe('restart and description', () => {
  let bench: Bench;
  beforeEach(async () => (bench = await lanBench()));
  afterEach(() => bench.close());
  const run = (command: PortCommand, signal?: AbortSignal): Promise<PortOutcome> =>
    bench.control.run(command, signal);
  const restart: PortCommand = { port: 0, action: 'restart' };
  const describe11: PortCommand = { port: 11, action: 'describe', description: 'Lamp' };
  const isFn =
    (fn: string) =>
    (request: SimRequest): boolean =>
      request.query.get('fn') === fn;

  it('are not offered over the cloud', async () => {
    const cloud = await cloudBench();
    await failsWith(cloud.control.run(restart), 'NOT_SUPPORTED');
    await failsWith(cloud.control.run(describe11), 'NOT_SUPPORTED');
    assert.equal(cloud.http.counters.requests, 0);
    await cloud.close();
  });

  it('restart waits until the port is back, and holds other commands', async () => {
    const [outcome, on] = await Promise.all([run(restart), run({ port: 0, action: 'on' })]);
    assert.deepEqual(outcome, { port: 0, action: 'restart', on: true, changed: true, verified: true });
    assert.deepEqual([on.changed, bench.model.toggles], [false, 0]);
  });

  it('restart of a port that is off is refused before it is sent', async () => {
    assert.equal(
      (await failsWith(run({ port: 9, action: 'restart' }), 'REJECTED')).reason,
      'powersentrixRestartOff',
    );
    assert.equal(bench.http.log.filter(isFn('4')).length, 0);
  });

  it('restart that is not answered, but seen, is verified', async () => {
    bench.http.faults.add({ kind: 'resetAfter', times: 1, match: isFn('4') });
    assert.equal((await run(restart)).verified, true);
    assert.equal(bench.http.log.filter(isFn('4')).length, 1);
  });

  it('restart that is neither answered nor seen is REJECTED', async () => {
    bench.http.faults.add({ kind: 'reset', times: 1, match: isFn('4') });
    assert.equal((await failsWith(run(restart), 'REJECTED')).reason, 'powersentrixNotRestartedUnanswered');
  });

  for (const body of ['{"info":1}', '{"info":-1}', '{"info":0}', '{"status":"error"}', '{}', '[]', '']) {
    it(`restart that did not happen is no success (${body})`, async () => {
      bench.http.faults.add({ kind: 'body', body, times: 1, match: isFn('4') });
      const { reason } = await failsWith(run(restart), 'REJECTED');
      assert.equal(
        reason,
        body === '{"info":1}' ? 'powersentrixNotRestarted' : 'powersentrixNotRestartedUnanswered',
      );
    });
  }

  for (const [fn, command] of [
    ['4', restart],
    ['5', describe11],
  ] as const) {
    it(`${command.action} keeps the UPS's reason for refusing`, async () => {
      bench.http.faults.add({ kind: 'body', body: LOCKED, times: 1, match: isFn(fn) });
      assert.equal((await failsWith(run(command), 'REJECTED')).message, LOCKED_TEXT);
    });
  }

  it('restart after which the port stays off is OUTCOME_UNKNOWN', async () => {
    const reached = bench.http.nextRequest(isFn('4'));
    const work = run(restart);
    await reached;
    bench.model.close();
    assert.equal((await failsWith(work, 'OUTCOME_UNKNOWN')).reason, 'powersentrixRestartNotBack');
  });

  it('restart that is refused says so', async () => {
    bench.forbid();
    await failsWith(run(restart), 'FORBIDDEN');
  });

  it('restart that is stopped half-way is OUTCOME_UNKNOWN', async () => {
    const abort = new AbortController();
    const reached = bench.http.nextRequest(isFn('4'));
    bench.http.faults.add({ kind: 'hang', times: 1, match: isFn('4') });
    const work = run(restart, abort.signal);
    await reached;
    abort.abort();
    await failsWith(work, 'OUTCOME_UNKNOWN');
    await failsWith(run(restart, abort.signal), 'CANCELLED');
    const watching = new AbortController();
    const begun = bench.http.nextRequest(isFn('4')).then(() => bench.http.nextRequest(isRead));
    const second = run(restart, watching.signal);
    await begun;
    watching.abort();
    await failsWith(second, 'OUTCOME_UNKNOWN');
  });

  it('a description is read back', async () => {
    assert.deepEqual(await run(describe11), {
      port: 11,
      action: 'describe',
      on: false,
      changed: true,
      verified: true,
    });
    assert.equal((await run(describe11)).changed, false);
    assert.equal(bench.http.log.filter(isFn('5')).length, 1);
  });

  it('a description that does not stay is REJECTED, one that cannot be read OUTCOME_UNKNOWN', async () => {
    bench.http.faults.add({ kind: 'body', body: '{"info":1}', times: 1, match: isFn('5') });
    await failsWith(run(describe11), 'REJECTED');
    const reached = bench.http.nextRequest(isFn('5'));
    const work = run(describe11);
    await reached;
    bench.http.faults.add({ kind: 'reset', match: isRead });
    await failsWith(work, 'OUTCOME_UNKNOWN');
  });
});
