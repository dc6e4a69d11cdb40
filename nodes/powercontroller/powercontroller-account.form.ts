import { defineForm } from '../shared/form';

export const form = defineForm({
  type: 'powercontroller-account',
  category: 'config',
  color: '#E2C08D',
  icon: 'powercontroller.svg',
  asks: true,
  labelFrom: ['url'],
  labelElse: 'Automate Green',
  rows: [
    {
      kind: 'address',
      name: 'url',
      icon: 'globe',
      label: 'address',
      default: 'https://api.automategreen.com/v1',
      required: true,
    },
    { kind: 'tip', text: 'signIn' },
    { kind: 'secret', name: 'email', icon: 'envelope', shown: true },
    { kind: 'secret', name: 'password', icon: 'lock', password: true },
    { kind: 'secret', name: 'token', icon: 'key' },
    { kind: 'node', name: 'proxy', icon: 'random', default: '', of: 'http proxy' },
    { kind: 'test' },
    {
      kind: 'choice',
      name: 'durationKey',
      icon: 'clock-o',
      default: 'time',
      options: ['time', 'delay'],
    },
    { kind: 'diagnostics' },
  ],
});
