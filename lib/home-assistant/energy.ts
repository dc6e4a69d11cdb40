import { readTime } from '../core/time';
import { isRecord } from '../core/values';
import { ENERGY_MEASUREMENTS } from '../energy/measurements';
import { type DecidedGroup, type Decision, entitiesOf, fieldValues } from './decision';
import { Catalogue, type StateValue } from './entity';
import type { CommandMaker, Observation, Told } from './observation';

const DEMAND: DecidedGroup = {
  source: 'energy-demand',
  path: 'payload',
  fields: {
    energy: { key: 'window_energy', word: 'windowEnergy', off: true },
    average: { key: 'average', word: 'average' },
    projected: { key: 'projected', word: 'projected' },
    allowedPower: { key: 'allowed_power', word: 'allowedPower' },
    allowedLoad: { key: 'allowed_load', word: 'allowedLoad', lazy: true },
    reduction: { key: 'reduction', word: 'reduction', off: true },
    margin: { key: 'margin', word: 'margin' },
    target: { key: 'target_value', word: 'target', unless: 'target' },
    peakAverage: { key: 'top_average', word: 'topAverage' },
    toBeat: { key: 'to_beat', word: 'toBeat', off: true },
    billed: { key: 'billed', word: 'billed', off: true },
    yearAverage: { key: 'year_average', word: 'yearAverage', off: true },
    coverage: { key: 'coverage', word: 'coverage', unit: '%', category: 'diagnostic', off: true },
  },
};
const LAST: DecidedGroup = {
  source: 'energy-demand',
  path: 'payload.last',
  fields: {
    demand: { key: 'last_demand', word: 'lastDemand' },
    energy: { not: 'last_demand says it, as power' },
    average: { not: 'last_demand says it where the window is known' },
    coverage: { not: 'a window that is not complete has no last_demand' },
  },
};
const MONTH_PEAK: DecidedGroup = {
  source: 'energy-demand',
  path: 'payload.monthPeak',
  fields: { demand: { key: 'month_peak', word: 'monthPeak' } },
};

const SURPLUS: DecidedGroup = {
  source: 'energy-surplus',
  path: 'payload',
  fields: {
    power: { not: 'the meter tells it' },
    surplus: { key: 'surplus', word: 'surplus' },
    load: { key: 'surplus_load', word: 'surplusLoad' },
  },
};

const PERIODS = ['day', 'week', 'month', 'year'] as const;

/** Import and export begin anew with each period, which Home Assistant takes as such. */
function period(of: (typeof PERIODS)[number]): DecidedGroup {
  const word = (what: string): string => `${of}${what}`;
  const hidden = of === 'day' || of === 'month' ? {} : ({ off: true } as const);
  const money = { unit: 'money', lazy: true, stateless: true, decimals: 2, ...hidden } as const;
  const fields: Record<string, Decision> = {
    import: { key: `${of}_import`, word: word('Import'), unit: 'kWh', counter: 'session', ...hidden },
    export: { key: `${of}_export`, word: word('Export'), unit: 'kWh', counter: 'session', ...hidden },
    net: { key: `${of}_net`, word: word('Net'), unit: 'kWh', off: true },
    cost: { key: `${of}_cost`, word: word('Cost'), ...money },
    revenue: { key: `${of}_revenue`, word: word('Revenue'), ...money },
    base: { key: `${of}_base`, word: word('Base'), ...money, off: true },
    unpriced: {
      key: `${of}_unpriced`,
      word: word('Unpriced'),
      unit: 'kWh',
      off: true,
      category: 'diagnostic',
    },
    coverage: { key: `${of}_coverage`, word: word('Coverage'), unit: '%', off: true, category: 'diagnostic' },
    estimated: { not: 'a part of import and export, of interest at a border alone' },
  };
  return { source: 'energy-counter', path: `payload.${of}`, fields };
}

const COUNTED = PERIODS.map(period);
const over = { not: 'a period that is over is no state' };

export const ENERGY_DECISIONS: readonly DecidedGroup[] = [
  ...[DEMAND, LAST, MONTH_PEAK, SURPLUS, ...COUNTED],
  {
    source: 'energy-counter',
    path: 'payload',
    fields: {
      ...{ import: over, export: over, net: over, cost: over, revenue: over },
      ...{ base: over, unpriced: over, coverage: over, estimated: over },
    },
  },
];

export const ENERGY_ENTITIES = new Catalogue([
  ...entitiesOf(ENERGY_DECISIONS, ENERGY_MEASUREMENTS),
  {
    key: 'target',
    platform: 'number',
    deviceClass: 'power',
    unit: 'W',
    category: 'config',
    name: { word: 'target' },
    permission: 'target',
    range: { min: 0, max: 100_000_000, step: 1 },
  },
]);

/** What the energy nodes send: the running window with its peaks, or the running periods. */
export function readEnergy({ device, payload }: Told): Observation[] | undefined {
  if (!isRecord(payload)) return undefined;
  const time = readTime(payload.timestamp);
  const values: Record<string, StateValue> = {};
  if ('windowStart' in payload) {
    Object.assign(values, fieldValues(payload, DEMAND), fieldValues(payload.last, LAST));
    Object.assign(values, fieldValues(payload.monthPeak, MONTH_PEAK), {
      target: values.target_value ?? null,
    });
    return [{ device, values, time }];
  }
  if ('surplus' in payload) return [{ device, values: fieldValues(payload, SURPLUS), time }];
  // A window or a period that has ended is told in a message of its own.
  if ('period' in payload || 'demand' in payload || 'over' in payload) return [];
  const running = PERIODS.filter((one) => isRecord(payload[one]));
  if (running.length === 0) return undefined;
  PERIODS.forEach((one, i) => {
    const group = COUNTED[i];
    if (group && running.includes(one)) Object.assign(values, fieldValues(payload[one], group));
  });
  return [{ device, values, time }];
}

/** What `energy-demand` takes. */
export const energyCommand: CommandMaker = ({ value }) => ({ payload: { target: value } });
