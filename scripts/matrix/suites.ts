import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { environment, type Prepared } from './cells';

export interface Suite {
  name: string;
  /** below dist/test */
  spec: string;
  /** files that only read files, and so find the same in every cell */
  without?: readonly string[];
  /** ms for one test, with other cells under way */
  timeout: number;
  /** runs a browser */
  browser?: boolean;
  /** what it tries depends on Node-RED more than on Node.js */
  ofNodeRed?: boolean;
}

/**
 * The tests whose outcome may depend on the cell, in the order of their length: of the protocols, that is the HTTP client
 * alone.
 */
export const SUITES: readonly Suite[] = [
  { name: 'client', spec: 'lib/core/**/*.test.js', timeout: 60_000 },
  { name: 'nodes', spec: 'nodes/**/*.test.js', timeout: 60_000, ofNodeRed: true },
  {
    name: 'package',
    spec: 'package/**/*.test.js',
    without: [
      'audit',
      'build-assets',
      'measurements',
      'quality-scale',
      'texts',
      'unused-exports',
      'use-cases',
    ],
    timeout: 60_000,
  },
  { name: 'editor', spec: 'editor/**/*.test.js', timeout: 300_000, browser: true, ofNodeRed: true },
];

export interface Outcome {
  passed: number;
  failed: number;
  /** ms */
  duration: number;
  /** what failed and why, for people */
  failures: string[];
  /** what passed only when it was run once more */
  again: string[];
}

interface MochaReport {
  stats: { passes: number; failures: number; pending: number };
  passes: { fullTitle: string; currentRetry?: number }[];
  failures: { fullTitle: string; err: { message?: string; stack?: string } }[];
}

/** Runs a suite in a cell. A run without any test, or one that breaks off, counts as one failure. */
export async function runSuite(suite: Suite, { node, project }: Prepared): Promise<Outcome> {
  const begun = performance.now();
  const report = join(project, `.report-${suite.name}.json`);
  rmSync(report, { force: true });
  const mocha = createRequire(join(project, 'package.json')).resolve('mocha/bin/mocha.js');
  // A test that keeps times may have been short of one beside the other suites; it is run once more, and named.
  const args = [
    mocha,
    '--no-config',
    ...['--parallel', '--jobs', '2'],
    ...['--retries', '1'],
    '--timeout',
    String(suite.timeout),
    '--reporter',
    'json',
  ];
  const ignored = (suite.without ?? []).flatMap((name) => ['--ignore', `dist/test/package/${name}.test.js`]);
  const output = await run(node, project, [
    ...args,
    '--reporter-option',
    `output=${report}`,
    ...ignored,
    `dist/test/${suite.spec}`,
  ]);
  const duration = performance.now() - begun;
  const outcome = readReport(report);
  if (!outcome) {
    return { passed: 0, failed: 1, duration, failures: [`${suite.name} broke off:\n${output}`], again: [] };
  }
  return { ...outcome, duration };
}

/** Runs one of the project's compiled scripts in a cell, as one test. */
export async function runScript(name: string, { node, project }: Prepared): Promise<Outcome> {
  const begun = performance.now();
  let failure: string | undefined;
  const output = await run(node, project, [`dist/scripts/${name}.js`], (code) => {
    if (code !== 0) failure = `${name} ended with ${code}`;
  });
  const duration = performance.now() - begun;
  const failures = failure === undefined ? [] : [`${failure}:\n${output}`];
  return { passed: 1 - failures.length, failed: failures.length, duration, failures, again: [] };
}

function readReport(file: string): Omit<Outcome, 'duration'> | undefined {
  let report: MochaReport;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as MochaReport;
  } catch {
    return undefined;
  }
  const { passes: passed, failures: failed, pending } = report.stats;
  const failures = report.failures.map(({ fullTitle, err }) => `${fullTitle}\n${err.stack ?? err.message}`);
  // A skipped test is one that this cell has not passed.
  if (pending > 0) failures.push(`${pending} tests were skipped`);
  if (passed + failed === 0) failures.push('no test ran');
  const again = report.passes
    .filter(({ currentRetry = 0 }) => currentRetry > 0)
    .map(({ fullTitle }) => `passed at the second try: ${fullTitle}`);
  return { passed, failed: Math.max(failed, failures.length), failures, again };
}

/** Both streams of a process, once it has ended. */
async function run(
  node: string,
  cwd: string,
  args: string[],
  ended: (code: number | null) => void = () => undefined,
): Promise<string> {
  const child = spawn(node, args, { cwd, env: environment(node), stdio: ['ignore', 'pipe', 'pipe'] });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => parts.push(text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended(code);
  return parts.join('');
}
