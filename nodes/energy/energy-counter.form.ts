import { defineForm } from '../shared/form';
import { gapRow, inputRows, zoneRow } from './common.form';

export const form = defineForm({
  type: 'energy-counter',
  category: 'energy_devices',
  color: '#C9BFD8',
  icon: 'energy.svg',
  outputs: 2,
  closes: true,
  scripts: ['energy-devices-hours'],
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
      options: ['none', 'fixed'],
      texts: 'pricing',
    },
    {
      kind: 'number',
      name: 'feedInPrice',
      icon: 'money',
      default: 0,
      unit: 'perKilowattHour',
      when: { feedIn: ['fixed'] },
    },
    {
      kind: 'choice',
      name: 'basePer',
      icon: 'calendar-o',
      default: '',
      options: ['', 'day', 'month'],
      textOf: { '': 'basePer.none' },
    },
    { kind: 'number', name: 'base', icon: 'money', default: 0, min: 0, when: { basePer: ['day', 'month'] } },
    { kind: 'text', name: 'currency', icon: 'eur', default: '', narrow: true },
    { kind: 'flag', name: 'hours', default: false },
    gapRow,
    zoneRow,
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'messageTopic' },
  ],
});
