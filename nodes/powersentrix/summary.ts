import type { ComplexObject } from '../../lib/powersentrix/complex';
import { normaliseStatus } from '../../lib/powersentrix/status';

/** What a dialog shows of a UPS that it has reached. */
export interface UpsSummary {
  model: string | null;
  serialNumber: string | null;
  /** the current that port 0 to 11 draws in all, as counted in mA, so that the unit can be checked; A */
  totalCurrent: number | null;
  powerSource: string;
}

/** @returns model, serial number and a few figures to recognise the UPS by */
export function summaryOf(complex: ComplexObject): UpsSummary {
  const { ident, outputs, powerSource } = normaliseStatus(complex);
  const currents = outputs.map(({ current }) => current).filter((current) => current !== null);
  return {
    model: ident.model,
    serialNumber: ident.serialNumber,
    totalCurrent: currents.length === 0 ? null : currents.reduce((sum, current) => sum + current, 0),
    powerSource,
  };
}
