import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';

interface Package {
  name: string;
  license?: string;
  repository?: unknown;
  dependencies?: Record<string, string>;
}

/** Licences of what is installed with this package, all approved by the Open Source Initiative. */
const APPROVED = new Set(['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0']);

function read(folder: string): Package {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
}

/** The folder that `name` is found in, seen from `folder`, as Node.js looks for it. */
function find(name: string, folder: string): string {
  const candidate = join(folder, 'node_modules', name);
  if (existsSync(join(candidate, 'package.json'))) return candidate;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`${name} is not installed`);
  return find(name, parent);
}

/** A package and everything that it brings along, by folder. */
function withDependencies(folder: string, found = new Map<string, Package>()): Map<string, Package> {
  if (found.has(folder)) return found;
  const own = read(folder);
  found.set(folder, own);
  for (const name of Object.keys(own.dependencies ?? {})) withDependencies(find(name, folder), found);
  return found;
}

describe('what a user installs with the package', () => {
  const root = projectRoot();
  const installed = withDependencies(root);

  it('is free software, down to the last dependency', () => {
    assert.ok(installed.size > 30, `found only ${installed.size}`);
    const others = [...installed.values()].filter(
      ({ license = '' }) => !license.split(/[()]| OR /).some((one) => APPROVED.has(one)),
    );
    assert.deepEqual(
      others.map(({ name, license }) => `${name}: ${String(license)}`),
      [],
    );
  });

  it('is listed in ARCHITECTURE.md, with licence and source', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    for (const name of Object.keys(read(root).dependencies ?? {})) {
      const { license, repository } = read(find(name, root));
      const source = /[\w.-]+\/[\w.-]+?(?=(?:\.git)?"?\}?$)/.exec(JSON.stringify(repository))?.[0];
      assert.match(text, new RegExp(`^\\| ${name} \\|.*\\| ${license} \\|.*${source}`, 'mi'), name);
    }
  });
});
