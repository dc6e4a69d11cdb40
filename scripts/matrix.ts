/**
 * Runs the tests on every combination of Node-RED, Node.js and got that the package promises, and prints a table of how
 * many passed. `--rest` leaves out the combination of this very process, whose tests `npm test` and
 * `npm run test:editor` have run, and the editor's on a second Node.js with the same Node-RED: the browser sees no
 * difference.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cell, CELLS, isCurrent, prepare, type Prepared } from './matrix/cells';
import { type Outcome, runScript, runSuite, type Suite, SUITES } from './matrix/suites';
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

async function runCell(
  prepared: Prepared,
  suites: readonly Suite[],
  alone: ReturnType<typeof oneByOne>,
): Promise<Row> {
  const outcomes = new Map<string, Outcome>();
  const note = (name: string, outcome: Outcome): void => {
    outcomes.set(name, outcome);
    console.log(`${prepared.title}: ${name}: ${counts(outcome)} in ${seconds(outcome.duration)}`);
    for (const failure of outcome.failures) console.log(indent(failure));
  };
  note('install', await runScript('verify-package', prepared));
  // Most tests wait most of the time, so what does not need the machine for itself runs side by side.
  const chain = async (links: readonly Suite[]): Promise<void> => {
    for (const suite of links) {
      const job = (): Promise<Outcome> => runSuite(suite, prepared);
      note(suite.name, await (suite.heavy ? alone(job) : job()));
    }
  };
  const quick = suites.filter(({ name }) => name === 'lib' || name === 'nodes');
  const others = suites.filter((suite) => !quick.includes(suite)).map((suite) => [suite]);
  await Promise.all([quick, ...others].map(chain));
  return { title: prepared.title, outcomes };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}

function counts({ passed, failed }: Outcome): string {
  return failed > 0 ? `${passed} passed, ${failed} failed` : `${passed} passed`;
}

function shown(outcome: Outcome | undefined): string {
  return outcome ? counts(outcome) : 'as above';
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
  const cells = rest ? CELLS.filter((cell) => !isCurrent(root, cell)) : CELLS;
  const suitesOf = (cell: Cell): readonly Suite[] => {
    const first = cells.find(({ nodeRed }) => nodeRed === cell.nodeRed) === cell;
    return rest && !first ? SUITES.filter(({ heavy }) => heavy !== true) : SUITES;
  };
  const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
  const rows: Row[] = [];
  try {
    const tarball = pack(root, folder).path;
    const ready: [Prepared, readonly Suite[]][] = [];
    for (const cell of cells) ready.push([await prepare(root, cell, tarball), suitesOf(cell)]);
    const alone = oneByOne();
    rows.push(...(await Promise.all(ready.map(([prepared, suites]) => runCell(prepared, suites, alone)))));
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
