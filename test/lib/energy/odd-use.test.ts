import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';
import type { MeterReading } from '../../../lib/energy/meter';
import { Prices, parsePriceList } from '../../../lib/energy/prices';
import { takeReading } from '../../../lib/energy/reading';
import { type ClosedPeriod, Usage, type UsageSettings } from '../../../lib/energy/usage';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UTC = new LocalTime('UTC');
const BERLIN = new LocalTime('Europe/Berlin');

const USAGE: UsageSettings = {
  ...{
    zone: UTC,
    billingDay: 1,
    price: { kind: 'none' },
    feedIn: { kind: 'none' },
    base: null,
    longestGap: HOUR,
  },
};

const at = (text: string): number => Date.parse(text);

function near(actual: number | null | undefined, expected: number): void {
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 1e-6, `${actual} for ${expected}`);
}

describe('use at odd times', () => {
  function run(
    settings: Partial<UsageSettings>,
    readings: readonly MeterReading[],
    usage = new Usage({ ...USAGE, ...settings }),
  ) {
    const closed: ClosedPeriod[] = [];
    let report = usage.report(readings[0]?.time ?? 0);
    for (const reading of readings) {
      const result = usage.take(reading, reading.time);
      closed.push(...result.closed);
      report = result.report ?? report;
    }
    return { usage, closed, report };
  }

  it('has a base rate for the whole day, also when the first reading comes late', () => {
    const base = { amount: 24, per: 'day' } as const;
    const start = at('2026-03-10T00:00:00Z');
    const power = (time: number): MeterReading => ({ time, power: 100 });
    const { report, closed } = run({ base }, [
      power(start),
      power(start + 23 * HOUR),
      power(start + DAY + 8 * HOUR),
    ]);
    near(report.day.base, 8);
    near(closed.find(({ kind }) => kind === 'day')?.base, 24);
    near(report.month.base, 24 * (9 + 1 + 8 / 24));
  });

  it('divides a base rate by the length of a day and of a month', () => {
    for (const [per, day, expected] of [
      ['day', '2026-03-29', 12 / 23],
      ['day', '2026-10-25', 12 / 25],
      ['month', '2026-02-01', 12 / 28 / 24],
    ] as const) {
      const start = BERLIN.periodAt(at(`${day}T12:00:00Z`), 'day').start;
      const { report } = run({ zone: BERLIN, base: { amount: 12, per } }, [{ time: start + HOUR, power: 0 }]);
      near(per === 'day' ? report.day.base : report.month.base, expected);
    }
  });

  it('prices energy with what held when it was used', () => {
    const usage = new Usage({ ...USAGE, price: { kind: 'messages' } });
    const start = at('2026-03-10T10:00:00Z');
    const book = (minutes: number, counter: number): void => {
      usage.take({ time: start + minutes * MINUTE, import: counter }, 0);
    };
    usage.importPrices.takeCurrent(0.3, start);
    book(0, 0);
    usage.importPrices.takeCurrent(0.2, start + 30 * MINUTE);
    usage.importPrices.takeCurrent(-0.1, start + 45 * MINUTE);
    book(60, 4000);
    const { day } = usage.report(start + HOUR);
    near(day.cost, 2 * 0.3 + 0.2 - 0.1);
    near(day.unpriced, 0);
  });

  it('books what a register tells late in a day that is not told yet, and tells none twice', () => {
    const start = at('2026-03-10T00:00:00Z');
    const hour = (i: number): MeterReading => ({ time: start + i * HOUR, export: i * 10 });
    const { closed } = run({}, [
      { time: start, import: 1000, export: 0 },
      ...Array.from({ length: 71 }, (_, i) => hour(i + 1)),
      { time: start + 72 * HOUR, import: 4000, export: 720 },
      { time: start + 96 * HOUR, import: 4500, export: 960 },
    ]);
    const days = closed.filter(({ kind }) => kind === 'day');
    assert.equal(new Set(days.map((one) => one.start)).size, days.length);
    near(
      days.reduce((sum, one) => sum + (one.import ?? 0), 0),
      3500,
    );
    near(
      days.reduce((sum, one) => sum + (one.export ?? 0), 0),
      960,
    );
  });

  it('goes on when the clock was ahead, tells periods again as such, and keeps the energy', () => {
    const start = at('2026-03-10T10:00:00Z');
    const ahead = [0, 1, 2, 3].map((i) => ({ time: start + (24 + i) * HOUR, import: 1000 + i * 100 }));
    const right = Array.from({ length: 40 }, (_, i) => ({
      time: start + 4 * HOUR + i * HOUR,
      import: 1300 + i * 100,
    }));
    const { closed } = run({}, [...ahead, ...right]);
    const hours = closed.filter(({ kind }) => kind === 'hour');
    const plain = hours.filter(({ again }) => !again).map((one) => one.start);
    assert.equal(new Set(plain).size, plain.length);
    assert.ok(hours.some(({ again }) => again));
  });
});

describe('prices and times without a zone', () => {
  const prices = (list: unknown, zone: LocalTime): Prices => {
    const made = new Prices({ kind: 'messages' }, zone);
    made.takeList(parsePriceList(list, zone.name));
    return made;
  };

  it('are in the zone of the setting, the hour that comes twice included', () => {
    const texts = ['01:00', '02:00', '02:00', '03:00'].map((clock, i) => ({
      start: `2026-10-25T${clock}:00`,
      value: i,
    }));
    const found = prices(texts, BERLIN);
    const begin = at('2026-10-24T23:00:00Z');
    assert.deepEqual(
      [0, 1, 2, 3].map((i) => found.at(begin + i * HOUR)),
      [0, 1, 2, 3],
    );
    assert.equal(
      prices([{ start: '2026-03-10T10:00:00Z', value: '0.5' }], BERLIN).at(at('2026-03-10T10:59:59Z')),
      0.5,
    );
    assert.equal(prices([{ start: '2026-03-10 10:00', value: 1 }], BERLIN).at(at('2026-03-10T09:00:00Z')), 1);
  });

  it('end as the list says: at the next, after the length of the one before, or after an hour', () => {
    const start = at('2026-03-10T10:00:00Z');
    const quarter = 15 * MINUTE;
    const found = prices(
      [
        { start, value: 1 },
        { start: start + quarter, end: start + 2 * quarter, value: 2 },
        { start: start + HOUR, value: 3 },
      ],
      UTC,
    );
    assert.deepEqual(
      [0, quarter, 2 * quarter, HOUR, HOUR + quarter - 1, HOUR + quarter].map((after) =>
        found.at(start + after),
      ),
      [1, 2, null, 3, 3, null],
    );
    assert.equal(prices([{ start, value: 1 }], UTC).at(start + HOUR - 1), 1);
    assert.equal(prices([{ start, value: 1 }], UTC).at(start + HOUR), null);
  });

  it('replace slots with the same start, and the later of two that overlap holds', () => {
    const start = at('2026-03-10T10:00:00Z');
    const found = prices(
      [
        { start, value: 1 },
        { start: start + HOUR, value: 2 },
      ],
      UTC,
    );
    found.takeList([
      { start, price: 5, end: start + 15 * MINUTE },
      { start: start + 15 * MINUTE, price: 6, end: start + 30 * MINUTE },
    ]);
    assert.deepEqual(
      [0, 15, 30, 60].map((minutes) => found.at(start + minutes * MINUTE)),
      [5, 6, null, 2],
    );
  });

  it('of readings in the hour that comes twice are those near to now', () => {
    const zone = 'Europe/Berlin';
    const text = '2026-10-25T02:30:00';
    for (const now of ['2026-10-25T00:30:05Z', '2026-10-25T01:30:05Z']) {
      const { reading } = takeReading({ timestamp: text, power: 1 }, () => undefined, { zone }, at(now));
      assert.equal(reading.time, at(now) - 5000);
    }
    const local = takeReading(
      { timestamp: '2026-07-01', power: 1 },
      () => undefined,
      { zone },
      at('2026-07-02T00:00:00Z'),
    );
    assert.equal(local.reading.time, at('2026-06-30T22:00:00Z'));
  });
});
