import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'enapter-connection',
  category: 'config',
  color: '#9CC5D3',
  icon: 'enapter.svg',
  asks: true,
  rows: [
    {
      kind: 'secret',
      name: 'config',
      icon: 'file-code-o',
      placeholder: true,
      required: 'errors.enapterConfigEmpty',
    },
    {
      kind: 'html',
      html: '<div id="enapter-connection-shown" class="energy-devices-result"></div>',
      beside: true,
    },
    { kind: 'html', html: '<fieldset>\n<legend data-i18n="label.generate"></legend>' },
    { kind: 'node', name: 'account', icon: 'user', default: '', of: 'enapter-account' },
    {
      kind: 'html',
      html: `<div class="form-row">
  <label for="enapter-connection-device"><i class="fa fa-cube" aria-hidden="true"></i> <span data-i18n="label.device"></span></label>
  <input type="text" id="enapter-connection-device" data-i18n="[placeholder]placeholder.device" />
</div>
<div class="form-row">
  <label for="enapter-connection-protocol"><i class="fa fa-lock" aria-hidden="true"></i> <span data-i18n="label.protocol"></span></label>
  <select id="enapter-connection-protocol">
    <option value="MQTTS" data-i18n="protocol.MQTTS"></option>
    <option value="MQTT" data-i18n="protocol.MQTT"></option>
  </select>
</div>
<div class="form-row">
  <button type="button" class="red-ui-button" id="enapter-connection-generate">
    <i class="fa fa-magic" aria-hidden="true"></i> <span data-i18n="button.generate"></span>
  </button>
  <div id="enapter-connection-generate-result" class="energy-devices-result"></div>
</div>
</fieldset>`,
    },
    { kind: 'text', name: 'host', icon: 'globe', default: '', placeholder: true, destination: true },
    {
      kind: 'choice',
      name: 'propertiesTopic',
      icon: 'tags',
      default: 'register',
      options: ['register', 'properties'],
      advanced: true,
    },
    {
      kind: 'choice',
      name: 'mqttVersion',
      icon: 'exchange',
      default: '3.1.1',
      options: ['3.1.1', '5'],
      textOf: { '3.1.1': 'mqttVersion.3' },
      advanced: true,
    },
    { kind: 'test' },
    {
      kind: 'html',
      html: `<div class="form-row">
  <button type="button" class="red-ui-button" id="enapter-connection-manifest">
    <i class="fa fa-file-text-o" aria-hidden="true"></i> <span data-i18n="button.manifest"></span>
  </button>
  <div id="enapter-connection-manifest-result" class="energy-devices-result"></div>
</div>`,
    },
    { kind: 'diagnostics' },
  ],
});
