import { DeviceError } from '../core/errors';
import { isRecord } from '../core/units';

/**
 * Codes by which a controller answers. The later documentation says that they are in the body of a 200 answer, but
 * not where, so they are looked for under every name that has been seen.
 */
const CODE_KEYS = ['responseCodes', 'responseCode', 'response', 'responses', 'codes', 'code', 'result'];

/** Codes with a text of their own in the catalogues; all below 0 are failures. */
const MEANINGS: Readonly<Record<number, string>> = {
  [-999]: 'this sensor type is not supported',
  [-998]: 'the trip threshold is too low',
  [-997]: 'the return threshold is below the trip threshold',
  [-996]: 'the FFR period is too short',
  [-995]: 'the FFR period is too long',
  [-994]: 'the FFR delay is negative',
  [-993]: 'this relay configuration is not supported',
  [-992]: 'it does not know this relay command',
  [-991]: 'the pipe type is invalid',
  [-990]: 'the outer diameter of the pipe is invalid',
  [-989]: 'the wall thickness of the pipe is invalid',
  [-988]: 'the minimum capacity is invalid',
  [-987]: 'the maximum capacity is invalid',
  [-986]: 'the power limit is invalid',
  [-985]: 'the schedule, sample period or keep-alive setting is invalid',
};

function numbersIn(value: unknown, depth: number): number[] {
  if (typeof value === 'number') return Number.isInteger(value) ? [value] : [];
  if (depth === 0) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => numbersIn(item, depth - 1));
  return isRecord(value) ? CODE_KEYS.flatMap((key) => numbersIn(value[key], depth - 1)) : [];
}

/** The codes in an answer's body, in their order; empty when it holds none. */
export function responseCodes(body: unknown): number[] {
  return isRecord(body) || Array.isArray(body) ? numbersIn(body, 4) : [];
}

/** @throws DeviceError REJECTED when the controller answered with a code below 0 */
export function refuseFailureCodes(codes: readonly number[]): void {
  const code = codes.find((candidate) => candidate < 0);
  if (code === undefined) return;
  const meaning = MEANINGS[code];
  throw new DeviceError(
    'REJECTED',
    `The controller refuses: ${meaning ?? 'unknown reason'} (code ${code}).`,
    {
      reason: meaning === undefined ? 'deviceCode' : `deviceCode${-code}`,
      params: { code },
      sent: true,
    },
  );
}
