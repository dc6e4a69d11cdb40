import type { Setting, When } from '../shared/form';

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

export const accountRow = {
  kind: 'node',
  name: 'account',
  icon: 'user',
  default: '',
  of: 'powersentrix-account',
  required: 'errors.powersentrixNoAccount',
} as const satisfies Setting;

export const receiverRow = {
  kind: 'node',
  name: 'receiver',
  icon: 'sign-in',
  default: '',
  of: 'ups-receiver',
  required: 'errors.powersentrixNoReceiver',
} as const satisfies Setting;

/** How often a UPS is asked: more than that is a load on it. */
export const pollRow = {
  kind: 'number',
  name: 'interval',
  icon: 'clock-o',
  default: 60,
  min: 5,
  unit: 'seconds',
} as const satisfies Setting;

const OF_ONE: When = { scope: ['one'] };

/** Which UPSes a node is of: one, all of an account, or all that push to a receiver. */
export const scopeRows = [
  {
    kind: 'choice',
    name: 'scope',
    icon: 'object-group',
    default: 'one',
    options: ['one', 'account', 'receiver'],
  },
  { ...upsRow, required: 'errors.noDevice', when: OF_ONE },
  { ...accountRow, when: { scope: ['account'] } },
  { ...receiverRow, when: { scope: ['receiver'] } },
] as const satisfies readonly Setting[];

export const currentUnitRow = {
  kind: 'choice',
  name: 'currentUnit',
  icon: 'bolt',
  default: 'mA',
  options: ['mA', '10mA'],
} as const satisfies Setting;

export const topicRow = {
  kind: 'text',
  name: 'topic',
  icon: 'tasks',
  default: '',
  placeholder: true,
} as const satisfies Setting;
