import { defineForm } from '../shared/form';
import { zoneRow } from '../shared/range-rows';
import { aboutRow, gapRow, inputRows, saveRow } from './common.form';

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
    {
      kind: 'choice',
      name: 'price',
      icon: 'tag',
      default: 'none',
      options: ['none', 'fixed', 'table', 'messages'],
      texts: 'pricing',
    },
    {
      kind: 'number',
      name: 'fixedPrice',
      strict: true,
      icon: 'money',
      default: 0,
      unit: 'perKilowattHour',
      when: { price: ['fixed'] },
    },
    { kind: 'own', name: 'priceTable', default: [] },
    {
      kind: 'html',
      html: `<div class="form-row energy-devices-when" data-price="table">
  <div id="energy-counter-prices" class="energy-devices-wide"></div>
  <div class="form-tips" data-i18n="tip.priceTable"></div>
</div>`,
    },
    {
      kind: 'choice',
      name: 'feedIn',
      icon: 'sun-o',
      default: 'none',
      options: ['none', 'fixed', 'table', 'messages'],
      texts: 'pricing',
    },
    {
      kind: 'number',
      name: 'feedInPrice',
      strict: true,
      icon: 'money',
      default: 0,
      unit: 'perKilowattHour',
      when: { feedIn: ['fixed'] },
    },
    { kind: 'own', name: 'feedInTable', default: [] },
    {
      kind: 'html',
      html: `<div class="form-row energy-devices-when" data-feedin="table">
  <div id="energy-counter-feed-in" class="energy-devices-wide"></div>
  <div class="form-tips" data-i18n="tip.priceTable"></div>
</div>`,
    },
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
