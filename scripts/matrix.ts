/**
 * Runs the tests on every combination of Node-RED, Node.js and got that the package promises, and prints a table of how
 * many passed. `--rest` leaves out the combination of this very process, whose tests `npm test` and
 * `npm run test:editor` have run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CELLS, isCurrent, prepare, type Prepared } from './matrix/cells';
import { type Outcome, runScript, runSuite, SUITES } from './matrix/suites';
import { projectRoot } from './support/project-root';
import { pack } from './verify/tarball';

interface Row {
  title: string;
  outcomes: Map<string, Outcome>;
}

/** Runs one job after the other, whoever asks. */
function oneByOne(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const next = last.then(job);
    last = next.catch(() => undefined);
    return next;
  };
}

async function runCell(prepared: Prepared, alone: ReturnType<typeof oneByOne>): Promise<Row> {
  const outcomes = new Map<string, Outcome>();
  const note = (name: string, outcome: Outcome): void => {
    outcomes.set(name, outcome);
    console.log(`${prepared.title}: ${name}: ${counts(outcome)} in ${seconds(outcome.duration)}`);
    for (const failure of outcome.failures) console.log(indent(failure));
  };
  note('install', await runScript('verify-package', prepared));
  for (const suite of SUITES) {
    const job = (): Promise<Outcome> => runSuite(suite, prepared);
    note(suite.name, await (suite.heavy ? alone(job) : job()));
  }
  return { title: prepared.title, outcomes };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}

function counts({ passed, failed }: Outcome): string {
  return failed > 0 ? `${passed} passed, ${failed} failed` : `${passed} passed`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

/** The rows as a table in Markdown. */
function table(rows: readonly Row[]): string {
  const names = ['install', ...SUITES.map(({ name }) => name)];
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map(({ title, outcomes }) =>
    line([title, ...names.map((name) => counts(outcomes.get(name) ?? NONE))]),
  );
  return [line(['', ...names]), line(['---', ...names.map(() => '---')]), ...body].join('\n');
}

const NONE: Outcome = { passed: 0, failed: 1, duration: 0, failures: [] };

async function main(args: readonly string[]): Promise<void> {
  const root = projectRoot();
  const cells = args.includes('--rest') ? CELLS.filter((cell) => !isCurrent(root, cell)) : CELLS;
  const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
  const rows: Row[] = [];
  try {
    const tarball = pack(root, folder).path;
    const ready: Prepared[] = [];
    for (const cell of cells) ready.push(await prepare(root, cell, tarball));
    // Side by side, since most tests wait most of the time.
    const alone = oneByOne();
    rows.push(...(await Promise.all(ready.map((prepared) => runCell(prepared, alone)))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const all = rows.flatMap(({ outcomes }) => [...outcomes.values()]);
  const sum = (key: 'passed' | 'failed'): number => all.reduce((total, outcome) => total + outcome[key], 0);
  // The last two lines are those that mocha ends with, for whoever counts.
  console.log(`\n${table(rows)}\n\n  ${sum('passed')} passing`);
  if (sum('failed') > 0) {
    console.log(`  ${sum('failed')} failing`);
    process.exitCode = 1;
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error('matrix:', error);
  process.exitCode = 1;
});
