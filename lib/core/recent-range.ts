import { type DeviceError, invalidInput, toDeviceError } from './errors';
import type { TimeRange } from './windows';
import { type LocalTime, localTimeOf } from './zone';

/** Which range a dialog means, as seen from now; `message`: none, the message has to name one. */
export type RecentRange = 'message' | 'days' | 'yesterday' | 'lastMonth';

/**
 * A range of the calendar that ends with now or before it. Days and months are those of the zone, so that a day has 23 or
 * 25 hours where the clock is changed.
 *
 * @param kind `days`: from the same time of the clock so many days ago until now; `yesterday`, `lastMonth`: the whole
 *   day or month before this one
 * @param days a whole number of at least 1, for `days` only
 * @param zone IANA, e.g. `Europe/Berlin`; empty: the zone of the process
 * @param now epoch ms
 * @returns `undefined` for `message`
 * @throws DeviceError INVALID_INPUT for a zone that nobody knows, or a number of days that is none
 */
export function rangeOf(kind: RecentRange, days: number, zone: string, now: number): TimeRange | undefined {
  if (kind === 'message') return undefined;
  const local = localTimeOf(zone.trim());
  switch (kind) {
    case 'days':
      if (!(Number.isInteger(days) && days >= 1)) {
        throw invalidInput('"days" must be a whole number of at least 1.', 'fieldNumber', {
          name: 'days',
          range: '≥ 1, ∈ ℤ',
        });
      }
      return { start: local.daysBefore(now, days), end: now };
    case 'yesterday':
      return before(local, now, 'day');
    case 'lastMonth':
      return before(local, now, 'month');
  }
}

/** The whole period before the one that is now. */
function before(local: LocalTime, now: number, period: 'day' | 'month'): TimeRange {
  const { start } = local.periodAt(now, period);
  return local.periodAt(start - 1, period);
}

/** The settings of a dialog that offers such ranges. */
export interface RangeSettings {
  range: RecentRange;
  days: number;
  zone: string;
}

/** What is wrong with the settings of a dialog's range. */
export function rangeProblem({ range, days, zone }: RangeSettings): DeviceError | undefined {
  try {
    rangeOf(range, days, zone, Date.now());
    return undefined;
  } catch (thrown) {
    return toDeviceError(thrown);
  }
}
