import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The languages every node speaks; the first is the reference the others are compared with. */
export const LANGUAGES = ['en-US', 'de', 'sk'] as const;
export const REFERENCE = LANGUAGES[0];

/** One file of the built package: copied from `source`, or written with `content`. Paths are relative to the root. */
export type Asset = { target: string; source: string } | { target: string; content: string };

export function readOptional(root: string, file: string): string | undefined {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined;
}

export function read(root: string, file: string, problems: string[]): string | undefined {
  if (existsSync(join(root, file))) return readFileSync(join(root, file), 'utf8');
  problems.push(`${file}: missing`);
  return undefined;
}

/** What lies in a folder, as paths relative to the root; nothing where there is no such folder. */
export function list(root: string, folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path) || !statSync(path).isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => `${folder}/${entry.name}`)
    .sort();
}
