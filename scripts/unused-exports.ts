/**
 * Names what is exported and imported by nobody. What only tests import counts as such, in the product: it is either dead or
 * a part that has a test of its own, and these are listed here.
 *
 * A type may be exported for nothing but the signature of what stands beside it.
 */
import { readSources } from './support/sources';

/** Loaded by file name, so no import names it. */
const LOADED = [
  { file: /^nodes\/[^/]+\/[^/]+\.runtime\.ts$/, name: 'runtime' },
  { file: /^nodes\/[^/]+\/[^/]+\.form\.ts$/, name: 'form' },
  // by the files that the build writes for Node-RED
  { file: /^nodes\/shared\/node-type\.ts$/, name: 'nodeType' },
];

/** Parts of the product whose tests look at them alone. */
const EXCEPTED: Readonly<Record<string, readonly string[]>> = {
  'lib/core/http/errors.ts': ['parseRetryAfter'],
  'lib/core/json/parse.ts': ['MAX_VALUES', 'MAX_NAMES', 'faultInText'],
  'lib/core/windows.ts': ['splitRange'],
  'lib/enapter/mqtt/payloads.ts': ['unixSeconds'],
  'lib/enapter/rest/client.ts': ['parseApiUrl'],
  'lib/home-assistant/decision.ts': ['isExported'],
  'lib/home-assistant/exports.ts': ['DECISIONS', 'PATTERNS'],
  'lib/nut/line.ts': ['MAX_VALUE', 'wireText'],
  'lib/powercontroller/input.ts': ['COMMANDS'],
  'lib/powerflex/rows.ts': ['epochMs'],
  'lib/poweropti/obis.ts': ['shortObis'],
  'nodes/powercontroller/watch-node.ts': ['recall'],
  'nodes/shared/migrate.ts': ['migrate'],
  'nodes/shared/own-page.ts': ['isOwnPage'],
};

/**
 * @param root of the project
 * @returns one line an export, such as `lib/core/values.ts: round`
 */
export function unusedExports(root: string): string[] {
  const sources = readSources(root);
  const used = new Set<string>();
  for (const { path: importer, imports } of sources) {
    for (const { path, name } of imports) {
      if (isProduct(path) && importer.startsWith('test/')) continue;
      used.add(`${path}: ${name}`);
    }
  }
  return sources.flatMap(({ path, names }) =>
    names
      .filter((name) => !used.has(`${path}: *`) && !used.has(`${path}: ${name}`) && !isExcepted(path, name))
      .map((name) => `${path}: ${name}`),
  );
}

function isProduct(path: string): boolean {
  return path.startsWith('lib/') || path.startsWith('nodes/');
}

function isExcepted(path: string, name: string): boolean {
  return (
    EXCEPTED[path]?.includes(name) === true ||
    LOADED.some((kind) => kind.name === name && kind.file.test(path))
  );
}
