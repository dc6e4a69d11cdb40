/**
 * POSIX TZ strings such as `CET-1CEST,M3.5.0,M10.5.0/3` (IEEE Std 1003.1, 8.3). Their sign is that of the west:
 * `CET-1` is one hour ahead of UTC.
 */

/** A time zone: how far local time is ahead of UTC. */
export interface Zone {
  /** ms ahead of UTC at an instant (epoch ms) */
  offsetAt(utc: number): number;
}

/** A day of the year by rule, and the wall clock time (s) at which the change happens. */
interface Rule {
  /** midnight of that day as if local time were UTC, epoch ms */
  dayIn: (year: number) => number;
  /** s after that midnight; beyond a day and negative are allowed */
  time: number;
}

const DAY = 86_400_000;
const NAME = /^(?:[A-Za-z]{3,10}|<[A-Za-z0-9+-]{3,10}>)/;
const OFFSET = /^[+-]?\d{1,3}(?::[0-5]?\d(?::[0-5]?\d)?)?/;
const DATE = /^(?:M(\d{1,2})\.([1-5])\.([0-6])|J(\d{1,3})|(\d{1,3}))/;

/** `[+-]hh[:mm[:ss]]` in s; `undefined` above `maxHours`. */
function seconds(text: string, maxHours: number): number | undefined {
  const [hours = 0, minutes = 0, rest = 0] = text.replace(/^[+-]/, '').split(':').map(Number);
  if (hours > maxHours) return undefined;
  return (text.startsWith('-') ? -1 : 1) * ((hours * 60 + minutes) * 60 + rest);
}

/** The day `week`.`weekday` of a month; week 5 is the last one. */
function weekdayOf(year: number, month: number, week: number, weekday: number): number {
  const first = Date.UTC(year, month - 1, 1);
  const firstMatch = 1 + ((weekday - new Date(first).getUTCDay() + 7) % 7);
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let day = firstMatch + (week - 1) * 7;
  while (day > length) day -= 7;
  return first + (day - 1) * DAY;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Reads a string from left to right. */
class Scanner {
  constructor(public rest: string) {}

  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.rest);
    if (!match) return undefined;
    this.rest = this.rest.slice(match[0].length);
    return match;
  }

  takeChar(char: string): boolean {
    if (!this.rest.startsWith(char)) return false;
    this.rest = this.rest.slice(1);
    return true;
  }
}

function dayRule(match: RegExpExecArray): ((year: number) => number) | undefined {
  const [, month, week, weekday, julian, zeroBased] = match;
  if (month !== undefined) {
    if (Number(month) < 1 || Number(month) > 12) return undefined;
    return (year) => weekdayOf(year, Number(month), Number(week), Number(weekday));
  }
  if (julian !== undefined) {
    const day = Number(julian);
    if (day < 1 || day > 365) return undefined;
    // J never counts 29 February.
    return (year) => Date.UTC(year, 0, 1) + (day - 1 + (isLeap(year) && day > 59 ? 1 : 0)) * DAY;
  }
  const day = Number(zeroBased);
  return day > 365 ? undefined : (year) => Date.UTC(year, 0, 1) + day * DAY;
}

function takeRule(scanner: Scanner): Rule | undefined {
  if (!scanner.takeChar(',')) return undefined;
  const date = scanner.take(DATE);
  const dayIn = date && dayRule(date);
  if (!dayIn) return undefined;
  let time: number | undefined = 2 * 3600;
  if (scanner.takeChar('/')) {
    const match = scanner.take(OFFSET);
    // A week either way, as the tz database's own extension has it.
    time = match && seconds(match[0], 167);
  }
  return time === undefined ? undefined : { dayIn, time };
}

/** What POSIX systems use when a string names a summer time without rules: those of the United States. */
const DEFAULT_RULES = ',M3.2.0,M11.1.0';

/** @returns `undefined` when the text is no POSIX TZ string */
export function parsePosixZone(text: string): Zone | undefined {
  const scanner = new Scanner(text.trim());
  if (!scanner.take(NAME)) return undefined;
  const standardText = scanner.take(OFFSET);
  const west = standardText && seconds(standardText[0], 24);
  if (west === undefined) return undefined;
  const standard = -west * 1000;
  if (scanner.rest === '') return { offsetAt: () => standard };

  if (!scanner.take(NAME)) return undefined;
  let summer = standard + 3_600_000;
  const summerText = scanner.take(OFFSET);
  if (summerText) {
    const summerWest = seconds(summerText[0], 24);
    if (summerWest === undefined) return undefined;
    summer = -summerWest * 1000;
  }
  if (scanner.rest === '') scanner.rest = DEFAULT_RULES;
  const start = takeRule(scanner);
  const end = start && takeRule(scanner);
  if (!end || scanner.rest !== '') return undefined;

  return {
    offsetAt(utc) {
      const year = new Date(utc).getUTCFullYear();
      // The year before and after too: a change near New Year may belong to either in UTC.
      const changes = [year - 1, year, year + 1].flatMap((one) => [
        { at: start.dayIn(one) + start.time * 1000 - standard, offset: summer },
        { at: end.dayIn(one) + end.time * 1000 - summer, offset: standard },
      ]);
      changes.sort((a, b) => a.at - b.at);
      return changes.filter(({ at }) => at <= utc).at(-1)?.offset ?? standard;
    },
  };
}
