import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { FlowNode, Reply, Runtime } from '../../test/support/runtime';
import { iconsIn } from '../assets/plan';
import { LANGUAGES } from '../assets/sources';
import { PACKAGE_NAME, readManifest } from '../support/project-root';
import { partProblems } from './parts';
import { listFiles } from './tarball';

interface NodeSet {
  id: string;
  types: string[];
  enabled: boolean;
  err?: unknown;
}

/** An installed package and the Node-RED that is to serve it. */
export interface Installed {
  runtime: Runtime;
  /** The package's folder below the user folder's node_modules. */
  folder: string;
  /** By type: the compiled file, relative to the package's folder. */
  entries: Record<string, string>;
}

/** Describes the package in a runtime's user folder. */
export function installedIn(runtime: Runtime): Installed {
  const folder = join(runtime.userDir, 'node_modules', PACKAGE_NAME);
  return { runtime, folder, entries: readManifest(folder)['node-red'].nodes };
}

/** Everything a Node-RED with the package installed should serve and does not. */
export async function servedProblems(installed: Installed): Promise<string[]> {
  const checks = [typeProblems, iconProblems, catalogueProblems, helpProblems, resourceProblems];
  const problems: string[] = [];
  for (const check of checks) problems.push(...(await check(installed)));
  problems.push(...(await partProblems(installed.folder, installed.entries)));
  const complaints = installed.runtime.log.filter(
    (line) => /\[error\]|\[fatal\]/.test(line) || isOwnWarning(line),
  );
  problems.push(...complaints.map((line) => `log: ${line}`));
  // Last, since the nodes of an example rightly complain that they cannot reach their device.
  return [...problems, ...(await exampleProblems(installed))];
}

function isOwnWarning(line: string): boolean {
  return line.includes('[warn]') && line.includes(PACKAGE_NAME);
}

async function typeProblems({ runtime, entries }: Installed): Promise<string[]> {
  const sets = await nodeSets(runtime);
  return Object.keys(entries).flatMap((type) => {
    const set = sets.find(({ id }) => id === `${PACKAGE_NAME}/${type}`);
    if (!set) return [`${type}: Node-RED does not know it`];
    if (set.err !== undefined) return [`${type}: did not load: ${JSON.stringify(set.err)}`];
    return set.enabled && set.types.includes(type) ? [] : [`${type}: is not registered`];
  });
}

async function iconProblems({ runtime, folder, entries }: Installed): Promise<string[]> {
  // In place of an icon that it cannot find, Node-RED sends this, with status 200.
  const fallback = (await runtime.get(`icons/${PACKAGE_NAME}/no-such-icon.svg`)).text;
  const icons = Object.values(entries).flatMap((entry) =>
    iconsIn(read(folder, entry.replace(/\.js$/, '.html'))),
  );
  const problems = [...new Set(icons)].map(async (icon) => {
    const reply = await runtime.get(`icons/${PACKAGE_NAME}/${icon}`);
    if (!(reply.headers.get('content-type') ?? '').startsWith('image/svg'))
      return [`icons/${icon}: is no SVG`];
    return reply.text === fallback || !reply.text.includes('<svg') ? [`icons/${icon}: is not served`] : [];
  });
  return (await Promise.all(problems)).flat();
}

async function catalogueProblems({ runtime, folder, entries }: Installed): Promise<string[]> {
  const problems: string[] = [];
  for (const language of LANGUAGES) {
    // What the editor asks for when it loads, then what it asks for when a node is added later.
    const all = (await runtime.get(`nodes/messages?lng=${language}`)).json() as Record<string, unknown>;
    for (const [type, entry] of Object.entries(entries)) {
      const name = `${PACKAGE_NAME}/${type}`;
      const wanted: unknown = JSON.parse(read(folder, localised(entry, language, 'json')) || 'null');
      const single = (await runtime.get(`locales/${name}?lng=${language}`)).json();
      if (!isDeepStrictEqual(all[name], wanted))
        problems.push(`${type}: nodes/messages lacks its ${language} texts`);
      if (!isDeepStrictEqual(single, wanted))
        problems.push(`${type}: locales/ does not serve its ${language} texts`);
    }
  }
  return problems;
}

async function helpProblems({ runtime, folder, entries }: Installed): Promise<string[]> {
  const problems: string[] = [];
  for (const language of LANGUAGES) {
    const html = (
      await runtime.get('nodes', { headers: { accept: 'text/html', 'accept-language': language } })
    ).text;
    for (const [type, entry] of Object.entries(entries)) {
      const help = read(folder, localised(entry, language, 'html')).trim();
      if (help === '' || !html.includes(help)) problems.push(`${type}: its ${language} help is not served`);
    }
  }
  return problems;
}

async function resourceProblems({ runtime, folder }: Installed): Promise<string[]> {
  const files = listFiles(join(folder, 'resources'));
  const problems = files.map(async (file) => {
    const reply = await runtime.get(`resources/${PACKAGE_NAME}/${file}`);
    return reply.text === read(folder, `resources/${file}`) ? [] : [`resources/${file}: is not served`];
  });
  return [...(files.length === 0 ? ['resources: none'] : []), ...(await Promise.all(problems)).flat()];
}

async function exampleProblems(installed: Installed): Promise<string[]> {
  const { runtime, folder } = installed;
  const files = listFiles(join(folder, 'examples')).filter((file) => file.endsWith('.json'));
  if (files.length === 0) return ['examples: none'];
  const known = new Set((await nodeSets(runtime)).flatMap(({ types }) => types));
  const problems: string[] = [];
  for (const file of files) {
    const path = `library/examples/flows/${PACKAGE_NAME}/${file.replace(/\.json$/, '')}`;
    const nodes = flowOf(await runtime.get(path));
    if (!nodes) problems.push(`examples/${file}: is not served as a flow`);
    // These show our nodes together with another package's, which is not installed here.
    else if (!file.startsWith('dashboard/'))
      problems.push(...(await deployProblems(runtime, file, nodes, known)));
  }
  return problems;
}

async function deployProblems(
  runtime: Runtime,
  file: string,
  nodes: FlowNode[],
  known: ReadonlySet<string>,
): Promise<string[]> {
  const unknown = nodes.map(({ type }) => type).filter((type) => !known.has(type) && !isStructure(type));
  if (unknown.length > 0) return [`examples/${file}: unknown types ${[...new Set(unknown)].join(', ')}`];
  try {
    await runtime.deploy(nodes);
    return [];
  } catch (error) {
    return [`examples/${file}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function isStructure(type: string): boolean {
  return /^(tab|group|junction|subflow|subflow:.*|global-config)$/.test(type);
}

function flowOf(reply: Reply): FlowNode[] | undefined {
  try {
    const nodes = reply.json();
    return reply.status === 200 && Array.isArray(nodes) && nodes.length > 0
      ? (nodes as FlowNode[])
      : undefined;
  } catch {
    return undefined;
  }
}

async function nodeSets(runtime: Runtime): Promise<NodeSet[]> {
  return (await runtime.get('nodes', { headers: { accept: 'application/json' } })).json() as NodeSet[];
}

function localised(entry: string, language: string, extension: 'json' | 'html'): string {
  return join(dirname(entry), 'locales', language, `${basename(entry, '.js')}.${extension}`);
}

/** A file of the installed package; nothing where it is missing, which no check takes for the right content. */
function read(folder: string, file: string): string {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
