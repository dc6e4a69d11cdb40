import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NodeInitializer } from 'node-red';

import { projectRoot, readManifest } from '../../scripts/support/project-root';

/** What Node-RED loads for a node type, as package.json names it: the build writes that file. */
export function nodeSet(type: string): NodeInitializer {
  const root = projectRoot();
  const entry = readManifest(root)['node-red'].nodes[type];
  if (entry === undefined) throw new Error(`package.json names no ${type}`);
  return createRequire(join(root, 'package.json'))(join(root, entry)) as NodeInitializer;
}
