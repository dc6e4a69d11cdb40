import { invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/units';
import { parseRange, type TimeRange } from '../../lib/core/windows';
import { type Measurement, MEASUREMENTS } from '../../lib/powerflex/rows';
import type { FlowMessage } from '../shared/messages';

export interface MeasurementInput {
  measurement: Measurement;
  /** `undefined`: the server decides what it gives */
  range: TimeRange | undefined;
}

const HOUR = 3_600_000;

/**
 * Which rows a message asks for: `{ start?, end?, measurement? }`, completed from the dialog. A start without an end
 * means until now; hours from the dialog count back from the end.
 *
 * @param measurement of the dialog
 * @param hours of the dialog; 0: none
 * @param now epoch ms
 * @throws DeviceError INVALID_INPUT
 */
export function measurementInput(
  { payload }: FlowMessage,
  measurement: unknown,
  hours: number,
  now: number,
): MeasurementInput {
  const asked = isRecord(payload) ? payload : {};
  const named = asked.measurement ?? measurement;
  const found = MEASUREMENTS.find((one) => one === named);
  if (!found) {
    throw invalidInput('There is no such measurement.', 'measurementUnknown', {
      measurements: MEASUREMENTS.join(', '),
    });
  }
  return { measurement: found, range: rangeOf(asked.start, asked.end, hours, now) };
}

function rangeOf(start: unknown, end: unknown, hours: number, now: number): TimeRange | undefined {
  if (start !== undefined) return parseRange(start, end ?? now);
  if (hours > 0) {
    const until = parseRange(end ?? now, end ?? now).end;
    return { start: until - hours * HOUR, end: until };
  }
  if (end !== undefined) throw invalidInput('The range has an end but no start.', 'rangeNoStart');
  return undefined;
}
