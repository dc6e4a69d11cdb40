/**
 * Help is written as Markdown and shown by the editor. A line `: name (type) : text` describes a property of a message;
 * Node-RED's own syntax for it knows no colon in the three parts, and needs a type, so the build writes what it takes.
 */

const PROPERTY = /^( *): (.+?)(?: \(([^()]*)\))? : (.*)$/;

/** The help of a node type as Node-RED reads it. */
export function helpHtml(type: string, markdown: string): string {
  const lines = markdown.trimEnd().split('\n').map(propertyLine);
  return `<script type="text/markdown" data-help-name="${type}">\n${lines.join('\n')}\n</script>\n`;
}

function propertyLine(line: string): string {
  const [, indent, name, type, text] = PROPERTY.exec(line) ?? [];
  if (indent === undefined || name === undefined || text === undefined) return line;
  return `${indent}: ${withoutColons(name)} (${withoutColons(type ?? ' ')}) : ${withoutColons(text)}`;
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
export function outline(markdown: string): { headings: number[]; code: string[] } {
  return {
    headings: [...markdown.matchAll(/^(#+) /gm)].map(([, marks]) => marks?.length ?? 0),
    code: [...markdown.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '').sort(),
  };
}
