import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectRoot, readManifest } from '../../scripts/support/project-root';
import type { FlowNode } from './user-dir';

/** An importable flow of the package. */
export interface Example {
  /** below `examples/`, e.g. `poweropti/live-meter.json` */
  name: string;
  nodes: FlowNode[];
}

const EXAMPLES = join(projectRoot(), 'examples');

const DASHBOARD = 'dashboard';

/** Every example that runs with this package alone: one folder a system. */
export function readExamples(): Example[] {
  return readdirSync(EXAMPLES)
    .filter((folder) => folder !== DASHBOARD)
    .flatMap(readFolder);
}

/** The examples that show our nodes on a FlowFuse dashboard, which is not part of this package. */
export function readDashboardExamples(): Example[] {
  return readFolder(DASHBOARD);
}

function readFolder(folder: string): Example[] {
  return readdirSync(join(EXAMPLES, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
    .map((name) => ({
      name,
      nodes: JSON.parse(readFileSync(join(EXAMPLES, name), 'utf8')) as FlowNode[],
    }));
}

/**
 * The example in a Node-RED on another port: what a stand-in pushes to is what the example's comment says to change. The
 * ports on which stand-ins listen move too, by the runtime's port, so that several runtimes can run examples side by side.
 *
 * @param server where Node-RED's HTTP nodes answer, in place of `127.0.0.1:1880`
 */
export function onPort(example: Example, port: number, server = `http://127.0.0.1:${port}`): FlowNode[] {
  let text = JSON.stringify(example.nodes).replaceAll('http://127.0.0.1:1880/', `${server}/`);
  for (const own of standInPorts(example))
    text = text.replaceAll(own, String(privatePort(Number(own), port)));
  return JSON.parse(text) as FlowNode[];
}

/** Resolves when the stand-ins of a deployed example listen: a function node loads its modules before. */
export async function standInsListen(nodes: FlowNode[]): Promise<void> {
  const listens = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  for (const port of standInPorts({ nodes })) while (!(await listens(Number(port))));
}

/** The ports on which an example itself listens. */
function standInPorts({ nodes }: Pick<Example, 'nodes'>): Set<string> {
  const started = nodes.map(({ initialize }) => /\bPORT = (\d+)/.exec(String(initialize))?.[1]);
  const listening = nodes.filter(({ type }) => type === 'tcp in').map((node) => String(node.port));
  return new Set([...started, ...listening].filter((port) => port !== undefined));
}

/**
 * Below the range from which systems give out ports, so that nothing else takes it meanwhile. A runtime has a hundred of its
 * own, whatever runs in other processes.
 */
function privatePort(own: number, port: number): number {
  let block = blocks.get(port);
  if (block === undefined) {
    block = claimBlock();
    blocks.set(port, block);
  }
  return 12_000 + block * 100 + (own % 100);
}

const BLOCKS = 180;
/** by the port of the runtime that has them */
const blocks = new Map<number, number>();

/** A folder stands for each block, with the process in it that has taken it. */
function claimBlock(): number {
  for (let block = 0; block < BLOCKS; block++) {
    const folder = join(tmpdir(), `energy-devices-ports-${block}`);
    const holder = join(folder, 'pid');
    try {
      mkdirSync(folder);
    } catch {
      if (isRunning(holder)) continue;
    }
    writeFileSync(holder, String(process.pid));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return block;
  }
  throw new Error('no block of ports is free');
}

function isRunning(holder: string): boolean {
  try {
    process.kill(Number(readFileSync(holder, 'utf8')), 0);
    return true;
  } catch (thrown) {
    // A folder without its file is being taken at this moment.
    return (thrown as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Types of nodes that this package provides. */
export function ownTypes(): string[] {
  return Object.keys(readManifest(projectRoot())['node-red'].nodes);
}
