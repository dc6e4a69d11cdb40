import { DeviceError } from '../core/errors';
import { isRecord, mapNumber, round, toNumber } from '../core/units';

/** One status of a controller, in SI units; what it does not tell is `null`. */
export interface ControllerStatus {
  id: string | null;
  deviceId: string | null;
  /** ISO 8601 UTC */
  timestamp: string | null;
  /** `Active`, `Unavailable`, … */
  state: string | null;
  /** `update`, `relay`, `trigger`, `function`, or whatever comes */
  type: string | null;
  /** `auto`, `api`, `timer`, `ffr`, `manual`, `reboot`, or whatever comes */
  reason: string | null;
  /** whether the load is powered */
  on: boolean | null;
  /** s until the relay changes by itself; 0 = never */
  toggleIn: number | null;
  /** s that the averages cover */
  duration: number | null;
  /** A */
  current: number | null;
  /** V */
  voltage: number | null;
  /** Wh used during `duration` */
  energy: number | null;
  /** W, the mean over `duration` */
  averagePower: number | null;
  /** °C */
  temperature: number | null;
  /** Hz */
  frequency: number | null;
  /** L/min */
  flow: number | null;
  /** what the controller answered to a request that did not wait for it (type `function`) */
  responseCodes: number[] | null;
}

/** A status with the vendor's own record. */
export interface StatusAnswer {
  status: ControllerStatus;
  raw: Record<string, unknown>;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Dates come as ISO 8601 text; older records of the same cloud have epoch ms. */
export function vendorTime(value: unknown): number | null {
  const time = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(new Date(time).getTime()) ? null : time;
}

/** Brings one record of the vendor to units and names of this package. `power` there is Wh over `duration`. */
export function normaliseStatus(record: Record<string, unknown>): ControllerStatus {
  const info = isRecord(record.info) ? record.info : {};
  const time = vendorTime(record.date);
  const duration = toNumber(info.duration);
  const energy = toNumber(info.power);
  const spread = duration !== null && duration > 0 && energy !== null;
  const codes = info.responseCodes;
  return {
    id: textOrNull(record.id),
    deviceId: textOrNull(record.deviceId) ?? textOrNull(record.device),
    timestamp: time === null ? null : new Date(time).toISOString(),
    state: textOrNull(record.state),
    type: textOrNull(record.type),
    reason: textOrNull(record.reason),
    on: typeof info.on === 'boolean' ? info.on : null,
    toggleIn: toggleIn(info, time),
    duration,
    current: toNumber(info.current),
    voltage: toNumber(info.voltage),
    energy,
    averagePower: spread ? round((energy * 3600) / duration) : null,
    temperature: mapNumber(info.temperature, (fahrenheit) => round(((fahrenheit - 32) * 5) / 9, 3)),
    frequency: toNumber(info.frequency),
    flow: toNumber(info.flow),
    responseCodes: Array.isArray(codes) ? codes.map(toNumber).filter((code) => code !== null) : null,
  };
}

/** Later firmware tells the moment (`toggleAt`, epoch s, 0 = never) instead of the seconds that are left. */
function toggleIn(info: Record<string, unknown>, time: number | null): number | null {
  const left = toNumber(info.toggleIn);
  const at = toNumber(info.toggleAt);
  if (left !== null || at === null) return left;
  if (at === 0) return 0;
  return time === null ? null : Math.max(0, Math.round(at - time / 1000));
}

/**
 * Reads an answer of `GET /statuses`: `{statuses: [...]}`, or a bare list.
 *
 * @throws DeviceError BAD_RESPONSE when it is neither
 */
export function parseStatuses(body: unknown): StatusAnswer[] {
  const list: unknown = isRecord(body) ? body.statuses : body;
  if (!Array.isArray(list)) {
    throw new DeviceError('BAD_RESPONSE', 'The answer holds no list of statuses.', {
      reason: 'noStatuses',
      sent: true,
    });
  }
  return list.filter(isRecord).map((raw) => ({ status: normaliseStatus(raw), raw }));
}

/** What tells one status from another: its id, or else everything that it is. */
export function identityOf({ status, raw }: StatusAnswer): string {
  return status.id ?? JSON.stringify([status.timestamp, status.type, status.reason, raw.info]);
}

/**
 * Puts statuses into the order of time, those without a time last, and drops repeats. Statuses of the same moment
 * keep the order in which they happened, whichever way round the list came.
 */
export function inOrder(answers: readonly StatusAnswer[]): StatusAnswer[] {
  const unique = [...new Map(answers.map((answer) => [identityOf(answer), answer])).values()];
  const timed = unique.map((answer) => {
    const { timestamp } = answer.status;
    return { answer, time: timestamp === null ? Infinity : Date.parse(timestamp) };
  });
  const newestFirst = (timed[0]?.time ?? 0) > (timed.at(-1)?.time ?? 0);
  return (newestFirst ? timed.reverse() : timed)
    .sort((a, b) => (a.time === b.time ? 0 : a.time - b.time))
    .map(({ answer }) => answer);
}
