import assert from 'node:assert/strict';

import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import type { SimRequest } from '../../../simulators/support/server';
import { until } from '../../support/fake-clock';
import { codeOf, LEVEL, type Message, type TestFlow, unloadFlow } from '../../support/flow';
import { flowNode, loadSite } from './support';

const isSet = ({ path }: SimRequest): boolean => path.startsWith('/set_');
const DEVICE = { vendor: 'powerfox', id: 'meter', model: 'poweropti', name: 'Meter' };

describe('powerflex-dcm', () => {
  let sim: PowerflexSimulator;
  let flow: TestFlow;

  const load = async (node: Record<string, unknown>, more: Record<string, unknown>[] = []): Promise<void> => {
    flow = await loadSite(sim, [flowNode('powerflex-dcm', node), ...more]);
  };
  const next = (feed: string, from = 0): Promise<Message> =>
    flow.at(feed).waitFor(() => true, feed, { from });
  const sets = (): unknown[] => sim.http.log.filter(isSet).map(({ body }) => JSON.parse(body) as unknown);
  const status = (pattern: RegExp): Promise<unknown> =>
    flow.statusOf('n').waitFor(({ text }) => pattern.test(text ?? ''), `status ${pattern}`);

  beforeEach(async () => {
    sim = await startPowerflex();
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  describe('as load feed', () => {
    it('takes the topic of its own for a message without one', async () => {
      await load({ operation: 'set_real_time_load' });
      flow.send('n', { payload: 41, topic: '' });
      assert.equal((await next('out')).topic, 'Garage');
    });

    it('reports a number of kW, rounded up, keeps the message, and shows load and age', async () => {
      await load({ operation: 'set_real_time_load' });
      const req = { url: '/x' };
      flow.send('n', { payload: 41.2, topic: 'mine', req });
      const msg = await next('out');
      assert.deepEqual(msg.payload, { realTimeLoad: 42 });
      assert.equal(msg.topic, 'mine');
      assert.equal(msg.req, req);
      assert.deepEqual(msg.device, {
        ...{ id: `127.0.0.1:${sim.port}/2`, vendor: 'powerflex', model: 'site', name: 'Garage' },
      });
      await next('completed');
      assert.deepEqual(sets(), [{ real_time_load_kW: 42 }]);
      await status(/^42 kW · \d s$/);
      const state = await next('state');
      assert.equal((state.payload as { available: boolean }).available, true);
      assert.equal(state.topic, 'Garage');
    });

    it('takes { realTimeLoad } and readings of this package, whose unit is known', async () => {
      await load({ operation: 'set_real_time_load', minInterval: 0 });
      flow.send('n', { payload: { realTimeLoad: 7 } });
      await next('out');
      flow.send('n', { payload: { power: 42_001, timestamp: new Date().toISOString() }, device: DEVICE });
      assert.deepEqual((await next('out', 1)).payload, { realTimeLoad: 43 });
    });

    it('takes a chosen property in its unit', async () => {
      await load({ operation: 'set_real_time_load', loadProperty: 'house.total', loadUnit: 'W' });
      flow.send('n', { payload: 'ignored', house: { total: 1500 } });
      assert.deepEqual((await next('out')).payload, { realTimeLoad: 2 });
      flow.send('n', { payload: 5 });
      assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
    });

    for (const [what, msg] of Object.entries({
      NaN: { payload: NaN },
      infinite: { payload: Infinity },
      text: { payload: '5' },
      'an empty text': { payload: '' },
      negative: { payload: -3 },
      boolean: { payload: true },
      null: { payload: null },
      nothing: {},
      'an empty object': { payload: {} },
      'a list': { payload: [5] },
      'a reading of a device that this package does not know': {
        payload: { power: 5000 },
        device: { ...DEVICE, vendor: 'Powerfox' },
      },
      'a reading without power': { payload: { power: null, timestamp: 1 }, device: DEVICE },
      'a time that nobody can read': { payload: { power: 5000, timestamp: 1_700_000_000 }, device: DEVICE },
      'power of who knows what unit': { payload: { power: 5 } },
      'an old reading': { payload: { power: 5000, timestamp: '2020-01-01T00:00:00Z' }, device: DEVICE },
    })) {
      it(`refuses ${what} and sends nothing`, async () => {
        await load({ operation: 'set_real_time_load' });
        flow.send('n', msg);
        assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
        assert.equal(flow.statusOf('n').items.at(-1)?.text, 'status.INVALID_INPUT');
        assert.equal(sim.http.log.length, 0);
        assert.equal(flow.at('out').items.length + flow.at('completed').items.length, 0);
      });
    }

    it('takes the loads of a meter whose clock is behind, and refuses the time that stands still', async () => {
      await load({ operation: 'set_real_time_load', minInterval: 0, maxAge: 1 });
      const behind = Date.now() - 200_000;
      for (const [index, power] of [5000, 6000].entries()) {
        const timestamp = new Date(behind + index * 1000).toISOString();
        flow.send('n', { payload: { power, timestamp }, device: DEVICE });
        assert.deepEqual((await next('out', index)).payload, { realTimeLoad: power / 1000 });
      }
      const from = flow.at('state').items.length;
      // Without a new time the feed goes stale, and the same load is refused.
      const isStale = ({ payload }: Message): boolean => !(payload as { available: boolean }).available;
      // On a busy machine the feed may have been stale before the first load, too.
      await flow.at('state').waitFor(isStale, 'stale', { from });
      // A timer may be a millisecond early: the load is sent until it is too old.
      await until(() => {
        flow.send('n', {
          payload: { power: 7000, timestamp: new Date(behind + 1000).toISOString() },
          device: DEVICE,
        });
        return flow.at('caught').items.length > 0;
      });
      assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
    });

    it('counts an export as 0 where the user says so', async () => {
      await load({ operation: 'set_real_time_load', negative: 'zero' });
      flow.send('n', { payload: -3 });
      assert.deepEqual((await next('out')).payload, { realTimeLoad: 0 });
    });

    it('sends the first and the newest of many, and completes every message', async () => {
      await load({ operation: 'set_real_time_load', minInterval: 0 });
      sim.faults.add({ kind: 'delay', ms: 100, times: 1, match: isSet });
      for (let i = 0; i < 1000; i++) flow.send('n', { payload: i });
      await flow.at('completed').waitFor(() => flow.at('completed').items.length === 1000, 'all completed');
      const loads = sets().map((body) => (body as { real_time_load_kW: number }).real_time_load_kW);
      assert.deepEqual(loads, [0, 999]);
      assert.deepEqual(
        flow.at('out').items.map(({ payload }) => payload),
        [{ realTimeLoad: 0 }, { realTimeLoad: 999 }],
      );
      assert.equal(sim.http.counters.maxInFlight, 1);
    });

    it('goes stale without loads, says so, and sends the fail-safe load', async () => {
      await load({ operation: 'set_real_time_load', maxAge: 1, failSafe: '399.5' });
      const state = await next('state');
      assert.deepEqual((state.payload as { reason: { code: string } }).reason.code, 'STALE');
      await until(() => flow.log(LEVEL.warn).length > 0);
      assert.deepEqual(sets(), [{ real_time_load_kW: 400 }]);
    });

    for (const failSafe of ['-5', 'much', '5 kW', '0x10', true, 1e12]) {
      it(`feeds nothing with ${failSafe} for a fail-safe load, as nobody would know that there is none`, async () => {
        await load({ operation: 'set_real_time_load', maxAge: 1, failSafe });
        flow.send('n', { payload: 5 });
        assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
        await flow.statusOf('n').waitFor(({ fill }) => fill === 'red', 'red ring');
        assert.deepEqual(sets(), []);
      });
    }

    it('tells a Catch node when the fail-safe load cannot be sent', async () => {
      sim.faults.add({ kind: 'status', status: 403, match: isSet });
      await load({ operation: 'set_real_time_load', maxAge: 1, failSafe: 5 });
      const caught = await next('caught');
      assert.equal(codeOf(caught), 'FORBIDDEN');
      assert.equal((caught.device as { vendor: string }).vendor, 'powerflex');
    });

    it('repeats the load', async () => {
      await load({ operation: 'set_real_time_load', repeatInterval: 1 });
      flow.send('n', { payload: 5 });
      await sim.http.nextRequest(isSet);
      await sim.http.nextRequest(isSet);
      assert.deepEqual(sets(), [{ real_time_load_kW: 5 }, { real_time_load_kW: 5 }]);
      assert.equal(flow.at('out').items.length, 1);
    });

    it('warns of two feeds for one site, and of settings that are no numbers', async () => {
      const second = flowNode('powerflex-dcm', { id: 'n2', operation: 'set_real_time_load', maxAge: 'soon' });
      await load({ operation: 'set_real_time_load' }, [second]);
      const warnings = flow.log(LEVEL.warn).map(({ msg }) => msg);
      assert.deepEqual(warnings.sort(), ['log.feedTwice', 'log.settingUnreadable']);
    });

    it('takes a node for any operation for a second feed only once it gets a load', async () => {
      const second = flowNode('powerflex-dcm', { id: 'n2', operation: 'msg' });
      await load({ operation: 'set_real_time_load' }, [second]);
      assert.deepEqual(flow.log(LEVEL.warn), []);
      flow.send('n2', { operation: 'set_real_time_load', payload: 5 });
      await next('out');
      assert.deepEqual(
        flow.log(LEVEL.warn).map(({ msg }) => msg),
        ['log.feedTwice'],
      );
    });

    it('reports a dropped connection as an unknown outcome and shows it', async () => {
      await load({ operation: 'set_real_time_load' });
      sim.faults.add({ kind: 'resetAfter', times: 1, match: isSet });
      flow.send('n', { payload: 5 });
      assert.equal(codeOf(await next('caught')), 'OUTCOME_UNKNOWN');
      assert.equal(sets().length, 1);
    });
  });

  describe('with targets', () => {
    it('reads them', async () => {
      await load({ operation: 'get_target_peak_power', topic: 'targets' });
      flow.send('n', { payload: 'any' });
      const msg = await next('out');
      assert.deepEqual((msg.payload as { targets: unknown }).targets, sim.site.targets);
      assert.equal(msg.topic, 'targets');
      await status(/^[A-Z][a-z]{2} 200 kW$/);
    });

    it('sets those of the message, else those of the dialog', async () => {
      await load({ operation: 'set_target_peak_power', targets: { Jan: 150 } });
      flow.send('n', { payload: { targets: { Jun: 700 } } });
      assert.equal((await next('out')).payload && sim.site.targets.Jun, 700);
      flow.send('n', { payload: 'go' });
      const held = (await next('out', 1)).payload as { targets: Record<string, number> };
      assert.deepEqual([held.targets.Jan, held.targets.Jun], [150, 700]);
      assert.deepEqual(sets(), [{ target_peak_power: { Jun: 700 } }, { target_peak_power: { Jan: 150 } }]);
    });

    it('sets targets one after the other, in the order of the messages', async () => {
      await load({ operation: 'set_target_peak_power' });
      // Each one slower than the next.
      for (const ms of [60, 40, 20]) sim.faults.add({ kind: 'delay', ms, times: 1, match: isSet });
      for (const Jun of [300, 200, 100]) flow.send('n', { payload: { targets: { Jun } } });
      await flow.at('completed').waitFor(() => flow.at('completed').items.length === 3, 'all completed');
      assert.deepEqual(
        sets(),
        [300, 200, 100].map((Jun) => ({ target_peak_power: { Jun } })),
      );
      assert.equal(sim.http.counters.maxInFlight, 1);
      assert.equal(sim.site.targets.Jun, 100);
    });

    for (const targets of [{}, { June: 1 }, { Jun: 1.5 }, { Jun: -1 }, { Jun: '5' }, 'all', null]) {
      it(`refuses ${JSON.stringify(targets)} and sends nothing`, async () => {
        await load({ operation: 'set_target_peak_power', targets: { Jan: 150 } });
        flow.send('n', { payload: { targets } });
        assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
        assert.equal(sim.http.log.length, 0);
      });
    }

    for (const payload of [{ Jun: 700 }, { june: 700 }]) {
      it(`does not set those of the dialog on ${JSON.stringify(payload)}`, async () => {
        await load({ operation: 'set_target_peak_power', targets: { Jan: 150 } });
        flow.send('n', { payload });
        assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
        assert.equal(sim.http.log.length, 0);
      });
    }

    it('reports an echo that differs with both values', async () => {
      await load({ operation: 'set_target_peak_power' });
      sim.faults.add({ kind: 'body', body: JSON.stringify({ ...sim.site.targets, Jun: 650 }), match: isSet });
      flow.send('n', { payload: { targets: { Jun: 700 } } });
      assert.equal(codeOf(await next('caught')), 'CONFLICT');
    });
  });

  describe('as msg.operation says', () => {
    it('does each operation', async () => {
      await load({ operation: 'msg', signalName: 'grid' });
      for (const [operation, payload] of [
        ['set_real_time_load', 5],
        ['get_target_peak_power', undefined],
        ['set_target_peak_power', { targets: { Jan: 5 } }],
        ['set_external_signal', 9],
        ['get_external_signal', {}],
      ] as const) {
        const from = flow.at('out').items.length;
        flow.send('n', { operation, payload });
        await next('out', from);
      }
      assert.equal(flow.at('caught').items.length, 0);
    });

    it("gives an answer the node's topic when the message has an empty one", async () => {
      await load({ operation: 'get_target_peak_power', topic: 'targets' });
      flow.send('n', { payload: 1, topic: '' });
      assert.equal((await next('out')).topic, 'targets');
    });

    it('refuses an operation that it does not know', async () => {
      await load({ operation: 'msg' });
      flow.send('n', { operation: 'constructor', payload: 5 });
      assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
      assert.equal(sim.http.log.length, 0);
    });
  });

  it('says that no site is chosen', async () => {
    await load({ operation: 'set_real_time_load', site: '' });
    flow.send('n', { payload: 5 });
    assert.equal(codeOf(await next('caught')), 'INVALID_INPUT');
    assert.equal(flow.statusOf('n').items.at(-1)?.text ?? 'status.unconfigured', 'status.unconfigured');
  });

  it('leaves nothing behind when it closes in the middle of a request', async () => {
    await load({ operation: 'set_real_time_load', repeatInterval: 1 });
    flow.send('n', { payload: 1 });
    await next('out');
    sim.faults.add({ kind: 'hang' });
    const arrived = sim.http.nextRequest(isSet);
    flow.send('n', { payload: 2 });
    await arrived;
    await unloadFlow();
    await until(() => sim.http.counters.inFlight === 0);
  });
});
