/**
 * Runs the tests of nodes that count by hours, days and months at moments at which those begin and end, whatever the date
 * is: a test that passes on most days is none. Debian's `faketime` gives the processes their time; where it is missing, that
 * is said, and is no failure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';

/** A moment, and the zone of the process. */
const MOMENTS: readonly (readonly [moment: string, zone: string, what: string])[] = [
  ['2027-01-01T00:02:00Z', 'UTC', 'a year is two minutes old'],
  ['2026-12-01T01:05:00Z', 'UTC', 'a month is an hour old'],
  ['2027-01-31T23:59:50Z', 'UTC', 'a month ends under way'],
  ['2027-02-28T23:04:00Z', 'Europe/Berlin', 'a month has begun here, and not in UTC'],
  ['2027-03-28T00:59:50Z', 'Europe/Berlin', 'an hour is left out'],
  ['2027-10-31T00:59:50Z', 'Europe/Berlin', 'an hour comes twice'],
  ['2028-02-29T18:30:00Z', 'UTC', 'a leap day'],
  ['2027-05-03T00:05:00Z', 'America/Los_Angeles', 'a week has begun in UTC, and not here'],
];

const SPECS = ['energy', 'metrics', 'powercontroller', 'powerflex'].map(
  (folder) => `dist/test/nodes/${folder}/**/*.test.js`,
);

const SECOND = 1000;

/** Runs the tests at a moment. @returns how many passed and failed; one that breaks off is one failure */
function runAt(moment: string, zone: string): { passed: number; failed: number } {
  const ahead = Math.round((Date.parse(moment) - Date.now()) / SECOND);
  const mocha = join(projectRoot(), 'node_modules', 'mocha', 'bin', 'mocha.js');
  const options = ['--no-config', '--parallel', '--jobs', '4', '--timeout', '60000', '--reporter', 'dot'];
  const worker = ['--require', './dist/test/support/worker.js'];
  const { status, stdout, stderr } = spawnSync(
    'faketime',
    ['-f', `${ahead < 0 ? '' : '+'}${ahead}s`, process.execPath, mocha, ...options, ...worker, ...SPECS],
    {
      cwd: projectRoot(),
      // Timers go by the time since the start, and files have the time at which they were written.
      env: { ...process.env, TZ: zone, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const count = (word: string): number =>
    Number(new RegExp(`^ *(\\d+) ${word}\\b`, 'm').exec(stdout)?.[1] ?? 0);
  const [passed, failed] = [count('passing'), count('failing')];
  const broken = passed === 0 || (status !== 0 && failed === 0);
  const from = stdout.search(/^ *\d+ failing$/m);
  if (failed > 0) console.log(stdout.slice(from).slice(0, 20_000));
  if (broken) console.log(stdout.slice(-4000), stderr.slice(-4000));
  return { passed, failed: failed + (broken ? 1 : 0) };
}

function main(): void {
  if (spawnSync('faketime', ['--version'], { stdio: 'ignore' }).status !== 0) {
    console.log('skipped: faketime is not installed');
    return;
  }
  let passing = 0;
  let failing = 0;
  for (const [moment, zone, what] of MOMENTS) {
    const { passed, failed } = runAt(moment, zone);
    console.log(`${moment}, ${zone} (${what}): ${passed} passed, ${failed} failed`);
    passing += passed;
    failing += failed;
  }
  console.log(`\n  ${passing} passing`);
  if (failing > 0) {
    console.log(`  ${failing} failing`);
    process.exitCode = 1;
  }
}

main();
