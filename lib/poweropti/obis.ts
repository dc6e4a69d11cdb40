import { isRecord, toNumber } from '../core/values';

/** Reading the registers of a meter: whose value is whose, and which values no meter has. */

/** An IEC 62056-61 identifier, long form included: always with a dot, so no name of a property that objects have. */
const OBIS = /^[0-9A-Za-z:-]{1,8}\.[0-9A-Za-z.*&]{1,12}$/;
/** `1-0:1.7.0*255` in its parts; medium, channel and period may be missing. */
const PARTS = /^(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[*&.](\d{1,3}))?$/;

/** W; no meter with an optical port measures more, and what a wrong size or sign makes of a number is more */
const MAX_POWER = 10e6;
/** Wh; a century of that power */
const MAX_ENERGY = 1e13;
/** What a signed 32-bit number below 0 is off by when it was taken for an unsigned one. */
const WRAP = 2 ** 32;

/** Each register that counts for a reading. */
export type RegisterCode = '1.7.0' | '2.7.0' | '16.7.0' | '1.8.0' | '1.8.1' | '1.8.2' | '2.8.0';

const POWERS: readonly string[] = ['1.7.0', '2.7.0', '16.7.0'];
const ENERGIES: readonly string[] = ['1.8.0', '1.8.1', '1.8.2', '2.8.0'];
/** Those that are in their short form already, as most meters write them. */
const SHORT = new Set([...POWERS, ...ENERGIES]);

/** What a register told, once it came. */
export interface Register {
  /** the code as the device writes it */
  code: string;
  /** the short form of the code */
  short: string;
  /** W, Wh or as the meter counts; `null` for what is no number, and for what no meter has */
  value: number | null;
  /** why the value is not what the device wrote */
  odd?: 'unreadable' | 'implausible' | 'wrapped';
}

/**
 * `1-0:1.8.0*255`, `1.8.0` and `01.08.00` name the same register: electricity, no channel, the present value. Other
 * channels and values of earlier billing periods (`*01`) keep their long name.
 */
export function shortObis(code: string): string {
  if (SHORT.has(code)) return code;
  const [all, medium = '1', channel = '0', c, d, e, period = '255'] = PARTS.exec(code) ?? [];
  const present = Number(medium) === 1 && Number(channel) === 0 && Number(period) === 255;
  return all !== undefined && present ? `${Number(c)}.${Number(d)}.${Number(e)}` : code;
}

/**
 * Reads one entry of the list of values, `{ obis, value }`.
 *
 * @returns `undefined` for what is no such entry, or a code that no meter has
 */
export function readRegister(entry: unknown): Register | undefined {
  if (!isRecord(entry) || typeof entry.obis !== 'string' || entry.obis.length > 64) return undefined;
  const code = entry.obis.trim();
  if (!OBIS.test(code)) return undefined;
  const short = shortObis(code);
  const value = toNumber(entry.value);
  if (value === null) return { code, short, value, odd: 'unreadable' };
  if (POWERS.includes(short)) return { code, short, ...plausiblePower(value) };
  if (ENERGIES.includes(short) && !(value >= 0 && value <= MAX_ENERGY)) {
    return { code, short, value: null, odd: 'implausible' };
  }
  return { code, short, value };
}

/** A power as the meter meant it. -1 as an unsigned number is how meters write that there is none. */
function plausiblePower(value: number): Pick<Register, 'value' | 'odd'> {
  if (Math.abs(value) <= MAX_POWER) return { value };
  const signed = value - WRAP;
  if (Number.isInteger(value) && signed < -1 && signed >= -MAX_POWER)
    return { value: signed, odd: 'wrapped' };
  return { value: null, odd: 'implausible' };
}
