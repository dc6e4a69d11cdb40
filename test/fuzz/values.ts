import type { Seeded } from '../support/seeded';

/**
 * Changes JSON that a device would really send: what is odd in it is drawn, and the rest is as it was, so that it comes
 * far into whatever reads it.
 */

/** Stands in a string for text that JSON cannot hold, and is replaced by it when the JSON is written. */
const RAW = /"@raw:([^"]*)@"/g;
const raw = (text: string): string => `@raw:${text}@`;

/** Bare words that JSON does not know. */
const WORDS = [
  'nan',
  'NaN',
  '-nan',
  'inf',
  '-Infinity',
  'nan(ind)',
  '-1.#IND',
  'undefined',
  '0x10',
  '01',
  '1e999',
];

/** Texts that a careless expression, formatter or copy would choke on. */
const TEXTS: (() => string)[] = [
  () => '',
  () => `$t((${'"'.repeat(40)}`,
  () => `$t(${'("'.repeat(24)}`,
  () => `{{${'{'.repeat(500)}`,
  () => '__message__ __proto__ __name__',
  () => '${HOME} $(PATH) %s %n',
  () => ' '.repeat(4000),
  () => `1${' '.repeat(20_000)}d`,
  () => '9'.repeat(65_536),
  () => `1.${'0'.repeat(20_000)}e`,
  () => `${'1 '.repeat(4000)}h`,
  () => '/'.repeat(30_000),
  () => 'a'.repeat(200_000),
  () => '-'.repeat(5000),
  () => '2025-06-30T12:00:00'.repeat(500),
  () => `2025-01-01T00:00:00${' '.repeat(8000)}`,
  () => '2025-02-30T25:61:61Z',
  () => `CET-1CEST,M3.5.0/${'9'.repeat(4000)}`,
  () => '\u0000\u001b[31m\r\n\u202e\ud800',
  () => '<img src=x onerror=alert(1)>',
  () => '=cmd|calc',
  () => '../../../../etc/passwd',
  () => '{"a":'.repeat(300),
  () => '1-0:1.7.0*255',
  () => '٣٤٥',
];

const nested = (levels: number, open: string, close: string): string =>
  raw(`${open.repeat(levels)}${close.repeat(levels)}`);

/** Values of a wrong type, size or depth. */
const VALUES: ((random: Seeded) => unknown)[] = [
  () => null,
  () => true,
  () => [],
  () => ({}),
  () => [[[[]]]],
  () => 0,
  () => -1,
  () => 65_535,
  () => 2 ** 32 - 500,
  () => 2 ** 53,
  () => 1e300,
  () => -1e300,
  () => 1e-300,
  () => 1_757_053_304e9,
  (random) => raw(random.pick(WORDS)),
  (random) => random.pick(TEXTS)(),
  () => nested(63, '[', ']'),
  () => nested(5000, '[', ']'),
  () => raw('{\\u0022__proto__\\u0022:{\\u0022polluted\\u0022:1}}'),
  () => raw('{\\u0022constructor\\u0022:{\\u0022prototype\\u0022:{\\u0022polluted\\u0022:1}}}'),
  () => Array.from({ length: 300 }, (_, i) => i),
  () => Array.from({ length: 20_000 }, () => null),
  () => Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])),
];

type Json = Record<string, unknown> | unknown[];

/** Every place in a value where another value could stand; few of a long list. */
function placesIn(value: unknown): [Json, string][] {
  const places: [Json, string][] = [];
  const open: unknown[] = [value];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item !== 'object' || item === null) continue;
    for (const key of Object.keys(item).slice(0, 60)) {
      places.push([item as Json, key]);
      open.push(Reflect.get(item, key));
    }
  }
  return places;
}

/** An entry that may stand in a list by the thousand. */
function repeatable(entry: unknown): unknown {
  return ((JSON.stringify(entry) as string | undefined) ?? '').length < 400 ? entry : {};
}

/** A valid JSON text with some of its values changed. */
export function changedJson(text: string, random: Seeded): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const root = { value };
  const places = placesIn(root);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const [parent, key] = places[random.below(places.length)] ?? [root, 'value'];
    const old: unknown = Reflect.get(parent, key);
    const odd = random.pick(VALUES)(random);
    if (Array.isArray(old) && random.chance(0.4)) {
      // A list with an odd entry, or with very many.
      const entry = repeatable(old[0]);
      if (random.chance(0.5)) old.splice(random.below(old.length + 1), 0, odd);
      else old.push(...Array.from({ length: random.below(3) * 5000 }, () => structuredClone(entry)));
    } else if (random.chance(0.15)) {
      Reflect.deleteProperty(parent, key);
    } else {
      Reflect.set(parent, key, odd);
    }
  }
  return ((JSON.stringify(root.value) as string | undefined) ?? 'null').replace(RAW, (_all, word: string) =>
    word.replaceAll('\\\\u0022', '"'),
  );
}

/** A value for a message of a flow. */
export function oddValue(random: Seeded): unknown {
  return random.pick(VALUES)(random);
}
