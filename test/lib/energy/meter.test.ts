import assert from 'node:assert/strict';

import { Meter, type MeterReading } from '../../../lib/energy/meter';
import { type MeterBooking, type MeterEvent } from '../../../lib/energy/meter-result';

const SECOND = 1000;
const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 2, 10, 10);

/** `[s after the begin, what was read]` */
type Row = [seconds: number, reading: Omit<MeterReading, 'time'>];

interface Outcome {
  import: number;
  export: number;
  ignored: (string | undefined)[];
  events: MeterEvent['kind'][];
}

function feed(rows: readonly Row[], longestGap = 10 * MINUTE): Outcome {
  const meter = new Meter({ longestGap });
  const bookings: MeterBooking[] = [];
  const ignored: Outcome['ignored'] = [];
  const events: Outcome['events'] = [];
  for (const [seconds, reading] of rows) {
    const result = meter.take({ time: BEGIN + seconds * SECOND, ...reading });
    bookings.push(...result.bookings);
    ignored.push(result.ignored);
    events.push(...result.events.map(({ kind }) => kind));
  }
  const sum = (direction: 'import' | 'export'): number =>
    bookings.filter((one) => one.direction === direction).reduce((total, { energy }) => total + energy, 0) /
    1000;
  return { import: sum('import'), export: sum('export'), ignored, events };
}

const backwards = Array.from({ length: 12 }, (_, i): Row => [-3600 + i * 10, { import: 1050 + i }]);

const TABLE: [what: string, rows: Row[], expected: Partial<Outcome>][] = [
  [
    'the same row twice is one',
    [
      [0, { import: 1000 }],
      [60, { import: 1100 }],
      [60, { import: 1100 }],
      [120, { import: 1200 }],
    ],
    { import: 200, ignored: [undefined, undefined, 'same', undefined] },
  ],
  [
    'another value of a counter for the same moment is ignored',
    [
      [0, { import: 1000 }],
      [60, { import: 1100 }],
      [60, { import: 1150 }],
      [120, { import: 1200 }],
    ],
    { import: 200, ignored: [undefined, undefined, 'same', undefined] },
  ],
  [
    'another power for the same moment replaces the first',
    [
      [0, { power: 6000 }],
      [0, { power: 600 }],
      [60, { power: 0 }],
    ],
    { import: 10 },
  ],
  [
    'the same power for the same moment is one',
    [
      [0, { power: 600 }],
      [0, { power: 600 }],
      [60, { power: 0 }],
    ],
    { import: 10, ignored: [undefined, 'same', undefined] },
  ],
  [
    'rows out of order are left out',
    [
      [0, { import: 1000 }],
      [120, { import: 1200 }],
      [60, { import: 1100 }],
      [180, { import: 1300 }],
    ],
    { import: 300, ignored: [undefined, undefined, 'older', undefined] },
  ],
  [
    'each register has its own order',
    [
      [0, { import: 1000 }],
      [-2, { export: 500 }],
      [10, { import: 1010 }],
      [8, { export: 530 }],
      [9, { power: 3 }],
    ],
    { import: 10, export: 30, ignored: [undefined, undefined, undefined, undefined, undefined] },
  ],
  [
    'a clock that is put back goes on after ten readings and a minute, and loses no more than up to the first of them',
    [[0, { import: 1000 }], [60, { import: 1040 }], ...backwards],
    {
      import: 40 + 11,
      events: ['newBase', 'clockCorrected'],
      ignored: [undefined, undefined, ...Array<string>(9).fill('older')],
    },
  ],
  [
    'a negative counter is none',
    [
      [0, { import: 1000 }],
      [60, { import: -5 }],
      [120, { import: 1100 }],
    ],
    { import: 100 },
  ],
  [
    'what a power has told until a counter comes counts',
    [
      [0, { power: 6000 }],
      [60, { power: 6000, import: 5000 }],
      [120, { power: 6000, import: 5200 }],
    ],
    { import: 100 + 200 },
  ],
  [
    'a negative power is export',
    [
      [0, { power: -600 }],
      [60, { power: 600 }],
      [120, { power: 0 }],
    ],
    { import: 10, export: 10 },
  ],
  [
    'a mean counts for its time and no longer',
    [
      [900, { power: 4000, duration: 900_000 }],
      [1800, { power: 2000, duration: 900_000 }],
      [1860, { power: 0, duration: 60_000 }],
    ],
    { import: 1500 },
  ],
];

describe('a meter', () => {
  for (const [what, rows, expected] of TABLE) {
    it(what, () => {
      const found = feed(rows);
      for (const [key, value] of Object.entries(expected)) {
        if (key === 'ignored') {
          assert.deepEqual(found.ignored.slice(0, (value as unknown[]).length), value);
        } else if (key === 'events')
          assert.deepEqual([...found.events].sort(), [...(value as string[])].sort());
        else
          assert.ok(
            Math.abs(found[key as 'import'] - (value as number)) < 1e-9,
            `${found[key as 'import']} Wh`,
          );
      }
    });
  }

  it('books no moment twice when a reading comes late', () => {
    const meter = new Meter({ longestGap: 10 * MINUTE });
    meter.take({ time: BEGIN, power: 6000 });
    const energy = [
      ...meter.advance(BEGIN + 60 * SECOND),
      ...meter.take({ time: BEGIN + 30 * SECOND, power: 6000 }).bookings,
      ...meter.setAvailable(true, BEGIN + 90 * SECOND),
      ...meter.take({ time: BEGIN + 80 * SECOND, power: 6000 }).bookings,
      ...meter.advance(BEGIN + 120 * SECOND),
    ].reduce((total, one) => total + one.energy, 0);
    assert.equal(energy / 1000, 200);
  });

  it('does not let a mean hold while its device is available', () => {
    const meter = new Meter({ longestGap: MINUTE });
    meter.setAvailable(true, BEGIN);
    meter.take({ time: BEGIN + 15 * MINUTE, power: 4000, duration: 15 * MINUTE });
    assert.deepEqual(meter.advance(BEGIN + 30 * MINUTE), []);
  });

  it('knows no power when the last one is too old', () => {
    const meter = new Meter({ longestGap: MINUTE });
    meter.take({ time: BEGIN, power: 4000 });
    assert.equal(meter.presentAt(BEGIN + MINUTE), 4000);
    assert.equal(meter.presentAt(BEGIN + MINUTE + 1), null);
    meter.setAvailable(true, BEGIN);
    meter.take({ time: BEGIN + 2 * MINUTE, power: 5000 });
    assert.equal(meter.presentAt(BEGIN + 60 * MINUTE), 5000);
    meter.setAvailable(false, BEGIN + 60 * MINUTE);
    assert.equal(meter.presentAt(BEGIN + 60 * MINUTE), null);
  });

  it('finds the smallest step of a counter', () => {
    const meter = new Meter();
    let value = 10_000;
    for (let i = 0; i < 40; i++)
      meter.take({ time: BEGIN + i * 10 * SECOND, import: (value += i % 3 === 0 ? 100 : 0) });
    assert.equal(meter.resolution('import'), 100);
  });
});
