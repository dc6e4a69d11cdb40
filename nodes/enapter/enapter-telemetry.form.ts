import { defineForm } from '../shared/form';
import { connectionRow } from './common.form';

const log = { operation: ['log'] } as const;

export const form = defineForm({
  type: 'enapter-telemetry',
  category: 'energy_devices',
  color: '#9CC5D3',
  icon: 'enapter.svg',
  outputLabels: ['port.availability'],
  rows: [
    connectionRow,
    {
      kind: 'choice',
      name: 'operation',
      icon: 'upload',
      label: 'publish',
      default: 'telemetry',
      options: ['telemetry', 'properties', 'log'],
      texts: 'publish',
    },
    {
      kind: 'choice',
      name: 'severity',
      icon: 'exclamation-triangle',
      default: 'info',
      options: ['debug', 'info', 'warning', 'error'],
      when: log,
    },
    { kind: 'flag', name: 'persist', default: false, when: log },
  ],
});
