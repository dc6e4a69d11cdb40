import { defineForm } from '../shared/form';
import { zoneRow } from '../shared/range-rows';
import { aboutRow, priceRows } from './common.form';

export const form = defineForm({
  type: 'charging-report',
  category: 'energy_devices',
  color: '#C9BFD8',
  icon: 'charging-report.svg',
  outputs: 2,
  asks: true,
  closes: true,
  scripts: ['energy-devices-rows', 'energy-devices-hours', 'energy-devices-names', 'energy-devices-about'],
  inputLabel: 'port.sessions',
  outputLabels: ['port.report', 'port.month'],
  rows: [
    ...priceRows(
      { choice: 'price', fixed: 'fixedPrice', table: 'priceTable' },
      { icon: 'tag', chosen: 'fixed', place: 'charging-report-prices' },
    ),
    { kind: 'text', name: 'currency', icon: 'eur', default: '', narrow: true },
    {
      kind: 'choice',
      name: 'groupBy',
      icon: 'users',
      default: 'station',
      options: ['station', 'space', 'table'],
    },
    { kind: 'own', name: 'names', default: [] },
    {
      kind: 'html',
      html: `<div class="form-row">
  <div id="charging-report-names" class="energy-devices-wide"></div>
  <div class="form-tips" data-i18n="tip.names"></div>
</div>`,
    },
    {
      kind: 'number',
      name: 'idlePower',
      icon: 'bolt',
      default: 100,
      min: 0,
      max: 1e6,
      unit: 'W',
      hint: 'idlePower',
    },
    {
      kind: 'number',
      name: 'idleAfter',
      icon: 'hourglass-half',
      default: 5,
      min: 0,
      max: 1440,
      unit: 'minutes',
      hint: 'idleAfter',
    },
    {
      kind: 'number',
      name: 'grace',
      icon: 'gift',
      default: 0,
      min: 0,
      max: 10_080,
      unit: 'minutes',
      hint: 'grace',
    },
    { kind: 'number', name: 'billingDay', icon: 'calendar', default: 1, min: 1, max: 28, whole: true },
    {
      kind: 'number',
      name: 'settle',
      icon: 'clock-o',
      default: 1,
      min: 0,
      max: 720,
      unit: 'hours',
      hint: 'settle',
    },
    { kind: 'flag', name: 'decimalComma', default: false },
    zoneRow,
    aboutRow('charging-report'),
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'messageTopic' },
  ],
});
