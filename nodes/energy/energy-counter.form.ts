import { defineForm } from '../shared/form';
import { zoneRow } from '../shared/range-rows';
import { aboutRow, gapRow, inputRows, priceRows, saveRow } from './common.form';

export const form = defineForm({
  type: 'energy-counter',
  category: 'energy_devices',
  color: '#C9BFD8',
  icon: 'energy.svg',
  outputs: 2,
  asks: true,
  closes: true,
  scripts: ['energy-devices-rows', 'energy-devices-hours', 'energy-devices-about'],
  inputLabel: 'port.reading',
  outputLabels: ['port.usage', 'port.closed'],
  rows: [
    ...inputRows,
    { kind: 'number', name: 'billingDay', icon: 'calendar', default: 1, min: 1, max: 28, whole: true },
    ...priceRows(
      { choice: 'price', fixed: 'fixedPrice', table: 'priceTable' },
      { icon: 'tag', chosen: 'none', place: 'energy-counter-prices' },
    ),
    ...priceRows(
      { choice: 'feedIn', fixed: 'feedInPrice', table: 'feedInTable' },
      { icon: 'sun-o', chosen: 'none', place: 'energy-counter-feed-in' },
    ),
    {
      kind: 'choice',
      name: 'basePer',
      icon: 'calendar-o',
      default: '',
      options: ['', 'day', 'month'],
      textOf: { '': 'basePer.none' },
    },
    {
      kind: 'number',
      name: 'base',
      strict: true,
      icon: 'money',
      default: 0,
      min: 0,
      when: { basePer: ['day', 'month'] },
    },
    { kind: 'text', name: 'currency', icon: 'eur', default: '', narrow: true },
    { kind: 'flag', name: 'hours', default: false },
    gapRow,
    zoneRow,
    saveRow,
    aboutRow('energy-counter'),
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'messageTopic' },
  ],
});
