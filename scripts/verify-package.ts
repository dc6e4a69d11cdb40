/**
 * Packs the project, installs the package into an empty user folder as the palette manager does, starts Node-RED
 * on it and looks at all that it serves. A link to the source tree hides what is missing in the package; this does not.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRuntime } from '../test/support/runtime';
import { projectRoot } from './support/project-root';
import { installedIn, servedProblems } from './verify/served';
import { contentProblems, pack, pathLeaks } from './verify/tarball';

/** Runs all checks, prints the package's measures, and returns the problems. */
async function verifyPackage(root: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'verify-package-'));
  try {
    const tarball = pack(root, folder);
    const problems = contentProblems(tarball.files);
    const runtime = await startRuntime({ packageFrom: tarball.path });
    try {
      const installed = installedIn(runtime);
      problems.push(...(await servedProblems(installed)), ...pathLeaks(installed.folder, root));
      console.log(
        `${kB(tarball.size)} kB packed, ${kB(tarball.unpackedSize)} kB unpacked, ` +
          `${tarball.files.length} files, ${countPackages(runtime.userDir)} packages installed`,
      );
    } finally {
      await runtime.stop();
    }
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function kB(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}

/** The package itself and everything npm had to install for it. */
function countPackages(userDir: string): number {
  const lock = JSON.parse(readFileSync(join(userDir, 'package-lock.json'), 'utf8')) as { packages: object };
  return Object.keys(lock.packages).filter((path) => path !== '').length;
}

async function main(): Promise<void> {
  const problems = await verifyPackage(projectRoot());
  for (const problem of problems) console.error(`verify-package: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log('verify-package: everything is there');
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error('verify-package:', error);
    process.exitCode = 1;
  });
}
