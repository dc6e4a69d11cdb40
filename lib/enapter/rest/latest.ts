import { cleanText } from '../../core/redact';
import { readTimeIso } from '../../core/time';
import { isRecord } from '../../core/values';
import { notEnapter } from './errors';
import type { TelemetryValue } from './timeseries';

/** The newest value of an attribute; `null` where the EMS has none, with its reason as `warning`. */
export interface LatestValue {
  value: TelemetryValue;
  /** ISO 8601 UTC */
  timestamp: string | null;
  warning?: string;
}

/** Characters of a warning that are looked at; it is shown as one line. */
const LONGEST_WARNING = 1000;

/** The newest values of a device in a response. @throws DeviceError BAD_RESPONSE when there is no telemetry in it */
export function parseLatestValues(
  body: unknown,
  device: string,
  attributes: readonly string[],
): Record<string, LatestValue> {
  if (!isRecord(body) || !isRecord(body.telemetry)) throw notEnapter('no telemetry');
  const found = isRecord(body.telemetry[device]) ? body.telemetry[device] : {};
  return Object.fromEntries(attributes.map((name) => [name, parseLatest(found[name])]));
}

function parseLatest(value: unknown): LatestValue {
  if (!isRecord(value)) return { value: null, timestamp: null };
  const warning =
    typeof value.warning === 'string' ? { warning: cleanText(value.warning.slice(0, LONGEST_WARNING)) } : {};
  return { value: telemetryValue(value.value), timestamp: readTimeIso(value.timestamp), ...warning };
}

function telemetryValue(value: unknown): TelemetryValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  // What is no text in a list of texts may have none, such as an object whose own toString is a number.
  const isTexts = Array.isArray(value) && value.every((one) => typeof one !== 'object');
  return isTexts ? value.map(String) : null;
}
