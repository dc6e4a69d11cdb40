import { defineForm } from '../shared/form';
import { look, upsRow } from './common.form';

export const form = defineForm({
  type: 'ups-outage-plan',
  category: 'energy_devices',
  ...look,
  outputs: 3,
  asks: true,
  closes: true,
  scripts: ['energy-devices-rows', 'energy-devices-steps'],
  inputLabel: 'port.planInput',
  outputLabels: ['port.planCommands', 'port.planMessages', 'port.planRecord'],
  rows: [
    { ...upsRow, required: 'errors.noDevice' },
    // A flow node, which the editor offers no list for.
    { kind: 'own', name: 'server', default: '' },
    {
      kind: 'html',
      html: `<div class="form-row">
  <label for="node-input-server"><i class="fa fa-server" aria-hidden="true"></i> <span data-i18n="label.server"></span></label>
  <select id="node-input-server"></select>
</div>`,
    },
    { kind: 'own', name: 'steps', default: [], checked: true },
    {
      kind: 'html',
      html: `<div class="form-row">
  <span class="energy-devices-label" id="ups-outage-plan-label"><i class="fa fa-list-ol" aria-hidden="true"></i> <span data-i18n="label.steps"></span></span>
  <div id="ups-outage-plan-steps" class="energy-devices-wide" role="group" aria-labelledby="ups-outage-plan-label"></div>
  <div class="form-tips" data-i18n="tip.steps"></div>
</div>`,
    },
    {
      kind: 'text',
      name: 'needed',
      icon: 'sitemap',
      default: '',
      placeholder: true,
      pattern: ['ports', 'errors.powersentrixOutageNeeded'],
    },
    { kind: 'tip', text: 'needed' },
    { kind: 'choice', name: 'supplies', icon: 'plug', default: 'all', options: ['all', 'any'] },
    {
      kind: 'number',
      name: 'finish',
      icon: 'hourglass-end',
      default: 120,
      min: 0,
      max: 3600,
      unit: 'seconds',
      hint: 'finish',
      strict: true,
    },
    {
      kind: 'number',
      name: 'offBelow',
      icon: 'power-off',
      default: '',
      blank: 'none',
      above: 0,
      max: 10_000,
      unit: 'W',
      hint: 'offBelow',
      strict: true,
    },
    {
      kind: 'number',
      name: 'stable',
      icon: 'check',
      default: 120,
      min: 0,
      max: 86_400,
      unit: 'seconds',
      hint: 'stable',
      strict: true,
    },
    {
      kind: 'number',
      name: 'charge',
      icon: 'battery-half',
      default: 300,
      min: 0,
      max: 86_400,
      unit: 'seconds',
      hint: 'charge',
      strict: true,
    },
    {
      kind: 'number',
      name: 'restoreVoltage',
      icon: 'battery-full',
      default: '',
      blank: 'none',
      above: 0,
      max: 1000,
      unit: 'V',
      hint: 'restoreVoltage',
      strict: true,
    },
    {
      kind: 'number',
      name: 'pause',
      icon: 'pause',
      default: 10,
      min: 0,
      max: 3600,
      unit: 'seconds',
      hint: 'pause',
      strict: true,
    },
    { kind: 'choice', name: 'order', icon: 'sort', default: 'reverse', options: ['reverse', 'same'] },
    {
      kind: 'html',
      html: `<div class="form-row">
  <button type="button" class="red-ui-button" id="ups-outage-plan-dry-run"><i class="fa fa-eye" aria-hidden="true"></i> <span data-i18n="dialog.dryRun"></span></button>
  <div id="ups-outage-plan-dry" class="energy-devices-wide" role="status"></div>
</div>`,
    },
    { kind: 'diagnostics' },
  ],
});
