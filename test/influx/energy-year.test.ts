import assert from 'node:assert/strict';

import { type InfluxDb, startInfluxDb } from '../support/influxdb';
import { BEGIN, END, energyOfYear, largestDifference, readingsOfYear, ZONE } from '../support/meter-year';
import { newSeed } from '../support/seeded';

const BATCH = 20_000;

interface Answer {
  results: { series?: { values: [time: number, energy: number][] }[] }[];
}

describe('a year of energy in a real InfluxDB', () => {
  let database: InfluxDb;

  before(async () => {
    // It gives all rows.
    database = await startInfluxDb(0);
  });
  after(() => database.close());

  /** Energies by the start of their time, of the counter's first values. */
  async function differences(interval: string): Promise<Map<number, number>> {
    const range = `time >= ${BEGIN}ms AND time <= ${END}ms`;
    const text = await database.query(
      `SELECT difference(first(wh)) FROM counter WHERE ${range} GROUP BY time(${interval}) tz('${ZONE}')`,
      { epoch: 'ms' },
    );
    const rows = (JSON.parse(text) as Answer).results[0]?.series?.[0]?.values ?? [];
    return new Map(rows.map(([end, energy]) => [end, energy]));
  }

  it('is equal to 1 Wh in each quarter of an hour and each day', async function () {
    this.timeout(900_000);
    const seed = newSeed();
    let lines: string[] = [];
    for (const { time, counter } of readingsOfYear(seed, true)) {
      lines.push(`counter wh=${counter}i ${time / 1000}`);
      if (lines.length < BATCH) continue;
      await database.write(lines);
      lines = [];
    }
    await database.write(lines);
    const { readings, windows, days } = energyOfYear(seed, readingsOfYear(seed, true));
    assert.equal(days.length, 365);
    assert.equal(windows.length, 365 * 96);
    for (const [what, interval, ours] of [
      ['quarters', '15m', windows.map(({ end, energy }) => ({ end, energy }))],
      ['days', '1d', days.map(({ end, import: energy }) => ({ end, energy }))],
    ] as const) {
      const theirs = await differences(interval);
      assert.equal(theirs.size, ours.length, `${what}, seed ${seed}`);
      const off = largestDifference(
        ours.map(({ energy }) => energy),
        ours.map(({ end }) => theirs.get(end) ?? NaN),
      );
      assert.ok(off <= 1, `${what} differ by ${off} Wh, seed ${seed}`);
      console.log(
        `      (seed ${seed}: ${readings} readings, ${ours.length} ${what}, at most ${off} Wh apart)`,
      );
    }
  });
});
