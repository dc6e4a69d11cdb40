/**
 * Writes the tables of settings in docs/ from the descriptions of the node types: `npm run docs`. A page marks where a
 * type's table stands. The last column says what a setting is for; it is written by hand, and kept.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import {
  type Form,
  type Limits,
  type NumberSetting,
  type Setting,
  settingsOf,
  type When,
} from '../nodes/shared/form';
import { type Catalogue, flatten } from './assets/catalogue';
import { projectRoot, readManifest } from './support/project-root';

const BEGIN = (type: string): string =>
  `<!-- settings of ${type}: npm run docs writes all but the last column -->`;
const END = '<!-- end of settings -->';
const BLOCK = /<!-- settings of ([\w-]+): [^\n]*-->\n([\s\S]*?)<!-- end of settings -->/g;

const HEAD = ['setting', 'kind', 'default', 'limits', 'shown', 'required', 'meaning'];
const FORMATS = {
  accId: '1 to 9 digits',
  clock: '`hh:mm`',
  country: 'two letters',
  hosts: 'IP addresses and networks, with commas between them',
  identity: '1 to 64 letters, digits, `.`, `_` and `-`',
  ipAddress: 'an IP address',
  path: 'names with `/` between them',
  ports: 'ports 0 to 11, with commas between them',
  topic: 'an MQTT topic without `+` and `#`',
  upsNames: '1 to 8 names of letters, digits, `.`, `_` and `-`',
} as const;

/** A node type with its English texts by key. */
export interface Described {
  form: Form;
  texts: ReadonlyMap<string, string>;
}

/** Every node type that has a description, by its name. */
export function describedTypes(root: string): Map<string, Described> {
  const types = new Map<string, Described>();
  for (const [type, entry] of Object.entries(readManifest(root)['node-red'].nodes)) {
    const file = join(root, entry.replace(/\.js$/, '.form.js'));
    if (!existsSync(file)) continue;
    const { form } = createRequire(file)(file) as { form: Form };
    const catalogue = join(root, entry.replace(/[\w-]+\.js$/, `locales/en-US/${type}.json`));
    types.set(type, { form, texts: flatten(JSON.parse(readFileSync(catalogue, 'utf8')) as Catalogue) });
  }
  return types;
}

/** The pages of docs/ that have tables of settings, by their path. */
export function pagesWithSettings(root: string): Map<string, string> {
  const pages = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => [`docs/${name}`, readFileSync(join(root, 'docs', name), 'utf8')] as const);
  return new Map(pages.filter(([, text]) => typesOn(text).length > 0));
}

/** The types whose tables a page has. */
export function typesOn(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, type]) => String(type));
}

/** A page with its tables as the code has them. A type without a description keeps what is written. */
export function withSettings(page: string, types: ReadonlyMap<string, Described>): string {
  return page.replace(BLOCK, (written: string, type: string, table: string) => {
    const described = types.get(type);
    return described ? `${BEGIN(type)}\n${settingsTable(described, meaningsIn(table))}\n${END}` : written;
  });
}

/** What a table says of each setting, by the setting's name. */
function meaningsIn(table: string): Map<string, string> {
  const rows = table.split('\n').flatMap((line) => {
    const name = /^\| `(\w+)`/.exec(line)?.[1];
    const cells = line.split(/(?<!\\)\|/);
    return name === undefined ? [] : [[name, String(cells.at(-2)).trim()] as const];
  });
  return new Map(rows);
}

function settingsTable({ form, texts }: Described, meanings: ReadonlyMap<string, string>): string {
  const settings = settingsOf(form);
  let when: When | undefined;
  const rows = settings.map((one) => {
    // What stands beside another setting shows with it.
    if (!('beside' in one)) when = 'when' in one ? one.when : undefined;
    return [
      nameOf(one, texts),
      kindOf(one, texts),
      defaultOf(one),
      limits(one, settings),
      conditions(when, settings),
      requiredOf(one, settings),
      meanings.get(one.name) ?? '',
    ];
  });
  const used = HEAD.map((_, i) => i === HEAD.length - 1 || rows.some((row) => row[i] !== ''));
  const line = (cells: readonly string[]): string =>
    `| ${cells.filter((_, i) => used[i]).join(' | ')} |`.replace(/\| {2}(?=\|)/g, '| ');
  return [line(HEAD), line(HEAD.map(() => '---')).replace(/ /g, ''), ...rows.map(line)].join('\n');
}

function nameOf(one: Setting, texts: Described['texts']): string {
  const variants = one.kind === 'number' ? (one.variants ?? []) : [];
  const keys = [('label' in one && one.label) || one.name, ...variants.flatMap(({ label }) => label ?? [])];
  const labels = keys.flatMap((key) => texts.get(`label.${key}`) ?? []);
  return labels.length === 0 ? code(one.name) : `${code(one.name)}: ${labels.join(' / ')}`;
}

function kindOf(one: Setting, texts: Described['texts']): string {
  switch (one.kind) {
    case 'number':
      return one.unit === undefined ? 'number' : `number, ${unitOf(one.unit, texts)}`;
    case 'flag':
      return 'yes or no';
    case 'node':
      return `config node ${code(one.of)}`;
    case 'secret':
      return 'credential';
    case 'own':
      return Array.isArray(one.default) ? 'list' : typeof one.default === 'object' ? 'table' : 'special';
    default:
      return one.kind;
  }
}

function unitOf(unit: string, texts: Described['texts']): string {
  return (texts.get(`unit.${unit}`) ?? unit).replace(/^\((.*)\)$/, '$1');
}

function defaultOf(one: Setting): string {
  if (one.kind === 'secret' || one.kind === 'node') return '';
  if (one.kind === 'own') return ownDefault(one.default);
  const variants = one.kind === 'number' ? (one.variants ?? []) : [];
  const others = variants.flatMap(({ when, default: usual }) =>
    usual === undefined ? [] : [`${code(usual)} with ${conditions(when, [])}`],
  );
  return [valueOf(one.default), ...others].join('; ');
}

function ownDefault(value: unknown): string {
  if (typeof value !== 'object' || value === null) return valueOf(value);
  const list = Array.isArray(value) ? value.map(valueOf) : [];
  return list.join(', ') || 'empty';
}

function limits(one: Setting, settings: readonly Setting[]): string {
  switch (one.kind) {
    case 'choice':
      return one.options.map(valueOf).join(', ');
    case 'number':
      return numberLimits(one, settings);
    case 'text':
      return one.pattern ? FORMATS[one.pattern[0]] : one.object ? 'a JSON object' : one.json ? 'JSON' : '';
    default:
      return '';
  }
}

function numberLimits(one: NumberSetting, settings: readonly Setting[]): string {
  const { over, variants = [] } = one;
  return [
    range(one),
    over ? `above ${code(over[0])}` : '',
    ...variants.map(
      (variant) => `${range({ ...one, ...variant })} with ${conditions(variant.when, settings)}`,
    ),
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function range({ min, above, max, whole }: Limits): string {
  const both = min !== undefined && max !== undefined;
  const parts = [
    both ? `${min} to ${max}` : '',
    !both && min !== undefined ? `≥ ${min}` : '',
    above === undefined ? '' : `> ${above}`,
    !both && max !== undefined ? `≤ ${max}` : '',
    whole ? 'whole' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function requiredOf(one: Setting, settings: readonly Setting[]): string {
  if (one.kind === 'address') {
    const { optional } = one;
    return optional === true ? '' : optional ? `not with ${conditions(optional, settings)}` : 'yes';
  }
  // That of a choice marks what is to be chosen first; it has always a value.
  if (one.kind === 'choice') return '';
  const { required, requiredWhen } = one as { required?: string | true; requiredWhen?: When };
  return requiredWhen ? `with ${conditions(requiredWhen, settings)}` : required ? 'yes' : '';
}

/** Values of other settings in words; where most choices are among them, those that are not. */
function conditions(when: When | undefined, settings: readonly Setting[]): string {
  return Object.entries(when ?? {})
    .map(([name, values]) => {
      if (values.includes('*')) return `${code(name)} given`;
      const other = settings.find((one) => one.name === name);
      const rest = other?.kind === 'choice' ? other.options.filter((option) => !values.includes(option)) : [];
      const few = rest.length > 0 && rest.length < values.length;
      return `${code(name)} ${few ? 'not ' : ''}${(few ? rest : values).map(valueOf).join(', ')}`;
    })
    .join(' and ');
}

function valueOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value === '' ? 'empty' : code(value);
}

const code = (value: unknown): string => `\`${String(value)}\``;

if (require.main === module) {
  const root = projectRoot();
  const types = describedTypes(root);
  for (const [file, page] of pagesWithSettings(root))
    writeFileSync(join(root, file), withSettings(page, types));
}
