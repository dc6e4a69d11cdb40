import { isRecord, round, toNumber } from '../core/units';
import { notInflux, type SeriesHead } from './influx';

/** The vendor's three time series. */
export const MEASUREMENTS = ['ct_response', 'evse_request', 'evse_response'] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

/** The unit in which a site delivers `power`: kW as documented, or W. */
export const POWER_UNITS = ['kW', 'W'] as const;
export type PowerUnit = (typeof POWER_UNITS)[number];

/** What every row tells of its place and time. What did not arrive is `null`; ids are texts and may have leading zeros. */
export interface StationRow {
  /** ISO 8601 UTC */
  timestamp: string | null;
  acnId: string | null;
  accId: string | null;
  acgId: string | null;
  acsId: string | null;
  evseAddress: string | null;
  evseType: string | null;
  spaceNumber: string | null;
  /** `UNPLUGGED`, `ADAPTIVE`, `IDLE`, `READY` or `NOT CHARGING`, as the vendor writes it */
  chargingState: string | null;
  version: string | null;
}

/** A row of `ct_response`: what a station measures. */
export interface CtResponseRow extends StationRow {
  /** Wh of the session so far */
  energyDelivered: number | null;
  /** A */
  current: number | null;
  /** A, what the station tells the car it may take */
  pilotCurrent: number | null;
  /** W */
  power: number | null;
  /** V */
  voltage: number | null;
  phases: string | null;
  /** the vendor's own figure, without a documented unit */
  peakRate: number | null;
}

/** A row of `evse_request`: what the vendor asks a station for. */
export interface EvseRequestRow extends StationRow {
  /** A */
  lastCurrent: number | null;
  /** A */
  pilotCurrent: number | null;
  /** A, what the car is thought to take at the most */
  rampdownCurrent: number | null;
}

/** A row of `evse_response`: what a station reports about itself. */
export interface EvseResponseRow extends StationRow {
  connected: boolean | null;
  contactorClosed: boolean | null;
  /** A */
  lastCurrent: number | null;
  /** s since the last report */
  responsePeriod: number | null;
}

export interface RowOf {
  ct_response: CtResponseRow;
  evse_request: EvseRequestRow;
  evse_response: EvseResponseRow;
}
export type Row = RowOf[Measurement];

/** A typed row with its time and its values as they came. */
export interface MappedRow<R extends Row = Row> {
  row: R;
  /** epoch ms, `null` when the row has no usable time */
  time: number | null;
  /** values by the vendor's column names, tags included */
  raw: () => Record<string, unknown>;
}

type Convert = (value: unknown) => unknown;

/** The last moment with a four-digit year; beyond it a number is no epoch seconds. */
const LAST_SECOND = 253_402_300_799;

function text(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}

function flag(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  const number = toNumber(value);
  return number === 1 ? true : number === 0 ? false : null;
}

/** Multiplies, rounding floating-point noise away: vendor units are thousandths and thousands. */
function times(factor: number): Convert {
  return (value) => {
    const number = toNumber(value);
    return number === null
      ? null
      : factor < 1
        ? round(number / Math.round(1 / factor), 9)
        : round(number * factor, 6);
  };
}

const THOUSANDTH = times(0.001);

const STATION: readonly (readonly [string, string, Convert])[] = [
  ['acnId', 'acn_id', text],
  ['accId', 'acc_id', text],
  ['acgId', 'acg_id', text],
  ['acsId', 'acs_id', text],
  ['evseAddress', 'evse_address', text],
  ['evseType', 'evse_type', text],
  ['spaceNumber', 'space_number', text],
  ['chargingState', 'charging_state', text],
  ['version', 'version', text],
];

function fieldsOf(
  measurement: Measurement,
  powerUnit: PowerUnit,
): readonly (readonly [string, string, Convert])[] {
  switch (measurement) {
    case 'ct_response':
      return [
        ...STATION,
        ['energyDelivered', 'energy_delivered', THOUSANDTH],
        ['current', 'mamps_actual', THOUSANDTH],
        ['pilotCurrent', 'pilot_actual', toNumber],
        ['power', 'power', powerUnit === 'kW' ? times(1000) : toNumber],
        ['voltage', 'voltage', THOUSANDTH],
        ['phases', 'phases', text],
        ['peakRate', 'peak_rate', toNumber],
      ];
    case 'evse_request':
      return [
        ...STATION,
        ['lastCurrent', 'mamps_last', THOUSANDTH],
        ['pilotCurrent', 'mamps_limit', THOUSANDTH],
        ['rampdownCurrent', 'mamps_rampdown', THOUSANDTH],
      ];
    case 'evse_response':
      return [
        ...STATION,
        ['connected', 'connected', flag],
        ['contactorClosed', 'contactor', flag],
        ['lastCurrent', 'mamps_last', THOUSANDTH],
        ['responsePeriod', 'response_period', toNumber],
      ];
  }
}

/** The names of a measurement's values, in order, `timestamp` first. */
export function rowFields(measurement: Measurement): string[] {
  return ['timestamp', ...fieldsOf(measurement, 'kW').map(([name]) => name)];
}

/** A time as the vendor sends it, epoch seconds or RFC 3339, in epoch ms; `null` for anything else. */
export function epochMs(value: unknown): number | null {
  if (typeof value === 'string' && value.includes('T')) {
    const parsed = Date.parse(value);
    return Number.isNaN(parsed) ? null : parsed;
  }
  const seconds = toNumber(value);
  if (seconds === null || seconds <= 0 || seconds > LAST_SECOND) return null;
  return Math.round(seconds * 1000);
}

/**
 * Makes the function that turns a series' rows into typed rows: values are found by column name, or in the tags.
 *
 * @throws (the function) DeviceError BAD_RESPONSE for a row that is no list
 */
export function rowMapper<M extends Measurement>(
  measurement: M,
  head: SeriesHead,
  powerUnit: PowerUnit = 'kW',
): (values: unknown) => MappedRow<RowOf[M]> {
  const place = (column: string): { index: number; tag: unknown } => ({
    index: head.columns.indexOf(column),
    tag: Object.hasOwn(head.tags, column) ? head.tags[column] : undefined,
  });
  const timeAt = head.columns.indexOf('time');
  const fields = fieldsOf(measurement, powerUnit).map(([name, column, convert]) => ({
    ...{ name, convert },
    ...place(column),
  }));
  // Stations report in step, so neighbouring rows often share their time.
  let lastTime: number | null = null;
  let lastText: string | null = null;

  return (values) => {
    if (!Array.isArray(values)) throw notInflux();
    const time = epochMs(values[timeAt]);
    if (time !== lastTime) {
      lastTime = time;
      lastText = time === null ? null : new Date(time).toISOString();
    }
    const row: Record<string, unknown> = { timestamp: lastText };
    for (const { name, convert, index, tag } of fields) row[name] = convert(index < 0 ? tag : values[index]);
    return { row: row as unknown as RowOf[M], time, raw: () => rawOf(head, values) };
  };
}

function rawOf(head: SeriesHead, values: unknown[]): Record<string, unknown> {
  // fromEntries makes own properties, whatever they are called.
  const columns = Object.fromEntries(head.columns.map((column, index) => [column, values[index]]));
  return isRecord(head.tags) ? { ...head.tags, ...columns } : columns;
}
