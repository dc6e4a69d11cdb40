import { invalidInput } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import { type PlanSettings, readPorts, readSteps } from '../../lib/outage/settings';
import type { SettingsOf } from '../shared/form';
import type { form } from './ups-outage-plan.form';

type OutageForm = SettingsOf<typeof form>;

/**
 * The plan that a dialog describes.
 *
 * @throws DeviceError INVALID_INPUT for anything that cannot be read: half a plan is none
 */
export function planSettings(settings: OutageForm): PlanSettings {
  const plan = readSteps(settings.steps, readPorts(settings.needed));
  if (givenText(settings.server) === '' && plan.steps.some(({ wait }) => wait === 'hosts')) {
    throw invalidInput(
      'Steps wait for hosts, and no NUT server is chosen that would know them.',
      'powersentrixOutageNoServer',
    );
  }
  const { supplies, finish, offBelow, stable, charge, restoreVoltage, pause, order } = settings;
  return { ...plan, supplies, finish, offBelow, stable, charge, restoreVoltage, pause, order };
}
