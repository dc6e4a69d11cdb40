import type { NodeSetting, NumberSetting, TextSetting, When } from '../shared/form';

export const accountRow = {
  kind: 'node',
  name: 'account',
  icon: 'cloud',
  default: '',
  of: 'powercontroller-account',
  required: true,
} as const satisfies NodeSetting;

/** How often the cloud is asked: controllers report every 15 minutes, and when their relay switches. */
export const intervalRow = {
  kind: 'number',
  name: 'interval',
  icon: 'clock-o',
  default: 60,
  min: 10,
  unit: 'seconds',
} as const satisfies NumberSetting;

/**
 * The controller that a node is about; empty: the message names it.
 *
 * @param when the row shows
 * @param neededWhen it may not be empty
 */
export function deviceRow(when: When, neededWhen?: When) {
  return {
    kind: 'text',
    name: 'deviceId',
    icon: 'microchip',
    default: '',
    placeholder: true,
    ...(neededWhen ? { required: 'errors.powercontrollerDeviceIdEmpty', requiredWhen: neededWhen } : {}),
    when,
  } as const satisfies TextSetting;
}
