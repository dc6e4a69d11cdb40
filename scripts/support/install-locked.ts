import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  version?: string;
  dependencies?: Record<string, string>;
}

function manifestOf(folder: string): Manifest {
  const path = join(folder, 'package.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : {};
}

/** Installs what a folder's lock file names, unless its dependencies are there already in the versions they name. */
export function installLocked(folder: string): void {
  const wanted = Object.entries(manifestOf(folder).dependencies ?? {});
  const there = wanted.every(
    ([name, version]) => manifestOf(join(folder, 'node_modules', name)).version === version,
  );
  if (there) return;
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', flags, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}
