import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'powerflex-site',
  category: 'config',
  color: '#C6B5DB',
  icon: 'powerflex.svg',
  asks: true,
  labelElse: 'powerflex',
  rows: [
    { kind: 'address', name: 'url', icon: 'globe', label: 'address', default: '', placeholder: true },
    { kind: 'node', name: 'tls', icon: 'lock', default: '', of: 'tls-config' },
    { kind: 'node', name: 'proxy', icon: 'random', default: '', of: 'http proxy' },
    {
      kind: 'text',
      name: 'accId',
      icon: 'building-o',
      default: '',
      narrow: true,
      digits: true,
      required: 'errors.accId',
      pattern: ['accId', 'errors.accId'],
    },
    { kind: 'secret', name: 'username', icon: 'user', required: 'errors.loginEmpty', shown: true },
    { kind: 'secret', name: 'password', icon: 'key', required: 'errors.loginEmpty', password: true },
    { kind: 'test' },
    { kind: 'diagnostics' },
  ],
});
