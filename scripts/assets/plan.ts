import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

import type { Form } from '../../nodes/shared/form';
import { readManifest } from '../support/project-root';
import { planCatalogues, readCatalogues, translationProblems, unusedCatalogues } from './catalogues';
import { formHtml, formStub } from './form-html';
import { planHelp } from './help';
import { type Asset, LANGUAGES, list, read, readOptional } from './sources';

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
  const vendors = new Map<string, string[]>();
  for (const [type, entry] of Object.entries(entries)) {
    const vendor = new RegExp(`^dist/nodes/([a-z0-9-]+)/${type}\\.js$`).exec(entry)?.[1];
    if (vendor === undefined) {
      problems.push(`package.json: ${type}: "${entry}" is not dist/nodes/<vendor>/${type}.js`);
      continue;
    }
    vendors.set(vendor, [...(vendors.get(vendor) ?? []), type]);
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
    ...translationProblems(catalogues),
    ...unusedCatalogues(catalogues, vendors),
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
    ? formHtml(form, readOptional(root, `dist/dialogs/nodes/${vendor}/${type}.dialog.js`))
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

/** Sources that no entry of package.json uses: forgotten to list, or forgotten to delete. */
function orphans(root: string, types: string[]): string[] {
  const unlisted = list(root, 'nodes')
    .flatMap((folder) => list(root, folder))
    .filter((file) => file.endsWith('.html') && !types.includes(basename(file, '.html')))
    .map((file) => `${file}: not listed in package.json node-red.nodes`);
  const unused = list(root, 'locales').flatMap((folder) => {
    const language = basename(folder);
    if (!LANGUAGES.some((one) => one === language)) return [`${folder}: not one of ${LANGUAGES.join(', ')}`];
    const help = list(root, `${folder}/help`).filter((file) => !types.includes(basename(file, '.md')));
    const others = list(root, folder).filter((file) => !file.endsWith('.json') && file !== `${folder}/help`);
    return [...help, ...others].map((file) => `${file}: belongs to no node in package.json node-red.nodes`);
  });
  return [...unlisted, ...unused];
}
