import { isoTexts } from '../core/iso-time';
import { isDeeperThan, DEEPEST, tooDeep } from '../core/json/parse';
import { readTime } from '../core/time';
import { mapNumber, round, toNumber } from '../core/values';
import { notInflux, type SeriesHead } from './influx';

/** The vendor's three time series. */
export const MEASUREMENTS = ['ct_response', 'evse_request', 'evse_response'] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

/** The unit in which a site delivers `power`: kW as documented, or W. */
export type PowerUnit = 'kW' | 'W';

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

/** A typed row with its time and its values as they came. A class, because there are millions of them. */
export class MappedRow<R extends Row = Row> {
  /** @param time epoch ms, `null` when the row has no usable time */
  constructor(
    readonly row: R,
    readonly time: number | null,
    private readonly head: SeriesHead,
    readonly values: readonly unknown[],
  ) {}

  /** Values by the vendor's column names, tags included. */
  raw(): Record<string, unknown> {
    for (const value of this.values) {
      if (typeof value === 'object' && isDeeperThan(value, DEEPEST)) throw tooDeep();
    }
    // fromEntries makes own properties, whatever they are called.
    const columns = Object.fromEntries(
      this.head.columns.map((column, index) => [column, this.values[index] ?? null]),
    );
    return { ...this.head.tags, ...columns };
  }
}

function text(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}

function flag(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  const number = toNumber(value);
  return number === 1 ? true : number === 0 ? false : null;
}

function thousandth(value: unknown): number | null {
  const number = toNumber(value);
  return number === null ? null : number / 1000;
}

function thousandfold(value: unknown): number | null {
  return mapNumber(value, (number) => round(number * 1000));
}

/** Epoch seconds of these are times of readings without a further look. */
const FIRST_SECOND = 978_307_200;
const LAST_SECOND = 4_000_000_000;

/** As `readTime`, at a tenth of its cost for the forms that a database writes: there are millions of rows. */
export function epochMs(value: unknown): number | null {
  if (typeof value === 'number') {
    const isUsual = value >= FIRST_SECOND && value < LAST_SECOND;
    return isUsual ? Math.round(value * 1000) : readTime(value);
  }
  if (typeof value === 'string' && isPlainIso(value)) {
    const parsed = Date.parse(value);
    if (parsed >= FIRST_SECOND * 1000 && parsed < LAST_SECOND * 1000) return parsed;
  }
  return readTime(value);
}

/** `2025-06-01T08:00:00Z`, with decimals or without. Of the days from the 29th on not every month has each. */
function isPlainIso(value: string): boolean {
  const { length } = value;
  if (length < 20 || length > 30 || value[10] !== 'T' || value[length - 1] !== 'Z') return false;
  return value.charCodeAt(8) < THREE && !(value[8] === '2' && value[9] === '9');
}

const THREE = '3'.charCodeAt(0);

/** Where a column's value stands in a row; beyond its end when there is no such column. */
type Place = (column: string) => number;
type Build<R> = (timestamp: string | null, v: readonly unknown[]) => R;

// Every row is written out as one literal, which is ten times as fast as filling it in a loop: there are millions. Each begins
// as a copy, because V8 counts how long the objects of a plain literal live: a batch outlives the collector's looks, and from
// then on all rows would be made where only its long pauses reach them, at ten times the memory.

const NO_STATION: StationRow = {
  timestamp: null,
  acnId: null,
  accId: null,
  acgId: null,
  acsId: null,
  evseAddress: null,
  evseType: null,
  spaceNumber: null,
  chargingState: null,
  version: null,
};
const NO_CT_RESPONSE: CtResponseRow = {
  ...NO_STATION,
  energyDelivered: null,
  current: null,
  pilotCurrent: null,
  power: null,
  voltage: null,
  phases: null,
  peakRate: null,
};
const NO_EVSE_REQUEST: EvseRequestRow = {
  ...NO_STATION,
  lastCurrent: null,
  pilotCurrent: null,
  rampdownCurrent: null,
};
const NO_EVSE_RESPONSE: EvseResponseRow = {
  ...NO_STATION,
  connected: null,
  contactorClosed: null,
  lastCurrent: null,
  responsePeriod: null,
};

function ctResponse(at: Place, powerUnit: PowerUnit): Build<CtResponseRow> {
  const [acn, acc, acg, acs] = [at('acn_id'), at('acc_id'), at('acg_id'), at('acs_id')];
  const [address, type, space] = [at('evse_address'), at('evse_type'), at('space_number')];
  const [state, version, energy] = [at('charging_state'), at('version'), at('energy_delivered')];
  const [current, pilot, power] = [at('mamps_actual'), at('pilot_actual'), at('power')];
  const [voltage, phases, peak] = [at('voltage'), at('phases'), at('peak_rate')];
  const watts = powerUnit === 'kW' ? thousandfold : toNumber;
  return (timestamp, v) => ({
    ...NO_CT_RESPONSE,
    timestamp,
    acnId: text(v[acn]),
    accId: text(v[acc]),
    acgId: text(v[acg]),
    acsId: text(v[acs]),
    evseAddress: text(v[address]),
    evseType: text(v[type]),
    spaceNumber: text(v[space]),
    chargingState: text(v[state]),
    version: text(v[version]),
    energyDelivered: thousandth(v[energy]),
    current: thousandth(v[current]),
    pilotCurrent: toNumber(v[pilot]),
    power: watts(v[power]),
    voltage: thousandth(v[voltage]),
    phases: text(v[phases]),
    peakRate: toNumber(v[peak]),
  });
}

function evseRequest(at: Place): Build<EvseRequestRow> {
  const [acn, acc, acg, acs] = [at('acn_id'), at('acc_id'), at('acg_id'), at('acs_id')];
  const [address, type, space] = [at('evse_address'), at('evse_type'), at('space_number')];
  const [state, version] = [at('charging_state'), at('version')];
  const [last, limit, rampdown] = [at('mamps_last'), at('mamps_limit'), at('mamps_rampdown')];
  return (timestamp, v) => ({
    ...NO_EVSE_REQUEST,
    timestamp,
    acnId: text(v[acn]),
    accId: text(v[acc]),
    acgId: text(v[acg]),
    acsId: text(v[acs]),
    evseAddress: text(v[address]),
    evseType: text(v[type]),
    spaceNumber: text(v[space]),
    chargingState: text(v[state]),
    version: text(v[version]),
    lastCurrent: thousandth(v[last]),
    pilotCurrent: thousandth(v[limit]),
    rampdownCurrent: thousandth(v[rampdown]),
  });
}

function evseResponse(at: Place): Build<EvseResponseRow> {
  const [acn, acc, acg, acs] = [at('acn_id'), at('acc_id'), at('acg_id'), at('acs_id')];
  const [address, type, space] = [at('evse_address'), at('evse_type'), at('space_number')];
  const [state, version, last] = [at('charging_state'), at('version'), at('mamps_last')];
  const [connected, contactor, period] = [at('connected'), at('contactor'), at('response_period')];
  return (timestamp, v) => ({
    ...NO_EVSE_RESPONSE,
    timestamp,
    acnId: text(v[acn]),
    accId: text(v[acc]),
    acgId: text(v[acg]),
    acsId: text(v[acs]),
    evseAddress: text(v[address]),
    evseType: text(v[type]),
    spaceNumber: text(v[space]),
    chargingState: text(v[state]),
    version: text(v[version]),
    connected: flag(v[connected]),
    contactorClosed: flag(v[contactor]),
    lastCurrent: thousandth(v[last]),
    responsePeriod: toNumber(v[period]),
  });
}

type Builders = { readonly [M in Measurement]: (at: Place, powerUnit: PowerUnit) => Build<RowOf[M]> };
const BUILDERS: Builders = {
  ct_response: ctResponse,
  evse_request: evseRequest,
  evse_response: evseResponse,
};

/** The vendor's column of each value. */
export const COLUMN_OF: Readonly<Record<string, string>> = {
  ...{ acnId: 'acn_id', accId: 'acc_id', acgId: 'acg_id', acsId: 'acs_id', evseAddress: 'evse_address' },
  ...{
    evseType: 'evse_type',
    spaceNumber: 'space_number',
    chargingState: 'charging_state',
    version: 'version',
  },
  ...{ energyDelivered: 'energy_delivered', current: 'mamps_actual', pilotCurrent: 'pilot_actual' },
  ...{
    power: 'power',
    voltage: 'voltage',
    phases: 'phases',
    peakRate: 'peak_rate',
    lastCurrent: 'mamps_last',
  },
  ...{ rampdownCurrent: 'mamps_rampdown', connected: 'connected', contactorClosed: 'contactor' },
  ...{ responsePeriod: 'response_period' },
};

/** The names of a measurement's values, in order, `timestamp` first. */
export function rowFields(measurement: Measurement): string[] {
  return Object.keys(BUILDERS[measurement](() => 0, 'kW')(null, []));
}

/**
 * Makes the function that turns a series' rows into typed rows: values are found by column name, or in the tags. A row
 * that is shorter than its columns ends with `null`s; what is beyond them is left out.
 *
 * @throws (the function) DeviceError BAD_RESPONSE for a row that is no list
 */
export function rowMapper<M extends Measurement>(
  measurement: M,
  head: SeriesHead,
  powerUnit: PowerUnit = 'kW',
): (values: unknown) => MappedRow<RowOf[M]> {
  const { columns } = head;
  const tags = Object.entries(head.tags).filter(([tag]) => !columns.includes(tag));
  const tagValues = tags.map(([, value]) => value);
  const names = [...columns, ...tags.map(([tag]) => tag)];
  const place = (column: string): number => {
    const found = names.indexOf(column);
    return found < 0 ? names.length : found;
  };
  const build = BUILDERS[measurement](place, powerUnit);
  const timeAt = place('time');
  const iso = isoTexts();
  // Stations report in step, so neighbouring rows often share their time.
  let lastTime: number | null = null;
  let lastText: string | null = null;

  return (values) => {
    if (!Array.isArray(values)) throw notInflux();
    const given = values as readonly unknown[];
    // What a row lacks is found to be missing anyway; what is beyond its columns must not be taken for a tag.
    const own = given.length <= columns.length ? given : given.slice(0, columns.length);
    const whole = tags.length === 0 ? own : [...columns.map((_, i) => own[i]), ...tagValues];
    const time = epochMs(whole[timeAt]);
    if (time !== lastTime) {
      lastTime = time;
      lastText = time === null ? null : iso(time);
    }
    return new MappedRow<RowOf[M]>(build(lastText, whole), time, head, own);
  };
}
