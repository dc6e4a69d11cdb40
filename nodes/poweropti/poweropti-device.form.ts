import { defineForm } from '../shared/form';
import { identityRow } from '../shared/identity.form';

const FIND = `
<div class="form-row">
  <button type="button" class="red-ui-button" id="energy-devices-find">
    <i class="fa fa-search" aria-hidden="true"></i> <span data-i18n="find.button"></span>
  </button>
  <select id="energy-devices-found" data-i18n="[aria-label]find.choose"></select>
  <div id="energy-devices-find-result" class="energy-devices-result"></div>
</div>`;

export const form = defineForm({
  type: 'poweropti-device',
  category: 'config',
  color: '#A9C8A1',
  icon: 'poweropti.svg',
  asks: true,
  labelFrom: ['host'],
  labelElse: 'poweropti',
  rows: [
    {
      kind: 'address',
      name: 'host',
      icon: 'globe',
      label: 'address',
      default: 'poweropti',
      scheme: 'http',
      path: '/value',
      placeholder: true,
    },
    { kind: 'html', html: FIND },
    // What the chosen device announces; it does not come to the browser.
    { kind: 'secret', name: 'announcedId', icon: 'key', hidden: true },
    { kind: 'secret', name: 'apiKey', icon: 'key', placeholder: true, required: 'errors.apiKeyEmpty' },
    { kind: 'flag', name: 'insecureHTTPParser', default: false },
    { kind: 'test' },
    { kind: 'number', name: 'interval', icon: 'clock-o', default: 5, min: 1, unit: 'seconds' },
    { kind: 'number', name: 'staleAfter', icon: 'hourglass-half', default: 60, min: 1, unit: 'seconds' },
    {
      kind: 'choice',
      name: 'follow',
      icon: 'search',
      default: 'auto',
      options: ['auto', 'on', 'off'],
      advanced: true,
    },
    identityRow,
    { kind: 'diagnostics' },
  ],
});
