import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'enapter-account',
  category: 'config',
  color: '#9CC5D3',
  icon: 'enapter.svg',
  asks: true,
  labelFrom: ['url'],
  labelElse: 'Enapter',
  rows: [
    {
      kind: 'address',
      name: 'url',
      icon: 'globe',
      label: 'address',
      default: 'https://api.enapter.com/v3',
      path: '/v3',
      placeholder: true,
    },
    { kind: 'secret', name: 'token', icon: 'key', required: 'errors.enapterTokenEmpty' },
    { kind: 'node', name: 'tls', icon: 'shield', default: '', of: 'tls-config', advanced: true },
    { kind: 'node', name: 'proxy', icon: 'random', default: '', of: 'http proxy', advanced: true },
    { kind: 'test' },
    { kind: 'insert' },
    { kind: 'diagnostics' },
  ],
});
