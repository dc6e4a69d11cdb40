import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

import ts from 'typescript';

import { projectRoot } from './support/project-root';

/** The part of `recheck` that is used. */
interface Recheck {
  checkSync: (
    source: string,
    flags: string,
    options: { timeout: number },
  ) => { status: 'safe' | 'vulnerable' | 'unknown'; complexity?: { summary: string } };
}

/** A regular expression as it stands in a file. */
interface Expression {
  where: string;
  source: string;
  flags: string;
}

/** ms for one expression; what takes longer to judge is written too cleverly */
const TIMEOUT = 20_000;
/** An expression that is judged by drawn texts may look worse than it is, by chance; one that is bad looks bad each time. */
const LOOKS = 3;

const ROOT = projectRoot();

/**
 * Looks at every regular expression of the product: text of others may reach any of them, and one that takes the square
 * of a text's length stops the whole runtime.
 *
 * @returns those that are not known to be linear, in words
 */
export function offendersAmong(expressions: readonly Expression[]): string[] {
  // Its native forms are optional packages; the one in JavaScript is everywhere.
  process.env.RECHECK_BACKEND = 'pure';
  // After the choice of its backend, which it reads as it starts.
  const { checkSync } = createRequire(__filename)('recheck') as Recheck;
  const known = new Map<string, string>();
  for (const { source, flags } of expressions) {
    const key = `/${source}/${flags}`;
    if (known.has(key)) continue;
    let verdict = '?';
    for (let look = 0; look < LOOKS && verdict !== ''; look++) {
      const { status, complexity } = checkSync(source, flags, { timeout: TIMEOUT });
      verdict = status === 'safe' ? '' : (complexity?.summary ?? status);
    }
    known.set(key, verdict);
  }
  return expressions.flatMap(({ where, source, flags }) => {
    const verdict = known.get(`/${source}/${flags}`);
    return verdict ? [`${where}  /${source}/${flags}  ${verdict}`] : [];
  });
}

/** The scripts in a file: itself, or those of a dialog, each with the line that it begins in. */
function scriptsIn(file: string): { text: string; line: number }[] {
  const text = readFileSync(file, 'utf8');
  if (!file.endsWith('.html')) return [{ text, line: 0 }];
  return [...text.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)].map((match) => ({
    text: match[1] ?? '',
    line: text.slice(0, match.index).split('\n').length - 1,
  }));
}

/** Every literal, every `RegExp` of a literal, and the `pattern` of every rule of a form in a script. */
function expressionsIn(file: string): Expression[] {
  return scriptsIn(file).flatMap(({ text, line }) => {
    const found: Expression[] = [];
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const note = (node: ts.Node, source: string, flags: string): void => {
      const at = tree.getLineAndCharacterOfPosition(node.getStart()).line + line + 1;
      found.push({ where: `${relative(ROOT, file)}:${at}`, source, flags });
    };
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf('/');
        note(node, node.text.slice(1, end), node.text.slice(end + 1));
      } else if (
        (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
        node.expression.getText() === 'RegExp'
      ) {
        const [source, flags] = node.arguments ?? [];
        // One that is put together cannot be judged here, so there is none; that of a rule is judged where it is written.
        if (source && ts.isStringLiteralLike(source))
          note(node, source.text, flags && ts.isStringLiteralLike(flags) ? flags.text : '');
        else if (source?.getText() !== 'pattern[0]') note(node, '(put together)(.*)*$', '');
      } else if (ts.isPropertyAssignment(node) && node.name.getText() === 'pattern') {
        const [source] = ts.isArrayLiteralExpression(node.initializer) ? node.initializer.elements : [];
        note(node, source && ts.isStringLiteralLike(source) ? source.text : '(put together)(.*)*$', '');
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return found;
  });
}

/** The expressions of `lib/`, `nodes/` and `resources/`. */
export function allExpressions(): Expression[] {
  return ['lib', 'nodes', 'resources'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|js|html)$/.test(entry.name))
      .flatMap((entry) => expressionsIn(join(entry.parentPath, entry.name))),
  );
}

if (require.main === module) {
  const expressions = allExpressions();
  const offenders = offendersAmong(expressions);
  for (const offender of offenders) console.error(offender);
  console.log(`${expressions.length} regular expressions, ${offenders.length} not known to be linear`);
  process.exitCode = offenders.length > 0 ? 1 : 0;
}
