import { defineForm } from '../shared/form';
import { rangeRows } from '../shared/range-rows';
import { accountRow, deviceRow, intervalRow } from './common.form';

const WATCH = { operation: ['watch'] } as const;
const HISTORY = { operation: ['history'] } as const;

export const form = defineForm({
  type: 'powercontroller-status',
  category: 'energy_devices',
  color: '#E2C08D',
  icon: 'powercontroller.svg',
  outputs: 2,
  inputLabel: 'port.readNow',
  inputLabelBy: { setting: 'operation', keys: { history: 'port.range' } },
  outputLabels: ['port.statuses', 'port.availability'],
  rows: [
    accountRow,
    {
      kind: 'choice',
      name: 'operation',
      icon: 'eye',
      default: 'watch',
      options: ['watch', 'watchAll', 'get', 'list', 'history', 'refresh'],
      required: true,
    },
    deviceRow({ operation: ['watch', 'get', 'history', 'refresh'] }, WATCH),
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'deviceTopic' },
    { ...intervalRow, when: WATCH },
    ...rangeRows(HISTORY),
    {
      kind: 'choice',
      name: 'output',
      icon: 'sign-out',
      default: 'array',
      options: ['array', 'windows'],
      when: HISTORY,
    },
    {
      kind: 'number',
      name: 'inFlight',
      icon: 'exchange',
      default: 4,
      min: 1,
      max: 16,
      unit: 'requests',
      when: HISTORY,
      advanced: true,
    },
    { kind: 'tip', text: 'history', when: HISTORY },
    { kind: 'flag', name: 'raw', default: false },
  ],
});
