import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LocalTime } from '../../lib/core/zone';
import type { BilledStay } from '../../lib/reports/billed';
import { chargingCsv } from '../../lib/reports/charging-summary';
import { gridCsv } from '../../lib/reports/grid-summary';
import { randomMonth, reported } from '../support/charging-months';
import { logged, randomWorld } from '../support/grid-sim';
import { newSeed, Seeded } from '../support/seeded';

/** The tables as Debian's sqlite3 reads them. */

const ZONE = new LocalTime('Europe/Berlin');
const HOSTILE = [
  '=1+1',
  '+cmd',
  '-2',
  '@SUM(A1)',
  'a "quoted" one',
  'two\r\nlines',
  ' blanks ',
  "it's",
  'semi;colon, comma',
  'x'.repeat(10_240),
  '__proto__',
  '\ud800 half',
  'tab\tand\0nul',
];

describe('the tables in sqlite3', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tables-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** @returns what a query of the imported table gives, as JSON */
  async function imported(csv: string, query: string, separator = ','): Promise<Record<string, unknown>[]> {
    const file = join(folder, 'table.csv');
    await writeFile(file, csv);
    const commands = [
      '.mode csv',
      `.separator "${separator}"`,
      `.import ${file} report`,
      '.mode json',
      query,
    ];
    const output = execFileSync('sqlite3', [':memory:'], { input: commands.join('\n'), encoding: 'utf8' });
    return output.trim() === '' ? [] : (JSON.parse(output) as Record<string, unknown>[]);
  }

  it('hold what the counters rose, to 1 Wh, and what it costs, to 0.01', async () => {
    const seed = newSeed();
    console.log(`      seed ${seed}`);
    const random = new Seeded(seed);
    for (let i = 0; i < 10; i++) {
      const month = randomMonth(random);
      const { billed } = reported(random, month, { days: 2, again: 0.2, restart: 0.2 });
      const csv = chargingCsv(billed, new Map(), ZONE, { decimalComma: false });
      const rows = await imported(
        csv,
        'select station, count(*) as n, sum(chargedEnergy) as energy, sum(price) as price, min(created) as first from report group by station order by station;',
      );
      for (const { station, energy, price, n } of rows) {
        const own = billed.filter(({ address }) => address === station);
        assert.equal(n, own.length);
        // What the cars took that were billed with an energy: those whose energy is not known cost nothing.
        const cars = month.cars.filter((car) => {
          if (car.station !== station) return false;
          const stays = own.filter(({ start, end }) => start < car.to && end > car.from);
          return stays.length > 0 && stays.every((stay) => stay.energy !== null);
        });
        const rise = cars.reduce((sum, car) => sum + car.energy, 0) / 1e6;
        assert.ok(Math.abs(Number(energy) - rise) <= 0.001, `${String(energy)} kWh of ${rise}`);
        assert.ok(Math.abs(Number(price) - rise * 0.3) <= 0.01, `${String(price)} for ${rise} kWh`);
      }
      assert.equal(rows.length, month.rows.size);
    }
  });

  it('hold hostile names as they are, bounded, and as no formula', async () => {
    const stays = HOSTILE.map((address, i) => stay({ address, start: i * 1000 }));
    for (const decimalComma of [false, true]) {
      const csv = chargingCsv(stays, new Map(), ZONE, { decimalComma });
      const rows = await imported(csv, 'select station, price from report;', decimalComma ? ';' : ',');
      assert.deepEqual(
        rows.map(({ station }) => station),
        HOSTILE.map((name) => asCell(name)),
      );
      for (const { station, price } of rows) {
        assert.doesNotMatch(String(station), /^[=+\-@]/);
        assert.ok(String(station).length <= 201);
        assert.equal(price, decimalComma ? '-0,05' : '-0.05');
      }
    }
  });

  it('hold the events of the grid', async () => {
    const random = new Seeded(newSeed());
    const { events } = logged(random, randomWorld(random, 20));
    const csv = gridCsv(events, ZONE, { decimalComma: false });
    const rows = await imported(
      csv,
      'select compliant, count(*) as n, sum(duration) as s from report group by 1;',
    );
    const sums = [...new Set(events.map(({ compliant }) => compliant))].sort().map((compliant) => {
      const own = events.filter((event) => event.compliant === compliant);
      return {
        compliant,
        n: own.length,
        s: own.reduce((sum, { start, end }) => sum + (end - start) / 1000, 0),
      };
    });
    assert.deepEqual(rows, sums);
  });
});

/** As a spreadsheet may have it: no formula, no half of a character, not endless. */
function asCell(name: string): string {
  const cut = name.length > 200 ? `${name.slice(0, 199)}…` : name;
  const text = cut.replace('\ud800', '\ufffd').replace('\0', '');
  return /^[=+\-@]/.test(text) ? `'${text}` : text;
}

function stay(given: Partial<BilledStay>): BilledStay {
  return {
    ...{
      start: 0,
      end: 3_600_000,
      address: 'A',
      space: '1',
      startSeen: true,
      endSeen: true,
      energy: 1_000_000,
    },
    ...{
      charged: null,
      idle: null,
      cost: -0.05,
      unpriced: 0,
      estimated: false,
      late: false,
      correction: false,
    },
    ...given,
  };
}
