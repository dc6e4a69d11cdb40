import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialogDefinitions } from '../../test/support/dialogs';
import { pack } from '../verify/tarball';
import { runTool, toolsFolder } from './tools';

interface Check {
  test: boolean;
  nodes?: string[];
  [detail: string]: unknown;
}
export type Card = Record<string, Check>;

/** Every check the scorecard has; one that is not on a card was not made. */
const CHECKS = ['P01', 'P03', 'P04', 'P05', 'P06', 'P07', 'P08', 'N01', 'N02', 'D01', 'D02', 'D03'];

/** P03 wants the address of a repository or of a place for bugs. The project has no public one yet, and invents none. */
const OPEN = new Set(['P03']);

/** What `node-red-dev validate` found. */
export interface Validation {
  card: Card;
  /** whether the checks against the public catalogue (P08, N01) had the catalogue */
  catalogueReached: boolean;
  /** what the tool could not read */
  unparsed: string[];
}

/**
 * Validates the package as it would be published. Not the project's own folder: with dependencies installed there, D03
 * judges the version that this Node.js got, and not the range that package.json allows.
 *
 * @param folder an empty folder to work in
 */
export function validate(root: string, folder: string): Validation {
  const tarball = pack(root, folder);
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked);
  execFileSync('tar', ['-xzf', tarball.path, '-C', unpacked, '--strip-components=1']);

  const output = join(folder, 'scorecard.json');
  const stub = ['--require', join(toolsFolder(root), 'catalogue.cjs')];
  const run = runTool(root, 'node-red-dev/bin/run', ['validate', '-p', unpacked, '-o', output], stub);
  // It ends with 0 whatever it finds; without a card it has given up.
  if (!existsSync(output)) throw new Error(`node-red-dev made no scorecard:\n${run.output}`);
  return {
    card: JSON.parse(readFileSync(output, 'utf8')) as Card,
    catalogueReached: !run.output.includes('catalogue not reached'),
    unparsed: run.output.split('\n').filter((line) => line.startsWith('Unable to parse')),
  };
}

/** What is wrong with a card, one line a problem. */
export function cardProblems({ card, unparsed }: Validation, keywords: readonly string[]): string[] {
  const problems = CHECKS.filter((id) => card[id]?.test !== true && !OPEN.has(id)).map((id) =>
    card[id] ? `${id} fails: ${JSON.stringify(card[id])}` : `${id} was not made`,
  );
  // These two say "passed" of a package that they did not look at closely.
  if (!keywords.includes('node-red')) problems.push('P05 fails: package.json lacks the keyword node-red');
  const shown = card.N02?.nodes ?? [];
  for (const [type, { category }] of dialogDefinitions()) {
    if (category !== 'config' && !shown.includes(type)) problems.push(`N02 did not see ${type}`);
  }
  return [...problems, ...unparsed];
}

/** A card for people: one line a check. */
export function cardLines({ card, catalogueReached }: Validation): string[] {
  return CHECKS.map((id) => {
    const { test, ...details } = card[id] ?? { test: false };
    const verdict = test ? 'passed' : OPEN.has(id) ? 'open  ' : 'FAILED';
    const against = ['P08', 'N01'].includes(id) && !catalogueReached ? ' (without the public catalogue)' : '';
    const more = Object.keys(details).length > 0 ? ` ${JSON.stringify(details)}` : '';
    return `${id} ${verdict}${more}${against}`;
  });
}
