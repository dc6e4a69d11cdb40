import type { Node, NodeAPI } from 'node-red';

import { DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { givenPassword, givenText } from '../../lib/core/given';
import { toNumber } from '../../lib/core/units';
import {
  type Form,
  type Limits,
  type NumberSetting,
  ruleOf,
  type Setting,
  type SettingsOf,
  settingsOf,
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
  let problem: DeviceError | undefined;
  const keep = (found: DeviceError | undefined): void => {
    problem ??= found;
  };
  for (const one of list) {
    try {
      settings[one.name] = plainValue(one, given(one));
    } catch (thrown) {
      settings[one.name] = '';
      keep(toDeviceError(thrown));
    }
  }
  for (const one of list) {
    if (one.kind === 'number') {
      settings[one.name] = numberOf(one, given(one), settings, (key, params) =>
        warn(key, { name: label(one), ...params }),
      );
    } else keep(problemOf(RED, one, settings, label(one)));
  }
  return { settings: settings as SettingsOf<F>, problem };
}

/**
 * A value in the form's kind. Texts are trimmed, also those that came as numbers from a variable; what is missing is the
 * default.
 *
 * @throws DeviceError INVALID_INPUT for a variable that has no value
 */
function plainValue(one: Setting, value: unknown): unknown {
  if (one.kind === 'own') return value === undefined ? one.default : value;
  if (one.kind === 'flag') return value === undefined ? one.default : value === true || value === 'true';
  if (one.kind === 'number') return value;
  if (one.kind !== 'secret' && value === undefined) return one.default;
  const text = typeof value === 'number' ? String(value) : value;
  if (one.kind === 'secret' && one.password) return givenPassword(text);
  const typed = givenText(text);
  if (one.kind === 'choice') return typed === '' ? one.default : typed;
  if (one.kind === 'node') return typed === '_ADD_' ? '' : typed;
  return typed;
}

function numberOf(one: NumberSetting, value: unknown, others: Others, warn: Warn): number | null {
  const rule = ruleOf(one) as Extract<NonNullable<ReturnType<typeof ruleOf>>, { kind: 'number' }>;
  const limits = limitsOf(rule, others);
  const usual =
    one.variants?.find(({ when }) => holds(when, others))?.default ??
    (one.default === '' ? null : one.default);
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === ''))
    return one.blank === 'none' ? null : usual;
  const counts = !one.when || holds(one.when, others);
  const number = toNumber(value);
  if (number === null) {
    if (counts)
      warn('settingUnreadable', { value: typeof value === 'string' ? value.slice(0, 40) : typeof value });
    return usual;
  }
  if (fits(number, limits)) return number;
  const used = nearest(number, limits) ?? usual;
  if (counts) warn('settingLimited', { value: number, range: describeLimits(limits), used: used ?? '–' });
  return used;
}

/** The nearest number that keeps the limits; `null` where there is none. */
function nearest(value: number, limits: Limits): number | null {
  const { min = -Infinity, max = Infinity, whole } = limits;
  const limited = Math.min(Math.max(whole ? Math.round(value) : value, min), max);
  return fits(limited, limits) ? limited : null;
}

function problemOf(RED: NodeAPI, one: Setting, others: Others, label: string): DeviceError | undefined {
  const value = others[one.name];
  const shows = !('when' in one) || !one.when || holds(one.when, others);
  if (one.kind === 'choice' && !one.wrong && shows && !one.options.includes(String(value))) {
    return invalidInput(`"${label}" is none of its choices.`, 'settingChoice', { name: label });
  }
  const rule = ruleOf(one);
  const fault = rule && faultOf(rule, value, others);
  if (!fault) return undefined;
  const reason = fault.key.replace(/^errors\./, '');
  const text = translate(RED, fault.key, fault.params ?? {}, `"${label}" is not valid.`);
  return new DeviceError('INVALID_INPUT', text, { reason, params: fault.params ?? {}, sent: false });
}
