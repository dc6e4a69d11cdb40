import { DeviceError } from '../core/errors';
import { isRecord, toNumber } from '../core/values';

/**
 * Codes by which a controller answers. The later documentation says that they are in the body of a 200 answer, but
 * not where, so they are looked for under every name that has been seen.
 */
const CODE_KEYS = [
  'responseCodes',
  'responseCode',
  'response',
  'responses',
  'codes',
  'code',
  'result',
  'error',
];
/** What such a name may lie in. A number right below one of these is something else. */
const WRAPPERS = ['status', 'info', 'data', 'command', 'device'];
/** Deeper than every wrapper in the next one. */
const DEEPEST = 8;

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

function codesIn(value: unknown, depth: number): number[] {
  const code = toNumber(value);
  if (code !== null) return Number.isInteger(code) ? [code] : [];
  if (depth === 0) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => codesIn(item, depth - 1));
  if (!isRecord(value)) return [];
  const wrapped = WRAPPERS.map((key) => value[key]).filter(
    (inner) => isRecord(inner) || Array.isArray(inner),
  );
  return [...CODE_KEYS.map((key) => value[key]), ...wrapped.map(withoutPlainNumbers)].flatMap((inner) =>
    codesIn(inner, depth - 1),
  );
}

/** A list below a wrapper holds records with codes; its numbers are no codes. */
function withoutPlainNumbers(value: unknown): unknown {
  return Array.isArray(value) ? value.filter(isRecord) : value;
}

/** The codes in a response's body, in their order, also those given as text; empty when it holds none. */
export function responseCodes(body: unknown): number[] {
  return isRecord(body) || Array.isArray(body) ? codesIn(body, DEEPEST) : [];
}

/**
 * Whether a body says by an `error` of its own, or of what it wraps, or by `success: false` that the request failed,
 * whatever the HTTP status says.
 */
export function saysError(body: unknown): boolean {
  return isRecord(body) && [body, ...WRAPPERS.map((key) => body[key])].some(hasError);
}

function hasError(part: unknown): boolean {
  if (!isRecord(part)) return false;
  if (part.success === false || part.ok === false) return true;
  return [part.error, part.errors].some((error) =>
    typeof error === 'object' && error !== null
      ? Object.keys(error).length > 0
      : error !== undefined && error !== null && error !== false && error !== '' && error !== 0,
  );
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
      reason: meaning === undefined ? 'powercontrollerDeviceCode' : `powercontrollerDeviceCode${-code}`,
      params: { code },
      sent: true,
    },
  );
}

/** Codes by which the documentation says that something was done, with room for those of later firmware. */
function saysDone(code: number): boolean {
  return code === 10 || (code >= 100 && code < 200) || (code >= 1000 && code < 2000);
}

/**
 * Whether a response tells that the cloud took a command: codes that say so, the device, the status or the command
 * itself. Whatever else comes with a 200 (the page of a hotel's network, an empty object) tells nothing.
 *
 * @param body `undefined` for a response without a body, which the status alone explains
 */
export function saysTaken(body: unknown, codes: readonly number[]): boolean {
  if (body === undefined) return true;
  // `"error": 0` says that there is none, and nothing more.
  const telling = codes.filter((code) => code !== 0);
  if (telling.length > 0) return telling.every(saysDone);
  if (!isRecord(body)) return false;
  return ['device', 'status', 'command'].some((key) => {
    const part = body[key];
    return isRecord(part) && Object.keys(part).length > 0;
  });
}
