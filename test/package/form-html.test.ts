import assert from 'node:assert/strict';

import { defineForm, type Form } from '../../nodes/shared/form';
import { formHtml } from '../../scripts/assets/form-html';

const base: Form = {
  type: 'probe',
  category: 'energy_devices',
  color: '#fff',
  icon: 'probe.svg',
  rows: [],
};

/** The HTML of a form with these parts, in one line. */
function htmlOf(parts: Partial<Form>): string {
  return formHtml(defineForm({ ...base, ...parts })).replace(/\s+/g, ' ');
}

const load = { kind: 'number', name: 'load', icon: 'bolt', default: '', min: 0 } as const;

/** what is described, the description, what has to be in the HTML */
const CASES: [string, Partial<Form>, RegExp][] = [
  [
    'a unit beside its number',
    {
      rows: [
        { ...load, when: { mode: ['limit'] } },
        {
          kind: 'choice',
          name: 'loadUnit',
          icon: 'bolt',
          label: 'unit',
          default: 'kW',
          options: ['kW', 'A'],
          texts: null,
          narrow: true,
          beside: true,
        },
        { kind: 'flag', name: 'enabled', default: true, beside: true },
      ],
    },
    /<div class="form-row energy-devices-when" data-mode="limit"> <label for="node-input-load">(?:(?!<\/div>).)*id="node-input-load" (?:(?!<\/div>).)*<select id="node-input-loadUnit" class="energy-devices-number" data-i18n="\[aria-label\]label\.unit">(?:(?!<\/div>).)*id="node-input-enabled"(?:(?!<\/div>).)*<\/div>/,
  ],
  ['a symbol that looks like a word', { rows: [{ ...load, unit: 'min' }] }, /<span>min<\/span>/],
  ['a unit of the catalogue', { rows: [{ ...load, unit: 'seconds' }] }, /data-i18n="unit\.seconds"/],
  ['a keypad of digits', { rows: [{ ...load, digits: true }] }, /inputmode="numeric" class="energy/],
  [
    'words at the input that follow a setting',
    { inputLabel: 'port.now', inputLabelBy: { setting: 'mode', keys: { history: 'port.range' } } },
    /EnergyDevices\.text\('probe', \{ history: 'port\.range' \}\[this\.mode\] \|\| 'port\.now'\)/,
  ],
  [
    'a number whose label and default go with another setting',
    {
      rows: [
        { kind: 'test' },
        { ...load, variants: [{ when: { mode: ['push'] }, default: 300, label: 'pushLoad', min: 1 }] },
      ],
    },
    /variants: \[\{ when: \{ mode: \['push'\] \}, min: 1 \}\], blank: true \}(?:.*)EnergyDevices\.open\(this, \{ settings: \['load'\], credentials: \[\] \}, \{ load: \[\{ when: \{ mode: \['push'\] \}, default: 300, label: 'pushLoad' \}\] \}\);/,
  ],
  [
    'a config node that has to be chosen in one mode only',
    {
      rows: [
        {
          kind: 'node',
          name: 'account',
          icon: 'user',
          default: '',
          of: 'an-account',
          required: 'errors.noAccount',
          when: { mode: ['cloud'] },
        },
      ],
    },
    /account: \{ value: '', type: 'an-account', validate: function \(value, opt\) \{ return EnergyDevices\.check\(this, 'probe', \{ kind: 'node', required: 'errors\.noAccount', when: \{ mode: \['cloud'\] \} \}, value\);/,
  ],
  [
    'a setting that the dialog’s script checks',
    { rows: [{ kind: 'own', name: 'months', default: {}, checked: true }] },
    /months: \{ value: \{\}, validate: function \(value, opt\) \{ return EnergyDevices\.checkOwn\('probe', 'months', value\); \}, \}/,
  ],
  [
    'an address that has to be there',
    { rows: [{ kind: 'address', name: 'url', icon: 'globe', default: '', required: true }] },
    /url: \{ value: '', required: true, validate: function \(value, opt\) \{ return EnergyDevices\.check\(this, 'probe', \{ kind: 'address' \}, value\); \}, \}/,
  ],
  [
    'rows that are folded away',
    { rows: [{ ...load, advanced: true, example: '50' }, { kind: 'diagnostics' }] },
    /<details class="energy-devices-advanced">\s*<summary data-i18n="dialog\.advanced"><\/summary>.*placeholder="50".*<\/details>.*energy-devices-diagnostics/,
  ],
  [
    'a number that has to be entered',
    { rows: [{ ...load, default: '', required: true }] },
    /\{ kind: 'number', min: 0, blank: false \}/,
  ],
  [
    'a number that exceeds another',
    { rows: [{ ...load, over: ['low', 'errors.order'] }] },
    /\{ kind: 'number', min: 0, over: \['low', 'errors\.order'\], blank: true \}/,
  ],
];

describe('the HTML of a form', () => {
  for (const [what, parts, wanted] of CASES) {
    it(`has ${what}`, () => assert.match(htmlOf(parts), wanted));
  }
});
