import { createHash } from 'node:crypto';

import { invalidInput } from '../core/errors';
import { refusedPayload } from '../core/input';
import { ownText } from '../core/own-text';
import { isRecord, toNumber } from '../core/values';
import { instantOf } from '../energy/local-text';
import { milli, type Stay } from './stay';

/** Who a station is. */
export interface StationIds {
  /** what tells it from all others */
  key: string;
  address: string;
  space: string;
}

export interface ReportedSession {
  station: StationIds;
  stay: Stay;
}

/** Sessions of one message: a month of a large garage several times over. */
const MOST = 100_000;
const MOST_POINTS = 2000;
const LONGEST_NAME = 100;
const LONGEST_STAY = 400 * 86_400_000;
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);
/** Wh */
const MOST_ENERGY = 1e9;

/**
 * The sessions of a message of `powerflex-measurements`: a list, one, or columns.
 *
 * @param device whose they are; empty: not told
 * @param zone IANA, of times without one
 * @returns `leftOut`: how many entries are no sessions; `bare`: some come without the details that a bill needs
 * @throws DeviceError INVALID_INPUT for a message without any list of them
 */
export function sessionsOf(
  payload: unknown,
  device: string,
  zone: string,
): { sessions: ReportedSession[]; leftOut: number; bare: boolean } {
  const entries = entriesOf(payload);
  if (!entries) {
    throw refusedPayload(
      payload,
      invalidInput('The message holds no charging sessions.', 'energyNoSessions'),
    );
  }
  if (entries.length > MOST) {
    throw invalidInput(`A message holds at most ${MOST} sessions.`, 'energyManySessions', { max: MOST });
  }
  const sessions = entries.flatMap((entry) => sessionOf(entry, device, zone) ?? []);
  const bare = entries.some((entry) => isRecord(entry) && entry.course === undefined);
  return { sessions, leftOut: entries.length - sessions.length, bare };
}

function entriesOf(payload: unknown): readonly unknown[] | undefined {
  if (Array.isArray(payload)) return payload as unknown[];
  if (!isRecord(payload) || payload.start === undefined || payload.end === undefined) return undefined;
  const { start } = payload;
  if (!Array.isArray(start)) return [payload];
  const columns = Object.entries(payload).filter(([, list]) => Array.isArray(list)) as [string, unknown[]][];
  return (start as unknown[])
    .slice(0, MOST + 1)
    .map((_, i) => Object.fromEntries(columns.map(([name, list]) => [name, list[i]])));
}

function sessionOf(entry: unknown, device: string, zone: string): ReportedSession | undefined {
  if (!isRecord(entry)) return undefined;
  const start = instantOf(entry.start, zone);
  const end = instantOf(entry.end, zone);
  const station = stationOf(entry, device);
  if (start === null || end === null || !station || !isSpan(start, end)) return undefined;
  const energy = wattHours(entry.energy);
  if (energy === undefined) return undefined;
  const before = wattHours(entry.counterBefore) ?? null;
  return {
    station,
    stay: {
      start,
      end,
      startSeen: entry.startSeen !== false,
      endSeen: entry.endSeen !== false,
      energy,
      before,
      first: wattHours(entry.counterFirst) ?? null,
      last: wattHours(entry.counterLast) ?? null,
      mayBeAnew: entry.mayBeAnew === true,
      course: courseOf(entry.course, start, end),
    },
  };
}

function isSpan(start: number, end: number): boolean {
  return start >= EARLIEST && end <= LATEST && end >= start && end - start <= LONGEST_STAY;
}

/** @returns mWh; `undefined` for what cannot be */
function wattHours(value: unknown): number | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  const number = toNumber(value);
  return number === null || number < 0 || number > MOST_ENERGY ? undefined : milli(number);
}

function stationOf(entry: Record<string, unknown>, device: string): StationIds | undefined {
  const text = (name: string): string => {
    const value = entry[name];
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  };
  const address = text('evseAddress');
  const space = text('spaceNumber');
  const parts = address === '' ? [text('accId'), text('acsId'), space] : [address];
  if (parts.every((part) => part === '')) return undefined;
  return {
    key: bounded(JSON.stringify([device, ...parts])),
    address: shortName(address === '' ? parts.filter((part) => part !== '').join('/') : address),
    space: shortName(space),
  };
}

/** A key of its own for each text, however long that is. */
function bounded(text: string): string {
  return text.length <= LONGEST_NAME ? ownText(text) : createHash('sha256').update(text).digest('base64url');
}

export function shortName(text: string): string {
  return ownText(text.slice(0, LONGEST_NAME));
}

/** A course that goes back, or leaves the session, is none. */
function courseOf(value: unknown, start: number, end: number): Stay['course'] {
  if (!Array.isArray(value) || value.length > MOST_POINTS) return [];
  const course: Stay['course'] = [];
  let before = { time: start, energy: 0 };
  for (const point of value as unknown[]) {
    const [seconds, energy] = (Array.isArray(point) ? point : []) as unknown[];
    const since = toNumber(seconds);
    const counted = wattHours(energy);
    if (since === null || counted === null || counted === undefined) return [];
    const time = start + since * 1000;
    if (time < before.time || counted < before.energy || time > end + 60_000) return [];
    before = { time, energy: counted };
    course.push([time, counted]);
  }
  return course;
}
