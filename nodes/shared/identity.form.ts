import type { TextSetting } from './form';

/**
 * What a device that tells no id of its own is known by in `msg.device.id`. It is a setting, so that it is exported with the
 * flow; a node without it is known by its own id.
 */
export const identityRow = {
  kind: 'text',
  name: 'deviceUid',
  icon: 'id-card-o',
  default: '',
  placeholder: true,
  pattern: ['identity', 'errors.deviceUidInvalid'],
  unique: true,
  advanced: true,
} as const satisfies TextSetting;
