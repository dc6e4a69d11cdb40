import { defineForm } from '../shared/form';

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
      placeholder: true,
    },
    { kind: 'secret', name: 'apiKey', icon: 'key', required: 'errors.apiKeyEmpty' },
    { kind: 'flag', name: 'insecureHTTPParser', default: false },
    { kind: 'test' },
    { kind: 'number', name: 'interval', icon: 'clock-o', default: 5, min: 1, unit: 'seconds' },
    { kind: 'number', name: 'staleAfter', icon: 'hourglass-half', default: 60, min: 1, unit: 'seconds' },
    { kind: 'diagnostics' },
  ],
});
