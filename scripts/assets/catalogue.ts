/** A message catalogue as Node-RED reads it: texts, nested by key. */
export interface Catalogue {
  [key: string]: string | Catalogue;
}

const PLACEHOLDER = /__\w+?__/g;

/** Parses a catalogue; throws with one line saying what is not right about it. */
export function parseCatalogue(text: string): Catalogue {
  const value: unknown = JSON.parse(text);
  assertCatalogue(value, '');
  const twice = keyThatIsThereTwice(text);
  if (twice !== undefined) throw new Error(`"${twice}" is there twice`);
  return value;
}

/** JSON.parse takes the last of two texts with one key and says nothing. @param text of a valid catalogue */
function keyThatIsThereTwice(text: string): string | undefined {
  const open: { prefix: string; seen: Set<string> }[] = [];
  let last = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    const inner = open.at(-1);
    if (token === '{') open.push({ prefix: inner ? `${inner.prefix}${last}.` : '', seen: new Set() });
    else if (token === '}') open.pop();
    else if (token !== ':') last = JSON.parse(token) as string;
    else if (inner?.seen.has(last)) return inner.prefix + last;
    else inner?.seen.add(last);
  }
  return undefined;
}

/** Every text of a catalogue by its dotted key. */
export function flatten(catalogue: Catalogue, prefix = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(catalogue)) {
    if (typeof value === 'string') texts.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) texts.set(inner, text);
  }
  return texts;
}

/**
 * Merges the shared texts with a node's own. A key in both is reported and never resolved: whichever
 * won, one of the two texts would be changed without any effect.
 */
export function merge(
  shared: Catalogue,
  own: Catalogue,
  prefix = '',
): { merged: Catalogue; duplicates: string[] } {
  const merged: Catalogue = { ...shared };
  const duplicates: string[] = [];
  for (const [key, value] of Object.entries(own)) {
    const existing = merged[key];
    if (existing === undefined) {
      merged[key] = value;
    } else if (typeof existing === 'object' && typeof value === 'object') {
      const inner = merge(existing, value, `${prefix}${key}.`);
      merged[key] = inner.merged;
      duplicates.push(...inner.duplicates);
    } else {
      duplicates.push(prefix + key);
    }
  }
  return { merged, duplicates };
}

/** How a translation differs from the reference language, one line a difference. */
export function differences(reference: Catalogue, translation: Catalogue): string[] {
  const wanted = flatten(reference);
  const present = flatten(translation);
  const lines: string[] = [];
  for (const [key, text] of wanted) {
    const translated = present.get(key);
    if (translated === undefined) lines.push(`lacks "${key}"`);
    else if (placeholders(translated) !== placeholders(text)) {
      lines.push(`"${key}" has other placeholders than the reference (${placeholders(text) || 'none'})`);
    }
  }
  for (const key of present.keys()) {
    if (!wanted.has(key)) lines.push(`has "${key}", which the reference lacks`);
  }
  return lines;
}

function placeholders(text: string): string {
  return [...new Set(text.match(PLACEHOLDER) ?? [])].sort().join(' ');
}

function assertCatalogue(value: unknown, path: string): asserts value is Catalogue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${path || 'the file'} is neither a text nor an object`);
  }
  for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
    const innerPath = path ? `${path}.${key}` : key;
    // Node-RED shows the English text for an empty one, so an empty text is never what was meant.
    if (inner === '') throw new Error(`${innerPath} is empty`);
    if (typeof inner !== 'string') assertCatalogue(inner, innerPath);
  }
}
