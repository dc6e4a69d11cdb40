import assert from 'node:assert/strict';

import type { Node, NodeAPI } from 'node-red';

import {
  type ChoiceSetting,
  defineForm,
  type Form,
  ruleOf,
  type Setting,
  settingsOf,
  shownWith,
  type When,
} from '../../../nodes/shared/form';
import { readSettings } from '../../../nodes/shared/read-settings';
import { projectRoot } from '../../../scripts/support/project-root';
import { describedTypes } from '../../../scripts/settings';
import { browserCheck } from '../../support/browser-check';

const check = browserCheck();
const RED = { _: (key: string) => key } as unknown as NodeAPI;
const node = { warn: () => undefined, credentials: {} } as unknown as Node<object>;

/** A value as text; `undefined` for what is none. */
function writtenAs(value: unknown): string | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** What a flow file may hold for a choice, besides its own. */
const ODD = [undefined, null, '', ' ', 'nonsense', 'constructor', 7, 0, true, false, {}, [], ['a']];

/** The choices and switches of a form alone, so that nothing else can be what is wrong with a node. */
function choicesOf(form: Form): Form {
  const shown = shownWith(form);
  const rows = settingsOf(form)
    .filter(({ kind }) => kind === 'choice' || kind === 'flag')
    .map((one): Setting => {
      const when = shown.get(one.name);
      return { ...one, ...(when ? { when: onlyChoices(form, when) } : {}) };
    });
  return defineForm({ ...form, rows });
}

function onlyChoices(form: Form, when: When): When {
  const kinds = new Map(settingsOf(form).map(({ name, kind }) => [name, kind]));
  return Object.fromEntries(
    Object.entries(when).filter(([name]) => ['choice', 'flag'].includes(String(kinds.get(name)))),
  );
}

/** Values of the other settings with which a setting shows, and those that these need. */
function showing(form: Form, name: string): Record<string, unknown> {
  const when = shownWith(form).get(name) ?? {};
  return Object.entries(when).reduce(
    (values, [other, [value]]) => ({ ...showing(form, other), ...values, [other]: value }),
    {},
  );
}

const defaults = (form: Form): Record<string, unknown> =>
  Object.fromEntries(settingsOf(form).map((one) => [one.name, (one as { default?: unknown }).default]));

describe('a choice', () => {
  for (const [type, { form: whole }] of describedTypes(projectRoot())) {
    const form = choicesOf(whole);
    const choices = form.rows.filter((row): row is ChoiceSetting => row.kind === 'choice');
    for (const one of choices) {
      it(`${one.name} of ${type} is marked by the editor where the runtime refuses it`, () => {
        const others = { ...defaults(form), ...showing(form, one.name) };
        const rule = ruleOf(one);
        assert.ok(rule);
        const list = one.options;
        const values = [...ODD, ...list, ` ${String(list[0])} `, [list[0]]];
        const wrong = one.wrong ?? 'invalid.choice';
        for (const value of values) {
          const config = { ...others, [one.name]: value };
          const { problem, settings } = readSettings(RED, node, form, config);
          const said = check({ id: 'n', _def: { category: 'config' }, ...config }, type, rule, value);
          const text = `${JSON.stringify(value)} with ${JSON.stringify(others)}`;
          assert.equal(said, problem ? wrong : true, `${text}: ${problem?.message ?? 'taken'}`);
          const written = writtenAs(value);
          const isOne = value === undefined || (written !== undefined && list.includes(written));
          assert.equal(problem === undefined, isOne, text);
          if (value === undefined) assert.equal(settings[one.name as never], one.default);
        }
      });

      if (one.when === undefined || Object.keys(one.when).length === 0) continue;
      it(`${one.name} of ${type} may be anything while it does not show`, () => {
        const [[name, shownBy] = ['', []]] = Object.entries(one.when ?? {});
        const controlling = settingsOf(form).find((other) => other.name === name);
        const all = controlling?.kind === 'choice' ? controlling.options : [true, false];
        const hidden = all.find((value) => !shownBy.includes(value));
        if (hidden === undefined) return;
        const config = { ...defaults(form), ...showing(form, name), [name]: hidden, [one.name]: 'nonsense' };
        assert.equal(readSettings(RED, node, form, config).problem, undefined);
        const rule = ruleOf(one);
        assert.ok(rule);
        assert.equal(
          check({ id: 'n', _def: { category: 'config' }, ...config }, type, rule, 'nonsense'),
          true,
        );
      });
    }
  }
});
