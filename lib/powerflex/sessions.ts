import { tooMuch } from '../core/budget';
import type { CtResponseRow, MappedRow } from './rows';
import type { CoursePoint } from './session-course';
import type { Reading } from './session-counter';
import { type Ids, type OpenSession, StationSessions } from './session-station';

/** One car at one station, from plugging in to leaving. */
export interface ChargingSession {
  /** ISO 8601 UTC of the first row with the car */
  start: string;
  /** ISO 8601 UTC: when the station was found without the car, else the last row with it */
  end: string;
  /** `false`: the car was there already when the rows began, so `start` and `peakCurrent` are of a part only */
  startSeen: boolean;
  /** `false`: the car was still there when the rows ended */
  endSeen: boolean;
  /** Wh by which the station's counter rose; `null` when it is not known where it stood before the session, or after */
  energy: number | null;
  /** A */
  peakCurrent: number | null;
  /** W */
  peakPower: number | null;
  evseAddress: string | null;
  accId: string | null;
  acsId: string | null;
  spaceNumber: string | null;
}

/** What a bill needs besides: parts of a session that different ranges show can be put together with it. */
export interface SessionDetails {
  /** Wh at which the station's counter stood before the session; `null` when that is not known */
  counterBefore: number | null;
  /** Wh that it showed first */
  counterFirst: number | null;
  /** Wh that it showed last; `null` when it is not known what it stood at in the end */
  counterLast: number | null;
  /** the counter may have begun anew unseen: `energy` is then too small where it does so with each car */
  mayBeAnew: boolean;
  /** how the energy grew: s since the start, and Wh counted by then */
  course: CoursePoint[];
}

/** The names of a session's values, in order. */
export const SESSION_FIELDS: readonly (keyof ChargingSession)[] = [
  ...(['start', 'end', 'startSeen', 'endSeen', 'energy', 'peakCurrent', 'peakPower'] as const),
  ...(['evseAddress', 'accId', 'acsId', 'spaceNumber'] as const),
];

/** The names of the details, in order. */
export const DETAIL_FIELDS: readonly (keyof SessionDetails)[] = [
  ...(['counterBefore', 'counterFirst', 'counterLast', 'mayBeAnew', 'course'] as const),
];

interface Station {
  ids: Ids;
  /** rows not worked on yet, `WIDTH` numbers each: there may be a great many of them */
  rows: number[];
  sessions: StationSessions;
  ended: ChargingSession[];
}

/** Numbers a row. */
const WIDTH = 5;
/** Rows that wait for those before them: a month of a large garage. */
const MAX_ROWS = 1_500_000;
const MAX_STATIONS = 20_000;
/** Rows that are worked on without a pause. */
const STRETCH = 5000;
const PLUGGED = 1;
const UNPLUGGED = 0;
const UNKNOWN = 2;
/** The states of the vendor's document with a car. */
const WITH_CAR = new Set(['ADAPTIVE', 'IDLE', 'READY', 'NOT CHARGING']);

/**
 * Makes charging sessions of `ct_response` rows.
 *
 * A session ends with a row that says UNPLUGGED, or when the energy counter begins anew. A short UNPLUGGED after which
 * a counter that begins anew with each car goes on from where it stood is a glitch, not another car.
 *
 * Its energy is what the counter rose since it was shown last before the session, whether the counter begins anew with
 * each car, when the next one is charged, or never. Where that cannot be known it is `null`.
 *
 * A server may give one station's rows in several series, one after the other, so rows wait until `flush` puts them
 * in the order of time.
 */
export class SessionBuilder {
  private readonly stations = new Map<string, Station>();
  /** stations by their ids, for rows without an address; `null`: several have the same ids */
  private readonly byIds = new Map<string, Station | null>();
  /** rows that are not worked on yet */
  private waiting = 0;

  /** @param withDetails each session has its `SessionDetails` */
  constructor(private readonly withDetails = false) {}

  /**
   * Takes a row. Rows without a time or a charging state tell nothing.
   *
   * @throws DeviceError BAD_RESPONSE `tooMuch` for more rows than can wait, or stations than there are
   */
  add({ row, time }: Pick<MappedRow<CtResponseRow>, 'row' | 'time'>): void {
    if (time === null || row.timestamp === null || row.chargingState === null) return;
    const station = this.stationOf(row);
    if (!station) return;
    if (++this.waiting > MAX_ROWS) throw tooMuch(MAX_ROWS, 'rows');
    const { chargingState, energyDelivered: energy } = row;
    const counted = energy === null || energy < 0 ? NaN : energy;
    station.rows.push(time, stateCell(chargingState), counted, toCell(row.current), toCell(row.power));
  }

  /**
   * Works on the rows so far, when no earlier ones will follow.
   *
   * @returns the sessions that have ended, some thousand rows at a time, so that a caller can pause in between
   */
  *flush(): Generator<ChargingSession[], void, void> {
    this.waiting = 0;
    for (const station of this.stations.values()) {
      const { rows } = station;
      station.rows = [];
      const order = yield* sorted(rows);
      for (let i = 0; i < rows.length / WIDTH; i++) {
        station.sessions.take(reading(rows, order?.[i] ?? i * WIDTH));
        if (i % STRETCH === STRETCH - 1) yield station.ended.splice(0);
      }
      yield station.ended.splice(0);
    }
  }

  /** Returns what is open when there are no more rows. */
  finish(): ChargingSession[] {
    const open: ChargingSession[] = [];
    for (const station of this.stations.values()) {
      station.sessions.finish();
      open.push(...station.ended.splice(0));
    }
    this.stations.clear();
    this.byIds.clear();
    return open.sort((a, b) => (a.start < b.start ? -1 : 1));
  }

  private stationOf(row: CtResponseRow): Station | undefined {
    const { evseAddress, accId, acsId, spaceNumber } = row;
    const ids = [row.acnId, accId, row.acgId, acsId, spaceNumber].join('/');
    if (evseAddress !== null) {
      const known = this.stations.get(evseAddress);
      if (known) return known;
    }
    const sibling = this.byIds.get(ids);
    if (evseAddress === null && sibling !== undefined) return sibling ?? undefined;
    if (sibling && evseAddress !== null && sibling.ids.evseAddress === null) {
      // So far its rows came without their address.
      sibling.ids.evseAddress = evseAddress;
      this.stations.delete(`/${ids}`);
      this.stations.set(evseAddress, sibling);
      return sibling;
    }
    if (this.byIds.size + this.stations.size > MAX_STATIONS) throw tooMuch(MAX_STATIONS, 'stations');
    const station = this.newStation({ evseAddress, accId, acsId, spaceNumber });
    this.stations.set(evseAddress ?? `/${ids}`, station);
    this.byIds.set(ids, sibling === undefined ? station : null);
    return station;
  }

  private newStation(ids: Ids): Station {
    const ended: ChargingSession[] = [];
    const sessions = new StationSessions(
      (session) => ended.push({ ...finished(ids, session), ...(this.withDetails ? details(session) : {}) }),
      this.withDetails,
    );
    return { ids, rows: [], sessions, ended };
  }
}

function stateCell(state: string): number {
  const known = state.trim().toUpperCase();
  if (known === 'UNPLUGGED') return UNPLUGGED;
  return WITH_CAR.has(known) ? PLUGGED : UNKNOWN;
}

function reading(rows: readonly number[], at: number): Reading {
  const state = rows[at + 1];
  return {
    time: rows[at] ?? 0,
    plugged: state === UNKNOWN ? null : state === PLUGGED,
    energy: fromCell(rows[at + 2]),
    current: fromCell(rows[at + 3]),
    power: fromCell(rows[at + 4]),
  };
}

function finished(ids: Ids, session: OpenSession): ChargingSession {
  const { start, end, startSeen, endSeen, energy, peakCurrent, peakPower } = session;
  const times = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  return { ...times, startSeen, endSeen, energy, peakCurrent, peakPower, ...ids };
}

function details({ base, first, counter, unclear, mayBeAnew, curve }: OpenSession): SessionDetails {
  return {
    counterBefore: base,
    counterFirst: first,
    counterLast: unclear ? null : counter,
    mayBeAnew,
    course: curve?.all() ?? [],
  };
}

function toCell(value: number | null): number {
  return value ?? NaN;
}

function fromCell(cell: number | undefined): number | null {
  return cell === undefined || Number.isNaN(cell) ? null : cell;
}

/**
 * Where the rows stand in the order of time; `undefined` when they are in it already. Sorted in pieces that are then
 * merged, with pauses.
 */
function* sorted(rows: readonly number[]): Generator<ChargingSession[], Uint32Array | undefined, void> {
  const timeOf = (at: number | undefined): number => rows[at ?? 0] ?? 0;
  let inOrder = true;
  for (let at = WIDTH; at < rows.length && inOrder; at += WIDTH) inOrder = timeOf(at) >= timeOf(at - WIDTH);
  if (inOrder) return undefined;
  const count = rows.length / WIDTH;
  let from = Uint32Array.from({ length: count }, (_, i) => i * WIDTH);
  for (let start = 0; start < count; start += STRETCH) {
    // Of equal times the row that came first stays first.
    from.subarray(start, start + STRETCH).sort((a, b) => timeOf(a) - timeOf(b) || a - b);
    yield [];
  }
  for (let run = STRETCH; run < count; run *= 2) {
    const to = new Uint32Array(count);
    for (let start = 0; start < count; start += 2 * run) {
      let [left, right] = [start, Math.min(start + run, count)];
      const [middle, end] = [right, Math.min(start + 2 * run, count)];
      for (let at = start; at < end; at++) {
        const takeLeft = left < middle && (right >= end || timeOf(from[left]) <= timeOf(from[right]));
        to[at] = from[takeLeft ? left++ : right++] ?? 0;
        if (at % (8 * STRETCH) === 0) yield [];
      }
    }
    from = to;
  }
  return from;
}
