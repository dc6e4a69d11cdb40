import type { Component, DocumentContext } from './documents';
import type { Entity, StateValue } from './entity';

/** What entities of one kind have in common, whoever they belong to. */

/** A value that the entity may have: Home Assistant keeps the old one where it is none. */
export function fitting(
  { platform, options, range, unit, stateClass }: Entity,
  value: StateValue,
): StateValue {
  if (options) return typeof value === 'string' && options.includes(value) ? value : null;
  if (typeof value === 'string')
    return unit === undefined && !stateClass && platform !== 'number' ? value : null;
  if (range && value !== null && (value < range.min || value > range.max)) return null;
  return value;
}

/** A moment that has moved no further than its entity allows has not moved. */
export function steady({ steady: seconds }: Entity, before: StateValue, next: StateValue): StateValue {
  if (seconds === undefined || typeof before !== 'string' || typeof next !== 'string') return next;
  return Math.abs(Date.parse(next) - Date.parse(before)) <= seconds * 1000 ? before : next;
}

/** What the key of an entity that its device describes says of permissions. */
export function permissionsOf(key: string, { command_topic: topic }: Component): Entity {
  const entity = { key, platform: 'sensor' } as const;
  if (topic !== undefined) return { ...entity, permission: 'limit' };
  return /_(value|state)$/.test(key) && key.startsWith('signal_') ? { ...entity, unless: 'limit' } : entity;
}

/** A component of the last run, with today's topics and times. */
export function renewed(component: Component, key: string, { topics, watch }: DocumentContext): Component {
  const { expire_after: expires, ...rest } = component;
  return {
    ...rest,
    ...(expires !== undefined && watch > 0 ? { expire_after: watch } : {}),
    ...(component.command_topic === undefined ? {} : { command_topic: topics.set(key) }),
  };
}
