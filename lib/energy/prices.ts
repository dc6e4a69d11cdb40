import { invalidInput } from '../core/errors';
import { isRecord, toNumber } from '../core/values';
import { type HourRow, rowAt } from './hours';
import { instantOf } from './local-text';
import type { LocalTime, Span } from '../core/zone';

/** What a kWh costs, by time. */

/** A row of a price table, money per kWh. Time in no row has no price. */
export type PriceRow = HourRow & { price: number };

/** A price for a span of time, as services publish them. */
export interface PriceSlot extends Span {
  /** money per kWh; may be negative */
  price: number;
}

export type Pricing =
  | { kind: 'none' }
  | { kind: 'fixed'; price: number }
  | { kind: 'table'; rows: readonly PriceRow[] }
  | { kind: 'messages' };

/** What has to be kept over a restart. */
export interface PriceState {
  slots: PriceSlot[];
  /** told by messages, each from its arrival until the next; in the order of time */
  told: ToldPrice[];
}

interface ToldPrice {
  price: number;
  /** epoch ms */
  since: number;
}

/** A price from one border to the next. */
interface Stretch {
  start: number;
  /** `null`: no slot holds here */
  price: number | null;
}

/** Two weeks of quarters of an hour; older ones go. */
const MAX_SLOTS = 1500;
/** Energy is booked when a reading comes, and priced by what held before it. */
const MAX_TOLD = 1500;
const HOUR = 3_600_000;
const DAY_MINUTES = 1440;
const MINUTE = 60_000;

export class Prices {
  private slots: PriceSlot[];
  /** the slots' prices without overlap, in the order of time */
  private stretches: Stretch[];
  private told: ToldPrice[];
  /** of a table, the last that was looked up: the calendar is dear */
  private row: (Span & { price: number | null }) | undefined;

  constructor(
    private readonly pricing: Pricing,
    private readonly zone: LocalTime,
    state?: PriceState,
    /** how many slots are kept */
    private readonly most = MAX_SLOTS,
  ) {
    this.slots = state?.slots.slice(-most) ?? [];
    this.stretches = stretchesOf(this.slots);
    this.told = state?.told.slice(-MAX_TOLD) ?? [];
  }

  state(): PriceState {
    return { slots: [...this.slots], told: [...this.told] };
  }

  /**
   * A list of prices: it replaces the slots with the same start and keeps the others.
   *
   * @param list in the order of time; without an end a slot ends where the next begins, the last one after the length of
   *   the one before, one alone after an hour
   */
  takeList(list: readonly { start: number; end?: number | undefined; price: number }[]): void {
    const made: PriceSlot[] = [];
    list.forEach(({ start, end, price }, i) => {
      const before = made.at(-1);
      const usual = before ? before.end - before.start : HOUR;
      const slot = { start, end: end ?? list[i + 1]?.start ?? start + usual, price };
      if (slot.end > slot.start) made.push(slot);
    });
    const starts = new Set(made.map(({ start }) => start));
    this.slots = [...this.slots.filter(({ start }) => !starts.has(start)), ...made]
      .sort((a, b) => a.start - b.start)
      .slice(-this.most);
    this.stretches = stretchesOf(this.slots);
  }

  /** A price that holds from now until the next. */
  takeCurrent(price: number, now: number): void {
    const before = this.told.at(-1);
    if (before?.price === price && before.since <= now) return;
    // A clock that was put back: what lies ahead has not been.
    this.told = [...this.told.filter(({ since }) => since < now), { price, since: now }].slice(-MAX_TOLD);
  }

  /** Money per kWh at an instant; `null` where it is not known. */
  at(instant: number): number | null {
    const { pricing } = this;
    switch (pricing.kind) {
      case 'none':
        return null;
      case 'fixed':
        return pricing.price;
      case 'table':
        return this.rowPrice(pricing.rows, instant);
      case 'messages': {
        const slot = this.stretches[this.stretchAt(instant)]?.price ?? null;
        if (slot !== null) return slot;
        return this.told.findLast(({ since }) => instant >= since)?.price ?? null;
      }
    }
  }

  /** The slots of lists that lie wholly in a span of time, without overlap, in the order of time. */
  between(start: number, end: number): PriceSlot[] {
    return this.stretches.flatMap((one, i) => {
      const until = this.stretches[i + 1]?.start;
      if (one.price === null || until === undefined || one.start < start || until > end) return [];
      return [{ start: one.start, end: until, price: one.price }];
    });
  }

  /** The next instant after `instant`, and at the latest `end`, at which the price may change. */
  changeAfter(instant: number, end: number): number {
    const { pricing } = this;
    if (pricing.kind === 'messages') {
      const slot = this.stretches[this.stretchAt(instant) + 1]?.start ?? end;
      return Math.min(end, slot, this.toldAfter(instant));
    }
    if (pricing.kind !== 'table') return end;
    this.rowPrice(pricing.rows, instant);
    return Math.min(end, this.row?.end ?? end);
  }

  /** The price of a table, which holds within an hour up to the next border of any row. */
  private rowPrice(rows: readonly PriceRow[], instant: number): number | null {
    const known = this.row;
    if (known && instant >= known.start && instant < known.end) return known.price;
    const { minute } = this.zone.at(instant);
    const minutes = rows.flatMap(({ from, to }) => [from, to]).concat(DAY_MINUTES);
    const next = Math.min(...minutes.filter((one) => one > minute));
    const begun =
      Math.floor((instant + this.zone.offset(instant)) / MINUTE) * MINUTE - this.zone.offset(instant);
    const hour = this.zone.periodAt(instant, 'hour');
    const end = Math.min(hour.end, begun + (next - minute) * MINUTE);
    const price = rowAt(rows, instant, this.zone)?.price ?? null;
    this.row = { start: Math.max(begun, hour.start), end, price };
    return price;
  }

  /** Where the stretch that holds an instant is; -1 before the first. */
  private stretchAt(instant: number): number {
    let low = 0;
    let high = this.stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.stretches[middle]?.start ?? Infinity) <= instant) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** When the first price was told after an instant. Most instants are later than all. */
  private toldAfter(instant: number): number {
    let at = this.told.length;
    while (at > 0 && (this.told[at - 1]?.since ?? -Infinity) > instant) at--;
    return this.told[at]?.since ?? Infinity;
  }
}

/** @param slots in the order of their start; where two overlap the later one holds */
function stretchesOf(slots: readonly PriceSlot[]): Stretch[] {
  const borders = [...new Set(slots.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const stretches: Stretch[] = [];
  let begun: PriceSlot[] = [];
  let next = 0;
  for (const start of borders) {
    begun = begun.filter(({ end }) => end > start);
    for (let slot = slots[next]; slot && slot.start <= start; slot = slots[next]) {
      begun.push(slot);
      next++;
    }
    stretches.push({ start, price: begun.at(-1)?.price ?? null });
  }
  return stretches;
}

/**
 * A list of prices as services and other nodes give it: `[{ value, start, end? }]`, money per kWh.
 *
 * @param zone IANA, of times without one
 * @returns in the order of time
 * @throws DeviceError INVALID_INPUT
 */
export function parsePriceList(
  value: unknown,
  zone: string,
): { start: number; end?: number; price: number }[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SLOTS) {
    throw invalidInput(`A list of prices has 1 to ${MAX_SLOTS} of them.`, 'energyPriceList', {
      max: MAX_SLOTS,
    });
  }
  let before: number | undefined;
  return (value as unknown[])
    .map((entry, i) => {
      const { value: given, start, end } = isRecord(entry) ? entry : {};
      const price = toNumber(given);
      // Of an hour that comes twice, the one that follows the entry before.
      const begin = instantOf(start, zone, before);
      const over = end === undefined || end === null ? undefined : instantOf(end, zone, begin ?? undefined);
      before = begin ?? before;
      if (price === null || begin === null || over === null) {
        throw invalidInput(`Price ${i + 1} of the list needs "value" and "start".`, 'energyPriceEntry', {
          row: i + 1,
        });
      }
      return { start: begin, price, ...(over === undefined ? {} : { end: over }) };
    })
    .sort((a, b) => a.start - b.start);
}
