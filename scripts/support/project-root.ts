import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The npm name of this package, and so its folder name below node_modules. */
export const PACKAGE_NAME = 'node-red-contrib-energy-devices';

/** What the tools read from the project's package.json. */
export interface Manifest {
  name: string;
  version: string;
  keywords: string[];
  'node-red': { nodes: Record<string, string> };
}

/**
 * The folder that holds this project's package.json, found by walking up from `start`.
 * A build outside the tree cannot find it that way and names it in ENERGY_DEVICES_ROOT.
 */
export function projectRoot(start: string = __dirname): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (isProject(folder)) return folder;
    if (folder === dirname(folder)) break;
  }
  const named = process.env.ENERGY_DEVICES_ROOT;
  if (named !== undefined && isProject(named)) return named;
  throw new Error(`no package.json of ${PACKAGE_NAME} above ${start}; set ENERGY_DEVICES_ROOT`);
}

/** The project's package.json, or that of another folder of the same kind. */
export function readManifest(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
}

function isProject(folder: string): boolean {
  return existsSync(join(folder, 'package.json')) && readManifest(folder).name === PACKAGE_NAME;
}
