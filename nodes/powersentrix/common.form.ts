import type { Setting } from '../shared/form';

/** What all nodes of this vendor look like. */
export const look = { color: '#9DB7CE', icon: 'powersentrix.svg' } as const;

/** The UPS of a flow node. */
export const upsRow = {
  kind: 'node',
  name: 'device',
  icon: 'battery-full',
  label: 'ups',
  default: '',
  of: 'ups-device',
  required: true,
} as const satisfies Setting;

export const topicRow = {
  kind: 'text',
  name: 'topic',
  icon: 'tasks',
  default: '',
  placeholder: true,
} as const satisfies Setting;
