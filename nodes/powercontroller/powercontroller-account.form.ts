import { defineForm } from '../shared/form';
import { intervalRow } from './common.form';

/** Who signs in needs both; a token is used in their place. */
const WITHOUT_TOKEN = {
  required: 'errors.powercontrollerSignInEmpty',
  requiredWhen: { token: [''] },
} as const;

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
    { kind: 'secret', name: 'email', icon: 'envelope', shown: true, ...WITHOUT_TOKEN },
    { kind: 'secret', name: 'password', icon: 'lock', password: true, ...WITHOUT_TOKEN },
    { kind: 'secret', name: 'token', icon: 'key' },
    { kind: 'node', name: 'proxy', icon: 'random', default: '', of: 'http proxy', advanced: true },
    { kind: 'test' },
    { kind: 'insert' },
    { ...intervalRow, hint: 'ofAll' },
    {
      kind: 'choice',
      name: 'durationKey',
      icon: 'clock-o',
      default: 'time',
      options: ['time', 'delay'],
      advanced: true,
    },
    { kind: 'diagnostics' },
  ],
});
