import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_NAME, projectRoot } from '../../scripts/support/project-root';
import { hashPassword } from './find-node-red';

/** One node of a flow file. */
export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** A user folder's content. */
export interface UserDirOptions {
  /** An existing folder to use, and to leave in place afterwards; else a new one. */
  userDir?: string;
  flows?: FlowNode[];
  /** By node id; written as flows_cred.json. */
  credentials?: Record<string, Record<string, string>>;
  /** Merged over the harness's own settings, key by key on the first level. */
  settings?: Record<string, unknown>;
  /** Settings that JSON cannot hold, as the text of an object: `{ httpNodeMiddleware: (req, res, next) => next() }`. */
  settingsCode?: string;
  /**
   * Users `admin` (all rights), `editor` (flows alone) and `reader` (read only); the password of each is
   * `<name>-password`.
   */
  adminAuth?: boolean;
  /** Not less than information: the start is recognised by it. */
  logLevel?: 'info' | 'debug' | 'trace';
  /** `link` to the project (default), `none`, or the path of a tarball that npm is to install. */
  packageFrom?: string;
  /** Folders of other packages with nodes, by name; linked like the project. */
  otherPackages?: Record<string, string>;
}

/** A user that `adminAuth` creates. */
export type User = 'admin' | 'editor' | 'reader';

export function passwordOf(user: User): string {
  return `${user}-password`;
}

/**
 * What each user has set in the editor. Node-RED 5 shows a tip a second after it knows the settings, and throws where its
 * sidebar is not there by then, on a machine with much to do.
 */
const EDITOR_SETTINGS = Object.fromEntries(
  ['_', 'admin', 'editor', 'reader'].map((user) => [user, { editor: { view: { 'view-show-tips': false } } }]),
);

/** Prepares a Node-RED user folder and returns its path. */
export async function prepareUserDir(options: UserDirOptions, node?: string): Promise<string> {
  const userDir = options.userDir ?? mkdtempSync(join(tmpdir(), 'energy-node-red-'));
  try {
    await fillUserDir(userDir, options, node);
  } catch (error) {
    if (options.userDir === undefined) rmSync(userDir, { recursive: true, force: true });
    throw error;
  }
  return userDir;
}

async function fillUserDir(userDir: string, options: UserDirOptions, node?: string): Promise<void> {
  mkdirSync(join(userDir, 'node_modules'), { recursive: true });
  writeFileSync(join(userDir, 'settings.js'), settingsFile(options));
  const users = '.config.users.json';
  if (!existsSync(join(userDir, users))) write(userDir, users, EDITOR_SETTINGS);
  if (options.flows) write(userDir, 'flows.json', options.flows);
  if (options.credentials) write(userDir, 'flows_cred.json', options.credentials);
  const from = options.packageFrom ?? 'link';
  for (const [name, folder] of Object.entries(options.otherPackages ?? {})) link(userDir, name, folder);
  if (from === 'link') link(userDir, PACKAGE_NAME, projectRoot());
  else if (from !== 'none') await installPackage(userDir, from, node);
}

/** Installs a tarball into a user folder with the arguments the palette manager uses. */
export async function installPackage(
  userDir: string,
  tarball: string,
  node = process.execPath,
): Promise<void> {
  write(userDir, 'package.json', { name: 'node-red-project', version: '0.0.1', private: true });
  const flags = [
    '--no-audit',
    '--no-update-notifier',
    '--no-fund',
    '--save',
    '--save-prefix=~',
    '--omit=dev',
  ];
  await promisify(execFile)('npm', ['install', ...flags, '--engine-strict', '--', resolve(tarball)], {
    cwd: userDir,
    // npm runs on the node that comes first in the path, and judges `engines` by that one.
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
  });
}

function settingsFile(options: UserDirOptions): string {
  const settings = {
    uiHost: '127.0.0.1',
    uiPort: 0,
    // The waits in tests know the English texts, whatever the machine speaks.
    lang: 'en-US',
    flowFile: 'flows.json',
    credentialSecret: false,
    telemetry: { enabled: false },
    editorTheme: { tours: false, palette: { catalogues: [] }, projects: { enabled: false } },
    logging: { console: { level: options.logLevel ?? 'info', metrics: false, audit: false } },
    ...(options.adminAuth ? { adminAuth: adminAuth() } : {}),
    ...options.settings,
  };
  // A killed test run cannot stop its children: they notice the broken channel and stop themselves.
  return `process.on('disconnect', () => process.exit(1));\nmodule.exports = ${JSON.stringify(settings, null, 2)};\nObject.assign(module.exports, ${options.settingsCode ?? '{}'});\n`;
}

function adminAuth(): object {
  const user = (username: User, permissions: string | string[]): object => ({
    username,
    password: hashPassword(passwordOf(username)),
    permissions,
  });
  return {
    type: 'credentials',
    users: [user('admin', '*'), user('editor', ['flows.read', 'flows.write']), user('reader', 'read')],
  };
}

function link(userDir: string, name: string, folder: string): void {
  const path = join(userDir, 'node_modules', name);
  // A scoped package lies in a folder of its scope.
  mkdirSync(dirname(path), { recursive: true });
  try {
    symlinkSync(folder, path, 'junction');
  } catch (error) {
    // A user folder that is used a second time has its link already.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function write(folder: string, file: string, content: object): void {
  writeFileSync(join(folder, file), JSON.stringify(content, null, 2));
}
