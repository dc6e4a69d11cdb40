import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { DeviceError } from '../../../lib/core/errors';
import { type SetStatus, STATUS, statusSetter } from '../../../nodes/shared/status';
import { errorText, noticeText, translate } from '../../../nodes/shared/text';
import { projectRoot } from '../../../scripts/support/project-root';
import { findNodeRed } from '../../support/find-node-red';

interface I18next {
  createInstance: () => I18next;
  init: (options: object) => Promise<unknown>;
  t: (...args: unknown[]) => unknown;
}

type Texts = Record<string, Record<string, string>>;

const ROOT = projectRoot();
const PREFIX = 'node-red-contrib-energy-devices/x:';
const TEXTS: Texts = {
  errors: { REJECTED: 'The request was refused. __message__ (HTTP __status__)', x: '__key__ and __key__' },
  notice: { odd: 'An entry is odd: __what__' },
  status: { connected: 'connected' },
};

/** What stops i18next for seconds to centuries when it evaluates it, and what it would replace. */
const ATTACKS = [
  ...[18, 20, 30, 5000].map((pairs) => `$t(${'""'.repeat(pairs)}`),
  ...[18, 30, 5000].map((pairs) => `$t(a, {${"''".repeat(pairs)}`),
  ...[
    '$t(errors.REJECTED)',
    '$t(',
    '__message__',
    '__status__',
    '__proto__',
    '__constructor__',
    '{{x}}',
    '$&',
    '$1',
  ],
  '__'.repeat(5000),
];

/** The i18next of Node-RED's runtime, with the options of its runtime and of its editor, which are the same here. */
async function translation(): Promise<(...args: unknown[]) => unknown> {
  const load = createRequire(createRequire(findNodeRed()).resolve('@node-red/util'));
  const i18n = (load('i18next') as I18next).createInstance();
  await i18n.init({
    showSupportNotice: false,
    lng: 'en-US',
    ns: ['node-red-contrib-energy-devices/x'],
    defaultNS: 'runtime',
    returnObjects: true,
    keySeparator: '.',
    nsSeparator: ':',
    interpolation: { unescapeSuffix: 'HTML', escapeValue: false, prefix: '__', suffix: '__' },
    resources: { 'en-US': { 'node-red-contrib-energy-devices/x': TEXTS } },
  });
  return (...args) => i18n.t(...args);
}

describe('text of others', () => {
  let t: (...args: unknown[]) => unknown;
  let RED: NodeAPI;
  before(async () => {
    t = await translation();
    // As Node-RED makes it for a node set.
    RED = { _: (key: string, ...more: unknown[]) => t(PREFIX + key, ...more) } as unknown as NodeAPI;
  });

  const dialogs = (): {
    text: (type: string, key: string, params?: object) => string;
    errorText: (type: string, error: object) => string;
  } => {
    const window: { EnergyDevices?: ReturnType<typeof dialogs> } = {};
    const source = readFileSync(join(ROOT, 'resources', 'energy-devices.js'), 'utf8');
    runInNewContext(source, { window, RED: { _: t }, URL, $: () => undefined });
    assert(window.EnergyDevices);
    return window.EnergyDevices;
  };

  for (const attack of ATTACKS) {
    const name = attack.length > 40 ? `${attack.slice(0, 40)}… (${attack.length})` : attack;

    it(`is a value in the runtime, never an expression: ${name}`, () => {
      const params = { message: attack, status: 400 };
      const filled = `The request was refused. ${attack} (HTTP 400)`;
      assert.equal(translate(RED, 'errors.REJECTED', params), filled);
      assert.equal(translate(RED, 'errors.x', { key: attack }), `${attack} and ${attack}`);
      const error = new DeviceError('REJECTED', `It says ${attack}`, { params });
      assert(errorText(RED, error).length <= 400);
      assert(errorText(RED, error).startsWith(`The request was refused. ${attack.slice(0, 200)}`));
      assert.equal(
        noticeText(RED, { reason: 'odd', params: { what: attack } }),
        `An entry is odd: ${attack}`,
      );
    });

    it(`is no key in the runtime: ${name}`, () => {
      assert.equal(translate(RED, `errors.${attack}`, {}, 'fallback'), 'fallback');
      assert.equal(errorText(RED, new DeviceError('REJECTED', 'words', { reason: attack })), 'words');
    });

    it(`is a value in the dialogs, and no key: ${name}`, () => {
      const shared = dialogs();
      const params = { message: attack, status: 400 };
      const filled = `The request was refused. ${attack} (HTTP 400)`;
      assert.equal(shared.text('x', 'errors.REJECTED', params), filled);
      assert.equal(shared.errorText('x', { reason: 'REJECTED', params }), filled);
      assert.equal(shared.errorText('x', { reason: attack, message: 'words' }), 'words');
      assert.equal(shared.errorText('x', { reason: 'unheardOf', message: attack }), attack);
      assert(shared.text('x', `operation.${attack}`).endsWith(attack));
    });

    it(`is not looked up below a node: ${name}`, () => {
      const { set, shown } = below();
      set(STATUS.fresh(`UPS ${attack}`));
      const text = shown[0]?.text ?? '';
      assert(text.length <= 101);
      // The editor's own condition; it looks up what matches.
      if (/^[@a-zA-Z]/.test(text)) assert.equal(t(text, { defaultValue: text }), text);
    });
  }

  /** A node's status as Status nodes see it, and what the editor alone is told. */
  const below = (): { set: SetStatus; shown: NodeStatus[]; told: unknown[] } => {
    const shown: NodeStatus[] = [];
    const told: unknown[] = [];
    const node = { id: 'n', on: () => undefined, status: (status: NodeStatus) => shown.push(status) };
    const events = { emit: (...args: unknown[]) => told.push(args) };
    return {
      set: statusSetter({ ...RED, events } as unknown as NodeAPI, node as unknown as Node),
      shown,
      told,
    };
  };

  it('puts a key below a node into words, and tells the editor alone the key', () => {
    const { set, shown, told } = below();
    for (const text of [
      'status.connected',
      'status.OUTCOME_UNKNOWN',
      'mains, 228 W',
      '3: on ✓',
      '– W',
      'n = 7',
    ])
      set(STATUS.fresh(text));
    assert.deepEqual(
      shown.map(({ text }) => text),
      ['connected', 'status.OUTCOME_UNKNOWN', 'mains, 228 W', '3: on ✓', '– W', 'n = 7'],
    );
    const status = { fill: 'green', shape: 'dot', text: 'status.connected' };
    assert.deepEqual(told, [['node-status', { id: 'n', status }]]);
  });

  it('reaches the translation of the editor by one function only', () => {
    // The dialogs as they are built: some are made from a description.
    const found = (folder: string, ending: string): string[] =>
      readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
        .map((entry) => join(entry.parentPath, entry.name));
    const files = [...found('dist/nodes', '.html'), ...found('resources', '.js')];
    assert(files.length > 20);
    for (const file of files) {
      const source = readFileSync(file, 'utf8');
      for (const [call, who, argument] of source.matchAll(/(\w+)\._\(([^\n]{0,80})/g)) {
        if (file.endsWith('energy-devices.js') && argument?.startsWith('key, ')) continue;
        // A key that is written there, and nothing else.
        assert.match(argument ?? '', /^'[\w.]+'\)/, `${file}: ${call}`);
        assert(['node', 'this'].includes(who ?? ''), `${file}: ${call}`);
      }
    }
  });
});
