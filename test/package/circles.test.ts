import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { circles } from '../../scripts/circles';
import { projectRoot } from '../../scripts/support/project-root';

describe('files', () => {
  it('never need each other', () => {
    assert.deepEqual(circles(projectRoot()), []);
  });

  it('that do are found, for types too, and those that only lead to them are not', () => {
    const root = mkdtempSync(join(tmpdir(), 'circles-'));
    try {
      mkdirSync(join(root, 'lib'));
      const files = {
        a: "import type { B } from './b';",
        b: "export type B = import('./c').C;",
        c: "void require('./a');\nexport type C = 1;",
        d: "import './a';\nimport './e';",
        e: "export { F } from './f';",
        f: "import { a } from './a';\nexport const F = a;",
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'lib', `${name}.ts`), text);
      assert.deepEqual(circles(root), ['lib/a.ts, lib/b.ts, lib/c.ts']);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
