import type { Measurement, MeasurementGroup } from '../core/measurement';
import { isRecord } from '../core/values';
import { type EntityPattern, type KeyParams, keyOf, type Permission, type StateValue } from './entity';
import { numberValue } from './values';

/** What becomes of each measurement of this package in Home Assistant. */

/** How a measurement is exported, where its unit and class do not say it already. */
export interface Exported {
  /** of the entity, with parameters in braces */
  key: string;
  /** word of its name; missing: the class's name; `null`: the device's */
  word?: string | null;
  /** kWh in place of Wh, so that nobody reads figures of seven digits; `%` in place of a share of 1 */
  unit?: 'kWh' | '%' | 'money';
  decimals?: number;
  category?: 'diagnostic';
  off?: true;
  lazy?: true;
  icon?: string;
  /** `meter`, `sum`: a counter that only rises; `session`: one that begins anew by itself */
  counter?: 'meter' | 'sum' | 'session';
  /** no state class: it is not worth a statistic, or Home Assistant allows none */
  stateless?: true;
  unless?: Permission;
}

/** Why a measurement is not exported. */
export interface Withheld {
  not: string;
}

export type Decision = Exported | Withheld;

/** Decisions for the fields of one group of measurements. */
export interface DecidedGroup {
  source: string;
  path: string;
  fields: Readonly<Record<string, Decision>>;
}

/** Digits that Home Assistant shows, by class and unit: its own defaults hide what these devices tell. */
const DECIMALS: Readonly<Record<string, number>> = {
  'power W': 0,
  'power kW': 2,
  'energy kWh': 2,
  'energy Wh': 0,
  'voltage V': 1,
  'current A': 2,
  'frequency Hz': 2,
  'temperature °C': 1,
  'volume_flow_rate L/min': 1,
};

/** Classes of our own tables that Home Assistant does not know. */
const NO_CLASS: readonly string[] = ['percentage', 'number'];

export function isExported(decision: Decision): decision is Exported {
  return 'key' in decision;
}

/** The entity of a measurement. */
function entityOf(measurement: Measurement, decision: Exported): EntityPattern {
  const { deviceClass, category } = measurement;
  const money = decision.unit === 'money';
  const unit = money ? undefined : (decision.unit ?? measurement.unit ?? undefined);
  const known = NO_CLASS.includes(deviceClass) ? undefined : deviceClass;
  const decimals =
    decision.decimals ?? DECIMALS[`${deviceClass} ${unit ?? ''}`] ?? (unit === '%' ? 0 : undefined);
  const grade = decision.category ?? (category === 'diagnostic' ? 'diagnostic' : undefined);
  const { counter, word } = decision;
  const energy = known === 'energy';
  const stateClass =
    decision.stateless || (energy && !counter) ? undefined : energy ? 'total_increasing' : 'measurement';
  return {
    key: decision.key,
    platform: 'sensor',
    ...(word === undefined ? {} : { name: word === null ? null : { word } }),
    ...(known === undefined ? {} : { deviceClass: known }),
    ...(stateClass === undefined ? {} : { stateClass }),
    ...(unit === undefined ? {} : { unit }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(grade === undefined ? {} : { category: grade }),
    ...(decision.off ? { off: true } : {}),
    ...(decision.lazy ? { lazy: true } : {}),
    ...(decision.icon === undefined ? {} : { icon: decision.icon }),
    ...(counter === 'meter' || counter === 'sum' ? { counter } : {}),
    ...(decision.unless ? { unless: decision.unless } : {}),
  };
}

/** The entities of decided groups. @param measurements the tables that they decide about */
export function entitiesOf(
  decided: readonly DecidedGroup[],
  measurements: readonly MeasurementGroup[],
): EntityPattern[] {
  return decided.flatMap(({ source, path, fields }) => {
    const group = measurements.find((one) => one.source === source && one.path === path);
    return Object.entries(fields).flatMap(([field, decision]) => {
      const measurement = group?.fields[field];
      return measurement && isExported(decision) ? [entityOf(measurement, decision)] : [];
    });
  });
}

const DIVIDE: Readonly<Record<string, number>> = { kWh: 1000, '%': 0.01 };

/**
 * The values of a record by the keys of their entities. What is no number is `null`.
 *
 * @param sparse what the record does not tell is left out
 */
export function fieldValues(
  record: unknown,
  { fields }: DecidedGroup,
  { params = {}, sparse = false }: { params?: KeyParams; sparse?: boolean } = {},
): Record<string, StateValue> {
  const given = isRecord(record) ? record : {};
  const found: Record<string, StateValue> = {};
  for (const [field, decision] of Object.entries(fields)) {
    // Lists are told entry by entry where they are read, and a sum is added up where it is kept.
    if (!isExported(decision) || decision.counter === 'sum' || Array.isArray(given[field])) continue;
    const value = numberValue(given[field], DIVIDE[decision.unit ?? ''] ?? 1);
    if (value !== null || !sparse) found[keyOf(decision.key, params)] = value;
  }
  return found;
}
