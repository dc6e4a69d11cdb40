import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const FOLDERS = ['lib', 'nodes', 'simulators', 'scripts', 'bench', 'test'];

/** A file of the project, its path below the root with slashes. */
export interface Source {
  path: string;
  /** what it exports */
  names: string[];
  /** what it imports from other files of the project; `*`: all that there is */
  imports: { path: string; name: string }[];
}

/** All files of the project, with what they export and import. */
export function readSources(root: string): Source[] {
  return FOLDERS.flatMap((folder) => sourcesIn(root, folder));
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
