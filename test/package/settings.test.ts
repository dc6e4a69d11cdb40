import assert from 'node:assert/strict';

import { defineForm } from '../../nodes/shared/form';
import { describedTypes, pagesWithSettings, typesOn, withSettings } from '../../scripts/settings';
import { projectRoot } from '../../scripts/support/project-root';

const ROOT = projectRoot();

describe('settings in docs/', () => {
  const types = describedTypes(ROOT);
  const pages = pagesWithSettings(ROOT);

  for (const [file, page] of pages) {
    it(`are those of the descriptions in ${file}: otherwise run npm run docs`, () =>
      assert.equal(page, withSettings(page, types)));
  }

  it('are there for every node type that is described, once', () => {
    const shown = [...pages.values()].flatMap(typesOn);
    assert.deepEqual(
      [...types.keys()].filter((type) => shown.filter((one) => one === type).length !== 1),
      [],
    );
  });
});

describe('a table of settings', () => {
  const form = defineForm({
    type: 'probe',
    category: 'energy_devices',
    color: '#fff',
    icon: 'probe.svg',
    rows: [
      { kind: 'node', name: 'device', icon: 'x', default: '', of: 'probe-device', required: true },
      { kind: 'choice', name: 'mode', icon: 'x', default: 'a', options: ['', 'a', 'b', 'c'] },
      { kind: 'address', name: 'url', icon: 'x', default: '', optional: { mode: ['a', 'b', 'c'] } },
      {
        kind: 'number',
        name: 'interval',
        icon: 'x',
        default: 60,
        min: 5,
        unit: 'seconds',
        when: { mode: ['a', 'b'] },
        variants: [{ when: { mode: ['b'] }, default: 300, min: 1, label: 'pushes' }],
      },
      { kind: 'flag', name: 'often', default: true, beside: true },
      { kind: 'number', name: 'high', icon: 'x', default: '', above: 0, over: ['interval', 'errors.order'] },
      { kind: 'number', name: 'share', icon: 'x', default: 1, min: 0, max: 100, whole: true, unit: '%' },
      { kind: 'text', name: 'id', icon: 'x', default: '', required: 'x', requiredWhen: { often: [true] } },
      { kind: 'text', name: 'arguments', icon: 'x', default: '', object: 'errors.object' },
      { kind: 'secret', name: 'key', icon: 'x', required: 'errors.key' },
      { kind: 'secret', name: 'other', icon: 'x', required: 'errors.key', requiredWhen: { url: ['*'] } },
      { kind: 'own', name: 'kinds', default: ['one', 'two'] },
    ],
  });
  const types = new Map([
    [
      'probe',
      {
        form,
        texts: new Map([
          ['label.device', 'Device'],
          ['label.interval', 'Read every'],
          ['label.pushes', 'Pushes every'],
          ['unit.seconds', 's'],
        ]),
      },
    ],
  ]);
  const TABLE = [
    '| setting | kind | default | limits | shown | required | meaning |',
    '|---|---|---|---|---|---|---|',
    '| `device`: Device | config node `probe-device` | | | | yes | |',
    '| `mode` | choice | `a` | empty, `a`, `b`, `c` | | | |',
    '| `url` | address | empty | | | not with `mode` not empty | |',
    '| `interval`: Read every / Pushes every | number, s | `60`; `300` with `mode` `b` | ≥ 5; ≥ 1 with `mode` `b` | `mode` `a`, `b` | | by hand, a \\| b |',
    '| `often` | yes or no | yes | | `mode` `a`, `b` | | |',
    '| `high` | number | empty | > 0; above `interval` | | | |',
    '| `share` | number, % | `1` | 0 to 100, whole | | | |',
    '| `id` | text | empty | | | with `often` yes | |',
    '| `arguments` | text | empty | a JSON object | | | |',
    '| `key` | credential | | | | yes | |',
    '| `other` | credential | | | | with `url` given | |',
    '| `kinds` | list | `one`, `two` | | | | |',
  ].join('\n');
  const page = (table: string): string =>
    `Before\n\n<!-- settings of probe: npm run docs writes all but the last column -->\n${table}\n<!-- end of settings -->\nAfter\n`;

  it('tells kind, default, limits, and when a setting shows and is required, and keeps what was written', () => {
    const old = '| `interval` | whatever | by hand, a \\| b |\n| `gone` | text | x |';
    assert.equal(withSettings(page(old), types), page(TABLE));
    assert.equal(withSettings(page(TABLE), types), page(TABLE));
  });

  it('is left as it is for a type without a description', () => {
    const written = page('| by hand |').replaceAll('probe', 'other');
    assert.equal(withSettings(written, types), written);
  });
});
