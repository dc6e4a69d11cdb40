import { defineForm } from '../shared/form';
import { connectionRow } from './common.form';

export const form = defineForm({
  type: 'enapter-command-in',
  category: 'energy_devices',
  color: '#9CC5D3',
  icon: 'enapter.svg',
  inputs: 0,
  labelFrom: ['command'],
  outputLabels: ['port.commands'],
  rows: [
    connectionRow,
    { kind: 'text', name: 'command', icon: 'terminal', default: '', placeholder: true },
    {
      kind: 'number',
      name: 'timeout',
      icon: 'hourglass-half',
      label: 'answerWithin',
      default: 30,
      min: 1,
      unit: 'seconds',
    },
  ],
});
