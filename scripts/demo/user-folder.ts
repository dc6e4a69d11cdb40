import { lstat, mkdir, readFile, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DemoError, errorCode } from './error';

/** The name in the package.json of a user folder that the demo made, by which it knows its own. */
const FOLDER_NAME = 'energy-devices-demo';
/** Stands in a flow for the live page, which is kept in files of its own to stay readable. */
const PAGE_MARK = '@live';

/** Holds the id of the process that uses the folder; one that was killed leaves it behind, which does no harm. */
const LOCK = 'demo.pid';

interface FolderPackage {
  name?: string;
  dependencies?: Record<string, string>;
}

async function unlessMissing<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readPackage(folder: string): Promise<FolderPackage | undefined> {
  const text = await unlessMissing(readFile(path.join(folder, 'package.json'), 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as FolderPackage);
}

/** The root of this project, from wherever below it the demo was compiled to. */
export async function findProjectRoot(): Promise<string> {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const flows = await unlessMissing(stat(path.join(folder, 'scripts', 'demo', 'flows')));
    if (flows) return folder;
  }
  throw new DemoError('The demo runs only from the project folder: scripts/demo/flows was not found.');
}

/** Refuses a folder that the demo did not make, so that it can never change or delete one of the user's own. */
async function readOwnPackage(folder: string): Promise<FolderPackage | undefined> {
  const found = await readPackage(folder);
  const foreign = found ? found.name !== FOLDER_NAME : (await unlessMissing(readdir(folder)))?.length;
  if (foreign) {
    throw new DemoError(`${folder} is not a folder of this demo. Choose another one with DEMO_USER_DIR.`);
  }
  return found;
}

async function removeFolder(folder: string): Promise<void> {
  if (await readOwnPackage(folder)) await rm(folder, { recursive: true, force: true });
}

/** Two Node-REDs on one folder would overwrite each other's flows. */
async function refuseIfUsed(folder: string): Promise<void> {
  const owner = Number(await unlessMissing(readFile(path.join(folder, LOCK), 'utf8')));
  if (owner > 0 && owner !== process.pid && isAlive(owner)) {
    throw new DemoError(`Another demo (process ${owner}) uses ${folder}. Stop it, or set DEMO_USER_DIR.`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Makes Node-RED find the package in the project itself, as if it were installed. */
async function linkPackage(root: string, folder: string, name: string): Promise<void> {
  const link = path.join(folder, 'node_modules', name);
  await mkdir(path.dirname(link), { recursive: true });
  const found = await unlessMissing(lstat(link));
  // A real folder is a package that the user installed on purpose.
  if (found && !found.isSymbolicLink()) return;
  if (found) {
    if (path.resolve(path.dirname(link), await readlink(link)) === root) return;
    await rm(link);
  }
  await symlink(root, link, process.platform === 'win32' ? 'junction' : 'dir');
}

async function writePackage(root: string, folder: string, name: string, own?: FolderPackage): Promise<void> {
  const location = `file:${path.relative(folder, root).split(path.sep).join('/')}`;
  // Listed as a dependency, the link survives when the user installs further nodes into this folder.
  const contents = {
    name: FOLDER_NAME,
    description: 'User folder of the demo; npm start -- --reset makes it anew',
    version: '0.0.1',
    private: true,
    dependencies: { ...own?.dependencies, [name]: location },
  };
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(contents, null, 2)}\n`);
}

/** A node of a demo flow; Node-RED keeps `credentials` in a file of their own. */
interface DemoNode {
  id: string;
  credentials?: Record<string, string>;
}

/** The demo's flow, one file a system in `flows/`, in the order of their names. */
async function readFlows(root: string): Promise<DemoNode[]> {
  const demo = path.join(root, 'scripts', 'demo');
  const files = (await readdir(path.join(demo, 'flows'))).filter((file) => file.endsWith('.json')).sort();
  const texts = await Promise.all(files.map((file) => readFile(path.join(demo, 'flows', file), 'utf8')));
  const page = JSON.stringify(await readPage(path.join(demo, 'live')));
  return texts.flatMap((text) => JSON.parse(text.replace(`"${PAGE_MARK}"`, () => page)) as DemoNode[]);
}

/** The live page as one file. */
async function readPage(folder: string): Promise<string> {
  const read = (name: string): Promise<string> => readFile(path.join(folder, `page.${name}`), 'utf8');
  const [html, css, js] = await Promise.all([read('html'), read('css'), read('js')]);
  return html.replace('/* @page.css */', () => css).replace('// @page.js', () => js);
}

async function writeFlows(root: string, folder: string): Promise<void> {
  const target = path.join(folder, 'flows.json');
  if (await unlessMissing(stat(target))) return;
  const nodes = await readFlows(root);
  const secrets = Object.fromEntries(
    nodes.flatMap(({ id, credentials }) => (credentials ? [[id, credentials]] : [])),
  );
  const flows = nodes.map((node) => ({ ...node, credentials: undefined }));
  // Credentials first: with a flows file there, a start that was broken off would never write them.
  await writeFile(path.join(folder, 'flows_cred.json'), JSON.stringify(secrets, null, 2));
  await writeFile(target, JSON.stringify(flows, null, 2));
}

/**
 * Makes the Node-RED user folder ready: the package linked into it, and the demo's flow unless the user has
 * one there already. With `reset` everything in it is deleted first.
 */
export async function prepareUserFolder(root: string, folder: string, reset: boolean): Promise<void> {
  const { name } = (await readPackage(root)) ?? {};
  if (name === undefined) throw new DemoError(`${root} has no package.json with a name.`);
  await refuseIfUsed(folder);
  if (reset) await removeFolder(folder);
  const own = await readOwnPackage(folder);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, LOCK), String(process.pid));
  await writePackage(root, folder, name, own);
  await linkPackage(root, folder, name);
  await writeFlows(root, folder);
}
