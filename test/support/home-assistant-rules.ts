import type { EntityPattern } from '../../lib/home-assistant/entity';
import { fixture } from './fixture';

/** What Home Assistant allows, as its own code tells: test/home-assistant/rules.py writes the table. */
export interface Rules {
  version: string;
  sensor: Record<string, { units: string[]; stateClasses: string[]; numeric: boolean }>;
  number: Record<string, string[]>;
  binary_sensor: string[];
  switch: string[];
  button: string[];
}

export const RULES = JSON.parse(fixture('home-assistant-rules.json')) as Rules;

/** What Home Assistant would refuse or warn of; `undefined`: nothing. */
export function faultOf(entity: EntityPattern): string | undefined {
  const { platform, deviceClass, name, category, options, range, eventTypes } = entity;
  if (name === undefined && deviceClass === undefined) return 'it has no name';
  if (category === 'config' && (platform === 'sensor' || platform === 'binary_sensor')) return 'category';
  const commanded = platform === 'switch' || platform === 'number' || platform === 'button';
  if (commanded !== (entity.permission !== undefined)) return 'command';
  if (options && deviceClass !== 'enum') return 'options without their class';
  if (platform === 'number') {
    if (!range || range.min > range.max || range.step < 0.001) return 'range';
  }
  if (platform === 'event') return eventTypes && eventTypes.length > 0 ? undefined : 'event types';
  if (platform === 'sensor') return faultOfSensor(entity);
  if (deviceClass === undefined) return undefined;
  const classes = platform === 'number' ? Object.keys(RULES.number) : RULES[platform];
  return classes.includes(deviceClass) ? undefined : 'class';
}

function faultOfSensor({
  deviceClass,
  unit,
  stateClass,
  options,
  decimals,
}: EntityPattern): string | undefined {
  if (deviceClass === undefined) return undefined;
  const rule = RULES.sensor[deviceClass];
  if (!rule) return 'class';
  if (!rule.numeric && (unit !== undefined || decimals !== undefined)) return 'unit of what is no number';
  if (rule.units.length > 0 && !rule.units.includes(unit ?? '')) return 'unit';
  if (stateClass !== undefined && !rule.stateClasses.includes(stateClass)) return 'state class';
  if (deviceClass === 'enum' && !(options && options.length > 0)) return 'options';
  return undefined;
}
