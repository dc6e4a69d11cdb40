import type { LocalTime } from './zone';

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
