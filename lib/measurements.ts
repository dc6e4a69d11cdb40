import type { MeasurementGroup } from './core/measurement';
import type { Vendor } from './core/vendors';
import { ENERGY_MEASUREMENTS } from './energy/measurements';
import { POWERCONTROLLER_MEASUREMENTS } from './powercontroller/measurements';
import { POWERFLEX_MEASUREMENTS } from './powerflex/measurements';
import { POWEROPTI_MEASUREMENTS } from './poweropti/measurements';
import { POWERSENTRIX_MEASUREMENTS } from './powersentrix/measurements';

/** Everything that is measured, in one place, so that no vendor's part needs to know another one. */

/** The tables by `msg.device.vendor`; the Enapter nodes carry what others put into them. */
const BY_VENDOR: Readonly<
  Record<Exclude<Vendor, 'enapter'> | 'energy-devices', readonly MeasurementGroup[]>
> = {
  powerfox: POWEROPTI_MEASUREMENTS,
  powersentrix: POWERSENTRIX_MEASUREMENTS,
  'automate-green': POWERCONTROLLER_MEASUREMENTS,
  powerflex: POWERFLEX_MEASUREMENTS,
  'energy-devices': ENERGY_MEASUREMENTS,
};

/** All tables. */
export const MEASUREMENTS: readonly MeasurementGroup[] = Object.values(BY_VENDOR).flat();

/**
 * The units of a vendor's readings, by the place of a value in the payload without the positions in lists:
 * `outputs[].power`. `null` where two kinds of message have different units at one place; what has no unit is not there.
 */
export type Units = ReadonlyMap<string, string | null>;

const UNITS: ReadonlyMap<string, Units> = new Map(
  Object.entries(BY_VENDOR).map(([vendor, groups]) => [vendor, unitsIn(groups)]),
);

/** @param vendor of `msg.device` */
export function unitsOf(vendor: string): Units | undefined {
  return UNITS.get(vendor);
}

function unitsIn(groups: readonly MeasurementGroup[]): Units {
  const found = new Map<string, string | null>();
  const all = groups.flatMap(({ path, fields }) =>
    Object.entries(fields).map(([name, { unit }]) => ({ place: placeOf(path, name), unit })),
  );
  for (const { place, unit } of all) {
    found.set(place, !found.has(place) || found.get(place) === unit ? unit : null);
  }
  return found;
}

/** `payload.outputs[]` and `power` as `outputs[].power`; a payload that is a list is sent entry by entry. */
function placeOf(path: string, name: string): string {
  const inside = path.replace(/^.*\bpayload(?:\[\])?\.?/, '');
  return inside === '' ? name : `${inside}.${name}`;
}
