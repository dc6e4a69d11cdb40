import { invalidInput } from '../core/errors';
import { isRecord, toNumber } from '../core/values';
import type { LocalTime } from '../core/zone';

/** A row of a table of hours; the first row that fits counts. */
export interface HourRow {
  /** 1 to 12; missing: all */
  months?: readonly number[];
  /** 1 is Monday; missing: all */
  days?: readonly number[];
  /** minutes after local midnight */
  from: number;
  /** minutes after local midnight; below `from` it runs over midnight */
  to: number;
}

/**
 * The first row that holds a moment. Days and months are those of the moment's local date: Saturday 02:00 is in no row
 * for Friday 22 to 06.
 */
export function rowAt<R extends HourRow>(
  rows: readonly R[],
  instant: number,
  zone: LocalTime,
): R | undefined {
  if (rows.length === 0) return undefined;
  const { month, weekday, minute } = zone.at(instant);
  return rows.find(({ months, days, from, to }) => {
    if (months && !months.includes(month)) return false;
    if (days && !days.includes(weekday)) return false;
    if (from === to) return true;
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
  });
}

const CLOCK = /^([01]?\d|2[0-4]):([0-5]\d)$/;
const MAX_ROWS = 100;

/**
 * Minutes after midnight of `hh:mm`; 24:00 is the next midnight.
 *
 * @throws DeviceError INVALID_INPUT
 */
export function minutesOf(value: unknown): number {
  const [, hours, minutes] = typeof value === 'string' ? (CLOCK.exec(value.trim()) ?? []) : [];
  const total = Number(hours) * 60 + Number(minutes);
  if (!(total <= 1440)) throw invalidInput('A time must be written as hh:mm.', 'energyClock');
  return total % 1440;
}

function numbersOf(value: unknown, min: number, max: number): number[] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const list = Array.isArray(value) ? (value as unknown[]).map(toNumber) : [NaN];
  if (list.length === 0) return undefined;
  if (list.some((one) => one === null || !Number.isInteger(one) || one < min || one > max)) {
    throw invalidInput('Days are 1 (Monday) to 7, months 1 to 12.', 'energyDays');
  }
  return list as number[];
}

/**
 * A table of hours as a dialog gives it: rows of `{ months?, days?, from, to }` with `hh:mm`, and a number each.
 *
 * @param name of that number
 * @throws DeviceError INVALID_INPUT
 */
export function parseHourRows<R extends HourRow>(
  value: unknown,
  name: Exclude<keyof R, keyof HourRow> & string,
  limits: { min: number; max: number },
): R[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_ROWS) {
    throw invalidInput(`A table of hours has at most ${MAX_ROWS} rows.`, 'energyTable', { max: MAX_ROWS });
  }
  return (value as unknown[]).map((row) => {
    const { months, days, from, to, [name]: given } = isRecord(row) ? row : {};
    const number = toNumber(given);
    if (number === null || number < limits.min || number > limits.max) {
      throw invalidInput(`"${name}" must be a number.`, 'fieldNumber', {
        name,
        range: `${limits.min} … ${limits.max}`,
      });
    }
    const someMonths = numbersOf(months, 1, 12);
    const someDays = numbersOf(days, 1, 7);
    return {
      from: minutesOf(from),
      to: minutesOf(to),
      [name]: number,
      ...(someMonths ? { months: someMonths } : {}),
      ...(someDays ? { days: someDays } : {}),
    } as unknown as R;
  });
}
