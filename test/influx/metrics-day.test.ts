import assert from 'node:assert/strict';

import { lineOf, type Point, pointsOf } from '../../lib/metrics/points';
import { readMessage } from '../../lib/metrics/read';
import { type InfluxDb, startInfluxDb } from '../support/influxdb';
import { newSeed, Seeded } from '../support/seeded';

const START = Date.UTC(2026, 2, 1);
const MINUTE = 60_000;
const MINUTES = 1440;

/** Names that a line could break at. */
const NAMES = ['Cellar', 'Room, 2 = "A"', 'a\nb', 'back\\slash\\', 'ü漢😀', '__proto__', 'x'.repeat(10_240)];

/** What the nodes of all five systems, and those that compute, send in one minute. */
function minute(random: Seeded, at: number, names: readonly string[]): object[] {
  const timestamp = new Date(at + random.below(1000)).toISOString();
  const maybe = (value: number): number | null => (random.chance(0.05) ? null : value);
  const power = random.below(9000) - 3000;
  const device = (vendor: string, i: number): object => ({ vendor, id: `${vendor} ${i}`, name: names[i] });
  return [
    {
      device: device('powerfox', 0),
      payload: {
        timestamp,
        power: maybe(power),
        energyImport: 5_000_000 + at / 1000 / 60,
        energyExport: null,
      },
    },
    {
      device: device('powersentrix', 1),
      payload: {
        ...{ timestamp, powerSource: 'mains', onBattery: random.chance(0.1), totalPower: maybe(power / 7) },
        supplies: [{ mainVoltage: maybe(48 + random.next()), cellVoltages: [13.1, maybe(13.2), 13.05] }],
        outputs: [0, 1, 2, 11].map((port) => ({
          port,
          on: random.chance(0.9),
          power: maybe(port / 3),
          current: 0.1 + 0.2,
        })),
      },
    },
    {
      device: device('automate-green', 2),
      payload: {
        timestamp,
        type: 'update',
        on: true,
        averagePower: maybe(420),
        frequency: 49.98,
        flow: 3.7,
        energy: 7,
      },
    },
    { device: device('powerflex', 3), payload: { timestamp, realTimeLoad: maybe(random.below(900) / 7) } },
    {
      device: device('powerflex', 3),
      payload: ['1', '2,3', 'a b'].map((evseAddress) => ({
        ...{ timestamp, evseAddress, spaceNumber: names[4], energyDelivered: maybe(random.below(20_000)) },
        ...{ current: 16, power: maybe(3600), voltage: 230.1 },
      })),
    },
    {
      device: device('enapter', 5),
      payload: {
        soc: { value: random.next() * 100, timestamp },
        'odd, name = 1': { value: random.chance(0.5), timestamp },
        mode: { value: 'eco', timestamp },
      },
    },
    {
      device: device('energy-devices', 6),
      payload: {
        timestamp,
        windowStart: timestamp,
        projected: maybe(power),
        coverage: random.next(),
        last: null,
      },
    },
  ];
}

const keyOf = (tags: Readonly<Record<string, string>>, time: number, field: string): string =>
  JSON.stringify([Object.entries(tags).sort(), time, field]);

describe('a real InfluxDB', () => {
  let database: InfluxDb;

  before(async () => {
    database = await startInfluxDb(0);
  });
  after(() => database.close());

  it('takes a day of points of all five systems, and gives them back equal', async () => {
    const seed = newSeed();
    const random = new Seeded(seed);
    const expected = new Map<string, number>();
    const points: Point[] = [];
    for (let i = 0; i < MINUTES; i++) {
      const at = START + i * MINUTE;
      for (const message of minute(random, at, NAMES)) {
        for (const reading of readMessage(message)) points.push(...pointsOf(reading, at));
      }
    }
    for (const { tags, fields, timestamp } of points) {
      for (const [field, value] of Object.entries(fields)) expected.set(keyOf(tags, timestamp, field), value);
    }
    for (let at = 0; at < points.length; at += 5000) {
      await database.writeMs(points.slice(at, at + 5000).map(lineOf));
    }

    const found = new Map<string, number>();
    const answer = await database.query('SELECT * FROM energy_device GROUP BY *', { epoch: 'ms' });
    const { results } = JSON.parse(answer) as {
      results: {
        series: { tags: Record<string, string>; columns: string[]; values: (number | null)[][] }[];
      }[];
    };
    for (const { tags, columns, values } of results.flatMap(({ series }) => series)) {
      // A series without one of the tags of others shows it empty.
      const own = Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ''));
      for (const row of values) {
        columns.forEach((field, i) => {
          const value = row[i];
          if (i > 0 && value !== null && value !== undefined)
            found.set(keyOf(own, row[0] ?? 0, field), value);
        });
      }
    }
    const vendors = new Set(points.map(({ tags }) => tags.vendor));
    assert.equal(vendors.size, 6);
    assert.ok(expected.size > 20 * MINUTES, `seed ${seed}: ${expected.size}`);
    assert.equal(found.size, expected.size, `seed ${seed}`);
    for (const [key, value] of expected) assert.equal(found.get(key), value, `seed ${seed}: ${key}`);
    console.log(`      (seed ${seed}: ${points.length} points, ${found.size} values compared)`);
  });
});
