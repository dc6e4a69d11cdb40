import type { Setting } from '../shared/form';

/** What all energy nodes ask in the same way: where a reading is in the message, and the time zone. */

const chosen = { input: ['chosen'] } as const;

const inputRow = {
  kind: 'choice',
  name: 'input',
  icon: 'sign-in',
  default: 'auto',
  options: ['auto', 'chosen'],
} as const satisfies Setting;

const powerRows = [
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

/** Of a node that takes a power and nothing else. */
export const powerInputRows = [inputRow, ...powerRows] as const;

export const inputRows = [
  inputRow,
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
  ...powerRows,
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

/** What the dialog asks the runtime for: the zone that applies, and where the state is kept. */
export const aboutRow = (type: string) =>
  ({ kind: 'html', html: `<div class="form-tips" id="${type}-about" role="status"></div>` }) as const;

export const saveRow = {
  kind: 'number',
  name: 'saveEvery',
  icon: 'save',
  default: 60,
  min: 1,
  max: 3600,
  unit: 'seconds',
  hint: 'saveEvery',
} as const satisfies Setting;

/** Of the nodes that switch something. */
export const repeatRow = {
  kind: 'number',
  name: 'repeat',
  icon: 'repeat',
  default: '',
  min: 10,
  max: 86_400,
  unit: 'seconds',
  hint: 'repeat',
} as const satisfies Setting;
