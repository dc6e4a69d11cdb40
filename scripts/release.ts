/**
 * What a release needs, by its tag.
 *
 * `check v1.2.3` says what is missing, and ends with 1; `notes v1.2.3` prints the notes, which are the changelog's section.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from './support/project-root';

/** What SECURITY.md has in place of a contact until there is one. */
const PLACEHOLDER = 'CONTACT-PLACEHOLDER';
const HEADING = /^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/;

/** What a release is made of. */
export interface Sources {
  manifest: { version: string; repository?: unknown; bugs?: unknown };
  changelog: string;
  security: string;
}

/** The version of a tag; `undefined` for one that is none. */
function versionOf(tag: string): string | undefined {
  return /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(tag)?.[1];
}

/** The section of a version, without its heading; empty where there is none. */
function sectionOf(changelog: string, version: string): { date: string | undefined; text: string } {
  const lines = changelog.split('\n');
  const begin = lines.findIndex((line) => HEADING.exec(line)?.[1] === version);
  if (begin < 0) return { date: undefined, text: '' };
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => line.startsWith('## ') || /^\[[^\]]+\]: /.test(line));
  const text = rest.slice(0, end < 0 ? undefined : end).join('\n');
  return { date: HEADING.exec(lines[begin] ?? '')?.[2], text: text.trim() };
}

/** What keeps a tag from being released. */
export function releaseProblems(tag: string, { manifest, changelog, security }: Sources): string[] {
  const version = versionOf(tag);
  if (version === undefined) return [`${tag} is no tag of a version: v1.2.3`];
  const { date, text } = sectionOf(changelog, version);
  const unreleased = sectionOf(changelog, 'Unreleased').text;
  const checks: [isMissing: boolean, what: string][] = [
    [manifest.version !== version, `package.json has the version ${manifest.version}, and not ${version}`],
    [text === '', `CHANGELOG.md has no section [${version}], or an empty one`],
    [text !== '' && date === undefined, `the section [${version}] of CHANGELOG.md has no date`],
    [unreleased !== '', 'CHANGELOG.md has changes under [Unreleased] that belong to no version'],
    [manifest.repository === undefined, 'package.json names no repository: provenance needs one'],
    [security.includes(PLACEHOLDER), 'SECURITY.md has a placeholder in place of a contact'],
  ];
  return checks.filter(([isMissing]) => isMissing).map(([, what]) => what);
}

/** The notes of a release. @throws Error for a version that the changelog does not have */
export function releaseNotes(tag: string, changelog: string): string {
  const version = versionOf(tag);
  const { text } = sectionOf(changelog, version ?? '');
  if (version === undefined || text === '') throw new Error(`the changelog says nothing of ${tag}`);
  // The release has its version as a title, so its parts move up.
  return `${text.replace(/^### /gm, '## ')}\n`;
}

function main(): void {
  const [order, tag = ''] = process.argv.slice(2);
  const root = projectRoot();
  const read = (name: string): string => readFileSync(join(root, name), 'utf8');
  const changelog = read('CHANGELOG.md');
  if (order === 'notes') {
    process.stdout.write(releaseNotes(tag, changelog));
    return;
  }
  if (order !== 'check') throw new Error('check <tag>, or notes <tag>');
  const manifest = JSON.parse(read('package.json')) as Sources['manifest'];
  const problems = releaseProblems(tag, { manifest, changelog, security: read('SECURITY.md') });
  for (const problem of problems) console.error(`release: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`release: ${tag} can be published`);
}

if (require.main === module) main();
