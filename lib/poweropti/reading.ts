import { DeviceError } from '../core/errors';
import { isoFromEpochSeconds, isRecord, toNumber } from '../core/units';

/**
 * One reading of a powerfox poweropti. Powers in W, energies in Wh as the meter counts them; a register that the
 * meter did not send is `null`.
 */
export interface PoweroptiReading {
  /** when the meter measured, ISO 8601 UTC */
  timestamp: string;
  /** signed: positive is import from the grid (OBIS 1.7.0, else 16.7.0) */
  power: number | null;
  /** the import part of `power`, ≥ 0 */
  importPower: number | null;
  /** the export part of `power`, ≥ 0 */
  exportPower: number | null;
  /** OBIS 1.8.0 */
  energyImport: number | null;
  /** OBIS 1.8.1 */
  energyImportTariff1: number | null;
  /** OBIS 1.8.2 */
  energyImportTariff2: number | null;
  /** OBIS 2.8.0 */
  energyExport: number | null;
  /** every register that came, by the OBIS code as the device writes it */
  registers: Record<string, number | null>;
}

/** An IEC 62056-61 identifier, long form included: always with a dot, so no name of a property that objects have. */
const OBIS = /^[0-9A-Za-z:-]{1,8}\.[0-9A-Za-z.*&]{1,12}$/;

/** More than any meter has; a device that sends more is none. */
const MOST_REGISTERS = 200;

/**
 * `1-0:1.8.0*255` and `1.8.0` name the same register: electricity, no channel, the present value. Other channels and
 * values of earlier billing periods (`*01`) keep their long name.
 */
function shortObis(code: string): string {
  return /^(?:1-0:)?([^:*&]+)(?:[*&]255)?$/.exec(code)?.[1] ?? code;
}

function notPoweropti(detail: string): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    `This is not what a poweropti answers: ${detail}. Check the address.`,
    {
      reason: 'poweroptiShape',
      sent: true,
    },
  );
}

/**
 * Reads the body of `GET /value`.
 *
 * @param body parsed JSON: `{ timestamp: epoch s, values: [{ obis, value }] }`; numbers may come as strings
 * @throws DeviceError BAD_RESPONSE when it has another shape
 */
export function parseReading(body: unknown): PoweroptiReading {
  if (!isRecord(body)) throw notPoweropti('no object');
  if (!Array.isArray(body.values)) throw notPoweropti('no list of values');
  if (body.values.length > MOST_REGISTERS) throw notPoweropti('too many values');
  const seconds = toNumber(body.timestamp);
  const timestamp = seconds === null || seconds <= 0 ? null : isoFromEpochSeconds(seconds);
  if (timestamp === null) throw notPoweropti('no timestamp');

  const registers: Record<string, number | null> = {};
  const byCode = new Map<string, number | null>();
  for (const entry of body.values as unknown[]) {
    if (!isRecord(entry) || typeof entry.obis !== 'string') throw notPoweropti('a value without OBIS code');
    const code = entry.obis.trim();
    if (!OBIS.test(code)) continue;
    const value = toNumber(entry.value);
    registers[code] = value;
    const short = shortObis(code);
    byCode.set(short, byCode.get(short) ?? value);
  }

  const register = (code: string): number | null => byCode.get(code) ?? null;
  const power = register('1.7.0') ?? register('16.7.0');
  return {
    timestamp,
    power,
    importPower: power === null ? null : Math.max(power, 0),
    exportPower: power === null ? null : Math.max(-power, 0),
    energyImport: register('1.8.0'),
    energyImportTariff1: register('1.8.1'),
    energyImportTariff2: register('1.8.2'),
    energyExport: register('2.8.0'),
    registers,
  };
}
