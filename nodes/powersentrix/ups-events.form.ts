import { defineForm } from '../shared/form';
import { look, scopeRows, topicRow } from './common.form';

const KINDS = ['status', 'log', 'registered'] as const;

const boxes = KINDS.map(
  (kind) => `    <label class="energy-devices-check">
      <input type="checkbox" class="ups-events-kind" value="${kind}" />
      <span data-i18n="kind.${kind}"></span>
    </label>`,
);

export const form = defineForm({
  type: 'ups-events',
  category: 'energy_devices',
  ...look,
  inputs: 0,
  outputs: 2,
  outputLabels: ['port.events', 'port.availability'],
  closes: true,
  rows: [
    ...scopeRows,
    topicRow,
    { kind: 'own', name: 'events', default: KINDS, checked: true },
    {
      kind: 'html',
      html: `<div class="form-row">
  <span class="energy-devices-label" id="ups-events-label"><i class="fa fa-bell" aria-hidden="true"></i> <span data-i18n="label.events"></span></span>
  <div id="ups-events-kinds" class="energy-devices-group" role="group" aria-labelledby="ups-events-label">
${boxes.join('\n')}
  </div>
</div>`,
    },
    {
      kind: 'number',
      name: 'temperatureLimit',
      icon: 'thermometer-half',
      default: 60,
      blank: 'none',
      min: 0,
      unit: '°C',
      hint: 'limit',
    },
    {
      kind: 'number',
      name: 'imbalanceLimit',
      icon: 'balance-scale',
      default: 0.5,
      blank: 'none',
      min: 0,
      unit: 'V',
      hint: 'limit',
    },
  ],
});
