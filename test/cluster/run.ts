/**
 * Runs the tests of several Node-REDs: `npm run test:cluster`, with `-- --seeds 5` each row five times, with
 * `-- --row SIGKILL` those alone whose name has that in it. Where there is no Redis it says so, and is no failure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { findRedis } from '../support/cluster/engine';

function valueOf(flag: string): string | undefined {
  const index = process.argv.indexOf(flag);
  if (index < 0) return undefined;
  const value = process.argv[index + 1];
  if (value === undefined || value.startsWith('--')) throw new Error(`${flag} needs a value`);
  return value;
}

const redis = findRedis();
if (typeof redis === 'string') {
  console.log(`skipped: ${redis}`);
} else {
  const mocha = join(projectRoot(), 'node_modules', 'mocha', 'bin', 'mocha.js');
  const row = valueOf('--row');
  const seeds = Number(valueOf('--seeds') ?? 1);
  if (!Number.isInteger(seeds) || seeds < 1) throw new Error('--seeds needs a whole number above 0');
  const { status } = spawnSync(
    process.execPath,
    [mocha, '--config', '.mocharc.cluster.json', ...(row === undefined ? [] : ['--fgrep', row])],
    { cwd: projectRoot(), env: { ...process.env, CLUSTER_SEEDS: String(seeds) }, stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}
