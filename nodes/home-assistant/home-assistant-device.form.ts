import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'home-assistant-device',
  category: 'energy_devices',
  color: '#C9BFD8',
  icon: 'home-assistant.svg',
  outputs: 1,
  asks: true,
  closes: true,
  inputLabel: 'port.anything',
  outputLabels: ['port.commands'],
  rows: [
    {
      kind: 'node',
      name: 'broker',
      icon: 'exchange',
      default: '',
      of: 'mqtt-broker',
      required: 'errors.homeAssistantNoBroker',
    },
    { kind: 'tip', text: 'allow' },
    { kind: 'flag', name: 'allowSwitch', default: false },
    { kind: 'flag', name: 'allowRestart', default: false },
    { kind: 'flag', name: 'allowTarget', default: false },
    { kind: 'flag', name: 'allowLimit', default: false },
    { kind: 'number', name: 'every', icon: 'clock-o', default: 10, min: 1, max: 3600, unit: 'seconds' },
    {
      kind: 'number',
      name: 'watch',
      icon: 'hourglass-half',
      default: 15,
      min: 0,
      max: 1440,
      unit: 'minutes',
      hint: 'watch',
    },
    {
      kind: 'choice',
      name: 'onDelete',
      icon: 'trash-o',
      default: 'remove',
      options: ['remove', 'keep'],
    },
    {
      kind: 'text',
      name: 'prefix',
      icon: 'search',
      default: 'homeassistant',
      required: 'errors.homeAssistantTopic',
      pattern: ['topic', 'errors.homeAssistantTopic'],
      advanced: true,
    },
    {
      kind: 'text',
      name: 'root',
      icon: 'tasks',
      default: 'energy-devices',
      required: 'errors.homeAssistantTopic',
      pattern: ['topic', 'errors.homeAssistantTopic'],
      advanced: true,
    },
    {
      kind: 'text',
      name: 'birth',
      icon: 'bell-o',
      default: '',
      placeholder: true,
      pattern: ['topic', 'errors.homeAssistantTopic'],
      advanced: true,
    },
    {
      kind: 'number',
      name: 'largestPower',
      icon: 'bolt',
      default: 100,
      above: 0,
      max: 1_000_000,
      unit: 'kW',
      hint: 'largestPower',
      advanced: true,
    },
    {
      kind: 'html',
      html: `<div class="form-row">
  <span class="energy-devices-wide"><i class="fa fa-list" aria-hidden="true"></i> <span data-i18n="label.stale"></span></span>
  <div id="home-assistant-stale" class="energy-devices-wide" role="status" aria-live="polite"></div>
  <button type="button" class="red-ui-button" id="home-assistant-remove" disabled>
    <i class="fa fa-trash-o" aria-hidden="true"></i> <span data-i18n="dialog.removeStale"></span>
  </button>
  <div id="home-assistant-result" class="energy-devices-result"></div>
</div>`,
    },
  ],
});
