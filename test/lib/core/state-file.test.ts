import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StateFile } from '../../../lib/core/state-file';

describe('StateFile', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'state-file-'));
    path = join(folder, 'below', 'node.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('gives back what was written, and nothing where there is nothing', async () => {
    assert.deepEqual(await new StateFile(path).read(), { state: undefined, problem: undefined });
    assert.equal(await new StateFile(path).write({ a: [1] }), undefined);
    assert.deepEqual(await new StateFile(path).read(), { state: { a: [1] }, problem: undefined });
    assert.deepEqual(await readdir(join(folder, 'below')), ['node.json']);
  });

  it('ends with the newest of many writes, and no half file on the way', async () => {
    const file = new StateFile(path);
    const writes = Array.from({ length: 200 }, (_, i) => file.write({ i, text: 'x'.repeat(10_000) }));
    let seen = -1;
    while (seen < 199) {
      const { state, problem } = await new StateFile(path).read();
      assert.equal(problem, undefined);
      seen = Math.max(seen, (state as { i: number } | undefined)?.i ?? -1);
    }
    assert.deepEqual(new Set(await Promise.all(writes)), new Set([undefined]));
  });

  it('sets a damaged file aside', async () => {
    await new StateFile(path).write({});
    for (const text of ['{"a":', '', '\0\0\0', '['.repeat(1000)]) {
      await writeFile(path, text);
      assert.deepEqual(await new StateFile(path).read(), {
        state: undefined,
        problem: { reason: 'stateDamaged', code: '' },
      });
      assert.equal(await readFile(`${path}.damaged`, 'utf8'), text);
      assert.deepEqual(await new StateFile(path).read(), { state: undefined, problem: undefined });
    }
  });

  it('says that a place cannot be written or read, and does not throw', async () => {
    await writeFile(join(folder, 'below'), '');
    assert.equal((await new StateFile(path).write({}))?.reason, 'stateUnwritable');
    assert.deepEqual((await new StateFile(folder).read()).problem, {
      reason: 'stateUnreadable',
      code: 'EISDIR',
    });
  });

  it('leaves nothing when it is removed', async () => {
    const file = new StateFile(path);
    void file.write({ a: 1 });
    await file.remove();
    assert.deepEqual(await readdir(join(folder, 'below')), []);
  });
});
