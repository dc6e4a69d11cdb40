import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';
import { parseHourRows, type HourRow } from '../../../lib/energy/hours';
import { Prices, type Pricing } from '../../../lib/energy/prices';
import { ChargingReport } from '../../../lib/reports/charging';
import { packSpan, unpackSpan } from '../../../lib/reports/charging-state';
import { sessionsOf } from '../../../lib/reports/session-input';
import { type Habit, joined, type Stay } from '../../../lib/reports/stay';
import { costOf, durationsOf } from '../../../lib/reports/stay-cost';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.UTC(2026, 2, 1);

/** Times in hours, energies in Wh. */
function stay(from: number, to: number, energy: number | null, more: Partial<Stay> = {}): Stay {
  const milli = (value: number | null | undefined): number | null => (value == null ? null : value * 1000);
  const { before, first, last } = more;
  return {
    ...{
      start: T0 + from * HOUR,
      end: T0 + to * HOUR,
      startSeen: true,
      endSeen: true,
      course: [],
      mayBeAnew: false,
    },
    ...more,
    energy: milli(energy),
    before: milli(before),
    first: milli(first),
    last: milli(last),
  };
}

const open = { endSeen: false };
const cut = { startSeen: false };

/** Wh of both together; `two`: they are not of one car. */
const JOINS: [what: string, a: Stay, b: Stay, habit: Habit, energy: number | null | 'two'][] = [
  ['the same again', stay(0, 2, 5, { last: 5 }), stay(0, 2, 5, { last: 5 }), null, 5],
  ['more of the same', stay(0, 2, 5000, open), stay(0, 3, 9000), null, 9000],
  ['less of the same', stay(0, 3, 9000), stay(0, 2, 5000, open), null, 9000],
  [
    'a part at the end',
    stay(0, 3, 9000, { last: 9000 }),
    stay(1, 3, null, { ...cut, last: 9000 }),
    'on',
    9000,
  ],
  [
    'two parts, of a lifetime',
    stay(0, 2, 5000, { ...open, before: 100_000, first: 100_000, last: 105_000 }),
    stay(2.1, 4, null, { ...cut, first: 105_500, last: 109_000 }),
    'on',
    9000,
  ],
  [
    'two parts, of a counter that begins anew',
    stay(0, 2, 5000, { ...open, before: 0, first: 0, last: 5000 }),
    stay(2.1, 4, 9000, { ...cut, first: 5500, last: 9000 }),
    'anew',
    9000,
  ],
  [
    'a car that waited, with what the one before had',
    stay(0, 2, 0, { ...open, before: 20_000, first: 20_000, last: 20_000 }),
    stay(2.1, 4, 25_000, { ...cut, before: 0, first: 0, last: 25_000 }),
    null,
    25_000,
  ],
  [
    'the same, anew before the second part',
    stay(0, 2, 0, { ...open, before: 20_000, first: 20_000, last: 20_000 }),
    stay(2.1, 4, null, { ...cut, first: 3000, last: 9000 }),
    'anew',
    9000,
  ],
  [
    'the same, and nobody knows',
    stay(0, 2, 0, { ...open, before: 20_000, first: 20_000, last: 20_000 }),
    stay(2.1, 4, null, { ...cut, first: 23_000, last: 29_000 }),
    null,
    null,
  ],
  [
    'another car in between',
    stay(0, 2, 5000, { ...open, before: 0, first: 0, last: 5000 }),
    stay(2.1, 4, 4000, { ...cut, first: 1000, last: 4000 }),
    'anew',
    'two',
  ],
  ['one that has ended, and one that began unseen', stay(0, 2, 5000), stay(2.1, 4, null, cut), 'on', 'two'],
  ['one after the other', stay(0, 2, 5000, open), stay(2.1, 4, 4000), 'on', 'two'],
  [
    'days without rows, of a lifetime',
    stay(0, 2, 5000, { ...open, before: 0, last: 5000 }),
    stay(50, 60, null, { ...cut, first: 90_000, last: 99_000 }),
    'on',
    'two',
  ],
  [
    'days without rows, and a counter that tells the whole',
    stay(0, 2, 5000, { ...open, before: 0, last: 5000 }),
    stay(50, 60, 9000, { ...cut, first: 9000, last: 9000 }),
    'anew',
    9000,
  ],
  [
    'readings missing at the end of a part',
    stay(0, 2, null, { ...open, before: 0, first: 0 }),
    stay(2.1, 4, null, { ...cut, first: 5500, last: 9000 }),
    null,
    null,
  ],
];

describe('parts of a stay', () => {
  for (const [what, a, b, habit, expected] of JOINS) {
    it(`${what}: ${String(expected)}`, () => {
      const whole = joined(a, b, habit, true);
      const wattHours = whole && (whole.energy === null ? null : whole.energy / 1000);
      assert.equal(whole ? wattHours : 'two', expected);
      if (!whole) return;
      assert.deepEqual([whole.start, whole.end], [Math.min(a.start, b.start), Math.max(a.end, b.end)]);
      assert.equal(whole.startSeen, a.startSeen || (a.start === b.start && b.startSeen));
    });
  }
});

describe('what a stay costs', () => {
  const zone = new LocalTime('Europe/Berlin');
  type Row = HourRow & { price: number };
  const rows = parseHourRows<Row>(
    [
      { from: '02:00', to: '03:00', price: 1 },
      { from: '00:00', to: '24:00', price: 0.1 },
    ],
    'price',
    { min: 0, max: 9 },
  );
  const table: Pricing = { kind: 'table', rows };
  /** 1 kWh an hour from local midnight on, for so many hours */
  const night = (date: number, hours: number): Stay => ({
    ...stay(0, 0, hours * 1000),
    ...{ start: date, end: date + hours * HOUR },
    course: [
      [date, 0],
      [date + hours * HOUR, hours * 1e6],
    ],
  });
  const CASES: [what: string, date: number, cost: number][] = [
    ['an hour of the table', Date.UTC(2026, 1, 1, -1), 1.4],
    ['an hour that the clock leaves out', Date.UTC(2026, 2, 29, -1), 0.5],
    ['an hour that comes twice', Date.UTC(2026, 9, 25, -2), 2.3],
  ];
  for (const [what, date, cost] of CASES) {
    it(what, () => {
      const { cost: found, unpriced, estimated } = costOf(night(date, 5), new Prices(table, zone));
      assert.ok(Math.abs((found ?? 0) - cost) < 1e-9, String(found));
      assert.deepEqual([unpriced, estimated], [0, false]);
    });
  }

  it('spread evenly without its course, which is said', () => {
    const { cost, estimated } = costOf(
      { ...night(Date.UTC(2026, 1, 1, -1), 5), course: [] },
      new Prices(table, zone),
    );
    assert.deepEqual([cost?.toFixed(6), estimated], ['1.400000', true]);
    const prices = new Prices({ kind: 'fixed', price: 0.3 }, zone);
    assert.equal(costOf({ ...stay(0, 1, 1000), course: [] }, prices).estimated, false);
  });

  it('idle from a power on, for a while, less the grace', () => {
    const options = { idlePower: 100, idleAfter: 5 * MINUTE, grace: 20 * MINUTE };
    const course = [
      [0, 0],
      [60, 7000],
      [63, 7000],
      [123, 14_000],
      [180, 14_050],
    ].map(([minutes = 0, energy = 0]): [number, number] => [T0 + minutes * MINUTE, energy * 1000]);
    const { charged, idle } = durationsOf({ ...stay(0, 3, 14_050), course }, options);
    assert.deepEqual([charged, idle], [123 * MINUTE, 37 * MINUTE]);
    assert.deepEqual(durationsOf(stay(0, 3, 14_050), options), { charged: null, idle: null });
  });
});

describe('what a report keeps', () => {
  it('fits into a file of 4 MB at its largest, and is read back', () => {
    const zone = new LocalTime('UTC');
    const options = {
      ...{ zone, billingDay: 1, settle: 0, idlePower: 100, idleAfter: 0, grace: 0 },
      price: { kind: 'messages' } as const,
    };
    const report = new ChargingReport(options);
    const slots = Array.from({ length: 4500 }, (_, i) => ({
      start: T0 + i * 15 * MINUTE,
      price: 0.123456 + i / 1e6,
    }));
    report.prices.takeList(slots);
    const text = 'ä'.repeat(200);
    const sessions = (month: number): object[] =>
      Array.from({ length: 8000 }, (_, i) => {
        const start = Date.UTC(2026, month, 2, 0, 0, i) + Math.floor(i / 1000) * 5 * HOUR;
        const energy = 12_345.678 + i;
        return {
          ...{
            start,
            end: start + 4 * HOUR + i,
            energy,
            counterBefore: 1e6 + i / 7,
            counterFirst: 1e6 + i / 7,
          },
          ...{
            counterLast: 1e6 + i / 7 + energy,
            evseAddress: `${i % 1000}${text}`,
            spaceNumber: `${i % 1000}${text}`,
          },
          course: Array.from({ length: 20 }, (_, at) => [at * 700, (energy / 19) * at]),
        };
      });
    const take = (month: number): void => {
      report.take(sessionsOf(sessions(month), 'site', 'UTC').sessions);
    };
    take(0);
    report.close(Date.UTC(2026, 1, 2));
    take(1);
    const closed = report.close(Date.UTC(2026, 2, 2));
    take(3);
    const kept = JSON.stringify({ report: report.state(), pending: closed.map(packSpan) });
    assert.ok(kept.length < 4_000_000, `${kept.length}`);
    const again = new ChargingReport(options, JSON.parse(JSON.stringify(report.state())) as never);
    assert.deepEqual(again.state(), report.state());
    const packed = JSON.parse(JSON.stringify(closed.map(packSpan))) as ReturnType<typeof packSpan>[];
    assert.deepEqual(packed.map(unpackSpan), closed);
    assert.equal(closed[0]?.stays.length, 8000);
    assert.deepEqual(again.take(sessionsOf(sessions(1), 'site', 'UTC').sessions), {
      ...{ new: 0, changed: 0, known: 8000, old: 0 },
    });
  });
});
