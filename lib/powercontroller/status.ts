import { createHash } from 'node:crypto';

import { bounded } from '../core/budget';
import { DeviceError } from '../core/errors';
import type { Notice, NoticeHandler } from '../core/notices';
import { readTime } from '../core/time';
import { finite, isRecord, mapNumber, round, toNumber } from '../core/values';
import { identifier, shortText } from './words';

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
export interface StatusResponse {
  status: ControllerStatus;
  raw: Record<string, unknown>;
}

/** Ten days of statuses a minute apart are 14,400. */
const MAX_STATUSES = 20_000;
/** A function status has a handful. */
const MAX_CODES = 100;
/** Longer texts that tell statuses apart are kept as their hash: they are remembered by the thousand. */
const LONGEST_IDENTITY = 200;

/** Brings one record of the vendor to units and names of this package. `power` there is Wh over `duration`. */
export function normaliseStatus(record: Record<string, unknown>): ControllerStatus {
  const info = isRecord(record.info) ? record.info : {};
  const time = readTime(record.date);
  const duration = toNumber(info.duration);
  const energy = toNumber(info.power);
  const spread = duration !== null && duration > 0 && energy !== null;
  const codes = info.responseCodes;
  return {
    id: identifier(record.id),
    deviceId: identifier(record.deviceId) ?? identifier(record.device),
    timestamp: time === null ? null : new Date(time).toISOString(),
    state: shortText(record.state),
    type: shortText(record.type),
    reason: shortText(record.reason),
    on: typeof info.on === 'boolean' ? info.on : null,
    toggleIn: toggleIn(info, time),
    duration,
    current: toNumber(info.current),
    voltage: toNumber(info.voltage),
    energy,
    averagePower: spread ? finite(round((energy * 3600) / duration)) : null,
    temperature: mapNumber(info.temperature, (fahrenheit) => round(((fahrenheit - 32) * 5) / 9, 3)),
    frequency: toNumber(info.frequency),
    flow: toNumber(info.flow),
    responseCodes: Array.isArray(codes)
      ? codes
          .slice(0, MAX_CODES)
          .map(toNumber)
          .filter((code) => code !== null)
      : null,
  };
}

/** s; a moment before 2001 is no date and certainly over */
const LONG_PAST = 978_307_200;

/** Later firmware tells the moment (`toggleAt`, epoch s, 0 = never) instead of the seconds that are left. */
function toggleIn(info: Record<string, unknown>, time: number | null): number | null {
  const left = toNumber(info.toggleIn);
  const at = toNumber(info.toggleAt);
  if (left !== null || at === null) return left;
  if (at === 0) return 0;
  const moment = readTime(at) ?? (at > 0 && at < LONG_PAST ? 0 : null);
  return time === null || moment === null ? null : Math.max(0, Math.round((moment - time) / 1000));
}

/**
 * Reads a response of `GET /statuses`: `{statuses: [...]}`, or a bare list. `null` for an empty list is empty. An entry
 * that is no status costs itself, not the list.
 *
 * @param notice hears of entries that were left out
 * @throws DeviceError BAD_RESPONSE when it holds no list, or more than 20,000 entries
 */
export function parseStatuses(body: unknown, notice: NoticeHandler = () => undefined): StatusResponse[] {
  const list: unknown = isRecord(body) ? body.statuses : body;
  if (list === null) return [];
  if (!Array.isArray(list)) {
    throw new DeviceError('BAD_RESPONSE', 'The answer holds no list of statuses.', {
      reason: 'powercontrollerNoStatuses',
      sent: true,
    });
  }
  const responses: StatusResponse[] = [];
  bounded(list as unknown[], MAX_STATUSES, 'statuses').forEach((entry, index) => {
    const raw = unwrap(entry);
    if (raw) responses.push({ status: normaliseStatus(raw), raw });
    else notice({ reason: 'powercontrollerStatus', params: { position: index + 1 } });
  });
  return responses;
}

/** What is told where the cloud names another controller than the one that it was asked for. */
export function foreignStatus(device: string): Notice {
  return { reason: 'powercontrollerForeignStatus', params: { device } };
}

/** A status in a list, bare or as `{status: {...}}`; `undefined` for what tells nothing of a status. */
function unwrap(entry: unknown): Record<string, unknown> | undefined {
  if (!isRecord(entry)) return undefined;
  if (STATUS_KEYS.some((key) => entry[key] !== undefined && entry[key] !== null)) return entry;
  return isRecord(entry.status) ? unwrap(entry.status) : undefined;
}

const STATUS_KEYS = ['date', 'type', 'info', 'id'];

/** epoch ms; `null` for a status without a time */
export function timeOf({ status: { timestamp } }: StatusResponse): number | null {
  return timestamp === null ? null : Date.parse(timestamp);
}

/** What was worked out before: in a history each status is asked for it several times. */
const identities = new WeakMap<StatusResponse, string>();

/** What tells one status from another: its id, or else everything that it is. */
export function identityOf(response: StatusResponse): string {
  const known = identities.get(response);
  if (known !== undefined) return known;
  const { status, raw } = response;
  const full = status.id ?? JSON.stringify([status.timestamp, status.type, status.reason, raw.info]);
  const identity =
    full.length > LONGEST_IDENTITY ? createHash('sha256').update(full).digest('base64url') : full;
  identities.set(response, identity);
  return identity;
}

/**
 * Puts statuses into the order of time, those without a time last, and drops repeats. Statuses of the same moment
 * keep the order in which they happened, whichever way round the list came.
 */
export function inOrder(responses: readonly StatusResponse[]): StatusResponse[] {
  const unique = [...new Map(responses.map((response) => [identityOf(response), response])).values()];
  const timed = unique.map((response) => ({ response, time: timeOf(response) ?? Infinity }));
  const newestFirst = (timed[0]?.time ?? 0) > (timed.at(-1)?.time ?? 0);
  return (newestFirst ? timed.reverse() : timed)
    .sort((a, b) => (a.time === b.time ? 0 : a.time - b.time))
    .map(({ response }) => response);
}
