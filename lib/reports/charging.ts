import { invalidInput } from '../core/errors';
import { round } from '../core/values';
import type { LocalTime, Span } from '../core/zone';
import { Prices, type PriceState, type Pricing } from '../energy/prices';
import type { BilledSpan, BilledStay } from './billed';
import { type ChargingState, readState, stateOf } from './charging-state';
import type { ReportedSession } from './session-input';
import { billOf, type Entry, Station } from './station';
import type { StayOptions } from './stay-cost';

/** What charging has cost, by day and month; each kWh in one month and in no other. */

export interface ChargingOptions extends StayOptions {
  zone: LocalTime;
  /** 1 to 28 */
  billingDay: number;
  price: Pricing;
  /** ms after a month's end before which it is not closed: its last sessions may not have been read */
  settle: number;
}

/** How many sessions of a message were new, told more than was known, or nothing; `old`: before what is remembered */
export type Taken = Record<'new' | 'changed' | 'known' | 'old', number>;

const MOST_STATIONS = 1000;
/** Sessions that are in no closed month. */
const MOST_OPEN = 8000;
/** Sessions of closed months that are remembered, so that they are not told again. */
const MOST_TOLD = 8000;
/** Prices that are kept: a month and a half of quarters of an hour */
const MOST_PRICES = 4500;
const MOST_MONTHS = 120;
/** Sessions that are worked on without a pause. */
const STRETCH = 100;
const REMEMBERED = 400 * 86_400_000;

export class ChargingReport {
  readonly prices: Prices;
  private readonly stations = new Map<string, Station>();
  /** epoch ms up to which months are closed; `null`: nothing has come yet */
  private closedUntil: number | null = null;

  /** @throws anything for a state that cannot be used */
  constructor(
    private readonly options: ChargingOptions,
    state?: ChargingState & { prices: PriceState },
  ) {
    this.prices = new Prices(options.price, options.zone, state?.prices, MOST_PRICES);
    if (!state) return;
    const { stations, closedUntil } = readState(state);
    for (const station of stations) this.stations.set(station.ids.key, station);
    this.closedUntil = closedUntil;
  }

  /**
   * Takes sessions, all of them or none.
   *
   * @throws DeviceError INVALID_INPUT for more stations or sessions than are kept
   */
  take(sessions: readonly ReportedSession[]): Taken {
    const taken: Taken = { new: 0, changed: 0, known: 0, old: 0 };
    for (const some of this.taking(sessions)) addTo(taken, some);
    return taken;
  }

  /**
   * The same with pauses: others may work between what it yields.
   *
   * @throws DeviceError INVALID_INPUT before any of them counts
   */
  *taking(sessions: readonly ReportedSession[]): Generator<Taken, void, void> {
    const strangers = new Set(
      sessions.map(({ station }) => station.key).filter((key) => !this.stations.has(key)),
    );
    if (this.stations.size + strangers.size > MOST_STATIONS) {
      throw invalidInput(`There are more than ${MOST_STATIONS} stations.`, 'energyManyStations', {
        max: MOST_STATIONS,
      });
    }
    const news = sessions.filter(({ station, stay }) => !this.knows(station.key, stay.start)).length;
    if (this.openEntries() + news > MOST_OPEN) {
      throw invalidInput(
        `There are more than ${MOST_OPEN} sessions that no month has yet.`,
        'energyOpenSessions',
        {
          max: MOST_OPEN,
        },
      );
    }
    const sorted = [...sessions].sort((a, b) => a.stay.start - b.stay.start);
    for (let i = 0; i < sorted.length; i += STRETCH) {
      const taken: Taken = { new: 0, changed: 0, known: 0, old: 0 };
      const touched = new Set<Station>();
      for (const { station: ids, stay } of sorted.slice(i, i + STRETCH)) {
        let station = this.stations.get(ids.key);
        if (!station) this.stations.set(ids.key, (station = new Station(ids)));
        taken[station.take(stay)]++;
        touched.add(station);
      }
      for (const station of touched) this.bill(station);
      yield taken;
    }
  }

  /**
   * Closes the months that are over.
   *
   * @param now epoch ms
   * @returns those to tell, in their order: of several at once those without a session are left out
   */
  close(now: number): BilledSpan[] {
    const closed: BilledSpan[] = [];
    for (let i = 0; i < MOST_MONTHS; i++) {
      const month = this.oldestOpen(now);
      if (!month || month.end + this.options.settle > now) break;
      const stays = this.untold(month.end, true);
      this.closedUntil = month.end;
      closed.push({ ...month, stays });
    }
    this.forget(now);
    const used = closed.filter(({ stays }) => stays.length > 0);
    return used.length > 0 ? used : closed.slice(-1);
  }

  /** The running day and month. @param now epoch ms */
  running(now: number): { day: BilledSpan; month: BilledSpan; open: number } {
    const { zone, billingDay } = this.options;
    const day = zone.periodAt(now, 'day');
    const month = zone.periodAt(now, 'month', billingDay);
    const waits = this.closedUntil ?? -Infinity;
    const stays = this.untold(month.end, false);
    let open = 0;
    for (const station of this.stations.values()) {
      const last = station.entries.length - 1;
      if (last >= 0 && !station.isFinal(last)) open++;
    }
    // Until the month before is closed, its sessions are not of this one.
    const ofMonth = stays.filter((one) => Math.max(one.end, waits) >= month.start);
    const ofDay = stays.filter((one) => one.end >= day.start && one.end < day.end);
    return { day: { ...day, stays: ofDay }, month: { ...month, stays: ofMonth }, open };
  }

  /** Another price list may tell what had no price. */
  priceAgain(): void {
    for (const station of this.stations.values()) this.bill(station);
  }

  /** Begins anew. */
  reset(): void {
    this.stations.clear();
    this.closedUntil = null;
  }

  state(): ChargingState & { prices: PriceState } {
    const stations = [...this.stations.values()];
    return { ...stateOf(stations, this.closedUntil), prices: this.prices.state() };
  }

  private knows(key: string, start: number): boolean {
    return this.stations.get(key)?.entries.some(({ stay }) => stay.start === start) ?? false;
  }

  private openEntries(): number {
    let open = 0;
    for (const { entries } of this.stations.values()) {
      for (const { told } of entries) if (told === null) open++;
    }
    return open;
  }

  private bill(station: Station): void {
    station.entries.forEach((entry, i) => {
      if (!station.isFinal(i) || this.isTold(entry)) return;
      const again = entry.bill && entry.bill.unpriced > 0 && entry.stay.course.length > 0;
      if (!entry.bill || again) entry.bill = billOf(entry, this.prices, this.options);
    });
  }

  private isTold({ stay, told }: Entry): boolean {
    return told !== null && (stay.energy === null || stay.energy === told.energy);
  }

  private oldestOpen(now: number): Span | undefined {
    const { zone, billingDay } = this.options;
    if (this.closedUntil !== null) return zone.periodAt(this.closedUntil, 'month', billingDay);
    let first = Infinity;
    for (const station of this.stations.values()) {
      station.entries.forEach(({ stay }, i) => {
        if (station.isFinal(i)) first = Math.min(first, stay.end);
      });
    }
    return first <= now ? zone.periodAt(first, 'month', billingDay) : undefined;
  }

  /** What has ended before an instant and is in no closed month. @param tell it is in one from now on */
  private untold(before: number, tell: boolean): BilledStay[] {
    const stays: BilledStay[] = [];
    for (const station of this.stations.values()) {
      station.entries.forEach((entry, i) => {
        if (entry.stay.end >= before || !station.isFinal(i) || this.isTold(entry)) return;
        stays.push(this.billed(station, entry));
        if (tell) entry.told = { energy: entry.stay.energy ?? 0, cost: entry.bill?.cost ?? 0 };
      });
    }
    return stays.sort((a, b) => a.start - b.start || (a.address < b.address ? -1 : 1));
  }

  private billed({ ids }: Station, { stay, bill, told }: Entry): BilledStay {
    const { start, end, startSeen, endSeen, energy } = stay;
    const { charged = null, idle = null, cost = null, unpriced = 0, estimated = false } = bill ?? {};
    return {
      ...{
        start,
        end,
        startSeen,
        endSeen,
        address: ids.address,
        space: ids.space,
        charged,
        idle,
        unpriced,
        estimated,
      },
      energy: energy === null ? null : energy - (told?.energy ?? 0),
      cost: cost === null ? null : round(cost - (told?.cost ?? 0)),
      late: end < (this.closedUntil ?? -Infinity),
      correction: told !== null,
    };
  }

  private forget(now: number): void {
    const told: number[] = [];
    for (const { entries } of this.stations.values()) {
      for (const entry of entries) if (this.isTold(entry)) told.push(entry.stay.end);
    }
    told.sort((a, b) => b - a);
    const before = Math.max(now - REMEMBERED, told[MOST_TOLD] ?? -Infinity);
    for (const station of this.stations.values()) station.forget(before);
  }
}

/** Adds to a count of what became of sessions. */
export function addTo(sum: Taken, more: Taken): void {
  for (const kind of ['new', 'changed', 'known', 'old'] as const) sum[kind] += more[kind];
}
