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

interface Station {
  session: ChargingSession | undefined;
  /** a session that a row without the car interrupted, until it is known whether the car is still the same */
  interrupted: { session: ChargingSession; at: number } | undefined;
  seen: boolean;
}

/** Wh by which a counter may fall without having been reset: less than any station's resolution. */
const NOISE = 1;
/** ms for which a station may say UNPLUGGED in the middle of a session whose counter goes on. */
const GLITCH = 5 * 60_000;

/**
 * Makes charging sessions of `ct_response` rows, in the order of time for each station.
 *
 * A session ends with a row that says UNPLUGGED, or when the energy counter, which counts within a session, falls. A
 * short UNPLUGGED after which the counter goes on from where it stood is a glitch, not another car.
 */
export class SessionBuilder {
  private readonly stations = new Map<string, Station>();

  /** Takes a row and returns the sessions that it ends. Rows without a time or a charging state tell nothing. */
  add({ row, time }: Pick<MappedRow<CtResponseRow>, 'row' | 'time'>): ChargingSession[] {
    if (time === null || row.timestamp === null || row.chargingState === null) return [];
    const key = row.evseAddress ?? [row.accId, row.acgId, row.acsId, row.spaceNumber].join('/');
    const station = this.stations.get(key) ?? {
      ...{ session: undefined, interrupted: undefined, seen: false },
    };
    this.stations.set(key, station);
    const ended =
      row.chargingState === 'UNPLUGGED'
        ? this.unplugged(station, row.timestamp, time)
        : this.plugged(station, row, row.timestamp, time);
    station.seen = true;
    return ended;
  }

  /** Returns what is open when there are no more rows. */
  finish(): ChargingSession[] {
    const open: ChargingSession[] = [];
    for (const { session, interrupted } of this.stations.values()) {
      if (interrupted) open.push(interrupted.session);
      if (session) open.push(session);
    }
    this.stations.clear();
    return open.sort((a, b) => (a.start < b.start ? -1 : 1));
  }

  private unplugged(station: Station, timestamp: string, time: number): ChargingSession[] {
    const { session, interrupted } = station;
    if (session) {
      session.end = timestamp;
      session.endSeen = true;
      station.session = undefined;
      station.interrupted = { session, at: time };
      return [];
    }
    if (!interrupted || time - interrupted.at <= GLITCH) return [];
    station.interrupted = undefined;
    return [interrupted.session];
  }

  private plugged(station: Station, row: CtResponseRow, timestamp: string, time: number): ChargingSession[] {
    const ended: ChargingSession[] = [];
    const { interrupted } = station;
    if (interrupted) {
      station.interrupted = undefined;
      if (time - interrupted.at <= GLITCH && goesOn(interrupted.session.energy, row.energyDelivered)) {
        station.session = interrupted.session;
        station.session.endSeen = false;
      } else {
        ended.push(interrupted.session);
      }
    } else if (station.session && fell(station.session.energy, row.energyDelivered)) {
      station.session.endSeen = true;
      ended.push(station.session);
      station.session = undefined;
    }
    station.session ??= begin(row, timestamp, station.seen);
    extend(station.session, row, timestamp);
    return ended;
  }
}

function begin(row: CtResponseRow, timestamp: string, startSeen: boolean): ChargingSession {
  const { evseAddress, accId, acsId, spaceNumber } = row;
  return {
    start: timestamp,
    end: timestamp,
    startSeen,
    endSeen: false,
    energy: null,
    peakCurrent: null,
    peakPower: null,
    ...{ evseAddress, accId, acsId, spaceNumber },
  };
}

function extend(session: ChargingSession, row: CtResponseRow, timestamp: string): void {
  session.end = timestamp;
  session.energy = greater(session.energy, row.energyDelivered);
  session.peakCurrent = greater(session.peakCurrent, row.current);
  session.peakPower = greater(session.peakPower, row.power);
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
