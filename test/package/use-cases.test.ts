import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { dialogDefinitions } from '../support/dialogs';

const DOCS = join(projectRoot(), 'docs');

/** The blocks of a page's section "Uses": the types that its first line names, and its text. */
function uses(page: string): { types: string[]; text: string }[] {
  const section = /^## Uses\n([\s\S]*?)^## /m.exec(readFileSync(join(DOCS, page), 'utf8'))?.[1] ?? '';
  return section
    .split(/\n\n(?=`)/)
    .map((text) => text.trim())
    .filter((text) => text.startsWith('`'))
    .map((text) => {
      const [head = ''] = text.split(':');
      return { types: [...head.matchAll(/`([\w-]+)`/g)].map(([, type = '']) => type), text };
    });
}

describe('the pages of the systems', () => {
  const blocks = readdirSync(DOCS)
    .filter((name) => name.endsWith('.md'))
    .flatMap(uses);

  for (const [type, { category }] of dialogDefinitions()) {
    it(`${type} has two uses`, () => {
      const block = blocks.find(({ types }) => types.includes(type));
      assert.ok(block, `no page has uses of ${type}`);
      // One line each; what two configurations are good for stands in one sentence, with "or" or a semicolon.
      const parts = category === 'config' ? /; / : /^- /m;
      assert.ok(block.text.split(parts).length > (category === 'config' ? 1 : 2), block.text);
    });
  }
});
