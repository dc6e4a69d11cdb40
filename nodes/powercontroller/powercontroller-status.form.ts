import { defineForm } from '../shared/form';

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
    {
      kind: 'node',
      name: 'account',
      icon: 'cloud',
      default: '',
      of: 'powercontroller-account',
      required: true,
    },
    {
      kind: 'choice',
      name: 'operation',
      icon: 'eye',
      default: 'watch',
      options: ['watch', 'get', 'list', 'history', 'refresh'],
      required: true,
    },
    {
      kind: 'text',
      name: 'deviceId',
      icon: 'microchip',
      default: '',
      placeholder: true,
      required: 'errors.deviceIdEmpty',
      requiredWhen: WATCH,
      when: { operation: ['watch', 'get', 'history', 'refresh'] },
    },
    { kind: 'text', name: 'topic', icon: 'tasks', default: '', placeholder: 'deviceTopic' },
    {
      kind: 'number',
      name: 'interval',
      icon: 'clock-o',
      default: 60,
      min: 10,
      unit: 'seconds',
      when: WATCH,
    },
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
      unit: 'requests',
      when: HISTORY,
    },
    { kind: 'tip', text: 'history', when: HISTORY },
    { kind: 'flag', name: 'raw', default: false },
  ],
});
