import { OPERATIONS } from '../../lib/powerflex/dcm-input';
import { defineForm } from '../shared/form';
import { singleRow } from '../shared/single.form';

const LOADS = { operation: ['set_real_time_load', 'msg'] } as const;
const SIGNAL = { operation: ['set_external_signal', 'msg'] } as const;

/** The months' fields are made by the dialog's script. */
const TARGET_ROWS = `<div class="form-row energy-devices-when" data-operation="set_target_peak_power msg">
  <span class="energy-devices-label" id="powerflex-targets-label"><i class="fa fa-calendar" aria-hidden="true"></i> <span data-i18n="label.targets"></span></span>
  <button type="button" class="red-ui-button" id="powerflex-read-targets">
    <i class="fa fa-download" aria-hidden="true"></i> <span data-i18n="dialog.readTargets"></span>
  </button>
  <div id="powerflex-read-targets-result" class="energy-devices-result"></div>
</div>
<div id="powerflex-targets" class="energy-devices-when" role="group" aria-labelledby="powerflex-targets-label" data-operation="set_target_peak_power msg"></div>`;

const CHOICES = [...OPERATIONS, 'msg'] as const;

export const form = defineForm({
  type: 'powerflex-dcm',
  category: 'energy_devices',
  color: '#C6B5DB',
  icon: 'powerflex.svg',
  outputs: 2,
  closes: true,
  inputLabelBy: {
    setting: 'operation',
    keys: Object.fromEntries(CHOICES.map((name) => [name, `operation.${name}`])),
  },
  outputLabels: ['port.result', 'port.feed'],
  rows: [
    { kind: 'node', name: 'site', icon: 'building-o', default: '', of: 'powerflex-site', required: true },
    {
      kind: 'choice',
      name: 'operation',
      icon: 'cog',
      default: 'set_real_time_load',
      options: CHOICES,
      required: true,
    },
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'siteTopic' },
    {
      kind: 'text',
      name: 'loadProperty',
      icon: 'ellipsis-h',
      default: '',
      placeholder: true,
      when: LOADS,
    },
    {
      kind: 'choice',
      name: 'loadUnit',
      icon: 'bolt',
      label: 'unit',
      default: 'kW',
      options: ['kW', 'W'],
      texts: null,
      narrow: true,
      beside: true,
    },
    {
      kind: 'choice',
      name: 'negative',
      icon: 'sun-o',
      default: 'refuse',
      options: ['refuse', 'zero'],
      when: LOADS,
    },
    {
      kind: 'number',
      name: 'minInterval',
      icon: 'clock-o',
      default: 1,
      min: 0,
      unit: 'seconds',
      when: LOADS,
    },
    {
      kind: 'number',
      name: 'repeatInterval',
      icon: 'repeat',
      default: 30,
      min: 1,
      unit: 'seconds',
      when: LOADS,
    },
    {
      kind: 'number',
      name: 'maxAge',
      icon: 'hourglass-half',
      default: 120,
      min: 1,
      unit: 'seconds',
      when: LOADS,
    },
    {
      kind: 'number',
      name: 'failSafe',
      // What cannot be read must not mean that there is none.
      strict: true,
      icon: 'life-ring',
      default: '',
      min: 0,
      max: 1_000_000_000,
      unit: 'kW',
      hint: 'failSafe',
      when: LOADS,
    },
    { kind: 'own', name: 'targets', default: {}, checked: true },
    { kind: 'html', html: TARGET_ROWS },
    { kind: 'tip', text: 'targetsByMessage', when: { operation: ['set_target_peak_power', 'msg'] } },
    {
      kind: 'text',
      name: 'signalName',
      icon: 'bolt',
      default: '',
      placeholder: true,
      when: { operation: ['set_external_signal', 'get_external_signal', 'msg'] },
    },
    {
      kind: 'number',
      name: 'maxLoad',
      strict: true,
      icon: 'level-down',
      default: '',
      min: 0,
      when: SIGNAL,
    },
    {
      kind: 'choice',
      name: 'maxLoadUnit',
      icon: 'bolt',
      label: 'unit',
      default: 'kW',
      options: ['kW', 'A'],
      texts: null,
      narrow: true,
      beside: true,
    },
    { kind: 'flag', name: 'enabled', default: true, beside: true },
    {
      kind: 'number',
      name: 'restoreAfter',
      strict: true,
      icon: 'undo',
      default: '',
      min: 0,
      unit: 'min',
      hint: 'restoreAfter',
      when: SIGNAL,
    },
    singleRow,
    { kind: 'tip', text: 'limitStays', when: SIGNAL },
  ],
});
