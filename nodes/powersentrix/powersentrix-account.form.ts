import { defineForm } from '../shared/form';
import { look } from './common.form';

export const form = defineForm({
  type: 'powersentrix-account',
  category: 'config',
  ...look,
  asks: true,
  labelElse: 'PowerSentrix',
  rows: [
    {
      kind: 'address',
      name: 'url',
      icon: 'globe',
      label: 'address',
      default: 'https://view.powersentrix.com/api/v1',
    },
    { kind: 'secret', name: 'email', icon: 'envelope', required: 'errors.loginEmpty', shown: true },
    { kind: 'secret', name: 'password', icon: 'lock', required: 'errors.loginEmpty', password: true },
    { kind: 'node', name: 'tls', icon: 'shield', default: '', of: 'tls-config' },
    { kind: 'node', name: 'proxy', icon: 'random', default: '', of: 'http proxy' },
    { kind: 'test' },
    { kind: 'diagnostics' },
  ],
});
