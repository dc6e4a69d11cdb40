import type { CtResponseRow, MappedRow } from './rows';

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
  /** Wh; `null` when no row told */
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

/** The names of a session's values, in order. */
export const SESSION_FIELDS: readonly (keyof ChargingSession)[] = [
  ...(['start', 'end', 'startSeen', 'endSeen', 'energy', 'peakCurrent', 'peakPower'] as const),
  ...(['evseAddress', 'accId', 'acsId', 'spaceNumber'] as const),
];

/** A session under way; what is not known is `null`. */
interface OpenSession {
  /** epoch ms */
  start: number;
  /** epoch ms */
  end: number;
  startSeen: boolean;
  endSeen: boolean;
  energy: number | null;
  peakCurrent: number | null;
  peakPower: number | null;
  /** Wh at which the counter stood before this session */
  counterBefore: number | null;
}

interface Station {
  ids: Pick<ChargingSession, 'evseAddress' | 'accId' | 'acsId' | 'spaceNumber'>;
  /** rows not worked on yet, `WIDTH` numbers each: there may be a great many of them */
  rows: number[];
  session: OpenSession | undefined;
  /** a session that a row without the car interrupted, until it is known whether the car is still the same */
  interrupted: { session: OpenSession; at: number } | undefined;
  /** Wh at which the counter stood when the last session ended */
  counter: number | null;
  seen: boolean;
}

/** What a row tells of a session. */
interface Observation {
  /** epoch ms */
  time: number;
  plugged: boolean;
  energy: number | null;
  current: number | null;
  power: number | null;
}

/** Wh by which a counter may fall without having been reset: less than any station's resolution. */
const NOISE = 1;
/** ms for which a station may say UNPLUGGED in the middle of a session whose counter goes on. */
const GLITCH = 5 * 60_000;
/** Numbers a row. */
const WIDTH = 5;

/**
 * Makes charging sessions of `ct_response` rows.
 *
 * A session ends with a row that says UNPLUGGED, or when the energy counter, which counts within a session, falls. A
 * short UNPLUGGED after which the counter goes on from where it stood is a glitch, not another car.
 *
 * A server may give one station's rows in several series, one after the other, so rows wait until `flush` puts them
 * in the order of time.
 */
export class SessionBuilder {
  private readonly stations = new Map<string, Station>();

  /** Takes a row. Rows without a time or a charging state tell nothing. */
  add({ row, time }: Pick<MappedRow<CtResponseRow>, 'row' | 'time'>): void {
    if (time === null || row.timestamp === null || row.chargingState === null) return;
    const { evseAddress, accId, acsId, spaceNumber } = row;
    const key = evseAddress ?? [accId, row.acgId, acsId, spaceNumber].join('/');
    let station = this.stations.get(key);
    if (!station) {
      const ids = { evseAddress, accId, acsId, spaceNumber };
      station = { ids, rows: [], session: undefined, interrupted: undefined, counter: null, seen: false };
      this.stations.set(key, station);
    }
    const plugged = row.chargingState === 'UNPLUGGED' ? 0 : 1;
    station.rows.push(time, plugged, toCell(row.energyDelivered), toCell(row.current), toCell(row.power));
  }

  /**
   * Works on the rows so far, when no earlier ones will follow.
   *
   * @returns the sessions that have ended, station by station, so that a caller can pause in between
   */
  *flush(): Generator<ChargingSession[], void, void> {
    for (const station of this.stations.values()) {
      const ended: ChargingSession[] = [];
      for (const row of inOrderOfTime(station.rows)) {
        for (const session of observe(station, row)) ended.push(finished(station, session));
      }
      station.rows = [];
      yield ended;
    }
  }

  /** Returns what is open when there are no more rows. */
  finish(): ChargingSession[] {
    const open: ChargingSession[] = [];
    for (const station of this.stations.values()) {
      const { session, interrupted } = station;
      if (interrupted) open.push(finished(station, interrupted.session));
      if (session) open.push(finished(station, session));
    }
    this.stations.clear();
    return open.sort((a, b) => (a.start < b.start ? -1 : 1));
  }
}

function toCell(value: number | null): number {
  return value ?? NaN;
}

function fromCell(cell: number | undefined): number | null {
  return cell === undefined || Number.isNaN(cell) ? null : cell;
}

function* inOrderOfTime(rows: number[]): Generator<Observation, void, void> {
  const timeOf = (index: number): number => rows[index] ?? 0;
  let order: number[] | undefined;
  for (let at = WIDTH; at < rows.length && !order; at += WIDTH) {
    if (timeOf(at) < timeOf(at - WIDTH))
      order = Array.from({ length: rows.length / WIDTH }, (_, i) => i * WIDTH);
  }
  order?.sort((a, b) => timeOf(a) - timeOf(b));
  for (let i = 0; i < rows.length / WIDTH; i++) {
    const at = order?.[i] ?? i * WIDTH;
    yield {
      time: timeOf(at),
      plugged: rows[at + 1] === 1,
      energy: fromCell(rows[at + 2]),
      current: fromCell(rows[at + 3]),
      power: fromCell(rows[at + 4]),
    };
  }
}

/** Takes the next row of a station and returns the sessions that it ends. */
function observe(station: Station, row: Observation): OpenSession[] {
  const ended = row.plugged ? plugged(station, row) : unplugged(station, row.time);
  station.seen = true;
  return ended;
}

function unplugged(station: Station, time: number): OpenSession[] {
  const { session, interrupted } = station;
  if (session) {
    session.end = time;
    session.endSeen = true;
    station.counter = session.energy ?? station.counter;
    station.session = undefined;
    station.interrupted = { session, at: time };
    return interrupted ? [interrupted.session] : [];
  }
  if (!interrupted || time - interrupted.at <= GLITCH) return [];
  station.interrupted = undefined;
  return [interrupted.session];
}

function plugged(station: Station, row: Observation): OpenSession[] {
  const ended = [...afterInterruption(station, row)];
  const { session } = station;
  if (session && !station.interrupted && fell(session.energy, row.energy)) {
    if (stoodStill(session)) {
      // The counter of the car before was shown until now.
      session.energy = null;
    } else {
      session.endSeen = true;
      ended.push(session);
      station.counter = session.energy;
      station.session = undefined;
    }
  }
  station.session ??= begin(row.time, station.seen, station.counter);
  extend(station.session, row);
  return ended;
}

/** Decides, as soon as the counter can be read, whether the car after an UNPLUGGED is the one before it. */
function afterInterruption(station: Station, { time, energy }: Observation): OpenSession[] {
  const { interrupted, session } = station;
  if (!interrupted) return [];
  const soon = (session?.start ?? time) - interrupted.at <= GLITCH;
  if (soon && energy === null) return [];
  station.interrupted = undefined;
  if (!soon || !goesOn(interrupted.session.energy, energy)) return [interrupted.session];
  const whole = interrupted.session;
  whole.endSeen = false;
  if (session) {
    whole.peakCurrent = greater(whole.peakCurrent, session.peakCurrent);
    whole.peakPower = greater(whole.peakPower, session.peakPower);
  }
  station.session = whole;
  return [];
}

function begin(time: number, startSeen: boolean, counterBefore: number | null): OpenSession {
  const unknown = { energy: null, peakCurrent: null, peakPower: null };
  return { start: time, end: time, startSeen, endSeen: false, ...unknown, counterBefore };
}

function extend(session: OpenSession, row: Observation): void {
  session.end = row.time;
  session.energy = greater(session.energy, row.energy);
  session.peakCurrent = greater(session.peakCurrent, row.current);
  session.peakPower = greater(session.peakPower, row.power);
}

function finished({ ids }: Station, session: OpenSession): ChargingSession {
  const { start, end, startSeen, endSeen, energy, peakCurrent, peakPower } = session;
  const times = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  return { ...times, startSeen, endSeen, energy, peakCurrent, peakPower, ...ids };
}

function greater(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function fell(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && now < before - NOISE;
}

/** Whether a counter stands where it stood or above, and has counted anything at all. */
function goesOn(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && before > NOISE && now >= before - NOISE;
}

/** Whether a session has shown nothing yet but the counter of the session before it. */
function stoodStill({ energy, counterBefore }: OpenSession): boolean {
  return energy !== null && counterBefore !== null && Math.abs(energy - counterBefore) <= NOISE;
}
