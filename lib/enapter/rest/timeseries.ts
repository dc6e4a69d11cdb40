import type { IncomingHttpHeaders } from 'node:http';

import { isoFromEpochSeconds, toNumber } from '../../core/units';
import { notEnapter } from './errors';

export type TelemetryValue = number | string | boolean | string[] | null;

/** Telemetry over time. Rows are in the server's order; an attribute without a value at a time is `null`. */
export interface Timeseries {
  columns: { attribute: string; device: string | null; type: string }[];
  /** `timestamp` ISO 8601 UTC, and one property an attribute */
  rows: Record<string, TelemetryValue>[];
}

/** Splits CSV (RFC 4180: quotes, doubled quotes, line breaks within quotes) into records. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /("((?:[^"]|"")*)"|(?!")[^,\r\n]*)(,|\r?\n|$)/gy;
  while (field.lastIndex < text.length) {
    const start = field.lastIndex;
    const match = field.exec(text);
    if (!match) throw notEnapter(`broken CSV at character ${start}`);
    record.push(match[2] === undefined ? (match[1] ?? '') : match[2].replaceAll('""', '"'));
    if (match[3] === ',') {
      if (field.lastIndex === text.length) record.push('');
      continue;
    }
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  if (record.length > 0) records.push(record);
  return records;
}

function parseStrings(text: string): string[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw notEnapter('a list that is no JSON');
  }
  if (!Array.isArray(list)) throw notEnapter('a list that is none');
  return list.map(String);
}

function parseValue(text: string, type: string): TelemetryValue {
  if (text === '') return null;
  switch (type) {
    case 'float':
    case 'integer':
      return toNumber(text);
    case 'boolean':
    case 'bool':
      if (/^(true|1)$/i.test(text)) return true;
      if (/^(false|0)$/i.test(text)) return false;
      throw notEnapter('a truth value that is none');
    case 'string':
      return text;
    case 'string_array':
    case 'array_of_strings':
      return parseStrings(text);
    default:
      throw notEnapter(`values of type ${type.slice(0, 30)}`);
  }
}

/** A column's labels, e.g. `device=ab12 telemetry=power`. */
function parseLabels(text: string): Map<string, string> {
  return new Map(
    text.split(/\s+/).map((pair) => {
      const mark = pair.indexOf('=');
      return mark < 0 ? ['', pair] : [pair.slice(0, mark), pair.slice(mark + 1)];
    }),
  );
}

/**
 * Reads the answer of a time series query: CSV whose first column `ts` is Unix seconds; a header names the types of
 * the others.
 *
 * @throws DeviceError BAD_RESPONSE
 */
export function parseTimeseries(body: string, headers: IncomingHttpHeaders): Timeseries {
  const records = parseCsv(body);
  const [head, ...lines] = records;
  if (!head) return { columns: [], rows: [] };
  if (head[0] !== 'ts') throw notEnapter('CSV without the column ts');
  const typesHeader = headers['x-enapter-timeseries-data-types'];
  const types = String(typesHeader ?? '')
    .split(',')
    .map((type) => type.trim().toLowerCase());
  const columns = head.slice(1).map((text, index) => {
    const labels = parseLabels(text);
    const type = types[index];
    if (!type) throw notEnapter('a column without type');
    const attribute = labels.get('telemetry') ?? labels.get('attribute') ?? text;
    return { attribute, device: labels.get('device') ?? null, type };
  });
  const rows = lines.map((line) => {
    const seconds = toNumber(line[0]);
    const timestamp = seconds === null ? null : isoFromEpochSeconds(seconds);
    if (timestamp === null) throw notEnapter('a row without time');
    const values = columns.map(({ attribute, type }, index): [string, TelemetryValue] => [
      attribute,
      parseValue(line[index + 1] ?? '', type),
    ]);
    // Last, so that an attribute of that name does not take its place.
    return Object.fromEntries<TelemetryValue>([...values, ['timestamp', timestamp]]);
  });
  return { columns, rows };
}
