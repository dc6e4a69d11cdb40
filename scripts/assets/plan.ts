import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

import type { Form } from '../../nodes/shared/form';
import { readManifest } from '../support/project-root';
import { differences, merge, parseCatalogue, type Catalogue } from './catalogue';
import { formHtml, formStub } from './form-html';
import { helpHtml, outline } from './help';

/** The languages every node speaks; the first is the reference the others are compared with. */
export const LANGUAGES = ['en-US', 'de', 'sk'] as const;
const REFERENCE = LANGUAGES[0];
/** The catalogue of all nodes; that of one vendor's nodes is `shared-<vendor>`. */
const SHARED = 'shared';

/** One file of the built package: copied from `source`, or written with `content`. Paths are relative to the root. */
export type Asset = { target: string; source: string } | { target: string; content: string };

/** Catalogues by path; `null` is one that is there but cannot be read, which has been reported then. */
type Catalogues = Map<string, Catalogue | null>;

/** All that has to be written beside the compiled files, and everything that is wrong with the sources. */
export interface Plan {
  assets: Asset[];
  problems: string[];
}

/** The icon files that a node's editor part names. */
export function iconsIn(html: string): string[] {
  return [...html.matchAll(/\bicon\s*:\s*['"]([\w.-]+\.(?:svg|png|gif))['"]/g)].map((match) =>
    String(match[1]),
  );
}

/**
 * Works out the assets of all nodes named in the project's package.json. Writes nothing. All problems
 * are collected, since a build that names one fault at a time costs one run for each.
 */
export function planAssets(root: string): Plan {
  const problems: string[] = [];
  const assets = new Map<string, Asset>();
  const entries = readManifest(root)['node-red'].nodes;
  const catalogues = readCatalogues(root, problems);
  for (const [type, entry] of Object.entries(entries)) {
    const vendor = new RegExp(`^dist/nodes/([a-z0-9-]+)/${type}\\.js$`).exec(entry)?.[1];
    if (vendor === undefined) {
      problems.push(`package.json: ${type}: "${entry}" is not dist/nodes/<vendor>/${type}.js`);
      continue;
    }
    const form = readForm(root, entry);
    if (!form && !existsSync(join(root, entry))) problems.push(`${entry}: missing, compile first`);
    const planned = [
      ...(form ? [{ content: formStub(form), target: entry }] : []),
      ...planEditor(root, type, vendor, form, problems),
      ...planCatalogues(type, vendor, catalogues, problems),
      ...planHelp(root, type, vendor, problems),
    ];
    for (const asset of planned) assets.set(asset.target, asset);
  }
  problems.push(
    ...missingShared(catalogues),
    ...translationProblems(catalogues),
    ...orphans(root, Object.keys(entries)),
  );
  return { assets: [...assets.values()], problems: [...new Set(problems)] };
}

/** The description of a node type, where it has one: compiled beside what Node-RED loads. */
function readForm(root: string, entry: string): Form | undefined {
  const file = join(root, entry.replace(/\.js$/, '.form.js'));
  if (!existsSync(file)) return undefined;
  return (createRequire(file)(file) as { form: Form }).form;
}

/** The editor part: made from the description, or written by hand where a type has none. */
function planEditor(
  root: string,
  type: string,
  vendor: string,
  form: Form | undefined,
  problems: string[],
): Asset[] {
  const target = `dist/nodes/${vendor}/${type}.html`;
  const written = `nodes/${vendor}/${type}.html`;
  const source = form ? `nodes/${vendor}/${type}.form.ts` : written;
  if (form && existsSync(join(root, written))) problems.push(`${written}: is made from ${source}`);
  const html = form
    ? formHtml(form, readOptional(root, `dist/dialogs/${vendor}/${type}.dialog.js`))
    : read(root, written, problems);
  if (html === undefined) return [];
  const icons = iconsIn(html);
  const isConfig = /\bcategory\s*:\s*['"]config['"]/.test(html);
  if (icons.length === 0 && !isConfig) problems.push(`${source}: names no icon`);
  const assets: Asset[] = [form ? { content: html, target } : { source: written, target }];
  for (const icon of icons) {
    const file = `icons/${icon}`;
    if (existsSync(join(root, file))) assets.push({ source: file, target: `dist/nodes/${vendor}/${file}` });
    else problems.push(`${file}: missing, named in ${source}`);
  }
  return assets;
}

function planCatalogues(type: string, vendor: string, catalogues: Catalogues, problems: string[]): Asset[] {
  return LANGUAGES.flatMap((language) => {
    const file = `locales/${language}/${type}.json`;
    const own = catalogues.get(file);
    if (own === undefined) problems.push(`${file}: missing`);
    if (!own) return [];
    let merged: Catalogue = {};
    for (const name of [SHARED, `${SHARED}-${vendor}`, type]) {
      const layer = `locales/${language}/${name}.json`;
      const step = merge(merged, catalogues.get(layer) ?? {});
      merged = step.merged;
      problems.push(...step.duplicates.map((key) => `${layer}: "${key}" is in a shared catalogue too`));
    }
    const content = JSON.stringify(merged, null, 2) + '\n';
    return [{ content, target: `dist/nodes/${vendor}/locales/${language}/${type}.json` }];
  });
}

function planHelp(root: string, type: string, vendor: string, problems: string[]): Asset[] {
  const reference = readOptional(root, `locales/${REFERENCE}/help/${type}.md`);
  return LANGUAGES.flatMap((language) => {
    const target = `dist/nodes/${vendor}/locales/${language}/${type}.html`;
    if (reference === undefined) return planWrittenHelp(root, type, language, target, problems);
    const source = `locales/${language}/help/${type}.md`;
    const markdown = read(root, source, problems);
    if (markdown === undefined) return [];
    for (const [part, wanted] of Object.entries(outline(reference))) {
      const found = outline(markdown)[part as keyof ReturnType<typeof outline>];
      if (found.join() === wanted.join()) continue;
      const odd = [...found, ...wanted].find((one) => count(found, one) !== count(wanted, one));
      problems.push(`${source}: other ${part} than ${REFERENCE}: ${String(odd)}`);
    }
    return [{ content: helpHtml(type, markdown), target }];
  });
}

function count(list: readonly unknown[], one: unknown): number {
  return list.filter((other) => other === one).length;
}

function planWrittenHelp(
  root: string,
  type: string,
  language: string,
  target: string,
  problems: string[],
): Asset[] {
  const source = `locales/${language}/${type}.html`;
  const html = read(root, source, problems);
  if (html === undefined) return [];
  // Node-RED finds help by this attribute alone, and shows none, silently, where it is not there.
  if (!html.includes(`data-help-name="${type}"`)) problems.push(`${source}: lacks data-help-name="${type}"`);
  return [{ source, target }];
}

/** Every catalogue that exists, by its path. */
function readCatalogues(root: string, problems: string[]): Catalogues {
  const catalogues: Catalogues = new Map();
  for (const language of LANGUAGES) {
    for (const file of list(root, `locales/${language}`).filter((one) => one.endsWith('.json'))) {
      try {
        catalogues.set(file, parseCatalogue(readFileSync(join(root, file), 'utf8')));
      } catch (error) {
        problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
        catalogues.set(file, null);
      }
    }
  }
  return catalogues;
}

function translationProblems(catalogues: Catalogues): string[] {
  return [...catalogues].flatMap(([file, catalogue]) => {
    const reference = catalogues.get(`locales/${REFERENCE}/${basename(file)}`);
    if (!reference || !catalogue || dirname(file) === `locales/${REFERENCE}`) return [];
    return differences(reference, catalogue).map((line) => `${file}: ${line} (compared with ${REFERENCE})`);
  });
}

/** Shared catalogues are no node's own, so that nothing else notices if one of them is missing. */
function missingShared(catalogues: Catalogues): string[] {
  const names = [...catalogues.keys()].map((file) => basename(file));
  const shared = new Set([`${SHARED}.json`, ...names.filter((name) => name.startsWith(`${SHARED}-`))]);
  return LANGUAGES.flatMap((language) => [...shared].map((name) => `locales/${language}/${name}`))
    .filter((file) => !catalogues.has(file))
    .map((file) => `${file}: missing`);
}

/** Sources that no entry of package.json uses: forgotten to list, or forgotten to delete. */
function orphans(root: string, types: string[]): string[] {
  const folders = list(root, 'nodes');
  const unlisted = folders
    .flatMap((folder) => list(root, folder))
    .filter((file) => file.endsWith('.html') && !types.includes(basename(file, '.html')))
    .map((file) => `${file}: not listed in package.json node-red.nodes`);
  const known = new Set([
    ...types.flatMap((type) => [`${type}.json`, `${type}.html`]),
    ...[SHARED, ...folders.map((folder) => `${SHARED}-${basename(folder)}`)].map((name) => `${name}.json`),
  ]);
  const unused = list(root, 'locales').flatMap((folder) => {
    const language = basename(folder);
    if (!LANGUAGES.some((one) => one === language)) return [`${folder}: not one of ${LANGUAGES.join(', ')}`];
    return list(root, folder)
      .filter((file) => !known.has(basename(file)) && file !== `${folder}/help`)
      .map((file) => `${file}: belongs to no node in package.json node-red.nodes`);
  });
  return [...unlisted, ...unused];
}

function readOptional(root: string, file: string): string | undefined {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined;
}

function read(root: string, file: string, problems: string[]): string | undefined {
  if (existsSync(join(root, file))) return readFileSync(join(root, file), 'utf8');
  problems.push(`${file}: missing`);
  return undefined;
}

/** What lies in a folder, as paths relative to the root; nothing where there is no such folder. */
function list(root: string, folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path) || !statSync(path).isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => `${folder}/${entry.name}`)
    .sort();
}
