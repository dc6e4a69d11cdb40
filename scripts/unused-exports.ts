/**
 * Names what is exported and imported by nobody. What only tests import counts as such, in the product: it is either dead or
 * a part that has a test of its own, and these are listed here.
 *
 * A type may be exported for nothing but the signature of what stands beside it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const FOLDERS = ['lib', 'nodes', 'simulators', 'scripts', 'bench', 'test'];

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

/** A file of the project, its path below the root with slashes. */
interface Source {
  path: string;
  /** what it exports */
  names: string[];
  /** what it imports from other files of the project; `*`: all that there is */
  imports: { path: string; name: string }[];
}

/**
 * @param root of the project
 * @returns one line an export, such as `lib/core/values.ts: round`
 */
export function unusedExports(root: string): string[] {
  const sources = FOLDERS.flatMap((folder) => sourcesIn(root, folder));
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

function sourcesIn(root: string, folder: string): Source[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => readSource(root, join(root, folder, name)));
}

function readSource(root: string, file: string): Source {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const source: Source = { path: below(root, file), names: [], imports: [] };
  const take = (specifier: ts.Node | undefined, name: string): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return;
    const target = resolve(dirname(file), specifier.text);
    const path = [`${target}.ts`, join(target, 'index.ts')].find(existsSync);
    if (path !== undefined) source.imports.push({ path: below(root, path), name });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      if (!bindings) take(node.moduleSpecifier, 'default');
      else if (ts.isNamespaceImport(bindings)) take(node.moduleSpecifier, '*');
      else for (const element of bindings.elements) take(node.moduleSpecifier, nameOf(element));
    } else if (ts.isExportDeclaration(node)) {
      const clause = node.exportClause;
      if (!clause || !ts.isNamedExports(clause)) take(node.moduleSpecifier, '*');
      else {
        for (const element of clause.elements) {
          take(node.moduleSpecifier, nameOf(element));
          source.names.push(element.name.text);
        }
      }
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      take(node.moduleReference.expression, '*');
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      take(node.argument.literal, node.qualifier?.getText() ?? '*');
    } else if (ts.isCallExpression(node) && isLoading(node.expression)) {
      take(node.arguments[0], '*');
    } else if (node.parent === tree && isExported(node)) {
      source.names.push(...declaredBy(node, tree));
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(tree, visit);
  return source;
}

function below(root: string, file: string): string {
  return relative(root, file).split(sep).join('/');
}

/** The name in the file that it comes from. */
function nameOf(element: ts.ImportSpecifier | ts.ExportSpecifier): string {
  return (element.propertyName ?? element.name).text;
}

/** `import(…)` and `require(…)` */
function isLoading(called: ts.Expression): boolean {
  return (
    called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require')
  );
}

function isExported(node: ts.Node): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

/** The names of a declaration; none of a type that its own file speaks of. */
function declaredBy(node: ts.Node, tree: ts.SourceFile): string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.map(({ name }) => name.getText());
  }
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
    return mentions(tree, node.name.text) > 1 ? [] : [node.name.text];
  }
  const { name } = node as ts.Node & { name?: ts.Node };
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

function mentions(tree: ts.SourceFile, name: string): number {
  let count = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === name) count++;
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return count;
}
