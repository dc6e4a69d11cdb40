import { defineForm } from '../shared/form';
import { currentUnitRow, look } from './common.form';

export const form = defineForm({
  type: 'ups-receiver',
  category: 'config',
  ...look,
  asks: true,
  closes: true,
  labelFrom: ['path'],
  labelElse: 'ups-receiver',
  rows: [
    {
      kind: 'text',
      name: 'path',
      icon: 'folder-o',
      default: '/powersentrix',
      required: 'errors.powersentrixReceiverPath',
      pattern: ['path', 'errors.powersentrixReceiverPath'],
    },
    { kind: 'secret', name: 'companyId', icon: 'building-o', required: 'errors.powersentrixCompanyIdEmpty' },
    {
      kind: 'secret',
      name: 'secret',
      icon: 'key',
      shown: true,
      button: { id: 'ups-receiver-generate', icon: 'random', text: 'generate' },
    },
    {
      kind: 'html',
      html: `<div class="form-row">
  <label for="ups-receiver-url"><i class="fa fa-globe" aria-hidden="true"></i> <span data-i18n="label.serverUrl"></span></label>
  <input type="text" id="ups-receiver-url" readonly />
  <button type="button" class="red-ui-button" id="ups-receiver-copy" data-i18n="[title]dialog.copy;[aria-label]dialog.copy">
    <i class="fa fa-clipboard" aria-hidden="true"></i>
  </button>
  <div class="form-tips" data-i18n="tip.serverUrl"></div>
</div>
<div class="form-row">
  <span class="energy-devices-wide" id="ups-receiver-registered"><i class="fa fa-list" aria-hidden="true"></i> <span data-i18n="label.registered"></span></span>
  <div id="ups-receiver-list" class="energy-devices-wide" role="status" aria-live="polite"></div>
</div>`,
    },
    { kind: 'insert' },
    {
      kind: 'number',
      name: 'interval',
      icon: 'clock-o',
      label: 'pushInterval',
      default: 300,
      min: 1,
      unit: 'seconds',
      hint: 'ofAll',
    },
    currentUnitRow,
    { kind: 'diagnostics' },
  ],
});
