import assert from 'node:assert/strict';

import { iso, next, useUserFolder } from '../../support/energy-bench';
import {
  catching,
  codeOf,
  LEVEL,
  loadFlow,
  payloadOf,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Told {
  sessions: number;
  energy: number;
  cost: number | null;
  unknown: number;
  late: number;
  groups: { group: string; energy: number }[];
  [name: string]: unknown;
}

/** The first instant of the month of UTC so many months ago. */
function monthBegins(ago: number): number {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1);
}

const session = (start: number, more: object = {}): object => ({
  ...{ start: iso(start), end: iso(start + 2 * HOUR), startSeen: true, endSeen: true, energy: 10_000 },
  ...{ evseAddress: 'A1', spaceNumber: '101', accId: '02', acsId: '01', peakCurrent: 16, peakPower: null },
  ...more,
});

describe('charging-report', () => {
  useUserFolder();

  const load = (settings: object = {}): Promise<TestFlow> =>
    loadFlow(
      [nodeSet('charging-report')],
      [
        TAB,
        {
          ...{
            id: 'node',
            z: 'tab',
            type: 'charging-report',
            name: 'bill',
            x: 100,
            y: 10,
            wires: [['one'], ['two']],
          },
          ...{ zone: 'UTC', price: 'fixed', fixedPrice: 0.3, currency: 'EUR', settle: 0, ...settings },
        },
        ...['one', 'two', 'caught'].map(sink),
        catching(),
      ],
    );
  const site = { id: 'site-1', vendor: 'powerflex', model: 'site', name: 'Garage' };
  const month = async (flow: TestFlow, payload: unknown, more: object = {}): Promise<Told> => {
    flow.send('node', { payload, device: site, ...more });
    return payloadOf(await next(flow.at('one'))).month as Told;
  };

  it('bills each session once, also asked for again and over a restart', async () => {
    let flow = await load();
    const start = monthBegins(0);
    const first = [session(start), session(start + 3 * HOUR, { evseAddress: 'A2', energy: null })];
    let told = await month(flow, first);
    assert.deepEqual(
      [told.sessions, told.energy, told.cost, told.unknown, told.groups.map(({ group }) => group)],
      [2, 10_000, 3, 1, ['A1', 'A2']],
    );
    told = await month(flow, first);
    assert.equal(told.sessions, 2);
    await unloadFlow();
    flow = await load();
    told = await month(flow, [...first, session(start + 5 * HOUR)]);
    assert.deepEqual([told.sessions, told.energy, told.cost], [3, 20_000, 6]);
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ msg }) => msg.includes('energyBareSessions')),
      [true],
      'they come without details, which is said once',
    );
  });

  it('closes a month once, in the order of months, and counts what comes late in the next', async () => {
    const flow = await load({ names: [{ station: '101', name: 'Ann' }], groupBy: 'table' });
    flow.send('node', {
      payload: [session(monthBegins(2) + DAY), session(monthBegins(1) + DAY)],
      device: site,
    });
    const closed = [
      payloadOf(await next(flow.at('two'))),
      payloadOf(await next(flow.at('two'))),
    ] as unknown as Told[];
    assert.deepEqual(
      closed.map(({ start, sessions, cost, groups }) => [start, sessions, cost, groups[0]?.group]),
      [2, 1].map((ago) => [iso(monthBegins(ago)), 1, 3, 'Ann']),
    );
    const [{ csv, rows, key }] = closed as [Told];
    assert.match(String(csv), /^created,finished,station,space,name,chargedEnergy,/);
    assert.equal(String(csv).split('\r\n').length, 3);
    assert.equal((rows as unknown[]).length, 1);
    assert.equal(key, `node month ${iso(monthBegins(2))}`);
    await next(flow.at('one'));
    const told = await month(flow, [session(monthBegins(1) + 2 * DAY), session(monthBegins(1) + DAY)]);
    assert.deepEqual([told.sessions, told.late], [1, 1]);
    assert.equal(flow.at('two').items.length, 2);
  });

  it('tells a month without a session, but not years of them', async () => {
    const flow = await load();
    flow.send('node', { payload: [session(monthBegins(40) + DAY)], device: site });
    await next(flow.at('one'));
    assert.deepEqual(
      flow.at('two').items.map((told) => payloadOf(told).start),
      [iso(monthBegins(40))],
    );
  });

  it('waits for the last message of a sequence, and closes no month with rows missing', async () => {
    const flow = await load();
    const start = monthBegins(1) + DAY;
    flow.send('node', { payload: session(start), device: site, parts: { id: 'x', index: 0 } });
    const told = await month(flow, session(start + 5 * HOUR), {
      parts: { id: 'x', index: 1, count: 2 },
      partial: true,
    });
    assert.equal(told.sessions, 0, 'it ended last month');
    assert.equal(flow.at('two').items.length, 0);
    flow.send('node', { payload: [], device: site });
    assert.equal(payloadOf(await next(flow.at('two'))).sessions, 2);
  });

  it('takes prices from messages, and prices what had none', async () => {
    const flow = await load({ price: 'messages' });
    const start = monthBegins(0);
    const details = {
      ...{ counterBefore: 0, counterFirst: 0, counterLast: 10_000, mayBeAnew: false },
      course: [
        [0, 0],
        [3600, 8000],
        [7200, 10_000],
      ],
    };
    let told = await month(flow, [session(start, details)]);
    assert.deepEqual([told.cost, told.unpriced], [null, 10_000]);
    flow.send('node', {
      payload: {
        priceData: [
          { start: iso(start), value: 0.5 },
          { start: iso(start + HOUR), value: 0.1, end: iso(start + 2 * HOUR) },
        ],
      },
    });
    told = payloadOf(await next(flow.at('one'))).month as Told;
    assert.deepEqual([told.cost, told.unpriced], [4.2, 0]);
  });

  it('takes a price that comes with the sessions', async () => {
    const flow = await load({ price: 'messages' });
    const price = { price: 0.4, payload: 0 };
    flow.send('node', price);
    await next(flow.at('one'));
    const begun = Date.now();
    const told = await month(flow, [session(begun, { end: iso(begun + 1) })], { price: 0.5 });
    assert.ok([4, 5].includes(told.cost ?? 0), String(told.cost));
  });

  it('tells the running month as a table, and begins anew when asked to', async () => {
    const flow = await load({ decimalComma: true });
    await month(flow, [session(monthBegins(0), { energy: 1234.5 })]);
    flow.send('node', { payload: { csv: true } });
    const { csv, rows } = payloadOf(await next(flow.at('one')));
    assert.match(String(csv), /;1,2345;/);
    assert.equal((rows as unknown[]).length, 1);
    flow.send('node', { payload: { reset: true } });
    assert.equal((payloadOf(await next(flow.at('one'))).month as Told).sessions, 0);
  });

  it('refuses what holds no sessions, and more than it keeps, as a whole', async () => {
    const flow = await load();
    const start = monthBegins(0);
    const many = Array.from({ length: 1001 }, (_, i) => session(start, { evseAddress: `A${i}` }));
    const long = Array.from({ length: 8001 }, (_, i) => session(start - i * 3 * HOUR));
    for (const payload of ['on', 5, {}, { reset: 'day' }, { priceData: 3 }, null, many, long]) {
      flow.send('node', { payload });
      assert.equal(codeOf(await next(flow.at('caught'))), 'INVALID_INPUT');
    }
    assert.equal(flow.at('one').items.length, 0);
    const odd = [
      null,
      'x',
      {},
      { start: 'never', end: 1 },
      session(start, { energy: -1 }),
      session(start, { evseAddress: 'b'.repeat(10_240), spaceNumber: '=1' }),
    ];
    const told = await month(flow, odd);
    assert.deepEqual([told.sessions, told.groups[0]?.group.length], [1, 100]);
  });
});
