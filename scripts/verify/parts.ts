import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Loads one file, and with it everything it needs, and asks for what a node type does. */
const LOAD = `const { runtime } = require(process.argv[1]); runtime({}).create.call;`;

/**
 * The runtime parts of an installed package that cannot be loaded. Node-RED does not notice before the first node of the
 * type, so that an incomplete package looks whole.
 *
 * @param entries by type: the compiled file, relative to the package's folder
 */
export async function partProblems(folder: string, entries: Record<string, string>): Promise<string[]> {
  const problems: string[] = [];
  for (const [type, entry] of Object.entries(entries)) {
    const file = join(folder, entry.replace(/\.js$/, '.runtime.js'));
    try {
      await promisify(execFile)(process.execPath, ['-e', LOAD, file]);
    } catch (error) {
      const [why] = /^\w*Error: .*$/m.exec((error as { stderr?: string }).stderr ?? '') ?? [String(error)];
      problems.push(`${type}: its runtime part does not load: ${why}`);
    }
  }
  return problems;
}
