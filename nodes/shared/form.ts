/**
 * The description of a node type: what Node-RED must know of it, and each of its settings once. The build makes the
 * dialog, its validators and the file that Node-RED loads from it; the runtime reads a node's settings with it.
 *
 * It is data and loads nothing, so that the build, the runtime and the tests can share it.
 */

/**
 * Values of other settings with which a row shows, or a rule holds; with several settings all must agree. `'*'` is any text
 * that is not empty.
 */
export type When = Readonly<Record<string, readonly (string | boolean)[]>>;

interface Row {
  /** Font Awesome, without `fa-` */
  icon: string;
  /** key below `label.`; default: the setting's name */
  label?: string;
  /** shown with these values of other settings only; a rule of a hidden row does not hold */
  when?: When;
  /** rarely needed: folded away with the others of its kind, unless its value is not the default or is wrong */
  advanced?: true;
}

/** Forms that a text may have to fit; the expressions are in rules.ts and, for the browser, in resources/. */
export type Format =
  | 'accId'
  | 'clock'
  | 'country'
  | 'hosts'
  | 'identity'
  | 'ipAddress'
  | 'path'
  | 'ports'
  | 'topic'
  | 'upsNames';

export interface TextSetting extends Row {
  kind: 'text';
  name: string;
  default: string;
  /** key below `placeholder.`; `true`: the setting's name */
  placeholder?: string | true;
  /** key of what is said when it is empty */
  required?: string;
  /** it may be empty, but with these values of other settings */
  requiredWhen?: When;
  /** what the whole text has to be, and the key of what is said when it is not */
  pattern?: readonly [format: Format, wrong: string];
  /** a JSON object or list, and the key of what is said when it is none */
  json?: string;
  /** a JSON object and no list, and the key of what is said when it is none */
  object?: string;
  /** as narrow as a number */
  narrow?: true;
  /** a phone offers digits for it */
  digits?: true;
  /** the name of a server that a stored secret is sent to */
  destination?: true;
  /** no two config nodes may have the same; the editor says so, the runtime tells it with `claim` */
  unique?: true;
}

/** The address of a device or server, see `parseBaseUrl`. A stored secret is sent to no other than the stored one. */
export interface AddressSetting extends Row {
  kind: 'address';
  name: string;
  /** what an empty one means; empty: nothing */
  default: string;
  placeholder?: string | true;
  /** protocol of an address without one; default `https` */
  scheme?: 'http';
  /** a path at its end that may be left out */
  path?: string;
  /** settings with which it may be empty */
  optional?: When | true;
  /** the editor marks it where it is missing altogether, too */
  required?: true;
}

/** The limits of a number. */
export interface Limits {
  min?: number;
  /** only greater ones are allowed */
  above?: number;
  max?: number;
  whole?: true;
}

export interface NumberSetting extends Row, Limits {
  kind: 'number';
  name: string;
  /** `''`: it may be empty, which is then the default */
  default: number | '';
  /** a symbol such as `V`, or a key below `unit.` */
  unit?: string;
  /** key of a hint behind the unit */
  hint?: string;
  /** an empty field is allowed although there is a default, and means it; `'none'`: it means that there is no number */
  blank?: true | 'none';
  /** shown in an empty field, as it is */
  example?: string;
  /** it has to be entered, although it has no default */
  required?: true;
  /** a value above `max` that is stored already is used, and told: only the dialog refuses it */
  keepsAbove?: true;
  /** a phone offers digits for it, without a decimal point */
  digits?: true;
  /** another number that it must exceed, and the key of what is said when it does not */
  over?: readonly [setting: string, wrong: string];
  /**
   * part of a command, or money: the runtime takes nothing in place of a value that cannot be read or is outside its
   * limits
   */
  strict?: true;
  /** other limits, and another default and label, with certain values of another setting */
  variants?: readonly ({ when: When; default?: number; label?: string } & Limits)[];
}

export interface ChoiceSetting extends Row {
  kind: 'choice';
  name: string;
  default: string;
  options: readonly string[];
  /** key in front of the options' texts; default: the setting's name. `null`: the options are shown as they are */
  texts?: string | null;
  /** single options whose text has another key */
  textOf?: Readonly<Record<string, string>>;
  /** no other setting's choice is offered before one has been made */
  required?: true;
  /** key of what is said of a value that is none of the options */
  wrong?: string;
  tip?: string;
  /** as narrow as a number */
  narrow?: true;
  /** in the row of the setting before it, which its label describes to screen readers */
  beside?: true;
}

export interface FlagSetting extends Omit<Row, 'icon'> {
  kind: 'flag';
  name: string;
  default: boolean;
  /** in the row of the setting before it */
  beside?: true;
}

/** Another config node. */
export interface NodeSetting extends Row {
  kind: 'node';
  name: string;
  default: '';
  /** its type */
  of: string;
  /** one has to be chosen; a key: while the row shows, and what is said when none is */
  required?: true | string;
}

/** A credential: kept apart from the flow file, and never sent to the editor unless `shown`. */
export interface SecretSetting extends Row {
  kind: 'secret';
  name: string;
  /** key of what is said when it is empty */
  required?: string;
  /** it may be empty, but with these values of other settings */
  requiredWhen?: When;
  /** the editor may show it, as it is a part of an address that people copy */
  shown?: true;
  /** may begin or end with a blank */
  password?: true;
  /** nobody enters it: the dialog's own script, or the runtime, fills it in */
  hidden?: true;
  placeholder?: string | true;
  /** beside the field, for the dialog's own script; its words are a key below `dialog.` */
  button?: { id: string; icon: string; text: string };
}

/** A setting whose rows the dialog's own script makes, or that has none. */
export interface OwnSetting {
  kind: 'own';
  name: string;
  default: string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>;
  /** the dialog's own script says what is wrong with it */
  checked?: true;
}

/** A part of the dialog that is no setting. */
export type Piece =
  | { kind: 'tip'; text: string; when?: When }
  | { kind: 'test' }
  /** a button that inserts nodes for all devices, and a field for a pasted list; the dialog's own script says which nodes */
  | { kind: 'insert' }
  | { kind: 'diagnostics' }
  /** HTML of the dialog's own, for its script */
  | { kind: 'html'; html: string; /** in the row of the setting before it */ beside?: true };

export type Setting =
  | TextSetting
  | AddressSetting
  | NumberSetting
  | ChoiceSetting
  | FlagSetting
  | NodeSetting
  | SecretSetting
  | OwnSetting;

export interface Form {
  type: string;
  category: 'config' | 'energy_devices';
  color: string;
  icon: string;
  align?: 'right';
  inputs?: 0 | 1;
  outputs?: number;
  /** key of the words at the input */
  inputLabel?: string;
  /** a setting with certain values of which there are other words at the input */
  inputLabelBy?: { setting: string; keys: Readonly<Record<string, string>> };
  /** keys of the words at each output */
  outputLabels?: readonly string[];
  /** settings of which the first that is not empty names a node without a name; the dialog's own script goes before */
  labelFrom?: readonly string[];
  /** the name of a node that has nothing to be named after; a flow node takes `node.label` of its catalogue */
  labelElse?: string;
  /** the runtime part answers questions of the dialog */
  asks?: true;
  /** the dialog's own script hears of its end: saved, cancelled, deleted */
  closes?: true;
  /** further shared scripts in resources/ that the dialog's own script needs, without `.js` */
  scripts?: readonly string[];
  /** in the order in which they are shown; the name comes first by itself */
  rows: readonly (Setting | Piece)[];
}

type Named = Extract<Setting, { name: string }>;

/** Keeps the literal types of a description, so that the settings that are read with it are typed. */
export function defineForm<const F extends Form>(description: F): F {
  return description;
}

/** The settings among the rows, credentials included. */
export function settingsOf({ rows }: Form): Setting[] {
  return rows.filter((row): row is Setting => 'name' in row);
}

/** With which other settings each row shows, by its setting's name; a setting beside another shows with it. */
export function shownWith({ rows }: Form): ReadonlyMap<string, When | undefined> {
  const shown = new Map<string, When | undefined>();
  let row: When | undefined;
  for (const one of rows) {
    const when = 'when' in one ? one.when : undefined;
    if (!('beside' in one)) row = when;
    if ('name' in one) shown.set(one.name, when ?? row);
  }
  return shown;
}

/** What a value has to satisfy. The dialog checks it while people type, the runtime when the flow starts. */
export type Rule = { when?: When } & (
  | ({
      kind: 'number';
      blank: boolean;
      variants?: readonly ({ when: When } & Limits)[];
    } & Pick<NumberSetting, 'over'> &
      Limits)
  | { kind: 'address'; optional?: When | true }
  /** a config node that has to be chosen, and the key of what is said when none is */
  | { kind: 'node'; required: string }
  | ({
      kind: 'text';
      /** the values that there are, and the key of what is said of another one, also of a blank; none is the default */
      oneOf?: readonly [values: readonly string[], wrong: string];
      /** the setting's name, where no other config node may have the same value: the editor alone knows all of them */
      unique?: string;
    } & Pick<TextSetting, 'required' | 'requiredWhen' | 'pattern' | 'json' | 'object'>)
);

/**
 * The rule of a setting; `undefined` where every value will do.
 *
 * @param when the setting shows; that of the row before it for one beside another, see `shownWith`
 */
export function ruleOf(one: Setting, when = (one as { when?: When }).when): Rule | undefined {
  const shown = when ? { when } : {};
  if (one.kind === 'number') {
    const { min, above, max, whole, over } = one;
    // Their labels and defaults are no matter of what is allowed.
    const variants = one.variants?.map((variant) =>
      defined({
        when: variant.when,
        min: variant.min,
        above: variant.above,
        max: variant.max,
        whole: variant.whole,
      }),
    );
    const blank = one.blank !== undefined || (one.default === '' && !one.required);
    return defined({ kind: 'number', min, above, max, whole, variants, over, blank, ...shown });
  }
  if (one.kind === 'address') return defined({ kind: 'address', optional: one.optional, ...shown });
  if (one.kind === 'text' && (one.required ?? one.pattern ?? one.json ?? one.object) !== undefined) {
    const { required, requiredWhen, pattern, json, object } = one;
    const unique = one.unique && one.name;
    return defined({ kind: 'text', required, requiredWhen, pattern, json, object, unique, ...shown });
  }
  if (one.kind === 'choice') {
    return { kind: 'text', oneOf: [one.options, one.wrong ?? 'invalid.choice'], ...shown };
  }
  if (one.kind === 'node' && typeof one.required === 'string') {
    return { kind: 'node', required: one.required, ...shown };
  }
  if (one.kind === 'secret' && one.required) {
    return defined({ kind: 'text', required: one.required, requiredWhen: one.requiredWhen, ...shown });
  }
  return undefined;
}

/** The rule without properties that are `undefined`. */
function defined(rule: object): Rule {
  return Object.fromEntries(
    Object.entries(rule).filter(([, value]) => value !== undefined),
  ) as unknown as Rule;
}

type ValueOf<S> = S extends { kind: 'number' }
  ? S extends { default: '' } | { blank: 'none' }
    ? number | null
    : number
  : S extends { kind: 'flag' }
    ? boolean
    : S extends { kind: 'choice'; options: readonly (infer O)[] }
      ? O
      : S extends { kind: 'own' }
        ? unknown
        : string;

/** What `readSettings` makes of a node's configuration: each setting and credential by its name, checked. */
export type SettingsOf<F extends Form> = {
  readonly [S in Extract<F['rows'][number], Named> as S['name']]: ValueOf<S>;
};
