import { DEFAULT_LOW_BATTERY_MARGIN, DEFAULT_MAINS_HYSTERESIS } from '../../lib/powersentrix/supply';
import { defineForm, type When } from '../shared/form';
import { identityRow } from '../shared/identity.form';
import { accountRow, currentUnitRow, look, pollRow, receiverRow } from './common.form';

const CLOUD: When = { source: ['cloud'] };
const PUSH: When = { source: ['push'] };
/** V: the inputs are DC of about 54 V, and no voltage of the mains. */
const MAX_INPUT = 60;
/** What can be asked and switched at an address of its own. */
const ADDRESSED: When = { source: ['lan', 'push'] };

export const form = defineForm({
  type: 'ups-device',
  category: 'config',
  ...look,
  asks: true,
  labelFrom: ['cmm', 'url', 'upsId'],
  labelElse: 'ups-device',
  rows: [
    {
      kind: 'choice',
      name: 'source',
      icon: 'random',
      default: 'cloud',
      options: ['cloud', 'lan', 'push'],
      wrong: 'errors.powersentrixSourceInvalid',
    },
    { ...accountRow, when: CLOUD },
    {
      kind: 'text',
      name: 'upsId',
      icon: 'battery-full',
      default: '',
      placeholder: true,
      required: 'errors.powersentrixNoUpsId',
      when: CLOUD,
    },
    { ...receiverRow, when: PUSH },
    {
      kind: 'text',
      name: 'cmm',
      icon: 'battery-full',
      default: '',
      placeholder: true,
      required: 'errors.powersentrixNoCmm',
      when: PUSH,
    },
    { kind: 'tip', text: 'pushControl', when: PUSH },
    {
      kind: 'address',
      name: 'url',
      icon: 'globe',
      label: 'address',
      default: '',
      placeholder: 'upsUrl',
      scheme: 'http',
      path: '/api_actions',
      optional: PUSH,
      when: ADDRESSED,
    },
    {
      kind: 'secret',
      name: 'apiKey',
      icon: 'key',
      required: 'errors.powersentrixKeyEmpty',
      requiredWhen: { url: ['*'] },
      when: ADDRESSED,
    },
    {
      kind: 'node',
      name: 'tls',
      icon: 'shield',
      default: '',
      of: 'tls-config',
      when: ADDRESSED,
      advanced: true,
    },
    { kind: 'flag', name: 'insecureHTTPParser', default: false, when: ADDRESSED },
    { kind: 'test' },
    // Pushes are the UPS's own business.
    { ...pollRow, variants: [{ when: PUSH, default: 300, min: 1, label: 'pushInterval' }] },
    { ...currentUnitRow, tip: 'currentUnit', advanced: true },
    {
      kind: 'number',
      name: 'mainsThreshold',
      icon: 'plug',
      default: '',
      min: 0,
      max: MAX_INPUT,
      keepsAbove: true,
      example: '50',
      unit: 'V',
      hint: 'mainsThreshold',
    },
    {
      kind: 'number',
      name: 'mainsHysteresis',
      icon: 'arrows-v',
      default: DEFAULT_MAINS_HYSTERESIS,
      blank: true,
      min: 0,
      unit: 'V',
      hint: 'mainsHysteresis',
    },
    {
      kind: 'number',
      name: 'lowBattery',
      icon: 'battery-quarter',
      default: '',
      min: 0,
      unit: 'V',
      hint: 'lowBattery',
    },
    {
      kind: 'number',
      name: 'lowBatteryMargin',
      icon: 'battery-quarter',
      default: DEFAULT_LOW_BATTERY_MARGIN,
      blank: true,
      min: 0,
      unit: 'V',
      hint: 'lowBatteryMargin',
    },
    { kind: 'text', name: 'timezone', icon: 'globe', default: '', placeholder: true, advanced: true },
    { ...identityRow, when: { source: ['lan'] } },
    { kind: 'diagnostics' },
  ],
});
