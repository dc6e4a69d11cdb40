import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { energyOfYear, largestDifference, readingsOfYear, ZONE } from '../support/meter-year';
import { newSeed } from '../support/seeded';

const FOLDER = path.join(projectRoot(), 'test/pandas');
/** Readings written at a time. */
const BATCH = 100_000;

/** pandas in an environment of its own; needs Python 3.11 or later. */
function installPandas(folder: string): string {
  const python = path.join(folder, 'bin', 'python');
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  execFileSync(python, [...install, '-r', path.join(FOLDER, 'requirements.txt')], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  return python;
}

function writeYear(file: string, seed: number): void {
  const out = openSync(file, 'w');
  let numbers: bigint[] = [];
  const flush = (): void => {
    writeSync(out, new Uint8Array(BigInt64Array.from(numbers).buffer));
    numbers = [];
  };
  for (const { time, counter } of readingsOfYear(seed, false)) {
    numbers.push(BigInt(time), BigInt(counter));
    if (numbers.length >= 2 * BATCH) flush();
  }
  flush();
  closeSync(out);
}

describe('a year of energy in pandas', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'energy-pandas-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is equal to 1 Wh in each quarter of an hour and each day, whatever is missing', function () {
    this.timeout(900_000);
    const python = installPandas(path.join(folder, 'venv'));
    const seed = newSeed();
    const [source, target] = [path.join(folder, 'readings'), path.join(folder, 'energies')];
    writeYear(source, seed);
    const said = execFileSync(python, [path.join(FOLDER, 'energy.py'), source, target, ZONE])
      .toString()
      .trim();
    const bytes = readFileSync(target);
    const theirs = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(i * 8));
    const { readings, windows, days } = energyOfYear(seed, readingsOfYear(seed, false));
    assert.equal(theirs.length, windows.length + days.length);
    for (const [what, ours, from] of [
      ['quarters', windows.map(({ energy }) => energy), 0],
      ['days', days.map(({ import: energy }) => energy), windows.length],
    ] as const) {
      const off = largestDifference(ours, theirs.slice(from, from + ours.length));
      assert.ok(off <= 1, `${what} differ by ${off} Wh, seed ${seed}`);
      console.log(
        `      (seed ${seed}: pandas ${said.split(' ')[0]}, ${readings} readings, ${ours.length} ${what}, at most ${off.toFixed(4)} Wh apart)`,
      );
    }
  });
});
