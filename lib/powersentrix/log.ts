import { isRecord, toNumber } from '../core/values';
import { shortLabel } from './values';
import { localToUtc, type Zone } from './zone';

import type { LogRecord } from './log-record';

export type { LogRecord };
export { LogMemory } from './log-memory';
export { pullNewLogs } from './log-pull';

/** A record for a flow. */
export interface LogEvent {
  event: 'log';
  cmm: string | null;
  code: string;
  description: string;
  params: unknown;
  /** ISO 8601 UTC; `null` when the record tells no usable time, or the device's zone is not known */
  timestamp: string | null;
  localTime: string | null;
  /** when the record arrived, ISO 8601 UTC; there when `timestamp` is `null` */
  arrivedAt?: string;
  ambiguous?: true;
  skipped?: true;
}

const LONGEST_DESCRIPTION = 1000;
const LONGEST_TIME = 64;
const LONGEST_PARAMS = 4000;

const numberOrText = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : null;

/** What a record says beside its text; undocumented, so it is passed on, unless it is far more than an event needs. */
function paramsOf(params: unknown): unknown {
  if (typeof params === 'string') return params.slice(0, LONGEST_PARAMS);
  if (typeof params !== 'object' || params === null) return params ?? null;
  return JSON.stringify(params).length <= LONGEST_PARAMS ? params : null;
}

/** @returns `undefined` when it is no record: without a code it does not say what happened */
export function parseLogRecord(entry: unknown): LogRecord | undefined {
  if (!isRecord(entry)) return undefined;
  const { code, description, params, timestamp, cmm } = entry;
  if (typeof code !== 'string' || code.trim() === '') return undefined;
  return {
    ord: toNumber(entry.ord),
    id: toNumber(entry.id),
    cmm: typeof cmm === 'string' ? shortLabel(cmm) : null,
    code: shortLabel(code),
    description: (numberOrText(description) ?? '').slice(0, LONGEST_DESCRIPTION),
    params: paramsOf(params),
    localTime: numberOrText(timestamp)?.slice(0, LONGEST_TIME) ?? null,
  };
}

/**
 * @param zone the device's zone; `undefined` leaves a local time's `timestamp` null
 * @param now when the record arrived, epoch ms
 */
export function logEvent(record: LogRecord, zone: Zone | undefined, now: number): LogEvent {
  const { cmm, code, description, params, localTime } = record;
  const event = { event: 'log', cmm, code, description, params, localTime } as const;
  const time = localTime === null ? null : localToUtc(localTime, zone);
  return time ? { ...event, ...time } : { ...event, timestamp: null, arrivedAt: new Date(now).toISOString() };
}
