import assert from 'node:assert/strict';

import { iso, next, useUserFolder } from '../../support/energy-bench';
import {
  catching,
  codeOf,
  loadFlow,
  payloadOf,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const MINUTE = 60_000;

describe('grid-event-log', () => {
  useUserFolder();

  const load = (settings: object = {}): Promise<TestFlow> =>
    loadFlow(
      [nodeSet('grid-event-log')],
      [
        TAB,
        {
          ...{
            id: 'node',
            z: 'tab',
            type: 'grid-event-log',
            name: 'log',
            x: 100,
            y: 10,
            wires: [['one'], ['two']],
          },
          ...{ zone: 'UTC', longestGap: 1, ...settings },
        },
        ...['one', 'two', 'caught'].map(sink),
        catching(),
      ],
    );
  const heater = { id: 'heater', vendor: 'automate-green', model: 'PC', name: 'Heater' };
  const site = { id: 'site', vendor: 'powerflex', model: 'site', name: 'Garage' };
  const ups = { id: 'ups', vendor: 'powersentrix', model: 'UPS', name: 'UPS' };

  it('tells a shed load by the times of its controller, once, and over a restart', async () => {
    let flow = await load();
    const start = Date.now() - 10 * MINUTE;
    const statuses = [
      { timestamp: iso(start), type: 'trigger', reason: 'ffr', frequency: 59.6, on: null },
      { timestamp: iso(start + 300), type: 'relay', reason: 'ffr', on: false },
      { timestamp: iso(start + 5 * MINUTE), type: 'relay', reason: 'ffrr', on: true },
    ];
    for (const payload of statuses.slice(0, 2)) flow.send('node', { payload, device: heater });
    flow.send('node', { payload: { csv: true } });
    assert.equal(payloadOf(await next(flow.at('two'))).events, 0);
    await unloadFlow();
    flow = await load();
    for (const payload of [...statuses, ...statuses]) flow.send('node', { payload, device: heater });
    const event = payloadOf(await next(flow.at('one')));
    assert.deepEqual(
      [
        event.event,
        event.start,
        event.startSeen,
        event.end,
        event.endSeen,
        event.responseTime,
        event.compliant,
      ],
      ['frequency', iso(start), true, iso(start + 5 * MINUTE), true, 0.3, 'unknown'],
    );
    assert.equal(event.source, 'Heater');
    assert.ok(Number(event.clockDifference) >= 300);
    assert.match(String(event.line), /^frequency,Heater,,.*\r\n$/);
    flow.send('node', { payload: { csv: true } });
    const running = payloadOf(await next(flow.at('two')));
    assert.deepEqual([running.events, (running.rows as unknown[]).length], [1, 1]);
    assert.equal(flow.at('one').items.length, 1);
  });

  it('tells a limit that was set, and the power with it', async () => {
    const flow = await load({ respondWithin: 0, baseline: 1, longestGap: 120 });
    const meter = { id: 'meter' };
    const now = Date.now();
    flow.send('node', { payload: { timestamp: iso(now - MINUTE - 1), power: 9000 }, device: meter });
    flow.send('node', { payload: { timestamp: iso(now - 100), power: 3000 }, device: meter });
    const set = { device: site, operation: 'set_external_signal' };
    const signal = { name: 'GRID', maxLoad: 4, maxLoadUnit: 'kW' };
    flow.send('node', { payload: { ...signal, enabled: true }, ...set });
    flow.send('node', { payload: { power: 3000 }, device: meter });
    flow.send('node', { payload: { power: 99_000 }, device: { id: 'another meter' } });
    flow.send('node', { payload: { ...signal, enabled: false }, ...set });
    flow.send('node', { payload: { timestamp: iso(Date.now() + 50), power: 3000 }, device: meter });
    const event = payloadOf(await next(flow.at('one')));
    assert.deepEqual(
      [
        event.event,
        event.signal,
        event.limit,
        event.limitUnit,
        event.startSeen,
        event.endSeen,
        event.responseTime,
      ],
      ['signal', 'GRID', 4000, 'W', true, true, 0],
    );
    assert.ok(Number(event.baseline) > 8900);
    assert.notEqual(event.compliant, 'no');
  });

  it('tells an outage of the mains without a new message, and what was found so', async () => {
    const flow = await load();
    flow.send('node', {
      payload: { event: 'status', change: 'mainsLost', timestamp: iso(Date.now() - 5000) },
      device: ups,
    });
    flow.send('node', {
      payload: { event: 'status', change: 'mainsRestored', since: 'unknown', timestamp: iso(Date.now()) },
      device: ups,
    });
    const event = payloadOf(await next(flow.at('one')));
    assert.deepEqual(
      [event.event, event.startSeen, event.endSeen, event.compliant],
      ['mains', true, false, 'unknown'],
    );
  });

  it('counts what it could not watch', async () => {
    const flow = await load();
    const since = Date.now() - 60 * MINUTE;
    const tell = (payload: object): void => flow.send('node', { payload, device: ups });
    tell({ event: 'status', change: 'mainsRestored', timestamp: iso(since) });
    tell({ available: false, since: iso(since + 15 * MINUTE), reason: { code: 'TIMEOUT', message: 'x' } });
    tell({ available: true, since: iso(since + 45 * MINUTE) });
    flow.send('node', { payload: { csv: true } });
    const { sources } = payloadOf(await next(flow.at('two'))) as { sources: Record<string, unknown>[] };
    assert.deepEqual(
      [sources[0]?.absent, Math.round(Number(sources[0]?.availability) * 10)],
      [{ TIMEOUT: 1800 }, 5],
    );
  });

  it('refuses what it does not know, bears what others of this package send, and bounds names', async () => {
    const flow = await load();
    for (const payload of ['on', 5, {}, { power: 'nan' }, null]) {
      flow.send('node', { payload });
      assert.equal(codeOf(await next(flow.at('caught'))), 'INVALID_INPUT');
    }
    flow.send('node', { payload: { targets: {} }, device: site });
    const name = `=${'"\n'.repeat(5000)}`;
    for (const enabled of [true, false]) {
      flow.send('node', {
        payload: { name, maxLoad: 4, maxLoadUnit: 'A', enabled },
        device: { ...site, id: name, name },
        operation: 'set_external_signal',
      });
    }
    const event = payloadOf(await next(flow.at('one')));
    assert.ok(JSON.stringify(event).length < 2000);
    assert.match(String(event.line), /^signal,"'=/);
    assert.equal(event.compliant, 'unknown');
    assert.equal(flow.at('caught').items.length, 5);
  });
});
