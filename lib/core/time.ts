/**
 * Reading the times that devices and servers tell: leniently in form, strictly in what is believed.
 *
 * A device without a clock tells 1970, and a wrong unit tells the year 57,648. Neither is a time of a reading.
 */

/** Earlier moments are those of a clock that was never set; no record of any supported device is older. */
const EARLIEST = Date.UTC(2001, 0, 1);
/** Later moments are a wrong unit or a broken clock. */
const LATEST = Date.UTC(2110, 0, 1);

/** Longest text that can be a time; nothing longer is looked at. */
const LONGEST_TEXT = 40;

const NUMBER = /^\d{1,20}(\.\d{1,15})?$/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,15}))?)?/;
/** The name behind an offset is that of Go's and Ruby's printed times; it must not contradict, see `offsetOf`. */
const ZONE = /^([+-])(\d{2})(?::?(\d{2}))?(?: ([A-Z]{3,5}))?$/;
const UTC_NAME = /^(z|utc|gmt)$/i;

/** Above these values a number of epoch seconds, milliseconds or microseconds would lie centuries ahead. */
const MAX_SECONDS = 1e11;
const MAX_MILLISECONDS = 1e14;
const MAX_MICROSECONDS = 1e17;

/** Epoch ms of a number of seconds, milliseconds, microseconds or nanoseconds; its size tells which. */
function fromEpoch(value: number): number {
  if (value < MAX_SECONDS) return value * 1000;
  if (value < MAX_MILLISECONDS) return value;
  if (value < MAX_MICROSECONDS) return value / 1000;
  return value / 1e6;
}

/** Minutes east of UTC, `null` for no zone that is known here; no text at all is UTC. */
function offsetOf(zone: string): number | null {
  if (zone === '' || UTC_NAME.test(zone)) return 0;
  const [, sign, hours, minutes = '00', name] = ZONE.exec(zone) ?? [];
  if (hours === undefined || Number(hours) > 18 || Number(minutes) > 59) return null;
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  return name !== undefined && UTC_NAME.test(name) && offset !== 0 ? null : offset;
}

/**
 * ISO 8601 text as vendors write it: a blank or a lower-case `t` between day and time, a lower-case `z`, a day alone.
 * Text without a zone is UTC, never the zone of the machine.
 *
 * @returns epoch ms, `null` for anything else, a day that does not exist included
 */
export function parseIsoText(value: string): number | null {
  if (value.length > LONGEST_TEXT) return null;
  const text = value.trim();
  const [day, year, month, date] = DAY.exec(text) ?? [];
  if (day === undefined) return null;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(date));
  // Date.UTC rolls the 30th of February over into March, and takes the year 99 for 1999.
  if (new Date(midnight).toISOString().slice(0, 10) !== day) return null;
  const rest = text.slice(day.length);
  if (rest === '') return midnight;
  const [between] = /^(?:[tT]| {1,3})/.exec(rest) ?? [];
  if (between === undefined) return null;
  const [time, hours, minutes, seconds = '0', fraction = ''] = TIME.exec(rest.slice(between.length)) ?? [];
  if (time === undefined) return null;
  // A leap second is told as the second 60.
  if (Number(minutes) > 59 || Number(seconds) > 60) return null;
  const ofDay = (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
  if (ofDay > 86_400_000) return null;
  const offset = offsetOf(rest.slice(between.length + time.length).trim());
  if (offset === null) return null;
  const ms = fraction === '' ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  return midnight + ofDay + ms - offset * 60_000;
}

/**
 * A moment as a device or server tells it: ISO 8601 text, or an epoch number (a bigint, or a text of one) in s, ms, µs or ns,
 * which its size tells apart.
 *
 * @returns epoch ms, whole; `null` for anything else and for what cannot be the time of a reading (1970, the far future)
 */
export function readTime(value: unknown): number | null {
  let ms: number | null = null;
  if (typeof value === 'number' || typeof value === 'bigint') ms = fromEpoch(Number(value));
  else if (typeof value === 'string' && value.length <= LONGEST_TEXT) {
    const text = value.trim();
    ms = NUMBER.test(text) ? fromEpoch(Number(text)) : parseIsoText(text);
  }
  if (ms === null || !(ms >= EARLIEST && ms < LATEST)) return null;
  return Math.floor(ms);
}

/** As `readTime`, as ISO 8601 UTC with `Z`. */
export function readTimeIso(value: unknown): string | null {
  const ms = readTime(value);
  return ms === null ? null : new Date(ms).toISOString();
}
