/**
 * Puts what Node-RED looks for beside a compiled node there: editor part, catalogues, help and icons.
 * Run after the compiler by `npm run build`. Exits with 1 and one line per problem if the sources do not fit together.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { planAssets } from './assets/plan';
import type { Asset } from './assets/sources';
import { projectRoot } from './support/project-root';

/** Builds the assets below `root`; on a problem nothing is written. Returns the problems. */
export function buildAssets(root: string): string[] {
  const { assets, problems } = planAssets(root);
  if (problems.length === 0) for (const asset of assets) write(root, asset);
  return problems;
}

function write(root: string, asset: Asset): void {
  const target = join(root, asset.target);
  mkdirSync(dirname(target), { recursive: true });
  if ('source' in asset) copyFileSync(join(root, asset.source), target);
  else writeFileSync(target, asset.content);
}

if (require.main === module) {
  const problems = buildAssets(projectRoot());
  for (const problem of problems) console.error(`build-assets: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
