import assert from 'node:assert/strict';

import { commandRequest } from '../../../lib/powercontroller/input';
import { commandOfForm } from '../../../nodes/powercontroller/command-form';
import { type PowercontrollerSimulator, startPowercontroller } from '../../../simulators/powercontroller';
import { codeOf, LEVEL, type Message, payloadOf, type TestFlow, unloadFlow } from '../../support/flow';
import { type Json, loadWith, node } from './support';

describe('powercontroller-command', () => {
  let sim: PowercontrollerSimulator;
  let flow: TestFlow;

  beforeEach(async () => (sim = await startPowercontroller({ historyDays: 1 })));
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  const load = async (more: Json = {}): Promise<TestFlow> =>
    (flow = await loadWith(sim, [node('command', { operation: 'msg', deviceId: sim.deviceId, ...more })]));
  const respond = (): Promise<Message> => flow.at('out').waitFor(() => true, 'answer');
  const caught = (): Promise<Message> => flow.at('caught').waitFor(() => true, 'error');
  const shown = (fill: string): Promise<unknown> =>
    flow.statusOf('n').waitFor((status) => (status as Json).fill === fill, fill);
  const carriedOut = (): unknown[] => sim.carriedOut.map(({ body }) => body);

  it('does what the payload says, keeps the message and completes it', async () => {
    await load();
    flow.send('n', { payload: true, topic: 'heater', other: [1] });
    const msg = await respond();
    assert.deepEqual(msg.payload, {
      command: 'on',
      deviceId: sim.deviceId,
      accepted: true,
      verified: false,
      responseCodes: [102],
      status: null,
    });
    assert.equal(msg.topic, 'heater');
    assert.deepEqual(msg.other, [1]);
    assert.deepEqual(msg.device, {
      id: sim.deviceId,
      vendor: 'automate-green',
      model: 'power-controller',
      name: sim.deviceId,
    });
    assert.deepEqual(await shown('green'), { fill: 'green', shape: 'dot', text: 'on' });
    await flow.at('completed').waitFor(() => true, 'complete');
    assert.equal(flow.at('caught').items.length, 0);
    assert.deepEqual(carriedOut(), [{ command: { name: 'on' } }]);
  });

  it('takes the device from the message when none is set', async () => {
    await load({ deviceId: '' });
    flow.send('n', { payload: 'off', deviceId: sim.deviceId });
    await respond();
    flow.send('n', { payload: { command: 'on', deviceId: sim.deviceId } });
    await flow.at('out').waitFor((msg) => payloadOf(msg).command === 'on', 'on');
    flow.send('n', { payload: 'on' });
    assert.equal(codeOf(await caught()), 'INVALID_INPUT');
    assert.equal(sim.carriedOut.length, 2);
  });

  it('refuses a message that was meant for another device', async () => {
    await load();
    flow.send('n', { payload: 'on', deviceId: 'other' });
    assert.equal(codeOf(await caught()), 'INVALID_INPUT');
    flow.send('n', { payload: { command: 'on', deviceId: 'other' } });
    await flow.at('caught').waitFor(() => flow.at('caught').items.length === 2, 'both');
    assert.equal(sim.http.counters.requests, 0);
  });

  it('lets what one controller did start something at another', async () => {
    const first = node('command', { id: 'first', operation: 'on', deviceId: sim.deviceId, wires: [['n']] });
    flow = await loadWith(sim, [first, node('command', { operation: 'off', deviceId: 'added_1' })]);
    const added = await fetch(`${sim.url}/devices`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sim.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sn: 'PC-2', country: 'SK' }),
    });
    assert.equal(added.ok, true);
    flow.send('first', {});
    assert.equal(payloadOf(await respond()).deviceId, 'added_1');
    assert.equal(sim.carriedOut.length, 2);
  });

  it('carries out the command that the dialog chose, whatever the message says', async () => {
    await load({ operation: 'limit_power', power: '50', time: '3600' });
    flow.send('n', { payload: false });
    await respond();
    assert.deepEqual(carriedOut(), [{ command: { name: 'limit_power', power: 50, time: 3600 } }]);
  });

  it('sends the duration under the key of the account', async () => {
    await sim.close();
    sim = await startPowercontroller({ durationKey: 'delay' });
    flow = await loadWith(
      sim,
      [node('command', { operation: 'on_for', time: 60, deviceId: sim.deviceId })],
      { email: sim.email, password: sim.password },
      { durationKey: 'delay' },
    );
    flow.send('n', {});
    await respond();
    assert.deepEqual(carriedOut(), [{ command: { name: 'on_for', delay: 60 } }]);
    assert.equal(sim.signIns, 1);
  });

  it('confirms by the relay status where that is set', async () => {
    await load({ operation: 'on', confirmWithin: 10 });
    flow.send('n', {});
    const payload = payloadOf(await respond());
    assert.equal(payload.verified, true);
    assert.equal((payload.status as Json).reason, 'api');
    assert.equal(((await shown('green')) as Json).text, 'on ✓');
  });

  it('refreshes, and adds a controller', async () => {
    await load();
    flow.send('n', { payload: 'refresh' });
    const refreshed = await respond();
    assert.equal((payloadOf(refreshed).status as Json).voltage !== null, true);
    assert.equal((refreshed.device as Json).serialNumber, 'PC-ZXCVBNMASDF-001');
    flow.send('n', { payload: { command: 'add', sn: 'PC-NEW', country: 'SK' } });
    const added = await flow.at('out').waitFor((msg) => payloadOf(msg).command === 'add', 'added');
    assert.equal((added.device as Json).serialNumber, 'PC-NEW');
    assert.equal(payloadOf(added).deviceId, (added.device as Json).id);
  });

  for (const [what, payload] of [
    ['on_for without a time', { command: 'on_for' }],
    ['a negative delay', { command: 'on', delay: -1 }],
    ['NaN', { command: 'on', delay: NaN }],
    ['text for a number', { command: 'limit_power', power: '50', time: 60 }],
    ['an unknown command', 'boost'],
    ['nothing', undefined],
    ['an empty configuration', { command: 'configure' }],
  ] as const) {
    it(`refuses ${what}, and sends nothing`, async () => {
      await load();
      flow.send('n', { payload });
      const error = await caught();
      assert.equal(codeOf(error), 'INVALID_INPUT');
      assert.equal(flow.at('caught').items.length, 1);
      assert.equal(flow.at('completed').items.length, 0);
      assert.equal(sim.http.counters.requests, 0);
      assert.equal(((await shown('red')) as Json).text, 'status.INVALID_INPUT');
    });
  }

  it('says that the outcome is unknown, once, when the connection drops after sending', async () => {
    await load();
    sim.faults.add({ kind: 'resetAfter', match: ({ path }) => path.endsWith('/command') });
    flow.send('n', { payload: 'on' });
    assert.equal(codeOf(await caught()), 'OUTCOME_UNKNOWN');
    assert.equal(sim.carriedOut.length, 1);
    assert.equal(((await shown('yellow')) as Json).text, 'status.OUTCOME_UNKNOWN');
    assert.equal(flow.at('out').items.length, 0);
  });

  it('shows a red ring for a dialog that makes no command, and refuses every message', async () => {
    await load({
      operation: 'configure',
      section: 'ffr',
      ffrEnable: true,
      tripThreshold: 60,
      returnThreshold: 59.8,
    });
    assert.equal(((await shown('red')) as Json).text, 'status.unconfigured');
    flow.send('n', { payload: true });
    assert.equal(codeOf(await caught()), 'INVALID_INPUT');
    assert.equal(sim.http.counters.requests, 0);
  });

  it('shows a red ring without an account, or with one that cannot work', async () => {
    flow = await loadWith(sim, [node('command', { account: '', operation: 'on' })]);
    assert.equal(((await shown('red')) as Json).text, 'status.unconfigured');
    flow.send('n', {});
    assert.equal(codeOf(await caught()), 'INVALID_INPUT');
    await unloadFlow();
    flow = await loadWith(sim, [node('command', { operation: 'on' })], { email: 'x@example.com' });
    assert.equal(((await shown('red')) as Json).text, 'status.unconfigured');
    assert.equal(flow.log(LEVEL.warn).length, 2, 'the account and the node each say why');
    flow.send('n', {});
    assert.equal(codeOf(await caught()), 'INVALID_INPUT');
  });

  it('shows a red ring when a static token is refused, and never signs in', async () => {
    sim.withdrawToken();
    await load();
    flow.send('n', { payload: 'on' });
    assert.equal(codeOf(await caught()), 'AUTH_FAILED');
    assert.deepEqual(await shown('red'), { fill: 'red', shape: 'ring', text: 'status.AUTH_FAILED' });
    assert.equal(sim.http.log.filter(({ path }) => path.endsWith('/signin')).length, 0);
    assert.equal(sim.http.counters.requests, 1);
  });

  it('warns about two config nodes for one account', async () => {
    const second = { id: 'b', type: 'powercontroller-account', name: '', url: sim.url };
    flow = await loadWith(sim, [second], { email: sim.email, password: sim.password });
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ msg }) => msg),
      ['log.accountTwice'],
    );
  });

  it('gives up what is under way when it closes', async () => {
    await load();
    sim.faults.add({ kind: 'hang' });
    const arrived = sim.http.nextRequest();
    flow.send('n', { payload: 'on' });
    flow.send('n', { payload: 'off' });
    await arrived;
    await unloadFlow();
    assert.equal(sim.http.counters.requests, 1);
    assert.equal(sim.carriedOut.length, 0);
  });
});

describe('the command form', () => {
  it('makes of its fields what a message would bring', () => {
    const forms: [Json, Json][] = [
      [{ operation: 'on', delay: '' }, { command: 'on' }],
      [
        { operation: 'off', delay: '60', later: true, persist: false },
        { command: 'off', delay: 60, async: true, persist: false },
      ],
      [
        { operation: 'on_for', time: 5, later: 'true', persist: true },
        { command: 'on_for', time: 5, async: true },
      ],
      [
        { operation: 'off_at', at: '2026-01-01' },
        { command: 'off_at', time: '2026-01-01' },
      ],
      [
        { operation: 'on_at', at: '1771000000' },
        { command: 'on_at', time: 1_771_000_000 },
      ],
      [
        { operation: 'limit_power', power: 'x', time: '9' },
        { command: 'limit_power', power: 'x', time: 9 },
      ],
      [{ operation: 'reset' }, { command: 'reset' }],
      [
        { operation: 'refresh', later: true, persist: false },
        { command: 'refresh', async: true },
      ],
      [
        { operation: 'add', sn: ' S1 ', country: 'US' },
        { command: 'add', sn: 'S1', country: 'US' },
      ],
      [
        { operation: 'configure', section: 'ffr', ffrEnable: false },
        { command: 'configure', ffr: { enable: false } },
      ],
      [
        {
          operation: 'configure',
          section: 'ffr',
          ffrEnable: true,
          tripThreshold: '59.7',
          returnThreshold: 59.8,
          periods: '10',
          ffrDelay: '10',
        },
        {
          command: 'configure',
          ffr: { enable: true, tripThreshold: 59.7, returnThreshold: 59.8, periods: 10, delay: 10 },
        },
      ],
      [
        { operation: 'configure', section: 'flowmeter', flowmeterType: 'none' },
        { command: 'configure', flowmeter: { type: 'none' } },
      ],
      [
        {
          operation: 'configure',
          section: 'flowmeter',
          flowmeterType: 'tuf2000m',
          pipeOuterDiameter: '22',
          pipeWallThickness: 1,
          pipeType: 'copper',
        },
        {
          command: 'configure',
          flowmeter: { type: 'tuf2000m', pipeOuterDiameter: 22, pipeWallThickness: 1, pipeType: 'copper' },
        },
      ],
      [
        { operation: 'configure', section: 'capacity', capacityEnable: 'false' },
        { command: 'configure', capacity: { enable: false } },
      ],
      [
        {
          operation: 'configure',
          section: 'capacity',
          capacityEnable: true,
          maxCapacity: 100,
          minCapacity: 50,
          lossPerLiter: 5.5,
          lossPerIdleMinute: 1.3,
          gainPerWattHour: '2.7',
        },
        {
          command: 'configure',
          capacity: {
            enable: true,
            maxCapacity: 100,
            minCapacity: 50,
            lossPerLiter: 5.5,
            lossPerIdleMinute: 1.3,
            gainPerWattHour: 2.7,
          },
        },
      ],
      [
        { operation: 'configure', section: 'samplePeriod', samplePeriod: '300', later: true },
        { command: 'configure', samplePeriod: 300, async: true },
      ],
    ];
    for (const [form, command] of forms) {
      assert.deepEqual(commandOfForm(form as unknown as Parameters<typeof commandOfForm>[0]), command);
    }
  });

  for (const form of [
    {},
    { section: 'frequency' },
    { section: '' },
    { section: 'ffr', tripThreshold: 59.7, returnThreshold: 59.8, periods: 10, ffrDelay: 10 },
    { section: 'ffr' },
    { section: 'ffr', ffrEnable: 'yes' },
    { section: 'capacity' },
    { section: 'capacity', capacityEnable: null },
  ]) {
    it(`configures nothing with ${JSON.stringify(form)}`, () => {
      const command = commandOfForm({ operation: 'configure', ...form });
      assert.throws(() => commandRequest(command), { code: 'INVALID_INPUT' });
    });
  }
});
