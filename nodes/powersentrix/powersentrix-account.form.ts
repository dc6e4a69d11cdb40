import { defineForm } from '../shared/form';
import { currentUnitRow, look, pollRow } from './common.form';

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
    {
      kind: 'secret',
      name: 'email',
      icon: 'envelope',
      required: 'errors.powersentrixLoginEmpty',
      shown: true,
    },
    {
      kind: 'secret',
      name: 'password',
      icon: 'lock',
      required: 'errors.powersentrixLoginEmpty',
      password: true,
    },
    { kind: 'node', name: 'tls', icon: 'shield', default: '', of: 'tls-config', advanced: true },
    { kind: 'node', name: 'proxy', icon: 'random', default: '', of: 'http proxy', advanced: true },
    { kind: 'test' },
    { kind: 'insert' },
    { ...pollRow, hint: 'ofAll' },
    currentUnitRow,
    { kind: 'diagnostics' },
  ],
});
