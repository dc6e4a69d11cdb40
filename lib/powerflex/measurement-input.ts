import { invalidInput } from '../core/errors';
import { type InputMessage, payloadFields } from '../core/input';
import { parseRange, type TimeRange } from '../core/windows';
import { type Measurement, MEASUREMENTS } from './rows';

export interface MeasurementInput {
  measurement: Measurement;
  /** `undefined`: the server decides what it gives */
  range: TimeRange | undefined;
}

/** What the dialog says where a message says nothing. */
export interface MeasurementDialog {
  measurement: unknown;
  /** the last ones, without a range; 0: none */
  hours: number;
  range: TimeRange | undefined;
}

const HOUR = 3_600_000;

/**
 * Which rows a message asks for: `{ start?, end?, measurement? }`, completed from the dialog. A start without an end
 * means until now; a message with neither means the range of the dialog; hours from the dialog count back from the end.
 *
 * @param now epoch ms
 * @throws DeviceError INVALID_INPUT
 */
export function measurementInput(
  msg: InputMessage,
  dialog: MeasurementDialog,
  now: number,
): MeasurementInput {
  const fields = payloadFields(msg);
  const named = fields.get('measurement') ?? dialog.measurement;
  const found = MEASUREMENTS.find((one) => one === named);
  if (!found) {
    throw invalidInput('There is no such measurement.', 'powerflexMeasurementUnknown', {
      measurements: MEASUREMENTS.join(', '),
    });
  }
  return { measurement: found, range: rangeAsked(fields.get('start'), fields.get('end'), dialog, now) };
}

function rangeAsked(
  start: unknown,
  end: unknown,
  { hours, range }: MeasurementDialog,
  now: number,
): TimeRange | undefined {
  if (start !== undefined) return parseRange(start, end ?? now);
  if (range && end === undefined) return range;
  if (!range && hours > 0) {
    const until = parseRange(end ?? now, end ?? now).end;
    return { start: until - hours * HOUR, end: until };
  }
  if (end !== undefined) throw invalidInput('The range has an end but no start.', 'powerflexRangeNoStart');
  return undefined;
}
