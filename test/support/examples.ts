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

/** Every example that runs with this package alone: those at the top of `examples/`. */
export function readExamples(): Example[] {
  return readFolder('.');
}

/** The examples that show our nodes on a FlowFuse dashboard, which is not part of this package. */
export function readDashboardExamples(): Example[] {
  return readFolder('dashboard');
}

function readFolder(folder: string): Example[] {
  return readdirSync(join(EXAMPLES, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(folder, entry.name))
    .map((name) => ({
      name,
      nodes: JSON.parse(readFileSync(join(EXAMPLES, name), 'utf8')) as FlowNode[],
    }));
}

/**
 * The example as it would be after its user changed the port, as its comment says. Ports on which an example itself
 * listens move too, by the runtime's port, so that several runtimes can run examples side by side.
 */
export function onPort(example: Example, port: number): FlowNode[] {
  let text = JSON.stringify(example.nodes).replaceAll('127.0.0.1:1880', `127.0.0.1:${port}`);
  const listening = example.nodes.filter((node) => node.type === 'tcp in').map((node) => Number(node.port));
  for (const own of listening) text = text.replaceAll(String(own), String(privatePort(own, port)));
  return JSON.parse(text) as FlowNode[];
}

/** Below the range from which systems give out ports, so that nothing else takes it meanwhile. */
function privatePort(own: number, port: number): number {
  return 12_000 + ((port * 4 + (own % 4)) % 18_000);
}

/** Types of nodes that this package provides. */
export function ownTypes(): string[] {
  return Object.keys(readManifest(projectRoot())['node-red'].nodes);
}
