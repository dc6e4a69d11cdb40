import { CounterFilter, type CounterEvent, type CounterReading } from '../energy/counter';
import { isRecord, toNumber } from '../core/values';
import type { Addition } from './observation';

/** Counters of energy as Home Assistant may see them: it cannot take back what it has booked. */

/** What outlives a restart, as it stands in the retained document. */
export interface KeptCounter {
  /** mWh that Home Assistant was told last */
  sent: number;
  /** epoch ms when the counter last changed */
  time: number;
  /** mWh that are added to what the meter tells */
  offset: number;
}

/** ms that a first value, and a fall, wait for those that continue them. */
const APART = 10_000;
const FALL_AFTER = 300_000;
/** mWh below which Home Assistant takes a fall as a new cycle, whatever was before. */
const NEW_CYCLE = 1_000_000;
const MS_PER_HOUR = 3_600_000;
/** ms that a device's clock may be ahead of ours */
const AHEAD = 60_000;
/** ms of a pause that a meter's own time is believed for */
const LONGEST_PAUSE = 31 * 24 * MS_PER_HOUR;

export interface SentCounterOptions {
  /** W */
  largestPower: number;
}

/**
 * One counter of one device. A fall or a jump that is none of the meter's own never reaches Home Assistant, and another
 * meter goes on from where the last one was.
 */
export class SentCounter {
  private filter: CounterFilter | undefined;
  private first: CounterReading | undefined;
  private offset = 0;
  private told: number | null = null;
  private since = 0;
  private latest = -Infinity;
  /** nothing was told since it was kept */
  private restored = false;

  constructor(
    private readonly options: SentCounterOptions,
    kept?: KeptCounter,
  ) {
    if (!kept) return;
    const { sent, time, offset } = kept;
    this.told = sent;
    this.offset = offset;
    this.since = time;
    this.latest = time;
    this.filter = this.filterSince(sent - offset, time);
    this.restored = true;
  }

  private filterSince(value: number, time: number): CounterFilter {
    return new CounterFilter(this.filterOptions, { last: { value, time }, since: time, held: [] });
  }

  private get filterOptions() {
    return { ...this.options, fallAfter: FALL_AFTER };
  }

  /** mWh for Home Assistant; `null` while it is not known */
  get sent(): number | null {
    return this.told;
  }

  get kept(): KeptCounter | undefined {
    return this.told === null ? undefined : { sent: this.told, time: this.since, offset: this.offset };
  }

  /**
   * @param value mWh as the meter tells it; `null` and what is no count are left out
   * @param now epoch ms
   * @param told the meter's own time, epoch ms; `null`: it has none
   * @returns what happened besides
   */
  take(value: number | null, now: number, told: number | null = null): CounterEvent[] {
    if (value === null || !Number.isFinite(value) || value < 0) return [];
    this.begins(now, told);
    const reading = { value: Math.round(value), time: now };
    // A clock that was put back would make time stand still for as long.
    if (now <= this.latest) reading.time = this.latest + 1;
    this.latest = reading.time;
    return this.filter ? this.next(this.filter, reading) : this.begin(reading);
  }

  /** Behind a meter's own time after a restart, the clock of the host is not set yet: the pause was as much longer. */
  private begins(now: number, told: number | null): void {
    if (!this.restored) return;
    this.restored = false;
    const behind = Math.min((told ?? now) - now, LONGEST_PAUSE);
    if (behind > AHEAD) this.filter = this.filterSince((this.told ?? 0) - this.offset, this.since - behind);
  }

  /** With nothing kept the first value counts once a later one continues it: it may be that of a board that just starts. */
  private begin(reading: CounterReading): CounterEvent[] {
    const { first } = this;
    const most =
      first && (this.options.largestPower * 1000 * (reading.time - first.time)) / MS_PER_HOUR + NEW_CYCLE;
    if (!first || reading.value < first.value || reading.value - first.value > (most ?? 0)) {
      this.first = reading;
      return [];
    }
    if (reading.time - first.time < (first.value === 0 ? FALL_AFTER : APART)) return [];
    const filter = new CounterFilter(this.filterOptions);
    filter.take(first);
    this.filter = filter;
    this.first = undefined;
    return this.next(filter, reading);
  }

  private next(filter: CounterFilter, reading: CounterReading): CounterEvent[] {
    const before = filter.base;
    const { bookings, events, good } = filter.take(reading);
    if (!good) return [];
    const base = filter.base ?? reading;
    const exchanged = events.find((event) => event.kind === 'newBase');
    if (exchanged && this.told !== null) {
      const cycle = exchanged.leftOut < 0 && exchanged.to.value < NEW_CYCLE;
      const used = bookings.reduce((sum, { energy }) => sum + energy, 0);
      // Home Assistant books a jump, and books what is left of a fall; so it is shown neither.
      this.offset = cycle ? 0 : this.told + used - base.value;
    }
    this.told = base.value + this.offset;
    if (before?.value !== base.value) this.since = base.time;
    return events;
  }
}

/** What was used since a node of ours first counted, added up from what each status tells of its own period. */
export interface KeptSum {
  /** Wh */
  sum: number;
  /** epoch ms of the last status that was added */
  time: number;
}

/** Counters and sums of a device, as they outlive a restart. */
export interface KeptEnergy {
  counters: Record<string, KeptCounter>;
  sums: Record<string, KeptSum>;
}

/**
 * A sum with one period more, unless its status was added before.
 *
 * What was used before anybody counted is not known, so a sum that is new or lost begins at 0 with the status at hand.
 */
export function sumWith({ sums }: KeptEnergy, { key, energy, time }: Addition): KeptSum {
  const kept = sums[key];
  if (!kept) return { sum: 0, time };
  return time > kept.time ? { sum: kept.sum + energy, time } : kept;
}

const MAX_KEPT = 100;

/** A time that a device tells. One that lies ahead would hold up all that follow until it has come. */
export function notAhead(time: number, now: number): number {
  return time - now > AHEAD ? now : time;
}

/**
 * Reads what was kept; what cannot be read is left out.
 *
 * @param now epoch ms; missing: times are taken as they are
 */
export function keptEnergy(value: unknown, now = Infinity): KeptEnergy {
  const record = isRecord(value) ? value : {};
  const read = <T>(
    list: unknown,
    one: (entry: Record<string, unknown>) => T | undefined,
  ): Record<string, T> =>
    Object.fromEntries(
      Object.entries(isRecord(list) ? list : {})
        .slice(0, MAX_KEPT)
        .flatMap(([key, entry]) => {
          const found = isRecord(entry) ? one(entry) : undefined;
          return found === undefined ? [] : [[key, found]];
        }),
    );
  const counters = read(record.counters, (entry): KeptCounter | undefined => {
    const sent = toNumber(entry.sent);
    const time = toNumber(entry.time);
    const offset = toNumber(entry.offset);
    if (sent === null || time === null || offset === null) return undefined;
    // The meter's own counter is the difference, and no counter is below 0.
    return sent >= 0 && sent >= offset ? { sent, time: notAhead(time, now), offset } : undefined;
  });
  const sums = read(record.sums, (entry): KeptSum | undefined => {
    const sum = toNumber(entry.sum);
    const time = toNumber(entry.time);
    return sum !== null && sum >= 0 && time !== null ? { sum, time: notAhead(time, now) } : undefined;
  });
  return { counters, sums };
}
