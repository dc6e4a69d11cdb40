import { createRequire } from 'node:module';

import type * as Luxon from 'luxon';

import { invalidInput } from '../core/errors';
import { readTime } from '../core/time';
import { parsePosixZone, type Zone } from './posix-zone';

export type { Zone };

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
    'powersentrixZoneInvalid',
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

/** What names the offset at the end of a text that is a time. */
const OFFSET = /(?:z|utc|gmt|[+-]\d{2}(?::?\d{2})?)$/i;
const CLOCK = /\d{2}:\d{2}/;

/**
 * A time text: the wall clock as if it were UTC (epoch ms), or, when the text names its offset or is an epoch number,
 * the moment itself.
 */
function parseTimeText(text: string): { wall: number } | { utc: number } | undefined {
  const ms = readTime(text);
  if (ms === null) return undefined;
  const trimmed = text.trim();
  const clock = CLOCK.exec(trimmed);
  // A day alone is no moment; a number alone is one.
  if (!clock) return trimmed.includes('-') ? undefined : { utc: ms };
  return OFFSET.test(trimmed.slice(clock.index + clock[0].length)) ? { utc: ms } : { wall: ms };
}

/** The wall clock of a time text as if it were UTC, epoch ms, for putting texts in order; `null`: it is no time. */
export function orderOfTimeText(text: string): number | null {
  const read = parseTimeText(text);
  return read ? ('wall' in read ? read.wall : read.utc) : null;
}

/**
 * Brings a device's local time to UTC.
 *
 * @param text `yyyy-MM-dd HH:mm:ss`, or with `T`; an offset in the text counts more than the zone, and an epoch number
 *   needs none
 * @param zone `undefined`: unknown, and the host's zone is not assumed
 * @returns `null` when the text is no time or the zone is not known
 */
export function localToUtc(text: string, zone: Zone | undefined): ZonedTime | null {
  const read = parseTimeText(text);
  if (!read) return null;
  const iso = (utc: number): string => new Date(utc).toISOString();
  if ('utc' in read) return { timestamp: iso(read.utc) };
  const { wall } = read;
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
