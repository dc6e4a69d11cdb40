import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'poweropti-meter',
  category: 'energy_devices',
  color: '#A9C8A1',
  icon: 'poweropti.svg',
  outputs: 2,
  inputLabel: 'port.readNow',
  outputLabels: ['port.readings', 'port.availability'],
  rows: [
    {
      kind: 'node',
      name: 'device',
      icon: 'tachometer',
      label: 'meter',
      default: '',
      of: 'poweropti-device',
      required: true,
    },
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: true },
    {
      kind: 'number',
      name: 'deadband',
      icon: 'arrows-v',
      default: 0,
      blank: true,
      min: 0,
      unit: 'W',
      hint: 'deadband',
    },
    { kind: 'flag', name: 'raw', default: false },
  ],
});
