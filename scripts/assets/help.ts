import { type Asset, LANGUAGES, read, readOptional, REFERENCE } from './sources';

/**
 * Help is written as Markdown and shown by the editor. A line `: name (type) : text` describes a property of a message;
 * Node-RED's own syntax for it knows no colon in the three parts, and needs a type, so the build writes what it takes.
 * It also finds a property in the middle of any other line with two colons, which the build therefore hides.
 */

const PROPERTY = /^( *): (.+?)(?: \(([^()]*)\))? : (.*)$/;
/** Letters of a property's name that the sidebar shows in one line. */
const WIDEST = 30;

/** The help of a node type in each language. */
export function planHelp(root: string, type: string, vendor: string, problems: string[]): Asset[] {
  const reference = readOptional(root, `locales/${REFERENCE}/help/${type}.md`);
  return LANGUAGES.flatMap((language) => {
    const source = `locales/${language}/help/${type}.md`;
    const markdown = read(root, source, problems);
    if (markdown === undefined) return [];
    const found = [...malformed(markdown), ...differences(outline(reference ?? markdown), outline(markdown))];
    problems.push(...found.map((problem) => `${source}: ${problem}`));
    const target = `dist/nodes/${vendor}/locales/${language}/${type}.html`;
    return [{ content: helpHtml(type, markdown), target }];
  });
}

/** Lines that are meant to describe a property: Node-RED would show them as they are written. */
function malformed(markdown: string): string[] {
  return markdown
    .split('\n')
    .filter((line) => /^ *:/.test(line) && !PROPERTY.test(line))
    .map((line) => `"${line.trim()}" is not ": name (type) : text"`);
}

type Outline = Record<'headings' | 'code', readonly (string | number)[]>;

function differences(reference: Outline, translation: Outline): string[] {
  return (['headings', 'code'] as const).flatMap((part) => {
    const [wanted, found] = [reference[part], translation[part]];
    if (found.join() === wanted.join()) return [];
    const odd = [...found, ...wanted].find((one) => count(found, one) !== count(wanted, one));
    return [`other ${part} than ${REFERENCE}: ${String(odd)}`];
  });
}

function count(list: readonly unknown[], one: unknown): number {
  return list.filter((other) => other === one).length;
}

function helpHtml(type: string, markdown: string): string {
  const lines = markdown.trimEnd().split('\n').map(propertyLine);
  return `<script type="text/markdown" data-help-name="${type}">\n${lines.join('\n')}\n</script>\n`;
}

function propertyLine(line: string): string {
  const [, indent, name, type, text] = PROPERTY.exec(line) ?? [];
  if (indent === undefined || name === undefined || text === undefined) {
    return line.split(':').length > 2 ? withoutColons(line) : line;
  }
  // Node-RED does not wrap this line: what is longer would be cut off.
  const names = name.length > WIDEST ? name.replace(/, /g, ',<br>') : name;
  return `${indent}: ${withoutColons(names)} (${withoutColons(type ?? ' ')}) : ${withoutColons(text)}`;
}

/** Code spans show an entity as it is written, so a colon in one ends the span for a moment. */
function withoutColons(text: string): string {
  return text
    .split('`')
    .map((part, i) => (i % 2 === 1 ? code(part) : part.replace(/:/g, '&#58;')))
    .join('');
}

function code(text: string): string {
  if (!text.includes(':')) return `\`${text}\``;
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/:/g, '&#58;');
  return `<code>${escaped}</code>`;
}

/** What every language's help must have in common: its headings' levels and its code. */
function outline(markdown: string): Outline {
  return {
    headings: [...markdown.matchAll(/^(#+) /gm)].map(([, marks]) => marks?.length ?? 0),
    code: [...markdown.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '').sort(),
  };
}
