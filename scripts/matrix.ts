/**
 * Runs the tests on every combination of Node-RED, Node.js and got that the package promises, and prints a table of how
 * many passed. `--rest` leaves out what `npm test` and `npm run verify:package` have shown of the combination of this very
 * process, and of two Node.js with the same Node-RED the older one where Node-RED makes the difference.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cell, CELLS, isCurrent, prepare, type Prepared } from './matrix/cells';
import { type Outcome, runScript, runSuite, type Suite, SUITES } from './matrix/suites';
import { projectRoot } from './support/project-root';
import { pack } from './verify/tarball';

interface Row {
  title: string;
  outcomes: Map<string, Outcome>;
}

interface Job {
  row: Row;
  prepared: Prepared;
  name: string;
  run: () => Promise<Outcome>;
}

/** Tests wait for most of their time, but keep times, too: with many more than the machine has room for, they fail. */
const AT_ONCE = Math.min(2, availableParallelism());

/** What is to be run in a cell. */
interface Plan {
  prepared: Prepared;
  suites: readonly Suite[];
  install: boolean;
}

/** All jobs, those that take longest first, so that none of them is left over at the end. */
function jobsOf(plans: readonly Plan[], rows: readonly Row[]): Job[] {
  const jobs: Job[] = [];
  const add = (
    name: string,
    run: (prepared: Prepared) => Promise<Outcome>,
    wanted: (plan: Plan) => boolean,
  ) => {
    for (const [index, plan] of plans.entries()) {
      const { prepared } = plan;
      const row = rows[index];
      if (row && wanted(plan)) jobs.push({ row, prepared, name, run: () => run(prepared) });
    }
  };
  for (const suite of [...SUITES].reverse()) {
    add(
      suite.name,
      (prepared) => runSuite(suite, prepared),
      ({ suites }) => suites.includes(suite),
    );
  }
  add(
    'install',
    (prepared) => runScript('verify-package', prepared),
    ({ install }) => install,
  );
  return jobs;
}

/** Takes jobs from the front until none is left. */
async function work(jobs: Job[]): Promise<void> {
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    const outcome = await job.run();
    job.row.outcomes.set(job.name, outcome);
    console.log(`${job.prepared.title}: ${job.name}: ${counts(outcome)} in ${seconds(outcome.duration)}`);
    for (const text of [...outcome.failures, ...outcome.again]) console.log(indent(text));
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}

function counts({ passed, failed }: Outcome): string {
  return failed > 0 ? `${passed} passed, ${failed} failed` : `${passed} passed`;
}

function shown(outcome: Outcome | undefined): string {
  return outcome ? counts(outcome) : '–';
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

/** The rows as a table in Markdown. */
function table(rows: readonly Row[]): string {
  const names = ['install', ...SUITES.map(({ name }) => name)];
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map(({ title, outcomes }) =>
    line([title, ...names.map((name) => shown(outcomes.get(name)))]),
  );
  return [line(['', ...names]), line(['---', ...names.map(() => '---')]), ...body].join('\n');
}

async function main(args: readonly string[]): Promise<void> {
  const root = projectRoot();
  const rest = args.includes('--rest');
  const suitesOf = (cell: Cell): readonly Suite[] => {
    const newest = CELLS.findLast(({ nodeRed }) => nodeRed === cell.nodeRed) === cell;
    return SUITES.filter(
      ({ browser = false, ofNodeRed = false }) =>
        !rest || ((newest || !ofNodeRed) && (browser || !isCurrent(root, cell))),
    );
  };
  const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
  let rows: Row[] = [];
  try {
    const tarball = pack(root, folder).path;
    const plans: Plan[] = [];
    for (const cell of CELLS) {
      const install = !rest || !isCurrent(root, cell);
      plans.push({ prepared: await prepare(root, cell, tarball), suites: suitesOf(cell), install });
    }
    rows = plans.map(({ prepared }) => ({ title: prepared.title, outcomes: new Map<string, Outcome>() }));
    const jobs = jobsOf(plans, rows);
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(jobs)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const all = rows.flatMap(({ outcomes }) => [...outcomes.values()]);
  const sum = (key: 'passed' | 'failed'): number => all.reduce((total, outcome) => total + outcome[key], 0);
  // The lines that mocha ends with, for whoever counts.
  console.log(`\n${table(rows)}\n\n  ${sum('passed')} passing`);
  if (sum('failed') > 0) {
    console.log(`  ${sum('failed')} failing`);
    process.exitCode = 1;
  }
  // Once more at the end, where people and .ci/run look for it.
  for (const { title, outcomes } of rows) {
    for (const [name, { failures }] of outcomes) {
      for (const failure of failures) console.log(`\n  ${title}: ${name}:\n${indent(failure)}`);
    }
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error('matrix:', error);
  process.exitCode = 1;
});
