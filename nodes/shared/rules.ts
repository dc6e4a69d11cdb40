import { type ErrorParams, toDeviceError } from '../../lib/core/errors';
import { toNumber } from '../../lib/core/values';
import { parseBaseUrl } from '../../lib/core/http/url';
import type { Format, Limits, Rule, When } from './form';

/** The rules of a form in the runtime; those of the browser are in resources/energy-devices-form.js. */

/** Written out, so that each is known to be linear. */
const FORMATS: Readonly<Record<Format, RegExp>> = {
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

/** The other settings of a node. */
export type Others = Readonly<Record<string, unknown>>;

/** What is wrong with a value: a key of the catalogue, and what its text quotes. */
export interface Fault {
  key: string;
  params?: ErrorParams;
}

/** Whether a node's other settings are those with which something shows or holds. */
export function holds(when: When, others: Others): boolean {
  return Object.entries(when).every(([name, values]) => agrees(values, others[name]));
}

function agrees(values: readonly unknown[], value: unknown): boolean {
  return values.includes(value) || (values.includes('*') && typeof value === 'string' && value.trim() !== '');
}

/** The limits of a number with these other settings. */
export function limitsOf(rule: Extract<Rule, { kind: 'number' }>, others: Others): Limits {
  const variant = rule.variants?.find(({ when }) => holds(when, others));
  return { ...rule, ...variant };
}

/** Whether a number keeps its limits. */
export function fits(
  value: number,
  { min = -Infinity, above = -Infinity, max = Infinity, whole }: Limits,
): boolean {
  return value >= min && value > above && value <= max && (!whole || Number.isInteger(value));
}

/** Whether a number exceeds another setting, which is a number too. */
function exceeds(value: number, other: unknown): boolean {
  const lower = toNumber(other);
  return lower !== null && value > lower;
}

/** What is said of a number outside its limits: the most frequent limit has words of its own. */
function limitFault(limits: Limits): Fault {
  const { min, above, max, whole } = limits;
  return min !== undefined && above === undefined && max === undefined && !whole
    ? { key: 'invalid.atLeast', params: { min } }
    : { key: 'invalid.number', params: { range: describeLimits(limits) } };
}

/** The limits as signs that every language reads. */
export function describeLimits({ min, above, max, whole }: Limits): string {
  const parts = [
    ...(min === undefined ? [] : [`≥ ${min}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(max === undefined ? [] : [`≤ ${max}`]),
    ...(whole ? ['1, 2, 3 …'] : []),
  ];
  return parts.join(', ') || '0.5, 1, 2 …';
}

/**
 * What is wrong with a setting's value.
 *
 * @param others the node's settings, with which the rule may not hold
 * @returns `undefined` when nothing is
 */
export function faultOf(rule: Rule, value: unknown, others: Others): Fault | undefined {
  if (rule.when && !holds(rule.when, others)) return undefined;
  const isWritten = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const typed = isWritten ? String(value).trim() : '';
  switch (rule.kind) {
    case 'number': {
      // A switch or an object is no empty field.
      const isBlank = value === undefined || value === null || typeof value === 'string';
      if (typed === '' && isBlank && rule.blank) return undefined;
      const limits = limitsOf(rule, others);
      const number = toNumber(typed);
      if (number === null || !fits(number, limits)) return limitFault(limits);
      return rule.over && !exceeds(number, others[rule.over[0]]) ? { key: rule.over[1] } : undefined;
    }
    case 'address': {
      const { optional } = rule;
      if (typed === '' && optional && (optional === true || holds(optional, others))) return undefined;
      try {
        parseBaseUrl(typed, 'http');
        return undefined;
      } catch (thrown) {
        const { reason, params } = toDeviceError(thrown);
        return { key: `errors.${reason}`, params };
      }
    }
    case 'node':
      return typed === '' ? { key: rule.required } : undefined;
    case 'text':
      // One that is missing altogether is the default.
      if (rule.oneOf && value === undefined) return undefined;
      return textFault(rule, typed, others);
  }
}

function textFault(
  { required, requiredWhen, oneOf, pattern, json, object }: Extract<Rule, { kind: 'text' }>,
  typed: string,
  others: Others,
): Fault | undefined {
  if (oneOf) return oneOf[0].includes(typed) ? undefined : { key: oneOf[1] };
  if (typed === '') {
    const needed = required !== undefined && (!requiredWhen || holds(requiredWhen, others));
    return needed ? { key: required } : undefined;
  }
  if (pattern && !FORMATS[pattern[0]].test(typed)) return { key: pattern[1] };
  const wrong = json ?? object;
  if (wrong === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(typed);
    const isList = Array.isArray(parsed);
    if (typeof parsed === 'object' && parsed !== null && !(object && isList)) return undefined;
  } catch {
    // falls through to the fault
  }
  return { key: wrong };
}
