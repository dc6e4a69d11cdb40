import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../scripts/support/project-root';
import { chart } from './support/chart';
import { consoleText, page, type Report, type RowReport } from './support/report';
import { ROWS } from './rows';

const USAGE = `npm run bench [-- <row> …] [-- --quick] [-- --write]
rows: ${ROWS.map(({ name }) => name).join(' ')}
--quick  a few seconds a row: whether the benches work, not what they show
--write  replace docs/performance.md and its picture by the results`;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const flags = words.filter((word) => word.startsWith('--'));
  const names = words.filter((word) => !word.startsWith('--'));
  const unknown = [
    ...flags.filter((flag) => flag !== '--quick' && flag !== '--write'),
    ...names.filter((name) => !ROWS.some((row) => row.name === name)),
  ];
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(' ')}\n${USAGE}`);

  const quick = flags.includes('--quick');
  const report: Report = { quick, node: process.version, time: new Date().toISOString(), rows: [] };
  for (const row of ROWS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const { name, title, baseline } = row;
    try {
      const result = await row.run({ quick, say: (text) => process.stderr.write(`${text}\n`) });
      const measured: RowReport = { name, title, baseline, ...result };
      report.rows.push(measured);
      process.stdout.write(`${consoleText(measured)}\n`);
    } catch (error) {
      // The other rows are worth having all the same.
      process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      process.exitCode = 1;
    }
    write(report, flags.includes('--write'));
  }
}

function write(report: Report, replaceDocuments: boolean): void {
  const root = projectRoot();
  const results = join(root, '.bench');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
  if (!replaceDocuments) return;
  mkdirSync(join(root, 'docs', 'images'), { recursive: true });
  writeFileSync(join(root, 'docs', 'performance.md'), page(report));
  writeFileSync(join(root, 'docs', 'images', 'performance.svg'), chart(report));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
