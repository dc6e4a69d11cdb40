import type { IncomingHttpHeaders } from 'node:http';
import { StringDecoder } from 'node:string_decoder';

import { tooMuch } from '../../core/budget';
import { connectionBroke } from '../../core/http/errors';
import { showsItsEnd } from '../../core/http/response';
import { isDeeperThan } from '../../core/json/parse';
import type { Notice } from '../../core/notices';
import { cleanText } from '../../core/redact';
import { readTimeIso } from '../../core/time';
import { toNumber } from '../../core/values';
import { CsvReader } from './csv';
import { notEnapter } from './errors';

export type TelemetryValue = number | string | boolean | string[] | null;

/** One attribute of a response. */
export interface TimeseriesColumn {
  attribute: string;
  device: string | null;
  type: string;
}

/** Telemetry over time. Rows are in the server's order; an attribute without a value at a time is `null`. */
export interface Timeseries {
  columns: TimeseriesColumn[];
  /** `timestamp` ISO 8601 UTC, and one property an attribute */
  rows: Record<string, TelemetryValue>[];
}

/** Columns of a response, beside that of the times. */
export const MAX_COLUMNS = 200;
/** Values of a response, times included. */
const MAX_VALUES = 6_000_000;
/** Characters of a name that the log quotes. */
const LONGEST_QUOTED = 60;

const TYPES_HEADER = 'x-enapter-timeseries-data-types';

/** A column's labels, e.g. `device=ab12 telemetry=power`. */
function parseLabels(text: string): Map<string, string> {
  return new Map(
    text.split(' ').map((pair) => {
      const mark = pair.indexOf('=');
      return mark < 0 ? ['', pair] : [pair.slice(0, mark), pair.slice(mark + 1)];
    }),
  );
}

/** `undefined`: not of this type. */
function parseStrings(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && !isDeeperThan(list, 1) ? list.map(String) : undefined;
  } catch {
    return undefined;
  }
}

function parseFlag(text: string): boolean | undefined {
  switch (text.length > 5 ? '' : text.toLowerCase()) {
    case 'true':
    case '1':
      return true;
    case 'false':
    case '0':
      return false;
  }
  return undefined;
}

/** `undefined`: there is a value, and it is not of this type. */
function parseValue(text: string, type: string): TelemetryValue | undefined {
  if (text === '') return null;
  switch (type) {
    case 'float':
    case 'integer':
      return toNumber(text) ?? undefined;
    case 'boolean':
    case 'bool':
      return parseFlag(text);
    case 'string_array':
    case 'array_of_strings':
      return parseStrings(text);
    default:
      return text;
  }
}

const KNOWN_TYPES = new Set([
  'float',
  'integer',
  'boolean',
  'bool',
  'string',
  'string_array',
  'array_of_strings',
]);

function quoted(text: string): string {
  return cleanText(text.slice(0, 4 * LONGEST_QUOTED), undefined, LONGEST_QUOTED);
}

/**
 * Reads the response of a time series query as it arrives: CSV whose first column `ts` is the time; a header names the
 * types of the others. One odd row or value costs that row or value, and is noticed.
 */
export class TimeseriesReader {
  private readonly decoder = new StringDecoder('utf8');
  private readonly csv = new CsvReader((record) => this.take(record), MAX_COLUMNS + 1);
  /** of the response; they are there with its first bytes */
  private headers: IncomingHttpHeaders = {};
  private columns: TimeseriesColumn[] | undefined;
  private readonly rows: Record<string, TelemetryValue>[] = [];
  /** by column, whether it ever had a value */
  private filled: boolean[] = [];
  private odd: string | undefined;
  /** what was noticed already: a response may have millions of odd values */
  private readonly noticed = new Set<string>();

  /** a row without values, with every property that a row has */
  private template: Readonly<Record<string, TelemetryValue>> = {};

  /** @param maxRows as many as were asked for */
  constructor(
    private readonly onNotice: (notice: Notice) => void = () => undefined,
    private readonly maxRows = Infinity,
  ) {}

  /** @throws DeviceError BAD_RESPONSE; `tooMuch` for more columns or values than fit */
  push(chunk: Buffer, headers: IncomingHttpHeaders): void {
    this.headers = headers;
    this.csv.push(this.decoder.write(chunk));
  }

  /**
   * @throws DeviceError BAD_RESPONSE, also where no row could be read; UNREACHABLE where the text stops within a line and
   *   nothing says that this is its end: 12 may have become of 1234, and nobody knows how many rows are missing
   */
  end(headers: IncomingHttpHeaders): Timeseries {
    this.headers = headers;
    this.csv.push(this.decoder.end());
    if (this.csv.isWithinRecord && !showsItsEnd(headers)) throw connectionBroke({ sent: true });
    this.csv.end();
    const { columns = [], rows } = this;
    if (rows.length === 0 && this.odd !== undefined) throw notEnapter(this.odd);
    if (rows.length > 0) {
      for (const [index, { attribute }] of columns.entries()) {
        if (!this.filled[index]) this.notice('enapterNoValue', attribute);
      }
    }
    return { columns, rows };
  }

  private take(record: readonly string[]): void {
    if (this.columns) this.takeRow(record, this.columns);
    else this.columns = this.readHead(record, this.headers);
  }

  private readHead(
    [first = '', ...names]: readonly string[],
    headers: IncomingHttpHeaders,
  ): TimeseriesColumn[] {
    // A byte order mark before it is no part of it.
    if (first.replace('\ufeff', '').trim() !== 'ts') throw notEnapter('CSV without the column ts');
    if (names.length > MAX_COLUMNS) throw tooMuch(MAX_COLUMNS, 'columns');
    const types = String(headers[TYPES_HEADER] ?? '').split(',');
    this.filled = names.map(() => false);
    const columns = names.map((text, index) => {
      const labels = parseLabels(text);
      const type = types[index]?.trim().toLowerCase();
      if (!type) throw notEnapter('a column without type');
      const attribute = labels.get('telemetry') ?? labels.get('attribute') ?? text;
      // As text it can at least be looked at.
      if (!KNOWN_TYPES.has(type)) this.notice('enapterType', attribute);
      return { attribute, device: labels.get('device') ?? null, type };
    });
    const keys = [...columns.map(({ attribute }) => attribute), 'timestamp'];
    this.template = Object.fromEntries(keys.map((key) => [key, null]));
    return columns;
  }

  private takeRow(record: readonly string[], columns: readonly TimeseriesColumn[]): void {
    const [time = ''] = record;
    const timestamp = readTimeIso(time);
    if (record.length !== columns.length + 1) {
      this.skip('a row of another length than its head', 'enapterRowLength');
      return;
    }
    if (timestamp === null) {
      this.skip('a row without time', 'enapterRowTime');
      return;
    }
    const { rows, filled } = this;
    if (rows.length >= this.maxRows) throw tooMuch(this.maxRows, 'rows');
    if ((rows.length + 1) * record.length > MAX_VALUES) throw tooMuch(MAX_VALUES, 'values');
    // A copy has all of the properties already, so that none is set that objects inherit, such as __proto__.
    const row = { ...this.template };
    // By a function: entries() makes an array for each value, and there may be millions.
    columns.forEach(({ attribute, type }, index) => {
      const value = parseValue(record[index + 1] ?? '', type);
      if (value === undefined) this.notice('enapterOddValue', attribute);
      else if (value !== null) {
        filled[index] = true;
        row[attribute] = value;
      }
    });
    // Last, so that an attribute of that name does not take its place.
    row.timestamp = timestamp;
    rows.push(row);
  }

  private skip(what: string, reason: string): void {
    this.odd ??= what;
    this.notice(reason);
  }

  private notice(reason: string, attribute?: string): void {
    const key = attribute === undefined ? reason : `${reason} ${attribute}`;
    if (this.noticed.has(key)) return;
    this.noticed.add(key);
    this.onNotice({
      reason,
      ...(attribute === undefined ? {} : { params: { attribute: quoted(attribute) } }),
    });
  }
}
