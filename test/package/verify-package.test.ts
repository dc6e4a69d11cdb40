import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partProblems } from '../../scripts/verify/parts';
import { contentProblems, listFiles, pathLeaks } from '../../scripts/verify/tarball';

const WHOLE = [
  'package.json',
  'README.md',
  'LICENSE',
  'dist/nodes/acme/probe.js',
  'dist/lib/core/http/client.d.ts',
];

describe('verify-package', () => {
  it('accepts compiled files, types and documents', () => {
    assert.deepEqual(contentProblems(WHOLE), []);
  });

  it('names the documents that are missing', () => {
    assert.deepEqual(contentProblems(['package.json', 'LICENSE']), ['tarball: lacks README.md']);
  });

  for (const file of [
    'dist/test/nodes/probe.test.js.map',
    'dist/simulators/poweropti.js',
    'dist/scripts/demo.js',
    'dist/bench/poll.js',
    'dist/.tsbuildinfo',
    'lib/core/http/client.ts',
    '.env',
    'old.tgz',
  ]) {
    it(`refuses ${file}`, () => {
      assert.match(contentProblems([...WHOLE, file]).join('\n'), new RegExp(`^tarball: ${file} `, 'm'));
    });
  }

  it('finds files that name the folder they were built in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'verify-package-test-'));
    try {
      mkdirSync(join(folder, 'dist'));
      writeFileSync(join(folder, 'dist/clean.js'), '// ../../lib/core/http.ts');
      writeFileSync(join(folder, 'dist/leak.js.map'), '{"sources":["/home/someone/project/lib/a.ts"]}');
      assert.deepEqual(listFiles(folder), ['dist/clean.js', 'dist/leak.js.map']);
      assert.deepEqual(pathLeaks(folder, '/home/someone/project'), [
        'dist/leak.js.map: names the folder it was built in',
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('finds runtime parts that do not load', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'verify-package-test-'));
    const part = (name: string, source: string): void =>
      writeFileSync(join(folder, `${name}.runtime.js`), source);
    try {
      part('good', 'exports.runtime = () => ({ create() {} });');
      part('lacking', "require('a-dependency-that-is-not-there');");
      part('empty', '');
      const types = ['good', 'lacking', 'empty', 'missing'];
      const problems = await partProblems(
        folder,
        Object.fromEntries(types.map((name) => [name, `${name}.js`])),
      );
      assert.equal(problems.length, 3);
      assert.match(problems[0] ?? '', /^lacking: .*Cannot find module 'a-dependency-that-is-not-there'/);
      assert.match(problems[1] ?? '', /^empty: .*runtime is not a function/);
      assert.match(problems[2] ?? '', /^missing: .*Cannot find module/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
