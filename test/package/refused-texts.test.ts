import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { flatten, parseCatalogue } from '../../scripts/assets/catalogue';
import { projectRoot } from '../../scripts/support/project-root';

/** The reasons of all errors of refused credentials in lib/. */
function refusals(): Set<string> {
  const folder = join(projectRoot(), 'lib');
  const reasons = new Set(['AUTH_FAILED']);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const [, ...made] = readFileSync(join(folder, name), 'utf8').split(/new DeviceError\(\s*'AUTH_FAILED'/);
    for (const one of made) {
      const reason = /^\s*reason: ([^\n]*),$/m.exec(one.slice(0, 600))?.[1] ?? '';
      for (const [, word = ''] of reason.matchAll(/'(\w+)'/g)) reasons.add(word);
    }
  }
  return reasons;
}

/** When it is tried again, and that a deploy hastens it. */
const WORDS: Readonly<Record<string, readonly RegExp[]>> = {
  'en-US': [/again/, /deploy/],
  de: [/Versuch/, /deploy/i],
  sk: [/znova|pokus/i, /\(deploy\)/],
};

describe('the text of refused credentials', () => {
  for (const [language, words] of Object.entries(WORDS)) {
    it(`says when they are tried again, and how to hasten it: ${language}`, () => {
      const folder = join(projectRoot(), 'locales', language);
      const texts = new Map(
        readdirSync(folder)
          .filter((name) => name.endsWith('.json'))
          .flatMap((name) => [...flatten(parseCatalogue(readFileSync(join(folder, name), 'utf8')))]),
      );
      const reasons = refusals();
      assert.ok(reasons.size > 8, [...reasons].join(', '));
      for (const reason of reasons) {
        const text = texts.get(`errors.${reason}`) ?? '';
        for (const word of words) assert.match(text, word, reason);
      }
    });
  }
});
