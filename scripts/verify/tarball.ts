import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm pack` made. */
export interface Tarball {
  path: string;
  size: number;
  unpackedSize: number;
  files: string[];
}

const WANTED = ['package.json', 'README.md', 'LICENSE'];
const UNWANTED: [RegExp, string][] = [
  [/(^|\/)(test|tests|simulators|bench|scripts|coverage)\//, 'is of no use to a user'],
  [/\.tsbuildinfo$/, 'is the compiler’s note to itself'],
  [/(?<!\.d)\.ts$/, 'is a source'],
  [/(^|\/)\.(?!npmignore)/, 'is a hidden file'],
  [/\.tgz$/, 'is a package within the package'],
];

/** Packs the project into `folder`. The build has been run before, so npm is kept from running it again. */
export function pack(root: string, folder: string): Tarball {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const output = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [packed] = JSON.parse(output) as {
    filename: string;
    size: number;
    unpackedSize: number;
    files: { path: string }[];
  }[];
  if (!packed) throw new Error(`npm pack reported nothing: ${output}`);
  const files = packed.files.map((file) => file.path);
  return { path: join(folder, packed.filename), size: packed.size, unpackedSize: packed.unpackedSize, files };
}

/** What is in the tarball and should not be, and the other way round. */
export function contentProblems(files: string[]): string[] {
  const missing = WANTED.filter((file) => !files.includes(file)).map((file) => `tarball: lacks ${file}`);
  const unwanted = files.flatMap((file) =>
    UNWANTED.filter(([pattern]) => pattern.test(file)).map(([, why]) => `tarball: ${file} ${why}`),
  );
  return [...missing, ...unwanted];
}

/** Files of the installed package in which the folder it was built in can be read. */
export function pathLeaks(installed: string, root: string): string[] {
  return listFiles(installed)
    .filter((file) => readFileSync(join(installed, file)).includes(root))
    .map((file) => `${file}: names the folder it was built in`);
}

/** All files below a folder, relative to it; none where there is no such folder. */
export function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
