import type { Node, NodeAPI } from 'node-red';

import { DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { givenPassword, givenText } from '../../lib/core/given';
import { toNumber } from '../../lib/core/values';
import {
  type Form,
  type Limits,
  type NumberSetting,
  ruleOf,
  type Setting,
  type SettingsOf,
  settingsOf,
  shownWith,
} from './form';
import { describeLimits, faultOf, fits, holds, limitsOf, type Others } from './rules';
import { translate } from './text';

/** A node's settings as its form describes them. */
export interface ReadSettings<F extends Form> {
  settings: SettingsOf<F>;
  /** what keeps the node from its work: a text that is missing or wrong, a choice that is none, a variable not set */
  problem: DeviceError | undefined;
}

/** What tells the user of a number that is not taken as it stands. */
type Warn = (key: string, params: Record<string, string | number>) => void;

/**
 * Reads a node's settings and credentials with its form: typed, trimmed, in their limits. A number that cannot be read
 * or lies outside is told in the log, and replaced by the default or the nearest limit; anything else that is wrong is a
 * problem, because there is nothing it could safely be replaced by.
 */
export function readSettings<F extends Form>(
  RED: NodeAPI,
  node: Node<object>,
  form: F,
  config: object,
): ReadSettings<F> {
  const warn: Warn = (key, params) => node.warn(translate(RED, `log.${key}`, params));
  const label = (one: { name: string; label?: string }): string =>
    translate(RED, `label.${one.label ?? one.name}`, {}, one.name);
  const credentials = node.credentials as Others | undefined;
  const given = (one: Setting): unknown =>
    one.kind === 'secret' ? credentials?.[one.name] : (config as Others)[one.name];

  const list = settingsOf(form);
  const settings: Record<string, unknown> = {};
  const unread = new Map<string, DeviceError>();
  for (const one of list) {
    try {
      settings[one.name] = plainValue(one, given(one), label(one));
    } catch (thrown) {
      settings[one.name] = one.kind === 'flag' ? one.default : '';
      unread.set(one.name, toDeviceError(thrown));
    }
  }
  const shown = shownWith(form);
  let problem: DeviceError | undefined;
  for (const one of list) {
    const when = shown.get(one.name);
    // What a hidden row holds is not used, so it may be anything.
    const shows = !when || holds(when, settings);
    const name = label(one);
    const found = unread.get(one.name);
    if (shows) problem ??= found ?? problemOf(RED, one, given(one), settings, name);
    else if (one.kind === 'choice' && settings[one.name] === '') settings[one.name] = one.default;
    if (one.kind === 'number') {
      const told = shows && !one.strict ? warn : () => undefined;
      settings[one.name] = numberOf(one, given(one), settings, (key, params) =>
        told(key, { name, ...params }),
      );
    }
  }
  return { settings: settings as SettingsOf<F>, problem };
}

/**
 * A value in the form's kind. Texts are trimmed, also those that came as numbers from a variable; what is missing is the
 * default, but not what is blank: a variable that holds nothing chooses nothing.
 *
 * @throws DeviceError INVALID_INPUT for a variable that has no value, or one of another kind
 */
function plainValue(one: Setting, value: unknown, label: string): unknown {
  if (one.kind === 'own') return value === undefined ? one.default : value;
  if (one.kind === 'number') return one.strict && typeof value === 'string' ? givenText(value) : value;
  if (one.kind !== 'secret' && value === undefined) return one.default;
  if (one.kind === 'flag') return flagOf(value, label);
  const text = textOf(one, value);
  if (typeof text === 'object' && text !== null) {
    throw invalidInput(`"${label}" must be a text.`, 'settingText', { name: label });
  }
  if (one.kind === 'secret' && one.password) return givenPassword(text);
  const typed = givenText(text);
  if (one.kind === 'node') return typed === '_ADD_' ? '' : typed;
  return typed;
}

/**
 * A tick box, which a variable may tick.
 *
 * @throws DeviceError INVALID_INPUT for anything but true and false: what is not understood must not switch something off
 */
function flagOf(value: unknown, label: string): boolean {
  if (typeof value === 'boolean') return value;
  const typed = givenText(value).toLowerCase();
  if (typed === 'true' || typed === 'false') return typed === 'true';
  throw noChoice(label);
}

function noChoice(label: string): DeviceError {
  return invalidInput(`"${label}" is none of its choices.`, 'settingChoice', { name: label });
}

/** What a variable may hold: a text, a number, a switch, or JSON. */
function textOf(one: Setting, value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const takesJson = one.kind === 'secret' || (one.kind === 'text' && (one.json ?? one.object) !== undefined);
  return takesJson && typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

function numberOf(one: NumberSetting, value: unknown, others: Others, warn: Warn): number | null {
  const rule = ruleOf(one) as Extract<NonNullable<ReturnType<typeof ruleOf>>, { kind: 'number' }>;
  const limits = limitsOf(rule, others);
  const usual =
    one.variants?.find(({ when }) => holds(when, others))?.default ??
    (one.default === '' ? null : one.default);
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === ''))
    return one.blank === 'none' ? null : usual;
  const number = toNumber(value);
  if (number === null) {
    warn('settingUnreadable', { value: typeof value === 'string' ? value.slice(0, 40) : typeof value });
    return usual;
  }
  if (fits(number, limits)) return number;
  if (one.keepsAbove && fits(number, { ...limits, max: Infinity })) {
    warn('settingKept', { value: number, range: describeLimits(limits) });
    return number;
  }
  // Where there may be none, one that nobody entered would be made up.
  const used = (one.default === '' ? undefined : nearest(number, limits)) ?? usual;
  warn('settingLimited', { value: number, range: describeLimits(limits), used: used ?? '–' });
  return used;
}

/** The nearest number that keeps the limits; `null` where there is none. */
function nearest(value: number, limits: Limits): number | null {
  const { min = -Infinity, max = Infinity, whole } = limits;
  const limited = Math.min(Math.max(whole ? Math.round(value) : value, min), max);
  return fits(limited, limits) ? limited : null;
}

/** What is wrong with the value of a row that shows. */
function problemOf(
  RED: NodeAPI,
  one: Setting,
  given: unknown,
  others: Others,
  label: string,
): DeviceError | undefined {
  // A number is replaced, unless it is a part of a command. One that is missing is as the dialog would show it.
  if (one.kind === 'number' && (!one.strict || given === undefined)) return undefined;
  const value = others[one.name];
  if (one.kind === 'choice' && !one.options.includes(String(value)) && (!one.wrong || value === '')) {
    return noChoice(label);
  }
  const rule = ruleOf(one);
  const fault = rule && faultOf(rule, value, others);
  if (!fault) return undefined;
  if (rule.kind === 'number') {
    const range = describeLimits(limitsOf(rule, others));
    const params = { name: label, range };
    return invalidInput(`"${label}" must be a number: ${range}`, 'settingNumber', params);
  }
  const reason = fault.key.replace(/^errors\./, '');
  const text = translate(RED, fault.key, fault.params ?? {}, `"${label}" is not valid.`);
  return new DeviceError('INVALID_INPUT', text, { reason, params: fault.params ?? {}, sent: false });
}
