import { defineForm } from '../shared/form';
import { look, scopeRows, topicRow } from './common.form';

export const form = defineForm({
  type: 'ups-status',
  category: 'energy_devices',
  ...look,
  outputs: 2,
  inputLabel: 'port.readNow',
  outputLabels: ['port.readings', 'port.availability'],
  rows: [
    ...scopeRows,
    topicRow,
    { kind: 'flag', name: 'raw', default: false },
    { kind: 'flag', name: 'masterData', default: false },
  ],
});
