import { createRequire } from 'node:module';

import type * as Luxon from 'luxon';

import { invalidInput } from './errors';

/** A half-open span of time, `start` included and `end` not, epoch ms. */
export interface Span {
  start: number;
  end: number;
}

/** A window of demand. `piece`: shorter than the others, because the zone's offset changed by less than a window. */
export interface Window extends Span {
  piece: boolean;
}

export type PeriodKind = 'hour' | 'day' | 'week' | 'month' | 'year';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const MAX_KEPT = 256;
/** the days of a month, and the months of a year */
const SPANS_KEPT = 32;

/** Loaded with the first zone that is read: most flows have none. */
const luxon = (): typeof Luxon => createRequire(__filename)('luxon') as typeof Luxon;

/** The zone of the process; a container often has UTC. */
export function processZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/**
 * Local time of a zone that somebody may have chosen.
 *
 * @param name IANA; empty: the zone of the process
 * @throws DeviceError INVALID_INPUT for a zone that nobody knows
 */
export function localTimeOf(name: string): LocalTime {
  return new LocalTime(name || processZone());
}

/**
 * Local time of one IANA zone: instants are UTC inside, days and months are those of the zone.
 */
export class LocalTime {
  private readonly luxon = luxon();
  private readonly zone: Luxon.IANAZone;
  /** offsets by quarter of an hour: no zone has changed its offset between two of them since 1972 */
  private readonly offsets = new Map<number, number>();
  /** the last spans of each kind: the calendar is dear, and readings come in the order of time */
  private readonly spans = new Map<string, Span[]>();
  /** local dates by the start of their day */
  private readonly dates = new Map<number, string>();
  /** by minutes after midnight, for how long the next instant of the clock is the same */
  private readonly nextClocks = new Map<number, Span>();

  /**
   * @param name IANA, e.g. `Europe/Berlin`
   * @throws DeviceError INVALID_INPUT for a zone that nobody knows
   */
  constructor(readonly name: string) {
    const { IANAZone } = this.luxon;
    if (!IANAZone.isValidZone(name)) {
      throw invalidInput('This time zone is not known.', 'zoneUnknown', { zone: name.slice(0, 60) });
    }
    this.zone = IANAZone.create(name);
  }

  /** ms east of UTC at an instant. */
  offset(at: number): number {
    const quarter = Math.floor(at / (15 * MINUTE));
    let offset = this.offsets.get(quarter);
    if (offset === undefined) {
      if (this.offsets.size >= MAX_KEPT) this.offsets.clear();
      offset = this.zone.offset(at) * MINUTE;
      this.offsets.set(quarter, offset);
    }
    return offset;
  }

  /** The local date of an instant, `yyyy-MM-dd`. */
  date(at: number): string {
    const { start } = this.periodAt(at, 'day');
    let date = this.dates.get(start);
    if (date === undefined) {
      if (this.dates.size >= MAX_KEPT) this.dates.clear();
      ({ date } = this.at(at));
      this.dates.set(start, date);
    }
    return date;
  }

  /** The calendar at an instant. `weekday`: 1 is Monday. */
  at(instant: number): {
    year: number;
    month: number;
    day: number;
    weekday: number;
    minute: number;
    date: string;
  } {
    const local = this.dateTime(instant);
    return {
      year: local.year,
      month: local.month,
      day: local.day,
      weekday: local.weekday,
      minute: local.hour * 60 + local.minute,
      date: local.toFormat('yyyy-MM-dd'),
    };
  }

  /** ISO 8601 with the zone's offset. */
  label(instant: number): string {
    return this.dateTime(instant).toISO({ suppressMilliseconds: true }) ?? '';
  }

  /**
   * The instant at which the clock of a local date shows so many minutes after midnight: the first where it comes twice;
   * where the clock leaves it out, as much later. Month and day may lie outside their range, as with `Date.UTC`.
   */
  clock(year: number, month: number, day: number, minute: number): number {
    const local = Date.UTC(year, month - 1, day) + minute * MINUTE;
    const before = this.offset(local - 14 * HOUR);
    const offsets = [before, this.offset(local + 14 * HOUR)];
    const instants = offsets.map((offset) => local - offset).sort((a, b) => a - b);
    return instants.find((one) => one + this.offset(one) === local) ?? local - before;
  }

  /** The next instant after `instant` at which the clock shows so many minutes after midnight. */
  nextClock(instant: number, minute: number): number {
    const kept = this.nextClocks.get(minute);
    if (kept && instant >= kept.start && instant < kept.end) return kept.end;
    const { year, month, day } = this.at(instant);
    const next = [0, 1, 2].map((days) => this.clock(year, month, day + days, minute));
    const end = next.find((one) => one > instant) ?? instant + 24 * HOUR;
    this.nextClocks.set(minute, { start: instant, end });
    return end;
  }

  /**
   * The same time of the clock so many days before. Where the clock left that time out, it is as much later; where it
   * came twice, it is the one with the offset of `instant`, if either has it.
   */
  daysBefore(instant: number, days: number): number {
    return this.dateTime(instant).minus({ days }).toMillis();
  }

  /**
   * The window that holds an instant. Windows are aligned to the local clock by the offset at their start, and their
   * length is always the nominal one in real time; where an offset changes by less than a window, the piece up to the
   * next aligned one is a window of its own.
   *
   * @param length ms, a divisor of a day
   */
  windowAt(instant: number, length: number): Window {
    const offset = this.offset(instant);
    const start = floorTo(instant + offset, length) - offset;
    // Most windows lie far from any change of the offset.
    if (this.offset(start - length) === offset) return { start, end: start + length, piece: false };
    const before = instant - 3 * length - HOUR;
    const offsetBefore = this.offset(before);
    let from = floorTo(before + offsetBefore, length) - offsetBefore;
    for (;;) {
      const found = this.windowFrom(from, length);
      if (instant < found.end) return found;
      from = found.end;
    }
  }

  /** The window that begins where another one has ended. */
  windowFrom(start: number, length: number): Window {
    const beyond = modulo(start + this.offset(start), length);
    if (beyond === 0) return { start, end: start + length, piece: false };
    return { start, end: start + length - beyond, piece: true };
  }

  /**
   * The period that holds an instant. A day begins at the first instant of its local date, a week on Monday, a month on
   * the billing day; the year is the calendar's.
   *
   * @param billingDay 1 to 28, for months
   */
  periodAt(instant: number, kind: PeriodKind, billingDay = 1): Span {
    const key = `${kind} ${billingDay}`;
    const kept = this.spans.get(key) ?? [];
    const found = kept.find(({ start, end }) => instant >= start && instant < end);
    if (found) return found;
    const span = this.computePeriod(instant, kind, billingDay);
    this.spans.set(key, [span, ...kept].slice(0, SPANS_KEPT));
    return span;
  }

  private computePeriod(instant: number, kind: PeriodKind, billingDay: number): Span {
    if (kind === 'hour') {
      const { start, end } = this.windowAt(instant, HOUR);
      return { start, end };
    }
    const { year, month, day, weekday } = this.at(instant);
    switch (kind) {
      case 'day':
        return this.between([year, month, day], [year, month, day + 1]);
      case 'week':
        return this.between([year, month, day - weekday + 1], [year, month, day - weekday + 8]);
      case 'month': {
        const first = day < billingDay ? month - 1 : month;
        return this.between([year, first, billingDay], [year, first + 1, billingDay]);
      }
      case 'year':
        return this.between([year, 1, 1], [year + 1, 1, 1]);
    }
  }

  private dateTime(instant: number): Luxon.DateTime {
    return this.luxon.DateTime.fromMillis(instant, { zone: this.zone });
  }

  private between(from: [number, number, number], to: [number, number, number]): Span {
    return { start: this.dayBegins(...from), end: this.dayBegins(...to) };
  }

  /**
   * The first instant of a local date, also where midnight is missing or comes twice. Month and day may lie outside
   * their range, as with `Date.UTC`.
   */
  dayBegins(year: number, month: number, day: number): number {
    const utc = Date.UTC(year, month - 1, day);
    // The date begins, at whatever offset, within a day of its UTC midnight; the earliest candidate wins.
    const offsets = new Set([this.offset(utc - 14 * HOUR), this.offset(utc), this.offset(utc + 14 * HOUR)]);
    const date = new Date(utc).toISOString().slice(0, 10);
    const candidates = [...offsets].map((offset) => utc - offset).sort((a, b) => a - b);
    for (const candidate of candidates) {
      if (this.at(candidate).date === date && this.at(candidate - 1).date !== date) return candidate;
    }
    // Midnight is missing, or the whole date: it begins where the clock is put forward.
    let low = (candidates[0] ?? utc) - 3 * HOUR;
    let high = (candidates.at(-1) ?? utc) + 3 * HOUR;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle).date < date) low = middle;
      else high = middle;
    }
    return high;
  }
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function modulo(value: number, step: number): number {
  return ((value % step) + step) % step;
}
