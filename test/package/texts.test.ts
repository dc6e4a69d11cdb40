import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SHARED_TEXTS, VERSION } from '../../nodes/shared/version';
import { flatten, parseCatalogue } from '../../scripts/assets/catalogue';
import { projectRoot, readManifest } from '../../scripts/support/project-root';

const ROOT = projectRoot();

/** Every file below a folder that ends so, relative to the root. */
function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The dialogs as they are published, those that are made from a description included. */
const dialogFiles = (): string[] =>
  filesBelow('dist/nodes', '.html').filter((file) => !file.includes('/locales/'));

/** All texts of a language, from the catalogues as they are published. */
function textsOf(language: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const file of filesBelow('dist/nodes', '.json').filter((one) => one.includes(`/${language}/`))) {
    for (const [key, text] of flatten(parseCatalogue(readFileSync(file, 'utf8')))) texts.set(key, text);
  }
  return texts;
}

/** What errors and notices in a catalogue's file are about. */
function reasonsOf(language: string, name: string): string[] {
  const catalogue = parseCatalogue(readFileSync(join(ROOT, 'locales', language, `${name}.json`), 'utf8'));
  return [...flatten(catalogue).keys()].flatMap((key) => /^(?:errors|notice)\.(.+)$/.exec(key)?.[1] ?? []);
}

describe('texts', () => {
  const english = textsOf('en-US');

  it('has a text for every reason that an error or a notice can give', () => {
    const sources = [...filesBelow('lib', '.ts'), ...filesBelow('nodes', '.ts')].map((file) =>
      readFileSync(file, 'utf8'),
    );
    const reasons = new Set<string>();
    for (const source of sources) {
      for (const [, reason] of source.matchAll(/\breason: '(\w+)'/g)) reasons.add(reason ?? '');
      for (const [, reason] of source.matchAll(/invalidInput\(\s*(?:'[^']*'|`[^`]*`),\s*'(\w+)'/g))
        reasons.add(reason ?? '');
    }
    assert.ok(reasons.size > 15, `found only ${[...reasons].join(', ')}`);
    assert.deepEqual(
      [...reasons].filter((reason) => !english.has(`errors.${reason}`) && !english.has(`notice.${reason}`)),
      [],
    );
  });

  it("begins every reason of a vendor, and none that is shared, with the vendor's name", () => {
    const vendors = readdirSync(join(ROOT, 'locales/en-US'))
      .filter((file) => file.endsWith('.json') && file !== 'shared.json')
      .map((file) => file.slice(0, -'.json'.length));
    assert.ok(vendors.length >= 5);
    const inCode = (vendor: string): string =>
      vendor.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const namesVendor = (reason: string): boolean =>
      vendors.some((vendor) => reason.startsWith(inCode(vendor)));
    for (const language of ['en-US', 'de', 'sk']) {
      for (const vendor of vendors) {
        const reasons = reasonsOf(language, vendor);
        assert.deepEqual(
          reasons.filter((reason) => !new RegExp(`^${inCode(vendor)}[A-Z]`).test(reason)),
          [],
          `${language}: ${vendor}`,
        );
      }
      assert.deepEqual(reasonsOf(language, 'shared').filter(namesVendor), [], language);
    }
    const elsewhere = ['lib/core', 'nodes/shared'].flatMap((folder) => filesBelow(folder, '.ts'));
    for (const file of elsewhere) {
      const reasons = [...readFileSync(file, 'utf8').matchAll(/\breason: '(\w+)'/g)].map(
        ([, one]) => one ?? '',
      );
      assert.deepEqual(reasons.filter(namesVendor), [], file);
    }
  });

  it('has what all types may tell in one of their catalogues, where runtime and browser look for it', () => {
    const [, holder = ''] = SHARED_TEXTS.split('/');
    for (const language of ['en-US', 'de', 'sk']) {
      const shared = parseCatalogue(readFileSync(join(ROOT, 'locales', language, 'shared.json'), 'utf8'));
      const keys = [...flatten(shared).keys()].filter((key) => /^(?:errors|notice|log)\./.test(key));
      assert.ok(keys.length > 100, `${keys.length}`);
      for (const file of filesBelow('dist/nodes', '.json').filter((one) => one.includes(`/${language}/`))) {
        const texts = flatten(parseCatalogue(readFileSync(file, 'utf8')));
        const here = keys.filter((key) => texts.has(key));
        assert.deepEqual(here, file.endsWith(`/${holder}.json`) ? keys : [], file);
      }
    }
    const script = readFileSync(join(ROOT, 'resources/energy-devices.js'), 'utf8');
    assert.ok(SHARED_TEXTS.startsWith(`${readManifest(ROOT).name}/`));
    assert.ok(script.includes(`const SHARED_TEXTS = \`\${MODULE}/${holder}\`;`));
  });

  it('has a status text for every error code, short enough to stand below a node', () => {
    const source = readFileSync(join(ROOT, 'lib/core/errors.ts'), 'utf8');
    const codes = [...source.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code ?? '');
    assert.ok(codes.length >= 13);
    for (const language of ['en-US', 'de', 'sk']) {
      const texts = textsOf(language);
      for (const code of codes) assert.ok(texts.has(`status.${code}`), `${language}: status.${code}`);
      for (const [key, text] of texts) {
        if (key.startsWith('status.')) assert.ok(text.length <= 20, `${language}: ${key} is "${text}"`);
      }
    }
  });

  it('takes every text of a dialog from the catalogue', () => {
    for (const file of dialogFiles()) {
      const template =
        /data-template-name[^>]*>([\s\S]*?)<\/script>/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
      const visible = template
        .replace(/<!--[\s\S]*?-->/g, '')
        .replace(/<[^>]*>/g, '\n')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && !/^(\d+|W|Wh|kW|kWh|V|A|°C|Hz|s|%|min|h|\/|–|-|:|\.)$/.test(line));
      assert.deepEqual(visible, [], file);
      // Figures are the same in every language.
      assert.doesNotMatch(template, /\b(?:placeholder|title|aria-label)="(?![\d. /]+")[^"]/, file);
      // Layout and colours are the shared style sheet's, which knows narrow windows and the dark theme.
      assert.doesNotMatch(template, /\bstyle="/, file);
    }
  });

  it('explains what is invalid: a validator needs two parameters to be asked for words', () => {
    for (const file of dialogFiles()) {
      for (const [found, parameters] of readFileSync(file, 'utf8').matchAll(
        /validate: function \(([^)]*)\)/g,
      )) {
        assert.equal(parameters?.split(',').length, 2, `${file}: ${found}`);
      }
    }
  });

  it('names no literal colour in a dialog', () => {
    for (const file of [...dialogFiles(), ...filesBelow('resources', '.js')]) {
      const text = readFileSync(file, 'utf8').replace(/^\s*color: '#[0-9A-F]{6}',$/gm, '');
      assert.doesNotMatch(text, /#[0-9a-f]{6}\b|\brgba?\(/i, file);
    }
  });
});

describe('the version', () => {
  it('is the same in the code and in package.json', () => assert.equal(VERSION, readManifest(ROOT).version));
});
