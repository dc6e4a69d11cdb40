import { tooMuch } from '../core/budget';
import { DeviceError } from '../core/errors';
import type { NoticeHandler } from '../core/notices';
import { readTimeIso } from '../core/time';
import { isRecord } from '../core/values';
import { readRegister, type Register, type RegisterCode } from './obis';

/**
 * One reading of a powerfox poweropti. Powers in W, energies in Wh as the meter counts them; a register that the
 * meter did not send is `null`.
 */
export interface PoweroptiReading {
  /** when the meter measured, ISO 8601 UTC; `null` for a meter without a time */
  timestamp: string | null;
  /** signed: positive is import from the grid, negative is export (OBIS 16.7.0, 1.7.0 and 2.7.0) */
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
  /** every register that came, by the OBIS code as the device writes it; `null` for a value that no meter has */
  registers: Record<string, number | null>;
}

/** More than any meter has; a device that sends more is none. */
const MAX_REGISTERS = 200;

/** Reasons of the notices about a value. */
const ODDITIES = {
  unreadable: 'poweroptiUnreadable',
  implausible: 'poweroptiImplausible',
  wrapped: 'poweroptiWrapped',
  contradiction: 'poweroptiContradiction',
} as const;

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

/** `undefined`: did not come; `null`: came, and cannot be read. */
type Value = number | null | undefined;

class Registers {
  readonly all: Record<string, number | null> = {};
  private readonly byCode = new Map<string, number | null>();

  add({ code, short, value }: Register): 'contradiction' | undefined {
    this.all[code] = value;
    const known = this.byCode.get(short) ?? null;
    const differs = known !== null && value !== null && known !== value;
    this.byCode.set(short, differs ? null : (known ?? value));
    return differs ? 'contradiction' : undefined;
  }

  get(code: RegisterCode): Value {
    return this.byCode.get(code);
  }
}

/**
 * Reads the body of `GET /value`. What is odd in it costs that entry or value, not the reading.
 *
 * @param body parsed JSON: `{ timestamp: epoch s, values: [{ obis, value }] }`; numbers may come as strings
 * @param notice hears of entries and values that were left out
 * @throws DeviceError BAD_RESPONSE when it has another shape
 */
export function parseReading(body: unknown, notice: NoticeHandler = () => undefined): PoweroptiReading {
  if (!isRecord(body)) throw notPoweropti('no object');
  const list = body.values;
  if (!Array.isArray(list)) throw notPoweropti('no list of values');
  if (list.length > MAX_REGISTERS) throw tooMuch(MAX_REGISTERS, 'values');
  const registers = new Registers();
  for (const [index, entry] of (list as unknown[]).entries()) {
    const register = readRegister(entry);
    if (!register) {
      notice({ reason: 'poweroptiEntry', params: { position: index + 1 } });
      continue;
    }
    const odd = registers.add(register) ?? register.odd;
    if (odd) notice({ reason: ODDITIES[odd], params: { register: register.code } });
  }
  const timestamp = readTimeIso(body.timestamp);
  if (timestamp === null) {
    // An object with any list is not a meter yet: one of the two has to be there.
    if (Object.keys(registers.all).length === 0) throw notPoweropti('neither a time nor a register');
    notice({ reason: 'poweroptiWithoutTime' });
  }
  const power = powerOf(registers);
  const register = (code: RegisterCode): number | null => registers.get(code) ?? null;
  const tariffs = [register('1.8.1'), register('1.8.2')];
  let energyImport = register('1.8.0');
  if (energyImport === 0 && tariffs.some((value) => (value ?? 0) > 0)) {
    // A total cannot be below its parts. A counter that follows it would take a false 0 for a reset of the meter.
    energyImport = null;
    notice({ reason: ODDITIES.contradiction, params: { register: '1.8.0' } });
  }
  return {
    timestamp,
    power,
    importPower: power === null ? null : Math.max(power, 0),
    exportPower: power === null ? null : Math.max(-power, 0),
    energyImport,
    energyImportTariff1: register('1.8.1'),
    energyImportTariff2: register('1.8.2'),
    energyExport: register('2.8.0'),
    registers: registers.all,
  };
}

/**
 * What flows through the meter, import positive. The vendor documents 1.7.0 as signed, and meters that write import and
 * export apart put the export into 2.7.0, or write the balance into 16.7.0. A register that came and cannot be read
 * leaves a 0 unknown: what flows may be in that register.
 */
function powerOf(registers: Registers): number | null {
  const incoming = registers.get('1.7.0');
  const outgoing = registers.get('2.7.0');
  const balance = registers.get('16.7.0');
  // Only a signed register is ever below 0; then 2.7.0 tells the same once more.
  if (typeof incoming === 'number' && incoming < 0) return incoming;
  if (typeof balance === 'number' && balance !== 0) return balance;
  // An export below 0 says nothing that is certain.
  if (incoming === null || (typeof outgoing === 'number' && outgoing < 0)) return balance ?? null;
  if (incoming === undefined) return balance ?? (outgoing ? 0 - outgoing : null);
  const told = typeof outgoing === 'number' || typeof balance === 'number';
  const unreadable = outgoing === null || balance === null;
  if (incoming === 0 && unreadable && !told) return null;
  // Adding 0 makes 0 of the -0 that a device may write.
  return incoming - (outgoing ?? 0) + 0;
}
