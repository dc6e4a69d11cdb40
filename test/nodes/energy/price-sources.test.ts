import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeInitializer } from 'node-red';

import { projectRoot } from '../../../scripts/support/project-root';
import { iso, next, useUserFolder } from '../../support/energy-bench';
import { nodeRedCore } from '../../support/find-node-red';
import { catching, errorOf, loadFlow, payloadOf, PLACED, sink, TAB } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const CHANGE = nodeRedCore('function/15-change.js') as NodeInitializer;

/** A slot: money per kWh, epoch ms. */
interface Slot {
  price: number;
  start: number;
  end: number;
}

/** The expressions of the page, by the first word of their row. */
function expressions(): Map<string, string> {
  const page = readFileSync(join(projectRoot(), 'docs/surplus-and-price.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\w[\w-]*),[^|]*\| `(\{"priceData".*\})` \|$/gm)];
  return new Map(rows.map(([, source = '', expression = '']) => [source, expression]));
}

const perMwh = ({ price }: Slot): number => price * 1000;
/** As services write local time: with the zone's difference. */
const berlin = (ms: number): string => `${iso(ms + HOUR).slice(0, 19)}+01:00`;

const half = (slots: readonly Slot[], which: 0 | 1): Slot[] =>
  which === 0 ? slots.slice(0, Math.ceil(slots.length / 2)) : slots.slice(Math.ceil(slots.length / 2));
const tibber = (slots: readonly Slot[]): object[] =>
  slots.map(({ price, start }) => ({
    ...{ total: price, energy: price / 2, tax: price / 2, startsAt: berlin(start), level: 'NORMAL' },
  }));
const priceInfo = (slots: readonly Slot[]): object => ({
  current: null,
  today: tibber(half(slots, 0)),
  tomorrow: tibber(half(slots, 1)),
});

/** What each source answers for the same slots. */
const SOURCES: readonly (readonly [source: string, form: string, answer: (slots: Slot[]) => unknown])[] = [
  [
    'evcc',
    'value',
    (slots) => ({
      rates: slots.map(({ price, start, end }) => ({ start: berlin(start), end: berlin(end), value: price })),
    }),
  ],
  [
    'evcc',
    'price, in a result',
    (slots) => ({
      result: { rates: slots.map(({ price, start, end }) => ({ start: iso(start), end: iso(end), price })) },
    }),
  ],
  ['Tibber', 'priceInfo', (slots) => ({ priceInfo: priceInfo(slots) })],
  [
    'Tibber',
    'the whole answer',
    (slots) => ({
      data: {
        viewer: { homes: [{ currentSubscription: { status: 'running', priceInfo: priceInfo(slots) } }] },
      },
    }),
  ],
  [
    'aWATTar',
    'EUR/MWh',
    (slots) => ({
      object: 'list',
      data: slots.map((slot) => ({
        ...{ start_timestamp: slot.start, end_timestamp: slot.end },
        ...{ marketprice: perMwh(slot), unit: 'Eur/MWh' },
      })),
    }),
  ],
  ['ENTSO-E', 'EUR/MWh', (slots) => slots.map((slot) => ({ time: iso(slot.start), price: perMwh(slot) }))],
];

describe('prices of services, by the expressions that the page has', () => {
  useUserFolder();
  const found = expressions();

  it('are all tried here', () => {
    assert.deepEqual([...found.keys()].sort(), [...new Set(SOURCES.map(([source]) => source))].sort());
  });

  for (const [source, form, answer] of SOURCES) {
    describe(`${source}, ${form}`, () => {
      const plan = async (slots: Slot[]): ReturnType<typeof loadFlow> => {
        const expression = found.get(source);
        const flow = await loadFlow(
          [CHANGE, nodeSet('energy-price-plan')],
          [
            TAB,
            {
              ...{ id: 'change', type: 'change', ...PLACED, wires: [['node']] },
              rules: [{ t: 'set', p: 'payload', pt: 'msg', to: expression, tot: 'jsonata' }],
            },
            {
              ...{ id: 'node', type: 'energy-price-plan', ...PLACED, hours: 1, zone: 'UTC' },
              ...{ wires: [[], ['plan'], []] },
            },
            ...['plan', 'caught'].map(sink),
            catching(),
          ],
        );
        flow.send('change', { payload: answer(slots) });
        return flow;
      };
      const chartOf = (payload: Record<string, unknown>): [number, number][] =>
        (payload.chart as { x: number; y: number }[]).map(({ x, y }) => [x, y]);

      // A list of one is what expressions like to unpack; quarters are what markets have by now.
      for (const [length, count] of [
        [HOUR, 1],
        [HOUR, 2],
        [HOUR, 24],
        [QUARTER, 96],
      ] as const) {
        it(`${count} of ${length / 60_000} min become the node's`, async () => {
          const first = Math.floor(Date.now() / HOUR) * HOUR;
          const slots = Array.from({ length: count }, (_, i) => ({
            ...{ price: 0.25 - i / 128, start: first + i * length, end: first + (i + 1) * length },
          }));
          const flow = await plan(slots);
          const known = new Map(chartOf(payloadOf(await next(flow.at('plan')))));
          const expected = slots.map(({ start, price }) => [start, price]);
          assert.deepEqual(
            expected.map(([start = 0]) => [start, known.get(start)]),
            expected,
          );
          assert.equal(flow.at('caught').items.length, 0);
        });
      }

      it('none of them are refused', async () => {
        const flow = await plan([]);
        const error = errorOf(await next(flow.at('caught')));
        assert.equal(error.code, 'INVALID_INPUT');
      });
    });
  }
});
