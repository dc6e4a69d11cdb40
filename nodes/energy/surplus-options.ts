import { invalidInput } from '../../lib/core/errors';
import { localTimeOf } from '../../lib/core/zone';
import { minutesOf } from '../../lib/energy/hours';
import type { SurplusDecision, SurplusOptions } from '../../lib/energy/surplus-types';
import type { SettingsOf } from '../shared/form';
import type { form } from './energy-surplus.form';

/** What the dialog's words mean to the calculation, and its decisions to a load. */

export type SurplusSettings = SettingsOf<typeof form>;

const SECOND = 1000;
const HOUR = 3_600_000;

/**
 * W of one ampere. A charger that is told a current gets whole ones, so its powers are multiples of this.
 */
function ampere({ kind, output, volts, phases }: SurplusSettings): number | undefined {
  return kind === 'modulate' && output === 'current' ? volts * phases : undefined;
}

/** @throws DeviceError INVALID_INPUT for settings that contradict each other */
export function surplusOptions(settings: SurplusSettings): SurplusOptions {
  const { kind, until, zone, maxStarts, failSafe, failSafePower } = settings;
  let { power, max, step } = settings;
  const unit = ampere(settings);
  if (unit !== undefined) {
    power = Math.ceil(power / unit - 1e-9) * unit;
    max = Math.floor(max / unit + 1e-9) * unit;
    step = Math.max(1, Math.round(step / unit)) * unit;
  }
  if (kind === 'modulate' && max < power) {
    throw invalidInput('The most power must be above the least.', 'energyMax');
  }
  return {
    kind,
    power,
    max: kind === 'switch' ? power : max,
    step,
    tolerated: settings.tolerated,
    onAfter: settings.onAfter * SECOND,
    offAfter: settings.offAfter * SECOND,
    minOn: settings.minOn * SECOND,
    minOff: settings.minOff * SECOND,
    maxStarts,
    runAtLeast: settings.runAtLeast * HOUR,
    until: minutesOf(until),
    staleAfter: settings.staleAfter * SECOND,
    failSafe,
    failSafePower,
    zone: localTimeOf(zone),
  };
}

/** What the load is told: a bare number means something else to each of them, and is never sent. */
export function commandPayload(settings: SurplusSettings, { on, watts }: SurplusDecision): unknown {
  if (settings.kind === 'switch') return on;
  switch (settings.output) {
    case 'power':
      return { power: Math.floor(watts) };
    case 'current':
      return { current: Math.round(watts / (settings.volts * settings.phases)) };
    case 'powerflex-dcm':
      // No limit would be all the power that there is: off is a limit of 0.
      return { maxLoad: Math.floor(watts) / 1000, maxLoadUnit: 'kW', enabled: true };
  }
}
