import { defineForm } from '../shared/form';

const scraped = { prometheus: [true] } as const;

export const form = defineForm({
  type: 'energy-metrics',
  category: 'energy_devices',
  color: '#C9BFD8',
  icon: 'metrics.svg',
  outputs: 1,
  asks: true,
  inputLabel: 'port.anything',
  outputLabels: ['port.entries'],
  rows: [
    { kind: 'flag', name: 'prometheus', default: true },
    {
      kind: 'text',
      name: 'path',
      icon: 'folder-o',
      default: 'metrics',
      required: 'errors.metricsPath',
      pattern: ['path', 'errors.metricsPath'],
      when: scraped,
    },
    {
      kind: 'html',
      html: `<div class="form-row">
  <span class="energy-devices-wide"><i class="fa fa-globe" aria-hidden="true"></i> <span data-i18n="label.scrapeAddress"></span></span>
  <div id="energy-metrics-url" class="energy-devices-wide" role="status"></div>
</div>`,
    },
    {
      kind: 'choice',
      name: 'access',
      icon: 'shield',
      default: 'password',
      options: ['password', 'nodeRed', 'open'],
      when: scraped,
    },
    {
      kind: 'secret',
      name: 'password',
      icon: 'key',
      required: 'errors.metricsPasswordEmpty',
      password: true,
      when: { prometheus: [true], access: ['password'] },
    },
    {
      kind: 'number',
      name: 'staleAfter',
      icon: 'chain-broken',
      default: 900,
      min: 10,
      max: 604_800,
      unit: 'seconds',
      hint: 'staleAfter',
      when: scraped,
    },
    {
      kind: 'choice',
      name: 'output',
      icon: 'sign-out',
      default: 'points',
      options: ['points', 'lines', 'rows'],
    },
    {
      kind: 'number',
      name: 'every',
      icon: 'clock-o',
      default: 10,
      min: 0,
      max: 3600,
      unit: 'seconds',
      hint: 'every',
    },
    { kind: 'diagnostics' },
  ],
});
