import { defineForm } from '../shared/form';
import { zoneRow } from '../shared/range-rows';
import { aboutRow, repeatRow, saveRow } from './common.form';

export const form = defineForm({
  type: 'energy-price-plan',
  category: 'energy_devices',
  color: '#C9BFD8',
  icon: 'price-plan.svg',
  outputs: 3,
  asks: true,
  closes: true,
  scripts: ['energy-devices-hours', 'energy-devices-about'],
  inputLabel: 'port.prices',
  outputLabels: ['port.command', 'port.plan', 'port.schedule'],
  rows: [
    {
      kind: 'number',
      name: 'hours',
      strict: true,
      icon: 'clock-o',
      default: 4,
      above: 0,
      max: 25,
      unit: 'hoursADay',
    },
    { kind: 'choice', name: 'mode', icon: 'puzzle-piece', default: 'split', options: ['split', 'block'] },
    {
      kind: 'text',
      name: 'from',
      icon: 'step-backward',
      default: '00:00',
      narrow: true,
      required: 'errors.energyClock',
      pattern: ['clock', 'errors.energyClock'],
    },
    {
      kind: 'text',
      name: 'to',
      icon: 'step-forward',
      default: '24:00',
      narrow: true,
      required: 'errors.energyClock',
      pattern: ['clock', 'errors.energyClock'],
    },
    {
      kind: 'number',
      name: 'longestPause',
      strict: true,
      icon: 'pause',
      default: '',
      min: 0,
      max: 1500,
      unit: 'minutes',
      when: { mode: ['split'] },
      hint: 'longestPause',
    },
    { kind: 'number', name: 'maxPrice', strict: true, icon: 'ban', default: '', hint: 'maxPrice' },
    { kind: 'own', name: 'fallback', default: [] },
    {
      kind: 'html',
      html: `<div class="form-row">
  <span class="energy-devices-wide"><i class="fa fa-table" aria-hidden="true"></i> <span data-i18n="label.fallback"></span></span>
  <div id="energy-price-plan-fallback" class="energy-devices-wide"></div>
  <div class="form-tips" data-i18n="tip.fallback"></div>
</div>`,
    },
    { kind: 'flag', name: 'schedule', default: false },
    repeatRow,
    zoneRow,
    saveRow,
    aboutRow('energy-price-plan'),
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'messageTopic' },
    { kind: 'diagnostics' },
  ],
});
