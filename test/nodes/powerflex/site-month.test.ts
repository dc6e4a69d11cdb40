import assert from 'node:assert/strict';

import { systemClock } from '../../../lib/core/clock';
import { rangeOf } from '../../../lib/core/recent-range';
import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import { admin, codeOf, LEVEL, type TestFlow, unloadFlow } from '../../support/flow';
import { flowNode, loadSite } from './support';

/** In Auckland it is July, in Los Angeles June. */
const EDGE = Date.UTC(2025, 5, 30, 23, 30);
const ZONES = [
  ['Pacific/Auckland', 'Jul'],
  ['America/Los_Angeles', 'Jun'],
] as const;

describe('the month of a site', () => {
  const now = systemClock.now.bind(systemClock);
  let sim: PowerflexSimulator;
  let flow: TestFlow;

  const load = async (type: string, node: Record<string, unknown>, zone: string): Promise<void> => {
    flow = await loadSite(sim, [flowNode(type, node)], { zone });
  };
  const ask = async (action: string, id: string, body: object): Promise<Record<string, unknown>> => {
    const reply = await admin().post(`/energy-devices/powerflex-site/${id}/${action}`).send(body);
    return reply.body as Record<string, unknown>;
  };

  beforeEach(async () => {
    sim = await startPowerflex();
    systemClock.now = () => EDGE;
  });
  afterEach(async () => {
    systemClock.now = now;
    await unloadFlow();
    await sim.close();
  });

  for (const [zone, month] of ZONES) {
    it(`is ${month} in ${zone}: below the node, in its answers, and in the dialogs`, async () => {
      Object.assign(sim.site.targets, { Jun: 606, Jul: 707 });
      await load('powerflex-dcm', { operation: 'msg' }, zone);
      const held = sim.site.targets[month];
      flow.send('n', { operation: 'get_target_peak_power' });
      const { payload } = await flow.at('out').waitFor(() => true, 'targets');
      assert.deepEqual(payload, { targets: sim.site.targets, month, zone });
      await flow.statusOf('n').waitFor(({ text }) => text === `${month} ${held} kW`, 'status');
      // An answer may go in again as it is.
      flow.send('n', { operation: 'set_target_peak_power', payload });
      const set = await flow.at('out').waitFor(() => true, 'set', { from: 1 });
      assert.deepEqual(set.payload, payload);
      assert.equal((await ask('targets', 'd', {})).month, month);
      const { url, username, password } = sim;
      const typed = { settings: { url, accId: '2', zone }, credentials: { username, password } };
      assert.equal((await ask('test', 'new', typed)).month, month);
    });

    it(`counts for a range without a zone of its own in ${zone}`, async () => {
      await load('powerflex-measurements', { range: 'lastMonth', windowHours: 744, zone: '' }, zone);
      flow.send('n', { payload: 1 });
      await flow.at('out').waitFor(() => true, 'rows');
      const asked = sim.http.log.find(({ path }) => path === '/get_measurement_data');
      const { time_filter } = JSON.parse(asked?.body ?? '{}') as { time_filter: [number, number] };
      const { start, end } = rangeOf('lastMonth', 0, zone, EDGE) ?? assert.fail('no range');
      assert.deepEqual(time_filter, [start / 1000, end / 1000]);
    });
  }

  it('is refused in a zone that nobody knows, before anything is sent', async () => {
    await load('powerflex-dcm', { operation: 'get_target_peak_power' }, 'Europe/Nowhere');
    assert.equal(flow.log(LEVEL.warn).length, 1);
    flow.send('n', { payload: 1 });
    assert.equal(codeOf(await flow.at('caught').waitFor(() => true, 'error')), 'INVALID_INPUT');
    assert.equal(sim.http.log.length, 0);
    const { url, username, password } = sim;
    const typed = {
      settings: { url, accId: '2', zone: 'Europe/Nowhere' },
      credentials: { username, password },
    };
    assert.equal((await ask('test', 'new', typed)).reason, 'zoneUnknown');
  });
});
