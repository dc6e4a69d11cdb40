import type { Setting } from '../shared/form';

/** What all energy nodes ask in the same way: where a reading is in the message, and the time zone. */

const chosen = { input: ['chosen'] } as const;

export const inputRows = [
  { kind: 'choice', name: 'input', icon: 'sign-in', default: 'auto', options: ['auto', 'chosen'] },
  {
    kind: 'text',
    name: 'importProperty',
    icon: 'arrow-down',
    default: 'payload.energyImport',
    when: chosen,
  },
  { kind: 'text', name: 'exportProperty', icon: 'arrow-up', default: '', when: chosen },
  {
    kind: 'choice',
    name: 'energyUnit',
    icon: 'balance-scale',
    default: 'Wh',
    options: ['Wh', 'kWh'],
    texts: null,
    when: chosen,
  },
  { kind: 'text', name: 'powerProperty', icon: 'bolt', default: 'payload.power', when: chosen },
  {
    kind: 'choice',
    name: 'powerUnit',
    icon: 'balance-scale',
    default: 'W',
    options: ['W', 'kW'],
    texts: null,
    when: chosen,
  },
] as const satisfies readonly Setting[];

export const gapRow = {
  kind: 'number',
  name: 'longestGap',
  icon: 'hourglass-half',
  default: '',
  min: 1,
  max: 86_400,
  unit: 'seconds',
  hint: 'longestGap',
} as const satisfies Setting;

export const zoneRow = {
  kind: 'text',
  name: 'zone',
  icon: 'globe',
  default: '',
  placeholder: true,
} as const satisfies Setting;
