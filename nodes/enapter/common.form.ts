import type { Setting } from '../shared/form';

/** The device for which a node of the device protocol speaks. */
export const connectionRow = {
  kind: 'node',
  name: 'connection',
  icon: 'plug',
  default: '',
  of: 'enapter-connection',
  required: true,
} as const satisfies Setting;
