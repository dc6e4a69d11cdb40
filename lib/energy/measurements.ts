import { measured, type Measurement, type MeasurementGroup } from '../core/measurement';

type Fields = Readonly<Record<string, Measurement>>;

const DEMAND: Fields = {
  energy: measured('energy', 'of the running window so far'),
  average: measured('power', 'of the running window, over the time that is known'),
  projected: measured('power', 'what the window comes to at the present power'),
  allowedPower: measured('power', 'may be used until the window ends'),
  allowedLoad: measured('power', 'of it, what the controlled load may draw'),
  reduction: measured('power', 'the present power less what is allowed'),
  margin: measured('energy', 'left at the end of the window; negative: too much'),
  target: measured('power', 'as set, else what is paid for anyway'),
  peakAverage: measured('power', 'mean of the peaks that count this month'),
  toBeat: measured('power', 'what a window today must exceed to cost more'),
  billed: measured('power', 'with floor and ratchet'),
  yearAverage: measured(
    'power',
    'mean of the peaks of this month and the eleven before, each at least the floor',
  ),
  coverage: measured('number', 'known share of the running window, 0 to 1'),
};

const LAST: Fields = {
  demand: measured('power', 'mean power; `null` while too little of the window is known'),
  energy: measured('energy', 'of the window'),
  average: measured('power', 'over the time that is known'),
  coverage: measured('number', 'known share, 0 to 1'),
};

const PERIOD: Fields = {
  import: measured('energy', 'from the grid'),
  export: measured('energy', 'into the grid'),
  net: measured('energy', 'import less export'),
  cost: measured(
    'number',
    'of what was imported at a known price, in the currency of the setting; without `base`',
  ),
  revenue: measured('number', 'of what was exported at a known price, in the currency of the setting'),
  base: measured('number', 'base rate by the time that has passed, in the currency of the setting'),
  unpriced: measured('energy', 'imported without a known price'),
  coverage: measured('number', 'known share of the time, 0 to 1'),
  estimated: measured('energy', 'split by time at the start or end of the period'),
};

const SURPLUS: Fields = {
  power: measured('power', 'of the grid, as the next load has to see it; export is negative'),
  surplus: measured('power', 'what this load may take'),
  load: measured('power', 'what this load was told to take'),
};

/** The numbers in the messages of the energy nodes. */
export const ENERGY_MEASUREMENTS: readonly MeasurementGroup[] = [
  { source: 'energy-demand', path: 'payload', fields: DEMAND },
  { source: 'energy-demand', path: 'payload.last', fields: LAST },
  {
    source: 'energy-demand',
    path: 'payload.monthPeak',
    fields: { demand: measured('power', 'highest window of the month') },
  },
  ...['payload.day', 'payload.week', 'payload.month', 'payload.year'].map((path) => ({
    source: 'energy-counter',
    path,
    fields: PERIOD,
  })),
  { source: 'energy-counter', path: 'payload', fields: PERIOD },
  { source: 'energy-surplus', path: 'payload', fields: SURPLUS },
];
