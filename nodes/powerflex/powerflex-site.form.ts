import { defineForm } from '../shared/form';
import { zoneRow } from '../shared/range-rows';

export const form = defineForm({
  type: 'powerflex-site',
  category: 'config',
  color: '#C6B5DB',
  icon: 'powerflex.svg',
  asks: true,
  labelElse: 'powerflex',
  rows: [
    { kind: 'address', name: 'url', icon: 'globe', label: 'address', default: '', placeholder: true },
    { kind: 'node', name: 'tls', icon: 'lock', default: '', of: 'tls-config', advanced: true },
    { kind: 'node', name: 'proxy', icon: 'random', default: '', of: 'http proxy', advanced: true },
    {
      kind: 'text',
      name: 'accId',
      icon: 'building-o',
      default: '',
      narrow: true,
      digits: true,
      required: 'errors.powerflexAccId',
      pattern: ['accId', 'errors.powerflexAccId'],
    },
    { kind: 'secret', name: 'username', icon: 'user', required: 'errors.powerflexLoginEmpty', shown: true },
    { kind: 'secret', name: 'password', icon: 'key', required: 'errors.powerflexLoginEmpty', password: true },
    { ...zoneRow, advanced: true },
    { kind: 'test' },
    { kind: 'diagnostics' },
  ],
});
