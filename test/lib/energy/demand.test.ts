import assert from 'node:assert/strict';

import { Demand, type DemandReport } from '../../../lib/energy/demand';
import type { DemandSettings } from '../../../lib/energy/demand-report';
import type { MeterReading } from '../../../lib/energy/meter';
import { Peaks } from '../../../lib/energy/peaks';
import { LocalTime } from '../../../lib/core/zone';

const MINUTE = 60_000;
const UTC = new LocalTime('UTC');

const USUAL: DemandSettings = {
  zone: UTC,
  window: 15 * MINUTE,
  step: 15 * MINUTE,
  counts: 'import',
  target: 0,
  hours: [],
  billingDay: 1,
  longestGap: 24 * 60 * MINUTE,
  completeFrom: 0.95,
  smoothing: 0,
  peaks: 1,
  differentDays: false,
  floor: 0,
  ratchet: 0,
};

/** `10:05`, `10:05:30` of one day, or a whole ISO time. */
function at(time: string): number {
  return Date.parse(time.includes('T') ? time : `2026-03-03T${time.padEnd(8, ':00')}Z`);
}

const P = (time: string, power: number): MeterReading => ({ time: at(time), power });
const C = (time: string, value: number): MeterReading => ({ time: at(time), import: value });

class Run {
  readonly demand: Demand;
  readonly reports: DemandReport[] = [];

  constructor(settings: Partial<DemandSettings> = {}) {
    this.demand = new Demand({ ...USUAL, ...settings });
  }

  /** Takes readings, and tells what the last one said. */
  take(...readings: MeterReading[]): DemandReport {
    for (const reading of readings) this.reports.push(...this.demand.take(reading, reading.time).reports);
    const last = this.reports.at(-1);
    assert.ok(last);
    return last;
  }

  /** The windows that have ended. */
  get closed(): DemandReport['last'][] {
    return this.reports.filter(({ closed }) => closed).map(({ last }) => last);
  }
}

/** To the digits that a figure is given with. */
function near(actual: number | null | undefined, expected: number, digits = 3): void {
  assert.ok(typeof actual === 'number', `${actual} for ${expected}`);
  assert.ok(Math.abs(actual - expected) < 0.6 * 10 ** -digits, `${actual} for ${expected}`);
}

describe('demand vectors', () => {
  it('1: energy by length, and the boundary belongs to the new window', () => {
    const run = new Run();
    const first = run.take(P('10:00', 4000), P('10:05', 4000));
    near(first.energy, 333.333);
    near(first.average, 4000);
    near(first.projected, 4000);
    const end = run.take(P('10:10', 4000), P('10:15', 4000));
    assert.deepEqual(
      [end.last?.start, end.last?.end, end.last?.energy, end.last?.demand, end.last?.coverage],
      [at('10:00'), at('10:15'), 1000, 4000, 1],
    );
    assert.deepEqual([end.energy, end.windowStart, end.coverage], [0, at('10:15'), null]);
    assert.equal(run.closed.length, 1);
  });

  it('2: the mean by time, split at the boundary', () => {
    const end = new Run().take(P('10:00', 2000), P('10:10', 8000), P('10:14', 1000), P('10:16', 1000));
    near(end.last?.energy, 883.333);
    near(end.last?.demand, 3533.333);
    near(end.energy, 16.667);
    near(end.average, 1000);
  });

  it('3: projection, allowance and the last minute', () => {
    const run = new Run({ target: 4000 });
    const figures = ({ energy, projected, allowedPower, reduction, margin }: DemandReport) =>
      [energy, projected, allowedPower, reduction, margin] as const;
    const expected: [MeterReading[], (number | undefined)[]][] = [
      [
        [P('10:00', 6000), P('10:05', 6000)],
        [500, 6000, 3000, 3000, -500],
      ],
      [[P('10:06', 3000)], [600, 4200, 2666.667, 333.333, undefined]],
      [[P('10:12', 1000)], [900, 3800, 2000, 0, 50]],
      [[P('10:14:30', 1000)], [941.667, 3800, 3500, 0, undefined]],
    ];
    for (const [readings, values] of expected) {
      const found = figures(run.take(...readings));
      values.forEach((value, i) => value !== undefined && near(found[i], value));
    }
  });

  it('4: a counter is linear across the boundary', () => {
    const end = new Run({ longestGap: 3 * MINUTE }).take(
      C('10:00', 1_000_000),
      C('10:14', 1_000_700),
      C('10:16', 1_000_900),
    );
    assert.deepEqual(
      [end.last?.energy, end.last?.demand, end.last?.estimated, end.energy, end.average],
      [800, 3200, false, 100, 6000],
    );
  });

  it('5a: a gap that only power saw is unknown', () => {
    const minutes = [0, 1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const readings = minutes.map((minute) => P(`10:${String(minute).padStart(2, '0')}`, 3000));
    const { last, monthPeak } = new Run({ longestGap: MINUTE }).take(...readings);
    near(last?.energy, 550);
    near(last?.coverage, 0.7333, 4);
    assert.deepEqual([last?.complete, last?.demand, last?.average, monthPeak], [false, null, 3000, null]);
  });

  it('5b: a counter bridges a gap', () => {
    const readings = [C('10:00', 500_000), C('10:01', 500_050), C('10:06', 500_300), C('10:13', 500_650)];
    const apart = new Run({ longestGap: MINUTE }).take(...readings, C('10:17', 500_850)).last;
    assert.deepEqual([apart?.energy, apart?.demand, apart?.coverage, apart?.estimated], [750, 3000, 1, true]);
    const exact = new Run({ longestGap: MINUTE }).take(
      ...readings,
      C('10:15', 500_750),
      C('10:17', 500_850),
    ).last;
    assert.deepEqual(
      [exact?.energy, exact?.demand, exact?.coverage, exact?.estimated],
      [750, 3000, 1, false],
    );
  });

  it('6: rolling windows find what blocks miss', () => {
    const powers = [1200, 1200, 7200, 7200, 7200, 1200, 1200];
    const readings = powers.map((power, i) => ({ time: at('10:00') + i * 5 * MINUTE, power }));
    const block = new Run();
    block.take(...readings);
    assert.deepEqual(
      block.closed.map((one) => Math.round(one?.demand ?? -1)),
      [3200, 5200],
    );
    const rolling = new Run({ step: 5 * MINUTE });
    const { monthPeak } = rolling.take(...readings);
    assert.deepEqual(
      rolling.closed.filter((one) => one?.complete).map((one) => Math.round(one?.demand ?? -1)),
      [3200, 5200, 7200, 5200],
    );
    near(monthPeak?.demand, 7200);
    assert.equal(monthPeak?.start, at('10:10'));
  });

  it('7: the year of Flanders, and ratchets', () => {
    const year = [1900, 4600, 2100, 2500, 3444, 4164, 4564, 6000, 9200, 5000, 4120, 4880];
    const peaks = new Peaks({ peaks: 1, differentDays: false, floor: 2500, ratchet: 0 });
    year.forEach((demand, i) => {
      const start = Date.UTC(2025, i, 1);
      peaks.enter(start);
      peaks.add({ demand, start, day: `2025-${i + 1}-01`, estimated: false });
    });
    const figures = peaks.figures('2025-12-02');
    near(figures.yearAverage, 4456);
    assert.equal(figures.months, 12);

    const ratchet = (share: number, months: number[]): number[] => {
      const kept = new Peaks({ peaks: 1, differentDays: false, floor: 0, ratchet: share });
      return months.map((demand, i) => {
        kept.enter(Date.UTC(2025, i, 1));
        kept.add({ demand, start: i, day: String(i), estimated: false });
        return kept.figures('').billed;
      });
    };
    assert.deepEqual(ratchet(0.8, [1_000_000, 620_000]).at(-1), 800_000);
    assert.deepEqual(ratchet(0.8, [1_000_000, 900_000]).at(-1), 900_000);
    assert.deepEqual(ratchet(0.5, [200, 80, 105]), [200, 100, 105]);
  });

  /** Feeds hours of one power each, as a counter. */
  function hours(settings: Partial<DemandSettings>, list: [day: string, hour: number, watts: number][]): Run {
    const run = new Run({
      window: 60 * MINUTE,
      step: 60 * MINUTE,
      peaks: 3,
      differentDays: true,
      ...settings,
    });
    let counter = 1_000_000;
    for (const [day, hour, watts] of list) {
      const start = Date.parse(`${day}T00:00:00Z`) + hour * 60 * MINUTE;
      // What lies between two of them was not measured.
      if (run.demand.state().meter.last.import !== start) {
        run.demand.newMeter();
        run.take({ time: start, import: counter });
      }
      run.take({ time: start + 60 * MINUTE, import: (counter += watts) });
    }
    return run;
  }

  it('8: the best of each day, then the highest days', () => {
    const january = [
      ['2026-01-03', 17, 6200],
      ['2026-01-03', 18, 7400],
      ['2026-01-09', 8, 5100],
      ['2026-01-15', 19, 6000],
      ['2026-01-15', 20, 5900],
      ['2026-01-20', 7, 4000],
    ] as [string, number, number][];
    assert.equal(hours({}, january.slice(0, 2)).reports.at(-1)?.peakAverage, 7400);
    const evening = hours({}, january.slice(0, 5)).reports.at(-1);
    assert.equal(evening?.toBeat, 6000);
    const end = hours({}, january).take(C('2026-01-21T10:00:00Z', 5_000_000));
    near(end.peakAverage, 6166.667);
    assert.equal(end.toBeat, 5100);
  });

  it('9: weight before best', () => {
    const night = { from: 22 * 60, to: 6 * 60, weight: 0.5 };
    const run = hours({ hours: [night] }, [
      ['2026-01-01', 18, 4800],
      ['2026-01-01', 23, 9000],
      ['2026-01-02', 2, 9800],
      ['2026-01-03', 7, 5200],
      ['2026-01-04', 12, 4000],
    ]);
    const end = run.reports.at(-1);
    near(end?.peakAverage, 4966.667);
    assert.deepEqual(
      end?.peaks.map(({ demand }) => Math.round(demand)),
      [5200, 4900, 4800],
    );
    const weights: [number, number][] = [
      [21, 8000],
      [22, 4000],
      [5, 4000],
      [6, 8000],
    ];
    for (const [hour, expected] of weights) {
      const peak = hours({ hours: [night] }, [['2026-01-05', hour, 8000]]).reports.at(-1)?.monthPeak;
      assert.equal(peak?.demand, expected, `${hour} h`);
    }
  });

  it('10a: an hour that comes twice', () => {
    const zone = new LocalTime('Europe/Berlin');
    const run = new Run({ zone, window: 60 * MINUTE, step: 60 * MINUTE });
    run.take(
      P('2026-10-25T00:00:00Z', 3000),
      P('2026-10-25T01:00:00Z', 5000),
      P('2026-10-25T02:00:00Z', 5000),
    );
    assert.deepEqual(
      run.closed.map((one) => [zone.label(one?.start ?? 0), one?.demand]),
      [
        ['2026-10-25T02:00:00+02:00', 3000],
        ['2026-10-25T02:00:00+01:00', 5000],
      ],
    );
    const long = zone.periodAt(at('2026-10-25T12:00:00Z'), 'day');
    assert.deepEqual(
      [new Date(long.start).toISOString(), new Date(long.end).toISOString()],
      ['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    );
    const short = zone.periodAt(at('2026-03-29T12:00:00Z'), 'day');
    assert.equal((short.end - short.start) / (15 * MINUTE), 92);
  });

  it('10b: local months and local alignment', () => {
    const zone = new LocalTime('Europe/Berlin');
    const month = (time: string): string => zone.label(zone.periodAt(at(time), 'month').start);
    assert.equal(month('2026-07-31T21:45:00Z'), '2026-07-01T00:00:00+02:00');
    assert.equal(month('2026-07-31T22:00:00Z'), '2026-08-01T00:00:00+02:00');
    const { start, end } = new LocalTime('Asia/Kolkata').windowAt(at('04:45'), 60 * MINUTE);
    assert.deepEqual([start, end], [at('04:30'), at('05:30')]);
  });

  it('11: registers do not net within a window', () => {
    const readings = [P('10:00', 4000), P('10:05', -6000), P('10:10', 4000), P('10:15', 0)];
    const last = (counts: DemandSettings['counts']) => new Run({ counts }).take(...readings).last;
    near(last('import')?.energy, 666.667);
    near(last('import')?.demand, 2666.667);
    near(last('export')?.energy, 500);
    near(last('export')?.demand, 2000);
    near(last('net')?.energy, 166.667);
    near(last('net')?.demand, 666.667);
  });

  const hour = { window: 60 * MINUTE, step: 60 * MINUTE };

  /** A run that a restart interrupts. */
  function restarted(
    settings: Partial<DemandSettings>,
    before: MeterReading[],
    after: MeterReading[],
  ): DemandReport {
    const run = new Run(settings);
    run.take(...before);
    const kept = JSON.parse(JSON.stringify(run.demand.state())) as ReturnType<Demand['state']>;
    const again = new Run(settings);
    Object.assign(again, { demand: new Demand({ ...USUAL, ...settings }, kept) });
    return again.take(...after);
  }

  it('12a: a restart inside a window', () => {
    const counted = restarted(
      { ...hour, longestGap: MINUTE },
      [C('10:00', 98_000), C('10:20', 100_000)],
      [C('10:32', 103_000), C('11:00', 105_000)],
    ).last;
    assert.deepEqual([counted?.demand, counted?.coverage, counted?.estimated], [7000, 1, false]);
    const minutes = (from: number, to: number): MeterReading[] =>
      Array.from({ length: to - from + 1 }, (_, i) => ({
        time: at('10:00') + (from + i) * MINUTE,
        power: 6000,
      }));
    const powered = restarted({ ...hour, longestGap: MINUTE }, minutes(0, 20), minutes(32, 60)).last;
    near(powered?.energy, 4900);
    near(powered?.coverage, 0.8167, 4);
    assert.equal(powered?.demand, null);
  });

  it('12b: a restart across windows', () => {
    const end = restarted(
      { ...hour, longestGap: MINUTE },
      [C('10:00', 98_000), C('10:20', 100_000)],
      [C('11:40', 108_000)],
    );
    assert.deepEqual([end.last?.energy, end.last?.demand, end.last?.estimated], [6000, 6000, true]);
    assert.equal(end.energy, 4000);
  });

  it('12c: an exchange and a dip', () => {
    const before = [C('10:00', 5_000_000), C('10:05', 5_000_500)];
    const exchange = new Run().take(...before, C('10:06', 12), C('10:10', 412), C('10:15', 912)).last;
    near(exchange?.energy, 1400);
    near(exchange?.coverage, 0.9333, 4);
    assert.equal(exchange?.demand, null);
    const lenient = new Run({ completeFrom: 0.9 });
    near(lenient.take(...before, C('10:06', 12), C('10:10', 412), C('10:15', 912)).last?.demand, 6000);
    const dip = new Run().take(...before, C('10:06', 0), C('10:07', 5_000_700), C('10:15', 5_001_500)).last;
    assert.deepEqual([dip?.energy, dip?.demand, dip?.coverage], [1500, 6000, 1]);
  });
});
