import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { type Cell, CELLS, environment, prepare } from '../../scripts/matrix/cells';
import { projectRoot } from '../../scripts/support/project-root';
import { pack } from '../../scripts/verify/tarball';
import { findNodeRed, nodeRedScript } from '../../test/support/find-node-red';

/** As typed behind `--cell`, e.g. `node24-nr5`. */
export function cellName({ node, nodeRed }: Pick<Cell, 'node' | 'nodeRed'>): string {
  return `node${node}-nr${nodeRed}`;
}

/** @throws Error naming all cells, where there is none of this name */
export function findCell(name: string | undefined): Cell {
  const found = CELLS.find((cell) => cellName(cell) === name);
  if (!found) throw new Error(`no cell ${name ?? ''}; there are ${CELLS.map(cellName).join(', ')}`);
  return found;
}

/**
 * Runs the bench in a cell: on its Node.js and Node-RED, with what npm chooses there.
 *
 * @returns its exit code
 */
export async function runInCell(cell: Cell, words: readonly string[]): Promise<number> {
  const root = projectRoot();
  const folder = mkdtempSync(join(tmpdir(), 'bench-cell-'));
  try {
    const { node, project } = await prepare(root, cell, pack(root, folder).path);
    const child = spawn(node, [join(project, 'dist', 'bench', 'run.js'), ...words, '--into', root], {
      cwd: project,
      env: environment(node),
      stdio: 'inherit',
    });
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Versions of what a bench runs on. */
export interface Versions {
  node: string;
  nodeRed: string;
}

/** What this process measures. */
export function ownVersions(): Versions {
  const nodeRed = dirname(nodeRedScript(findNodeRed()));
  const versionIn = (file: string): string =>
    (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  return {
    node: process.versions.node,
    nodeRed: versionIn(join(nodeRed, 'package.json')),
  };
}
