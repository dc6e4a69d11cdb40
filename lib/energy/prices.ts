import { invalidInput } from '../core/errors';
import { readTime } from '../core/time';
import { isRecord, toNumber } from '../core/units';
import { type HourRow, rowAt } from './hours';
import type { LocalTime, Span } from './zone';

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
  /** told by a message, from its arrival until the next */
  current: { price: number; since: number } | null;
}

/** Two weeks of quarters of an hour; older ones go. */
const MOST_SLOTS = 1500;
const HOUR = 3_600_000;
const DAY_MINUTES = 1440;
const MINUTE = 60_000;

export class Prices {
  private slots: PriceSlot[];
  private current: PriceState['current'];

  constructor(
    private readonly pricing: Pricing,
    private readonly zone: LocalTime,
    state?: PriceState,
  ) {
    this.slots = state?.slots.slice(-MOST_SLOTS) ?? [];
    this.current = state?.current ?? null;
  }

  state(): PriceState {
    return { slots: [...this.slots], current: this.current };
  }

  /**
   * A list of prices: it replaces the slots with the same start and keeps the others.
   *
   * @param list in the order of time; without an end a slot ends where the next begins, the last one after the length of
   *   the one before, one alone after an hour
   */
  takeList(list: readonly { start: number; end?: number | undefined; price: number }[]): void {
    const made = list.map(({ start, end, price }, i) => {
      const following = list[i + 1]?.start;
      const before = list[i - 1];
      const usual = before ? start - before.start : HOUR;
      return { start, end: end ?? following ?? start + usual, price };
    });
    const starts = new Set(made.map(({ start }) => start));
    this.slots = [...this.slots.filter(({ start }) => !starts.has(start)), ...made]
      .filter(({ start, end }) => end > start)
      .sort((a, b) => a.start - b.start)
      .slice(-MOST_SLOTS);
  }

  /** A price that holds from now until the next. */
  takeCurrent(price: number, now: number): void {
    this.current = { price, since: now };
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
        return rowAt(pricing.rows, instant, this.zone)?.price ?? null;
      case 'messages': {
        const slot = this.slots.findLast(({ start, end }) => instant >= start && instant < end);
        if (slot) return slot.price;
        return this.current && instant >= this.current.since ? this.current.price : null;
      }
    }
  }

  /** The next instant after `instant`, and at the latest `end`, at which the price may change. */
  changeAfter(instant: number, end: number): number {
    const { pricing } = this;
    if (pricing.kind === 'messages') {
      const borders = this.slots.flatMap((slot) => [slot.start, slot.end]);
      if (this.current) borders.push(this.current.since);
      return Math.min(end, ...borders.filter((border) => border > instant));
    }
    if (pricing.kind !== 'table') return end;
    const { minute } = this.zone.at(instant);
    const minutes = pricing.rows.flatMap(({ from, to }) => [from, to]).concat(DAY_MINUTES);
    const next = Math.min(...minutes.filter((one) => one > minute));
    const begun =
      Math.floor((instant + this.zone.offset(instant)) / MINUTE) * MINUTE - this.zone.offset(instant);
    return Math.min(end, begun + (next - minute) * MINUTE);
  }
}

/**
 * A list of prices as services and other nodes give it: `[{ value, start, end? }]`, money per kWh.
 *
 * @returns in the order of time
 * @throws DeviceError INVALID_INPUT
 */
export function parsePriceList(value: unknown): { start: number; end?: number; price: number }[] {
  if (!Array.isArray(value) || value.length > MOST_SLOTS) {
    throw invalidInput(`"priceData" must be a list of at most ${MOST_SLOTS} prices.`, 'energyPriceList', {
      most: MOST_SLOTS,
    });
  }
  return (value as unknown[])
    .map((entry, i) => {
      const { value: given, start, end } = isRecord(entry) ? entry : {};
      const price = toNumber(given);
      const begin = readTime(start);
      const over = end === undefined || end === null ? undefined : readTime(end);
      if (price === null || begin === null || over === null) {
        throw invalidInput(`Price ${i + 1} of the list needs "value" and "start".`, 'energyPriceEntry', {
          row: i + 1,
        });
      }
      return { start: begin, price, ...(over === undefined ? {} : { end: over }) };
    })
    .sort((a, b) => a.start - b.start);
}
