import type { FlagSetting } from './form';

/** Of nodes whose commands reach one of several instances alone, without looking so: they go to the owner of the device. */
export const singleRow = {
  kind: 'flag',
  name: 'single',
  default: false,
  advanced: true,
} as const satisfies FlagSetting;
