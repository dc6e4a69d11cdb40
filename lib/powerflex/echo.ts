import { DeviceError } from '../core/errors';

/** Decimals beyond these are noise of floating-point numbers. */
const MAX_DECIMALS = 9;
/** Share of a value that is lost when a number is kept in 32 bits. */
const SINGLE = 1e-6;

/** Whether two numbers are the same but for the noise of floating-point numbers, single precision included. */
export function sameNumber(a: number, b: number): boolean {
  return Math.abs(a - b) <= SINGLE * Math.max(1, Math.abs(a), Math.abs(b));
}

/**
 * Whether a server that was given one number may hold it as the other: the same, or rounded or cut to fewer decimals.
 * A whole number is held as it is.
 *
 * @param fewest decimals that the server keeps at least
 */
export function isKeptAs(asked: number, held: number, fewest = 0): boolean {
  if (sameNumber(asked, held)) return true;
  for (let decimals = fewest; decimals <= MAX_DECIMALS; decimals++) {
    const factor = 10 ** decimals;
    const scaled = asked * factor;
    if ([Math.round(scaled), Math.trunc(scaled)].some((kept) => sameNumber(kept / factor, held))) return true;
  }
  return false;
}

/** The error for a server that answers with something else than it was given. */
export function conflict(asked: string, held: string): DeviceError {
  return new DeviceError(
    'CONFLICT',
    `The server holds something else. Asked: ${asked}. It answers: ${held}.`,
    { reason: 'powerflexEcho', params: { asked, held }, sent: true },
  );
}
