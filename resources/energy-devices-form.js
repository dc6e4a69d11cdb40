// @ts-check
/**
 * What the generated dialogs do: the rules of their settings, which rows show, and their own scripts. The rules are the
 * runtime's, see nodes/shared/form.ts and nodes/shared/rules.ts; a test holds the two against each other.
 */
(function () {
  'use strict';

  const shared = /** @type {any} */ (window).EnergyDevices || {};
  /** @type {any} */ (window).EnergyDevices = shared;

  /**
   * @typedef {Record<string, (string | boolean)[]>} When
   * @typedef {{min?: number, above?: number, max?: number, whole?: boolean}} Limits
   * @typedef {{when: When, default?: number, label?: string}} Variant
   * @typedef {Limits & {kind: string, when?: When, blank?: boolean, optional?: When | true, required?: string, requiredWhen?: When,
   *   over?: [string, string], oneOf?: [string[], string], pattern?: [string, string], unique?: string, json?: string, object?: string, variants?: (Limits & {when: When})[]}} Rule
   * @typedef {{prepare?: (node: any) => void, save?: (node: any) => boolean | void, close?: (node: any) => void, describe?: (answer: any, node: any) => string,
   *   test?: () => JQuery.Promise<any> | undefined, label?: (node: any) => string, insert?: any,
   *   check?: Record<string, (value: any) => true | string>}} Script
   * @typedef {{type: string, id: string, name?: string, _: (key: string) => string, _def: {category: string},
   *   [setting: string]: any}} EditedNode
   */

  /**
   * The scripts of dialogs that have one of their own, by node type.
   * @type {Record<string, Script>}
   */
  const scripts = (shared.scripts = shared.scripts || {});

  /**
   * Attribute of a form: the id of its node. A form that another one covers for a while is taken out of the page, and is
   * still its node's when it is back.
   */
  const OWNER = 'data-energy-devices-node';

  /**
   * Forms that a text may have to fit, as in nodes/shared/rules.ts.
   * @type {Record<string, RegExp>}
   */
  const FORMATS = {
    accId: /^\d{1,9}$/,
    clock: /^(?:(?:[01]?\d|2[0-3]):[0-5]\d|24:00)$/,
    country: /^[a-zA-Z]{2}$/,
    hosts:
      /^(?:(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,42})(?:\/\d{1,3})?(?:[\s,;]{1,3}|$)){1,64}$/,
    identity: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    ipAddress: /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,42}\]?)$/,
    path: /^\/?[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*\/?$/,
    ports: /^(?:\d|1[01])(?:[ ,;]{1,3}(?:\d|1[01]))*$/,
    topic: /^(?!\$)[^\s+#\p{Cc}]+$/u,
    upsNames: /^[A-Za-z0-9._-]{1,64}(?:[\s,;]{1,3}[A-Za-z0-9._-]{1,64}){0,7}$/,
  };

  /** @param {EditedNode} node */
  const prefixOf = (node) => (node._def.category === 'config' ? 'node-config-input' : 'node-input');

  /**
   * A setting as it stands in the open dialog, else as the node holds it.
   * @param {EditedNode} node
   * @param {string} name
   */
  function settingOf(node, name) {
    const field = $(`#${prefixOf(node)}-${name}`);
    if (field.length === 0 || field.closest('form').attr(OWNER) !== node.id) return node[name];
    return field.is(':checkbox') ? field.prop('checked') : field.val();
  }

  /**
   * @param {EditedNode} node
   * @param {When} when
   */
  function holds(node, when) {
    return Object.entries(when).every(([name, values]) => agrees(values, settingOf(node, name)));
  }

  /**
   * @param {unknown[]} values
   * @param {unknown} value
   */
  function agrees(values, value) {
    return values.includes(value) || (values.includes('*') && String(value ?? '').trim() !== '');
  }

  /**
   * Validator: `true`, or what is wrong with a value, in words.
   *
   * @param {EditedNode} node
   * @param {string} type for texts: a node that is being imported may not know its own
   * @param {Rule} rule
   * @param {unknown} value
   */
  function check(node, type, rule, value) {
    if (rule.when && !holds(node, rule.when)) return true;
    const typed = value === undefined || value === null ? '' : String(value).trim();
    if (shared.isEnv(typed)) return true;
    switch (rule.kind) {
      case 'number':
        return checkNumber(node, type, rule, typed);
      case 'address': {
        const { optional } = rule;
        if (typed === '' && optional && (optional === true || holds(node, optional))) return true;
        return shared.address(type)(value);
      }
      case 'node':
        return checkNode(type, rule, typed);
      default:
        // One that is missing altogether is the default; a list of one text is no text.
        if (rule.oneOf && (value === undefined || (value !== null && typeof value === 'object')))
          return value === undefined || shared.text(type, rule.oneOf[1]);
        return checkText(node, type, rule, typed);
    }
  }

  /**
   * @param {EditedNode} node
   * @param {string} type
   * @param {Rule} rule
   * @param {string} typed
   */
  function checkNumber(node, type, rule, typed) {
    if (typed === '' && rule.blank) return true;
    const variant = (rule.variants || []).find(({ when }) => holds(node, when));
    const limits = { ...rule, ...variant };
    const number = numberIn(typed);
    const { min = -Infinity, above = -Infinity, max = Infinity, whole } = limits;
    const fits = number >= min && number > above && number <= max && (!whole || Number.isInteger(number));
    if (fits) return !rule.over || exceeds(node, number, rule.over[0]) || shared.text(type, rule.over[1]);
    // The most frequent limit has words of its own.
    return limits.min !== undefined && limits.above === undefined && limits.max === undefined && !whole
      ? shared.text(type, 'invalid.atLeast', { min })
      : shared.text(type, 'invalid.number', { range: describe(limits) });
  }

  /**
   * The same notation that the runtime takes: Number() would also read 0x10 and Infinity.
   * @param {string} typed
   */
  function numberIn(typed) {
    return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(typed.slice(0, 64)) ? Number(typed) : NaN;
  }

  /**
   * Whether a number exceeds another setting, which may come from the environment.
   * @param {EditedNode} node
   * @param {number} value
   * @param {string} name
   */
  function exceeds(node, value, name) {
    const other = String(settingOf(node, name)).trim();
    return shared.isEnv(other) || value > numberIn(other);
  }

  /** @param {Limits} limits */
  function describe({ min, above, max, whole }) {
    const parts = [];
    if (min !== undefined) parts.push(`≥ ${min}`);
    if (above !== undefined) parts.push(`> ${above}`);
    if (max !== undefined) parts.push(`≤ ${max}`);
    if (whole) parts.push('1, 2, 3 …');
    return parts.join(', ') || '0.5, 1, 2 …';
  }

  /**
   * A config node has to be chosen, to be there, and to be whole itself.
   * @param {string} type
   * @param {Rule} rule
   * @param {string} typed
   */
  function checkNode(type, rule, typed) {
    if (typed === '' || typed === '_ADD_') return shared.text(type, rule.required);
    const chosen = /** @type {any} */ (RED.nodes.node(typed));
    return Boolean(chosen) && chosen.valid !== false;
  }

  /**
   * @param {EditedNode} node
   * @param {string} type
   * @param {Rule} rule
   * @param {string} typed
   */
  function checkText(node, type, { required, requiredWhen, oneOf, pattern, unique, json, object }, typed) {
    if (oneOf) return oneOf[0].includes(typed) || shared.text(type, oneOf[1]);
    if (typed === '') {
      const needed = required !== undefined && (!requiredWhen || holds(node, requiredWhen));
      return needed ? shared.text(type, required) : true;
    }
    if (pattern && !FORMATS[pattern[0]]?.test(typed)) return shared.text(type, pattern[1]);
    if (unique && shared.isTaken(node, unique, typed)) return shared.text(type, `errors.${unique}Taken`);
    const wrong = json ?? object;
    if (wrong === undefined) return true;
    try {
      const parsed = JSON.parse(typed);
      const isList = Array.isArray(parsed);
      if (typeof parsed === 'object' && parsed !== null && !(object && isList)) return true;
    } catch {
      // falls through to the message
    }
    return shared.text(type, wrong);
  }

  /**
   * Validator of a setting whose rows the dialog's own script makes.
   * @param {string} type
   * @param {string} name
   * @param {unknown} value
   */
  function checkOwn(type, name, value) {
    const checks = scripts[type]?.check || {};
    return checks[name] ? checks[name](value) : true;
  }

  /**
   * @param {EditedNode} node
   * @param {{from: string[], otherwise?: string}} options
   */
  function label(node, { from, otherwise }) {
    const own = () => scripts[node.type]?.label?.(node);
    const found = node.name || own() || from.map((name) => node[name]).find((value) => value);
    if (found) return String(found);
    return otherwise === undefined ? shared.text(node.type, 'node.label') : otherwise;
  }

  /**
   * A choice that an environment variable makes is shown as the variable's name, and kept.
   * @param {EditedNode} node
   * @param {string} name
   */
  function keepVariable(node, name) {
    const value = node[name];
    const field = $(`select#${prefixOf(node)}-${name}`);
    if (field.length === 0 || !shared.isEnv(value)) return;
    if (field.val() !== value) field.append($('<option>', { value, text: value })).val(value);
  }

  /**
   * A number has the label and the default of its variant. What was set on purpose stays, also where it is another
   * variant's default, until another one is chosen.
   * @param {EditedNode} node
   * @param {string} name
   * @param {Variant[]} variants
   */
  function vary(node, name, variants) {
    const prefix = prefixOf(node);
    const field = $(`#${prefix}-${name}`);
    const words = $(`label[for="${prefix}-${name}"] span`);
    // `type:key`, as the build writes it
    const key = String(words.attr('data-i18n')).split(':').pop() || '';
    // The editor fills in the texts after this.
    words.removeAttr('data-i18n');
    const usual = {
      when: undefined,
      key,
      value: Number(/** @type {any} */ (node._def).defaults[name].value),
    };
    const all = [
      usual,
      ...variants.map(({ when, label: own, default: value = usual.value }) => ({
        when,
        key: own === undefined ? key : `label.${own}`,
        value,
      })),
    ];
    const present = () => all.find(({ when }) => when && holds(node, when)) || usual;
    const chosen = () => settings.map((setting) => $(`#${prefix}-${setting}`).val()).join(' ');
    const settings = [...new Set(variants.flatMap(({ when }) => Object.keys(when)))];
    let last = chosen();
    const update = () => {
      const { key: text, value } = present();
      words.text(shared.text(node.type, text));
      // The editor says `change` once more when the dialog stands.
      if (chosen() === last) return;
      last = chosen();
      if (all.some((other) => other.value === Number(field.val()))) field.val(value);
    };
    for (const setting of settings) $(`#${prefix}-${setting}`).on('change', update);
    update();
  }

  /**
   * The rows that are folded away show by themselves when one of their values is not the default, or is wrong.
   * @param {EditedNode} node
   */
  function unfold(node) {
    const fold = $('.energy-devices-advanced');
    if (fold.length === 0) return;
    const { defaults } = /** @type {any} */ (node._def);
    const prefix = prefixOf(node);
    const stands = fold
      .find('[id]')
      .toArray()
      .map(({ id }) => id.slice(prefix.length + 1))
      .filter((name) => name in defaults)
      .some((name) => {
        const { value, validate } = defaults[name];
        const own = node[name] ?? value;
        // An identity that was drawn is nobody's choice.
        const isChosen = name !== 'deviceUid' && String(own) !== String(value);
        return isChosen || (validate && validate.call(node, own) !== true);
      });
    fold.prop('open', stands);
    const update = () => {
      // One without a row that shows would be an empty promise.
      const rows = fold.children('.form-row').toArray();
      fold.toggle(rows.some((row) => row.style.display !== 'none'));
      if (fold.find('.input-error').length > 0) fold.prop('open', true);
    };
    fold.closest('form').on('change', update);
    update();
  }

  /**
   * Makes the open form one of ours.
   *
   * @param {EditedNode} node
   * @param {{settings: string[], credentials: string[]} | null} [test] what the test button sends
   * @param {Record<string, Variant[]>} [varied] numbers that have another label and default with other settings
   */
  function opened(node, test, varied = {}) {
    const prefix = prefixOf(node);
    $(`#${prefix}-name`).closest('form').attr(OWNER, node.id);
    const script = scripts[node.type] || {};
    for (const name of Object.keys(/** @type {any} */ (node._def).defaults)) keepVariable(node, name);
    shared.identify(node, prefix);
    shared.dialog(node);
    const rows = $('.energy-devices-when');
    const names = new Set(rows.toArray().flatMap((row) => Object.keys(row.dataset)));
    const fields = Object.keys(/** @type {any} */ (node._def).defaults).filter((name) =>
      names.has(name.toLowerCase()),
    );
    shared.rowsFor(fields, prefix);
    for (const [name, variants] of Object.entries(varied)) vary(node, name, variants);
    unfold(node);
    shared.preselect(node, prefix);
    if (script.prepare) script.prepare(node);
    if (script.insert) shared.insertButton(node, script.insert);
    if (!test) return;
    shared.testButton(node, {
      ...test,
      ask: () => script.test?.() ?? shared.ask(node, 'test', test),
      describe: (/** @type {any} */ answer) => (script.describe ? script.describe(answer, node) : ''),
    });
  }

  /**
   * The dialog has ended, one way or the other.
   * @param {EditedNode} node
   */
  function closed(node) {
    scripts[node.type]?.close?.(node);
  }

  /**
   * The dialog's own rows are written into the node, whose other settings the editor writes itself.
   * @param {EditedNode} node
   * @returns whether something has changed that the editor does not see
   */
  function saved(node) {
    const changed = scripts[node.type]?.save?.(node) === true;
    closed(node);
    return changed;
  }

  Object.assign(shared, { check, checkOwn, label, open: opened, save: saved, close: closed, settingOf });
})();
