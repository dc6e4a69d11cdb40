import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot, readManifest } from '../../scripts/support/project-root';
import type { FlowNode } from './user-dir';

/** An importable flow of the package. */
export interface Example {
  name: string;
  nodes: FlowNode[];
}

const EXAMPLES = join(projectRoot(), 'examples');

/** Every example at the top of `examples/`; subfolders hold those that need other packages. */
export function readExamples(): Example[] {
  return readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map(({ name }) => ({
      name,
      nodes: JSON.parse(readFileSync(join(EXAMPLES, name), 'utf8')) as FlowNode[],
    }));
}

/** The example as it would be after its user changed the port, as its comment says. */
export function onPort(example: Example, port: number): FlowNode[] {
  return JSON.parse(
    JSON.stringify(example.nodes).replaceAll('127.0.0.1:1880', `127.0.0.1:${port}`),
  ) as FlowNode[];
}

/** Types of nodes that this package provides. */
export function ownTypes(): string[] {
  return Object.keys(readManifest(projectRoot())['node-red'].nodes);
}
