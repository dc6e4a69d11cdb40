import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { LANGUAGES } from '../../scripts/assets/sources';
import { projectRoot, readManifest } from '../../scripts/support/project-root';

/** What people look for, by the folder of the nodes. Those of `energy` and `metrics` take any vendor's readings, a gate anything. */
const VENDORS: Record<string, string> = {
  poweropti: 'powerfox poweropti',
  powersentrix: 'PowerSentrix',
  powercontroller: 'Automate Green',
  powerflex: 'PowerFlex',
  enapter: 'Enapter',
  energy: '',
  metrics: '',
  'cluster-gate': '',
  'home-assistant': 'Home Assistant',
};

interface Catalogue {
  node?: { label?: string };
}

/** The labels of the palette in a language, by type, with the folder of each. */
function labels(language: string): [type: string, folder: string, label: string][] {
  return Object.entries(readManifest(projectRoot())['node-red'].nodes).flatMap(([type, file]) => {
    const folder = file.split('/')[2] ?? '';
    const text = readFileSync(join(projectRoot(), 'locales', language, `${folder}.json`), 'utf8');
    const label = (JSON.parse(text) as { nodes: Record<string, Catalogue> }).nodes[type]?.node?.label;
    return label === undefined ? [] : [[type, folder, label]];
  });
}

describe('the palette', () => {
  for (const language of LANGUAGES) {
    it(`names the vendor of every node, without hyphens (${language})`, () => {
      const found = labels(language);
      assert.ok(found.length > 10);
      for (const [type, folder, label] of found) {
        assert.ok(label.includes(VENDORS[folder] ?? '?'), `${type}: ${label}`);
        // The editor takes a hyphen for the end of a line, and leaves it out.
        assert.doesNotMatch(label, /-/, type);
      }
    });
  }

  it('is found by the words that people search the flow library for', () => {
    const { keywords } = readManifest(projectRoot());
    for (const word of ['solar', 'photovoltaics', 'ev', 'wallbox', 'battery', 'strom', 'energie', 'ups'])
      assert.ok(keywords.includes(word), word);
  });
});
