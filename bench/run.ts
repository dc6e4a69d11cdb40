import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../scripts/support/project-root';
import { cellName, findCell, ownVersions, runInCell } from './support/cell';
import { chart } from './support/chart';
import { NodeRedFailed } from './support/node-red';
import { consoleText, inOrder, page, type Report, type RowReport, titleOf } from './support/report';
import { ROWS } from './rows';

const USAGE = `npm run bench [-- <row> …] [-- --quick] [-- --cell <cell>] [-- --write]
rows: ${ROWS.map(({ name }) => name).join(' ')}
--quick  a few seconds a row: whether the benches work, not what they show
--cell   on another Node.js and Node-RED, with the dependencies that npm chooses there: node24-nr5, node22-nr5, node20-nr4.1
--write  replace docs/performance.md and its picture by what the last runs on all of them found, row by row`;

interface Arguments {
  names: string[];
  quick: boolean;
  writes: boolean;
  cell: string | undefined;
  /** where results and documents go; default: this project */
  into: string;
}

function readArguments(words: readonly string[]): Arguments {
  const found: Arguments = { names: [], quick: false, writes: false, cell: undefined, into: projectRoot() };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--quick') found.quick = true;
    else if (word === '--write') found.writes = true;
    else if (word === '--cell') found.cell = words[++at] ?? '';
    else if (word === '--into') found.into = words[++at] ?? found.into;
    else if (ROWS.some((row) => row.name === word)) found.names.push(word);
    else throw new Error(`unknown: ${word}\n${USAGE}`);
  }
  return found;
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const { names, quick, writes, cell, into } = readArguments(words);
  if (cell !== undefined) {
    const at = words.indexOf('--cell');
    process.exitCode = await runInCell(findCell(cell), words.toSpliced(at, 2));
    return;
  }
  const versions = ownVersions();
  process.stdout.write(`${titleOf(versions)}\n`);
  for (const row of ROWS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const { name, title, baseline } = row;
    try {
      const load = loadavg()[0] ?? 0;
      const result = await row.run({ quick, say: (text) => process.stderr.write(`${text}\n`) });
      const time = new Date().toISOString();
      const measured: RowReport = { name, title, baseline, time, load, ...result };
      process.stdout.write(`${consoleText(measured)}\n`);
      if (!quick) keep(into, versions, measured);
    } catch (error) {
      process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      process.exitCode = 1;
      // The other rows are worth having all the same, unless they have no Node-RED either.
      if (error instanceof NodeRedFailed) return;
    }
  }
  if (writes) write(into);
}

const folderOf = (root: string): string => join(root, '.bench');

/** Puts a row in the place of what an earlier run on the same versions found. */
function keep(root: string, versions: Report['versions'], row: RowReport): void {
  const folder = folderOf(root);
  mkdirSync(folder, { recursive: true });
  const major = versions.nodeRed
    .split('.')
    .slice(0, versions.nodeRed.startsWith('4.') ? 2 : 1)
    .join('.');
  const file = join(
    folder,
    `results-${cellName({ node: Number.parseInt(versions.node), nodeRed: major })}.json`,
  );
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report).rows : [];
  const rows = ROWS.flatMap(({ name }) =>
    name === row.name ? [row] : before.filter((one) => one.name === name),
  );
  writeFileSync(file, `${JSON.stringify({ versions, rows } satisfies Report, null, 2)}\n`);
}

function write(root: string): void {
  const folder = folderOf(root);
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const reports = inOrder(
    files
      .filter((name) => /^results-.+\.json$/.test(name))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report),
  );
  const [lead] = reports;
  if (!lead) throw new Error('nothing has been measured yet');
  const file = join(root, 'docs', 'performance.md');
  mkdirSync(join(root, 'docs', 'images'), { recursive: true });
  writeFileSync(file, page(reports, existsSync(file) ? readFileSync(file, 'utf8') : ''));
  writeFileSync(join(root, 'docs', 'images', 'performance.svg'), chart(lead));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
