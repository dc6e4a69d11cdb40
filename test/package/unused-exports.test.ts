import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { unusedExports } from '../../scripts/unused-exports';

describe('exports', () => {
  it('are imported by somebody', () => {
    assert.deepEqual(unusedExports(projectRoot()), []);
  });

  describe('that nobody imports', () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'exports-'));
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    const USED =
      'export const a = 1;\nexport function b(): void {}\nexport class C {}\nexport type D = string;\n';
    const cases: [name: string, files: Record<string, string>, unused: string[]][] = [
      ['all of them', { 'lib/x.ts': USED }, ['a', 'b', 'C', 'D']],
      ['by name', { 'lib/x.ts': USED, 'lib/y.ts': "import { a, b as bee, type C } from './x';" }, ['D']],
      ['as a whole', { 'lib/x.ts': USED, 'nodes/y/z.ts': "import * as x from '../../lib/x';" }, []],
      ['loaded', { 'lib/x.ts': USED, 'lib/y.ts': "void import('./x');" }, []],
      ['as a type', { 'lib/x.ts': USED, 'lib/y.ts': "let d: import('./x').D;" }, ['a', 'b', 'C']],
      [
        'by tests alone',
        { 'lib/x.ts': USED, 'test/y.ts': "import { a } from '../lib/x';" },
        ['a', 'b', 'C', 'D'],
      ],
      ['by the test of a test', { 'test/x.ts': USED, 'test/y.ts': "import { a, b, C } from './x';" }, ['D']],
      [
        'handed on, and no further',
        { 'lib/x.ts': 'export const a = 1;', 'lib/y.ts': "export { a as z } from './x';" },
        ['z'],
      ],
      ['in a signature beside it', { 'lib/x.ts': 'export interface A {}\nexport let b: A;' }, ['b']],
      [
        'and loaded by file name',
        { 'nodes/v/t.runtime.ts': 'export const runtime = 1;\nexport const other = 1;' },
        ['other'],
      ],
    ];
    for (const [name, files, unused] of cases) {
      it(`are found: ${name}`, () => {
        for (const [file, text] of Object.entries(files)) {
          mkdirSync(dirname(join(root, file)), { recursive: true });
          writeFileSync(join(root, file), text);
        }
        assert.deepEqual(
          unusedExports(root).map((line) => line.slice(line.indexOf(': ') + 2)),
          unused,
        );
      });
    }
  });
});
