import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Line {
  name: string;
  form: string;
  blocked: number;
  heap: number;
  end: string;
}

describe('answers that are meant to stop Node-RED', () => {
  it('end the reading of a time series, and not the process, with a heap of 512 MB', async () => {
    const script = join(__dirname, '..', '..', 'support', 'series-attacks.js');
    const env = { ...process.env, ENOUGH_MB: '8', NODE_V8_COVERAGE: '' };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '--max-old-space-size=512', script],
      { env },
    );
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    assert.ok(lines.length > 20, `${lines.length} attacks`);
    for (const { name, form, end } of lines)
      assert.match(end, /^(BAD_RESPONSE|\d+ rows)/, `${name}, ${form}`);
    const most = (figure: 'blocked' | 'heap'): number => Math.max(...lines.map((line) => line[figure]));
    console.log(`      (longest block ${most('blocked')} ms, heap +${most('heap')} MB)`);
  }).timeout(300_000);
});
