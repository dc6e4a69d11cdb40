import {
  type ChoiceSetting,
  type FlagSetting,
  type Form,
  type Piece,
  ruleOf,
  type Setting,
  settingsOf,
  shownWith,
  type TextSetting,
  type When,
} from '../../nodes/shared/form';
import { currentVersion } from '../../nodes/shared/migrate';

/** Makes the editor part of a node type from its description: a complete, readable HTML file. */

const RESOURCES = 'resources/node-red-contrib-energy-devices';

/** What a dialog loads that inserts nodes. */
const INSERT = ['energy-devices-list', 'energy-devices-import', 'energy-devices-insert'];

const hasInsert = (form: Form): boolean => form.rows.some(({ kind }) => kind === 'insert');

/**
 * @param script the compiled script of the dialog's own, run before the registration
 */
export function formHtml(form: Form, script = ''): string {
  const parts = [
    `<script src="${RESOURCES}/energy-devices.js"></script>`,
    `<script src="${RESOURCES}/energy-devices-dialog.js"></script>`,
    `<script src="${RESOURCES}/energy-devices-choices.js"></script>`,
    `<script src="${RESOURCES}/energy-devices-form.js"></script>`,
    ...[...(hasInsert(form) ? INSERT : []), ...(form.scripts ?? [])].map(
      (name) => `<script src="${RESOURCES}/${name}.js"></script>`,
    ),
    '',
    `<script type="text/html" data-template-name="${form.type}">`,
    indent(rowsOf(form).join('\n')),
    '</script>',
    '',
    ...(script ? ['<script type="text/javascript">', indent(script.trim()), '</script>', ''] : []),
    '<script type="text/javascript">',
    indent(registration(form)),
    '</script>',
    '',
  ];
  return parts.join('\n');
}

/** The file that Node-RED loads for a node type, see nodes/shared/node-type.ts. */
export function formStub(form: Form): string {
  const secrets = settingsOf(form).filter((one) => one.kind === 'secret');
  const credentials = Object.fromEntries(
    secrets.map(({ name, shown }) => [name, { type: shown ? 'text' : 'password' }]),
  );
  const options = [
    ...(secrets.length > 0 ? [`credentials: ${literal(credentials)},`] : []),
    ...(form.asks ? [`dialog: () => require('./${form.type}.form').form,`] : []),
    `load: () => require('./${form.type}.runtime'),`,
  ];
  return `'use strict';
const { nodeType } = require('../shared/node-type');

module.exports = nodeType(${quoted(form.type)}, {
${indent(options.join('\n'))}
});
`;
}

function rowsOf(form: Form): string[] {
  const prefix = form.category === 'config' ? 'node-config-input' : 'node-input';
  const name = row({}, labelled(`${prefix}-name`, 'tag', 'name') + input(`${prefix}-name`, 'text', 'name'));
  const rows = [name];
  const folded: string[] = [];
  let last = rows;
  let end: string[] = [];
  for (const one of form.rows) {
    if (one.kind === 'own') continue;
    if ('beside' in one) {
      last.push(widened(String(last.pop()), besideOf(prefix, one)));
      continue;
    }
    last = 'advanced' in one ? folded : one.kind === 'diagnostics' ? (end = []) : rows;
    last.push(rowOf(prefix, one));
  }
  return [...rows, ...(folded.length > 0 ? [fold(folded)] : []), ...end];
}

/** Rows that few people need. The browser's own element opens by keyboard and is known to screen readers. */
function fold(rows: readonly string[]): string {
  return `<details class="energy-devices-advanced">
  <summary data-i18n="dialog.advanced"></summary>
${indent(rows.join('\n'))}
</details>`;
}

/** A row with one more field at its end. */
function widened(written: string, field: string): string {
  return written.replace(/\n<\/div>$/, () => `\n${indent(field.trimEnd())}\n</div>`);
}

function besideOf(
  prefix: string,
  one: ChoiceSetting | FlagSetting | Extract<Piece, { kind: 'html' }>,
): string {
  if (one.kind === 'html') return one.html.trim();
  const id = `${prefix}-${one.name}`;
  const label = one.label ?? one.name;
  return one.kind === 'flag' ? tick(id, label) : select(id, one, ` data-i18n="[aria-label]label.${label}"`);
}

function rowOf(prefix: string, one: Exclude<Setting, { kind: 'own' }> | Piece): string {
  if (one.kind === 'html') return one.html.trim();
  if (one.kind === 'tip') return row(one, `<div class="form-tips" data-i18n="tip.${one.text}"></div>`);
  if (one.kind === 'test') return row({}, button('test', 'plug') + result('test'));
  if (one.kind === 'insert') return insertRow();
  if (one.kind === 'diagnostics') return row({}, button('diagnostics', 'download') + result('diagnostics'));
  const id = `${prefix}-${one.name}`;
  if (one.kind === 'secret' && one.hidden) return `<input type="hidden" id="${id}" />`;
  const label = one.label ?? one.name;
  if (one.kind === 'flag') return row(one, tick(id, label));
  return row(one, labelled(id, one.icon, label) + fieldOf(id, one));
}

function fieldOf(id: string, one: Exclude<Setting, { kind: 'own' | 'flag' }>): string {
  switch (one.kind) {
    case 'node':
      return input(id, 'text');
    case 'secret':
      return (
        input(id, one.shown ? 'text' : 'password', placeholderOf(one), 'autocomplete="off"') +
        (one.button ? iconButton(one.button) : '')
      );
    case 'number':
      return (
        input(
          id,
          'text',
          undefined,
          `${keyboard(one.digits)} class="energy-devices-number"${one.example ? ` placeholder="${one.example}"` : ''}`,
        ) +
        unit(one.unit) +
        (one.hint ? `<span class="energy-devices-hint" data-i18n="tip.${one.hint}"></span>\n` : '')
      );
    case 'choice':
      return select(id, one) + (one.tip ? `<div class="form-tips" data-i18n="tip.${one.tip}"></div>\n` : '');
    default:
      return input(id, 'text', placeholderOf(one), one.kind === 'text' ? looks(one) : '');
  }
}

function looks({ narrow, digits }: TextSetting): string {
  return [...(digits ? [keyboard(digits)] : []), ...(narrow ? ['class="energy-devices-number"'] : [])].join(
    ' ',
  );
}

const keyboard = (digits?: true): string => `inputmode="${digits ? 'numeric' : 'decimal'}"`;

function tick(id: string, label: string): string {
  return `<label for="${id}" class="energy-devices-check">\n  <input type="checkbox" id="${id}" />\n  <span data-i18n="label.${label}"></span>\n</label>`;
}

function placeholderOf(one: { name: string; placeholder?: string | true }): string | undefined {
  return one.placeholder === true ? one.name : one.placeholder;
}

function row({ when }: { when?: When }, content: string): string {
  const attributes = Object.entries(when ?? {}).map(
    ([field, values]) => ` data-${field.toLowerCase()}="${values.join(' ')}"`,
  );
  const kind = when ? 'form-row energy-devices-when' : 'form-row';
  return `<div class="${kind}"${attributes.join('')}>\n${indent(content.trimEnd())}\n</div>`;
}

function labelled(id: string, icon: string, label: string): string {
  return `<label for="${id}"><i class="fa fa-${icon}" aria-hidden="true"></i> <span data-i18n="label.${label}"></span></label>\n`;
}

function input(id: string, type: string, placeholder?: string, more = ''): string {
  const hint = placeholder === undefined ? '' : ` data-i18n="[placeholder]placeholder.${placeholder}"`;
  return `<input type="${type}" id="${id}"${more ? ` ${more}` : ''}${hint} />\n`;
}

/** A symbol stands for itself in every language; a word is looked up. */
function unit(text: string | undefined): string {
  if (text === undefined) return '';
  return /^(?!min$)[a-z]{2,}/.test(text)
    ? `<span data-i18n="unit.${text}"></span>\n`
    : `<span>${text}</span>\n`;
}

function select(id: string, one: ChoiceSetting, more = ''): string {
  const { texts = one.name, textOf = {} } = one;
  const options = one.options.map((value) => {
    const key = textOf[value] ?? (texts === null ? undefined : `${texts}.${value}`);
    return key === undefined
      ? `  <option value="${value}">${value}</option>`
      : `  <option value="${value}" data-i18n="${key}"></option>`;
  });
  const width = one.narrow ? ' class="energy-devices-number"' : '';
  return `<select id="${id}"${width}${more}>\n${options.join('\n')}\n</select>\n`;
}

function button(name: string, icon: string): string {
  return `<button type="button" class="red-ui-button" id="energy-devices-${name}">\n  <i class="fa fa-${icon}" aria-hidden="true"></i> <span data-i18n="dialog.${name}"></span>\n</button>\n`;
}

function insertRow(): string {
  const id = 'energy-devices-insert';
  const field = [
    '<summary data-i18n="insert.fromList"></summary>',
    `<textarea id="${id}-list" rows="4" spellcheck="false" data-i18n="[aria-label]insert.list;[placeholder]insert.example"></textarea>`,
    '<div class="form-tips" data-i18n="insert.tip"></div>',
  ].join('\n');
  return `${row({}, button('insert', 'th') + result('insert'))}
<div class="form-row">
  <details class="energy-devices-wide">
${indent(indent(field))}
  </details>
</div>`;
}

function iconButton({ id, icon, text }: { id: string; icon: string; text: string }): string {
  const words = `[title]dialog.${text};[aria-label]dialog.${text}`;
  return `<button type="button" class="red-ui-button" id="${id}" data-i18n="${words}">\n  <i class="fa fa-${icon}" aria-hidden="true"></i>\n</button>\n`;
}

function result(name: string): string {
  return `<div id="energy-devices-${name}-result" class="energy-devices-result"></div>`;
}

/** The call that the official scorecard looks for: a literal name and a literal object. */
function registration(form: Form): string {
  const settings = settingsOf(form);
  const secrets = settings.filter(({ kind }) => kind === 'secret');
  const properties = settings.filter(({ kind }) => kind !== 'secret');
  const shown = shownWith(form);
  const written = (one: Setting): string => indent(property(form.type, one, shown.get(one.name)));
  const lines = [
    `category: ${quoted(form.category)},`,
    `color: ${quoted(form.color)},`,
    `icon: ${quoted(form.icon)},`,
    ...(form.align ? [`align: ${quoted(form.align)},`] : []),
    'defaults: {',
    "  name: { value: '' },",
    ...properties.map(written),
    `  configVersion: { value: ${currentVersion(form.type)} },`,
    '},',
    ...(secrets.length > 0 ? ['credentials: {', ...secrets.map(written), '},'] : []),
    ...(form.category === 'config' ? [] : ports(form)),
    method('label', `return EnergyDevices.label(this, ${literal(labelOf(form))});`),
    ...(form.category === 'config'
      ? []
      : [method('labelStyle', "return this.name ? 'node_label_italic' : '';")]),
    method('oneditprepare', `EnergyDevices.open(this${opened(form)});`),
    ...(form.closes
      ? [
          method('oneditsave', 'return EnergyDevices.save(this);'),
          method('oneditcancel', 'EnergyDevices.close(this);'),
          method('oneditdelete', 'EnergyDevices.close(this);'),
        ]
      : []),
  ];
  return `RED.nodes.registerType(${quoted(form.type)}, {\n${indent(lines.join('\n'))}\n});`;
}

function ports({ type, inputs = 1, outputs = 1, inputLabel, inputLabelBy, outputLabels }: Form): string[] {
  const by = inputLabelBy && `${literal(inputLabelBy.keys)}[this.${inputLabelBy.setting}]`;
  const input = [...(by ? [by] : []), ...(inputLabel ? [quoted(inputLabel)] : [])].join(' || ');
  return [
    `inputs: ${inputs},`,
    `outputs: ${outputs},`,
    ...(input ? [method('inputLabels', `return EnergyDevices.text(${quoted(type)}, ${input});`)] : []),
    ...(outputLabels
      ? [
          method(
            'outputLabels',
            `return EnergyDevices.text(${quoted(type)}, ${literal(outputLabels)}[index]);`,
            'index',
          ),
        ]
      : []),
    method('paletteLabel', "return this._('node.label');"),
  ];
}

function labelOf({ labelFrom = [], labelElse }: Form): { from: readonly string[]; otherwise?: string } {
  return { from: ['name', ...labelFrom], ...(labelElse === undefined ? {} : { otherwise: labelElse }) };
}

/** What the dialog's test button sends, the values of all its fields, and which numbers go with other settings. */
function opened(form: Form): string {
  const varied = settingsOf(form).flatMap((one) =>
    one.kind === 'number' && one.variants
      ? [[one.name, one.variants.map(({ when, default: value, label }) => ({ when, default: value, label }))]]
      : [],
  );
  const numbers = varied.length > 0 ? `, ${literal(Object.fromEntries(varied))}` : '';
  if (!form.rows.some(({ kind }) => kind === 'test')) return numbers && `, null${numbers}`;
  const names = (secret: boolean): string[] =>
    settingsOf(form)
      .filter(({ kind }) => (kind === 'secret') === secret)
      .map(({ name }) => name);
  return `, ${literal({ settings: names(false), credentials: names(true) })}${numbers}`;
}

function property(type: string, one: Setting, when: When | undefined): string {
  const parts =
    one.kind === 'secret'
      ? [`type: '${one.shown ? 'text' : 'password'}'`]
      : [`value: ${literal(one.default)}`];
  if (one.kind === 'node') parts.push(`type: ${quoted(one.of)}`);
  // Where the editor is told `false`, it does not ask the validator about an empty one.
  if (one.kind === 'node' && typeof one.required !== 'string')
    parts.push(`required: ${one.required ?? false}`);
  if ((one.kind === 'choice' || one.kind === 'address') && one.required) parts.push('required: true');
  const rule = ruleOf(one, when);
  const check =
    one.kind === 'own' && one.checked
      ? `checkOwn(${quoted(type)}, ${quoted(one.name)}, value)`
      : rule && `check(this, ${quoted(type)}, ${literal(rule)}, value)`;
  if (!check) return `${one.name}: { ${parts.join(', ')} },`;
  parts.push(`validate: function (value, opt) {\n  return EnergyDevices.${check};\n}`);
  return `${one.name}: {\n${indent(parts.map((part) => `${part},`).join('\n'))}\n},`;
}

function method(name: string, body: string, parameters = ''): string {
  return `${name}: function (${parameters}) {\n  ${body}\n},`;
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&').replace(/</g, '\\x3c')}'`;

/** A value as a JavaScript literal, without properties that are missing. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  if (entries.length === 0) return '{}';
  return `{ ${entries.map(([key, inner]) => `${/^[a-zA-Z_]\w*$/.test(key) ? key : quoted(key)}: ${literal(inner)}`).join(', ')} }`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
