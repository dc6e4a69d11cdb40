import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { SHARED_TEXTS } from '../../nodes/shared/version';
import { differences, merge, parseCatalogue, type Catalogue } from './catalogue';
import { type Asset, LANGUAGES, list, REFERENCE } from './sources';

/**
 * A vendor has one catalogue a language, and `shared.json` has the texts of all vendors. Node-RED wants one a node type,
 * which the build puts together: `nodes` of a vendor's catalogue has what one type alone says, by the type's name.
 */

/** Catalogues by path; `null` is one that is there but cannot be read, which has been reported then. */
export type Catalogues = Map<string, Catalogue | null>;

const SHARED = 'shared';
/** The parts of it that are looked up in the catalogue of one type, whoever tells them: see `SHARED_TEXTS`. */
const ONCE = ['errors', 'notice', 'log'];
/** The key of what single types say. */
const OWN = 'nodes';

/** Every catalogue that exists, by its path. */
export function readCatalogues(root: string, problems: string[]): Catalogues {
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

/** The catalogue of one node type in each language. */
export function planCatalogues(
  type: string,
  vendor: string,
  catalogues: Catalogues,
  problems: string[],
): Asset[] {
  return LANGUAGES.flatMap((language) => {
    const shared = `locales/${language}/${SHARED}.json`;
    const file = `locales/${language}/${vendor}.json`;
    for (const one of [shared, file]) if (catalogues.get(one) === undefined) problems.push(`${one}: missing`);
    const written = catalogues.get(file);
    if (!written) return [];
    const { [OWN]: types, ...ofVendor } = written;
    const own = typeof types === 'object' ? types[type] : undefined;
    if (typeof own !== 'object') problems.push(`${file}: lacks "${OWN}.${type}"`);
    let merged = catalogues.get(shared) ?? {};
    for (const layer of [ofVendor, typeof own === 'object' ? own : {}]) {
      const step = merge(merged, layer);
      merged = step.merged;
      const path = layer === own ? `${OWN}.${type}.` : '';
      problems.push(...step.duplicates.map((key) => `${file}: "${path}${key}" is shared already`));
    }
    if (!SHARED_TEXTS.endsWith(`/${type}`)) merged = withoutOnce(merged, catalogues.get(shared) ?? {});
    // Node-RED reads all of them whenever it starts.
    const content = `${JSON.stringify(merged)}\n`;
    return [{ content, target: `dist/nodes/${vendor}/locales/${language}/${type}.json` }];
  });
}

function withoutOnce(merged: Catalogue, shared: Catalogue): Catalogue {
  const own = { ...merged };
  for (const part of ONCE) {
    const { [part]: texts = {} } = merged;
    const left = Object.entries(texts).filter(([key]) => !Object.hasOwn(Object(shared[part]) as object, key));
    if (left.length > 0) own[part] = Object.fromEntries(left);
    else Reflect.deleteProperty(own, part);
  }
  return own;
}

/** How the translations differ from the reference. */
export function translationProblems(catalogues: Catalogues): string[] {
  return [...catalogues].flatMap(([file, catalogue]) => {
    const reference = catalogues.get(`locales/${REFERENCE}/${basename(file)}`);
    if (!reference || !catalogue || dirname(file) === `locales/${REFERENCE}`) return [];
    return differences(reference, catalogue).map((line) => `${file}: ${line} (compared with ${REFERENCE})`);
  });
}

/** Catalogues, and parts of them, that reach no node. @param vendors each vendor's node types */
export function unusedCatalogues(catalogues: Catalogues, vendors: Map<string, string[]>): string[] {
  return [...catalogues].flatMap(([file, catalogue]) => {
    const vendor = basename(file, '.json');
    if (vendor === SHARED) return [];
    const types = vendors.get(vendor);
    if (!types) return [`${file}: belongs to no vendor in package.json node-red.nodes`];
    return Object.keys(catalogue?.[OWN] ?? {})
      .filter((type) => !types.includes(type))
      .map((type) => `${file}: "${OWN}.${type}" belongs to no node in package.json node-red.nodes`);
  });
}
