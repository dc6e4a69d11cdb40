/**
 * Whether the package is the same, byte by byte, when it is built again: in another folder, at another time. Whoever has the
 * sources can so make sure that what is published was made of them. Needs a build of the present sources in `dist/`.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { projectRoot } from './support/project-root';
import { pack } from './verify/tarball';

/** What no source is. */
const LEFT_OUT = ['node_modules', 'dist', 'coverage', '.git', '.demo', '.matrix', '.bench', '.screenshots'];

const digestOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** The project's sources in a folder of their own, with the same installed packages. */
function copySources(root: string, folder: string): void {
  cpSync(root, folder, {
    recursive: true,
    filter: (source) => source === root || !LEFT_OUT.includes(basename(source)),
  });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
}

/** The files of a tarball with a digest of each. */
export function filesOf(tarball: Buffer): Map<string, string> {
  const content = gunzipSync(tarball);
  const files = new Map<string, string>();
  for (let at = 0; at + 512 <= content.length && content[at] !== 0;) {
    const text = (from: number, length: number): string =>
      content.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = parseInt(text(124, 12), 8) || 0;
    const prefix = text(345, 155);
    const head = digestOf(content.subarray(at, at + 512)).slice(0, 8);
    const body = digestOf(content.subarray(at + 512, at + 512 + size)).slice(0, 16);
    files.set(prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`, `${head} ${body}`);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** What differs between two tarballs; empty where they are the same bytes. */
export function differences(one: Buffer, other: Buffer): string[] {
  if (one.equals(other)) return [];
  const [a, b] = [filesOf(one), filesOf(other)];
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
  return names.length > 0 ? names : ['the same files, in another order or compression'];
}

function main(): void {
  const root = projectRoot();
  const work = mkdtempSync(join(tmpdir(), 'reproducible-'));
  try {
    const first = readFileSync(pack(root, work).path);
    const folder = join(work, 'another-folder');
    mkdirSync(join(work, 'second'));
    copySources(root, folder);
    execFileSync('npm', ['run', 'build'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const second = readFileSync(pack(folder, join(work, 'second')).path);
    const found = differences(first, second);
    for (const name of found) console.error(`reproducible: ${name} differs`);
    if (found.length > 0) process.exitCode = 1;
    else console.log(`reproducible: the same ${first.length} bytes twice, sha256 ${digestOf(first)}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (require.main === module) main();
