import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'cluster-gate',
  category: 'energy_devices',
  color: '#C9BFD8',
  icon: 'cluster-gate.svg',
  outputs: 2,
  inputLabel: 'port.anything',
  outputLabels: ['port.passed', 'port.owner'],
  rows: [
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'ownerTopic' },
    { kind: 'tip', text: 'gate' },
  ],
});
