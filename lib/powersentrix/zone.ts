import { createRequire } from 'node:module';

import type * as Luxon from 'luxon';

import { invalidInput } from '../core/errors';
import { parsePosixZone } from './posix-zone';

/** A time zone: how far local time is ahead of UTC. */
export interface Zone {
  /** ms ahead of UTC at an instant (epoch ms) */
  offsetAt(utc: number): number;
}

/** A local time brought to UTC. */
export interface ZonedTime {
  /** ISO 8601 UTC */
  timestamp: string;
  /** the local time occurs twice (summer time ends); the earlier one was taken */
  ambiguous?: true;
  /** the local time does not exist (summer time begins); it was read with the offset before the change */
  skipped?: true;
}

const DAY = 86_400_000;

/**
 * An IANA zone such as `Europe/Bratislava`, by luxon. It is loaded with the first such zone: a device's own zone is a
 * POSIX string, so that most runtimes never need it.
 *
 * @returns `undefined` when there is no such zone
 */
function ianaZone(name: string): Zone | undefined {
  const { IANAZone } = createRequire(__filename)('luxon') as typeof Luxon;
  if (!IANAZone.isValidZone(name)) return undefined;
  const zone = IANAZone.create(name);
  return { offsetAt: (utc) => zone.offset(utc) * 60_000 };
}

/**
 * Reads a zone: an IANA name or a POSIX TZ string.
 *
 * @throws DeviceError INVALID_INPUT when it is neither
 */
export function parseZone(text: string): Zone {
  const zone = parsePosixZone(text) ?? ianaZone(text);
  if (zone) return zone;
  throw invalidInput(
    `"${text}" is no time zone. Write an IANA name such as Europe/Bratislava, or a POSIX string.`,
    'zoneInvalid',
    { zone: text.slice(0, 60) },
  );
}

/** As `parseZone`, but `undefined` for what is no zone. */
export function zoneOrUndefined(text: string | null | undefined): Zone | undefined {
  if (!text) return undefined;
  try {
    return parseZone(text);
  } catch {
    return undefined;
  }
}

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** The parts of a time text: the wall clock as if it were UTC (epoch ms), and whether the text names its offset. */
function wallClock(text: string): { wall: number; offset: number | undefined } | undefined {
  const match = LOCAL.exec(text.trim());
  if (!match) return undefined;
  const number = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day] = [number(1), number(2), number(3)];
  const [hour, minute, second] = [number(4), number(5), number(6)];
  const midnight = Date.UTC(year, month - 1, day);
  const real = new Date(midnight).getUTCDate() === day && month >= 1 && month <= 12;
  if (!real || hour > 23 || minute > 59 || second > 59) return undefined;
  const wall = midnight + ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(number(7) * 1000);
  const zone = match[8];
  if (zone === undefined) return { wall, offset: undefined };
  if (zone === 'Z') return { wall, offset: 0 };
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return { wall, offset: sign * minutes * 60_000 };
}

/** Whether a text is a time as the UPS writes it. */
export function isTimeText(text: string): boolean {
  return wallClock(text) !== undefined;
}

/**
 * Brings a device's local time to UTC.
 *
 * @param text `yyyy-MM-dd HH:mm:ss`, or with `T`; an offset in the text counts more than the zone
 * @param zone `undefined`: unknown, and the host's zone is not assumed
 * @returns `null` when the text is no time or the zone is not known
 */
export function localToUtc(text: string, zone: Zone | undefined): ZonedTime | null {
  const read = wallClock(text);
  if (!read) return null;
  const { wall, offset } = read;
  const iso = (utc: number): string => new Date(utc).toISOString();
  if (offset !== undefined) return { timestamp: iso(wall - offset) };
  if (!zone) return null;
  // A change of offset lies between these two, if there is one near; no zone changes twice within two days.
  const before = zone.offsetAt(wall - DAY);
  const after = zone.offsetAt(wall + DAY);
  const instants = [...new Set([wall - before, wall - after])]
    .filter((utc) => utc + zone.offsetAt(utc) === wall)
    .sort((a, b) => a - b);
  const [earliest, later] = instants;
  if (earliest === undefined) return { timestamp: iso(wall - before), skipped: true };
  return later === undefined ? { timestamp: iso(earliest) } : { timestamp: iso(earliest), ambiguous: true };
}
