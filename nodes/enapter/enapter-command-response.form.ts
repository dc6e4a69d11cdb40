import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'enapter-command-response',
  category: 'energy_devices',
  color: '#9CC5D3',
  icon: 'enapter.svg',
  align: 'right',
  outputs: 0,
  rows: [
    {
      kind: 'choice',
      name: 'result',
      icon: 'reply',
      default: 'completed',
      options: ['completed', 'error', 'log', 'msg'],
    },
  ],
});
