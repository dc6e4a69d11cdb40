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

/**
 * What a kWh costs or earns: nothing, always the same, by the hour, or what messages say.
 *
 * @param names of the settings: which of these, the one price, and the table of hours
 * @param place id of the element in which the dialog's own script makes the table
 */
export const priceRows = <Choice extends string, Fixed extends string, Table extends string>(
  names: { choice: Choice; fixed: Fixed; table: Table },
  { icon, chosen, place }: { icon: string; chosen: 'none' | 'fixed'; place: string },
) =>
  [
    {
      kind: 'choice',
      name: names.choice,
      icon,
      default: chosen,
      options: ['none', 'fixed', 'table', 'messages'],
      texts: 'pricing',
    },
    {
      kind: 'number',
      name: names.fixed,
      strict: true,
      icon: 'money',
      default: 0,
      unit: 'perKilowattHour',
      when: { [names.choice]: ['fixed'] },
    },
    { kind: 'own', name: names.table, default: [] },
    {
      kind: 'html',
      html: `<div class="form-row energy-devices-when" data-${names.choice.toLowerCase()}="table">
  <div id="${place}" class="energy-devices-wide"></div>
  <div class="form-tips" data-i18n="tip.priceTable"></div>
</div>`,
    },
  ] as const;
