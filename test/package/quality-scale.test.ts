import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';

const ROOT = projectRoot();

/** The rules of each level, as Home Assistant's developer documentation names them. */
const RULES = {
  bronze: `action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage
    dependency-transparency docs-high-level-description docs-installation-instructions docs-removal-instructions
    docs-actions docs-triggers docs-conditions entity-event-setup entity-unique-id has-entity-name runtime-data
    test-before-configure test-before-setup unique-config-entry`,
  silver: `action-exceptions config-entry-unloading docs-configuration-parameters docs-installation-parameters
    entity-unavailable integration-owner log-when-unavailable parallel-updates reauthentication-flow test-coverage`,
  gold: `devices diagnostics discovery discovery-update-info docs-data-update docs-examples docs-known-limitations
    docs-supported-devices docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices stale-devices
    entity-category entity-device-class entity-disabled-by-default entity-translations exception-translations
    icon-translations reconfiguration-flow repair-issues`,
  platinum: 'async-dependency inject-websession strict-typing',
};

interface Rule {
  level: string;
  name: string;
  status: string;
  reason: string;
  shown: string[];
}

/** Reads quality_scale.yaml, which keeps to one layout; what does not is an error. */
function readScale(): Rule[] {
  const rules: Rule[] = [];
  let level = '';
  for (const line of readFileSync(join(ROOT, 'quality_scale.yaml'), 'utf8').split('\n')) {
    const text = line.replace(/(^| )#.*$/, '').trimEnd();
    const rule = rules.at(-1);
    if (text === '') continue;
    const [, newLevel] = /^(\w+):$/.exec(text) ?? [];
    const [, name] = /^ {2}([a-z-]+):$/.exec(text) ?? [];
    const [, key, value] = /^ {4}(status|reason): (.+)$/.exec(text) ?? [];
    const [, evidence] = /^ {6}- (.+)$/.exec(text) ?? [];
    if (newLevel !== undefined) level = newLevel;
    else if (name !== undefined) rules.push({ level, name, status: '', reason: '', shown: [] });
    else if (rule && key === 'status') rule.status = String(value);
    else if (rule && key === 'reason') rule.reason = String(value);
    else if (rule && evidence !== undefined) rule.shown.push(evidence.replace(/^'(.*)'$/, '$1'));
    else assert.equal(text, '    shown:');
  }
  return rules;
}

describe('quality_scale.yaml', () => {
  const rules = readScale();

  it('has every rule once', () => {
    for (const [level, names] of Object.entries(RULES)) {
      const found = rules.filter((rule) => rule.level === level).map(({ name }) => name);
      assert.deepEqual(found.sort(), names.split(/\s+/).sort());
    }
    assert.equal(rules.length, 54);
  });

  for (const { name, status, reason, shown } of rules) {
    it(`${name} is ${status}, and says ${status === 'done' ? 'where' : 'why'}`, () => {
      if (status !== 'done') {
        assert.match(status, /^(exempt|todo)$/);
        assert.ok(reason.length > 20 && shown.length === 0);
        return;
      }
      assert.ok(shown.length > 0);
      for (const evidence of shown) {
        const [file = '', title] = evidence.split(' > ');
        assert.ok(existsSync(join(ROOT, file)), `${file} is not there`);
        if (title === undefined) continue;
        const text = readFileSync(join(ROOT, file), 'utf8');
        const lines = text.split('\n').filter((line) => line.includes(title));
        assert.ok(lines.length > 0, `${file} has no "${title}"`);
        // The title of a test, or what a list of cases gives one; of a document, a heading.
        const pattern =
          { ts: /\b(it|describe)\(|^\s*['"`]/, md: /^#/ }[/(ts|md)$/.exec(file)?.[1] ?? ''] ?? /./;
        assert.ok(
          lines.some((one) => pattern.test(one)),
          `${file}: "${title}" is no title`,
        );
      }
    });
  }
});
