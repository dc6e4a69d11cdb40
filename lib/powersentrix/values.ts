import { ownText } from '../core/own-text';
import { isRecord, mapNumber, round, toNumber } from '../core/values';

/** What the UPS's firmware writes for a measurement that it has not got: all bits of a 16-bit counter. */
const NOT_MEASURED = 65_535;

/** Longest name or description that is kept and told: the vendor's limit for a port's. */
export const LONGEST_LABEL = 128;

/** A number of the UPS; `nan`, `inf`, 65535 and everything else that is no measurement is `null`. */
export function upsNumber(value: unknown): number | null {
  const parsed = toNumber(value);
  return parsed === NOT_MEASURED ? null : parsed;
}

/** Vendor voltages count in 10 mV. */
export const volts = (value: unknown): number | null => mapNumber(upsNumber(value), (n) => round(n / 100, 2));

/** How the firmware counts currents; the vendor's document says both. */
export type CurrentUnit = 'mA' | '10mA';

export function amperes(value: unknown, unit: CurrentUnit): number | null {
  return mapNumber(upsNumber(value), (n) => round(n / (unit === 'mA' ? 1000 : 100), 3));
}

/** A text from a UPS, no longer than a label; half a character at the cut goes too. */
export const shortLabel = (text: string): string =>
  text.length > LONGEST_LABEL ? ownText(text.slice(0, LONGEST_LABEL).replace(/[\ud800-\udbff]$/, '')) : text;

export const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? shortLabel(value) : null;

/** A name or number that identifies something; an empty one does not. */
export const labelOf = (value: unknown): string | null =>
  (typeof value === 'string' && value.trim() !== '') || typeof value === 'number'
    ? shortLabel(String(value))
    : null;

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

export const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

/** 0 and 1; nothing else is a state. */
export function flag(value: unknown): boolean | null {
  const parsed = toNumber(value);
  return parsed === 1 ? true : parsed === 0 ? false : null;
}

/** `ON` and `OFF`; nothing else is a state. */
export function onOff(value: unknown): boolean | null {
  const word = typeof value === 'string' && value.length <= 16 ? value.trim().toUpperCase() : '';
  return word === 'ON' ? true : word === 'OFF' ? false : null;
}
