import { defineForm } from '../shared/form';
import { singleRow } from '../shared/single.form';
import { look, upsRow } from './common.form';

export const form = defineForm({
  type: 'ups-port',
  category: 'energy_devices',
  ...look,
  inputLabel: 'port.command',
  outputLabels: ['port.outcome'],
  closes: true,
  rows: [
    upsRow,
    {
      kind: 'choice',
      name: 'port',
      icon: 'plug',
      default: '',
      options: ['', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'],
      texts: null,
      textOf: { '': 'choice.fromMessage' },
      wrong: 'errors.powersentrixPortInvalid',
    },
    // As the UPS calls the port, for the node's label.
    { kind: 'own', name: 'portName', default: '' },
    {
      kind: 'choice',
      name: 'action',
      icon: 'bolt',
      default: 'msg',
      options: ['msg', 'on', 'off', 'toggle', 'restart', 'describe'],
      textOf: { msg: 'choice.fromMessage' },
    },
    singleRow,
    { kind: 'tip', text: 'port' },
  ],
});
