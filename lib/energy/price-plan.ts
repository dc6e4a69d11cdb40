import type { LocalTime, Span } from '../core/zone';
import { type Candidate, chooseSlots } from './choose-slots';
import { type HourRow, rowAt } from './hours';
import { Prices, type PriceState } from './prices';

/** A row of the hours to run without prices: 1 is on. */
export type FallbackRow = HourRow & { on: number };

export interface PricePlanOptions {
  /** ms of running in each plan */
  need: number;
  /** one after the other, without a pause */
  block: boolean;
  /** minutes after local midnight; `from` = `to`: the local day; `from` > `to`: over midnight */
  from: number;
  to: number;
  /** ms between two slots of one plan; Infinity: any */
  longestPause: number;
  /** money per kWh above which a slot is never taken; `null`: none */
  maxPrice: number | null;
  /** hours to run while a plan has no prices at all */
  fallback: readonly FallbackRow[];
  zone: LocalTime;
  /** the load keeps the plan itself, and goes on with it while nobody listens here */
  isKept: boolean;
}

/** What has to be kept over a restart. */
export interface PricePlanState {
  prices: PriceState;
  /** what has been chosen, in the order of time */
  chosen: Span[];
  /** up to when slots have begun, epoch ms; `null`: nothing was planned yet */
  seen: number | null;
}

/** A slot of a plan. */
export interface PlanSlot extends Span {
  /** money per kWh; `null`: not known any more, or the plan has no prices */
  price: number | null;
  on: boolean;
}

export interface Plan extends Span {
  slots: PlanSlot[];
  /** ms that are wanted and cannot be had */
  missing: number;
  /** there are no prices: the table of hours decides */
  fallback: boolean;
}

const MINUTE = 60_000;
/** plans that are made: that of now, and those ahead as far as prices are known */
const PLANS = 3;
/** ms, the shortest slot that is planned with */
const SHORTEST = 5 * MINUTE;
/** ms for which what has run is remembered: a plan is no longer than a day of 25 hours */
const REMEMBERED = 50 * 60 * MINUTE;

/**
 * The cheapest hours of each day, or of a part of it. A slot that has begun stays as it was planned, whatever prices come
 * then; new ones are for those that have not begun.
 */
export class PricePlan {
  readonly prices: Prices;
  private chosen: Span[];
  private plans: Plan[] = [];
  /** up to when slots have begun that were planned */
  private seen: number;
  /** until the first look after a restart: what was to begin meanwhile may not have */
  private isRestored: boolean;

  constructor(
    private readonly options: PricePlanOptions,
    state?: PricePlanState,
  ) {
    this.prices = new Prices({ kind: 'messages' }, options.zone, state?.prices);
    this.chosen = state?.chosen.map(({ start, end }) => ({ start, end })) ?? [];
    this.seen = state?.seen ?? -Infinity;
    this.isRestored = state !== undefined;
  }

  state(): PricePlanState {
    return {
      prices: this.prices.state(),
      chosen: this.chosen.map((one) => ({ ...one })),
      seen: Number.isFinite(this.seen) ? this.seen : null,
    };
  }

  /** The plans of now and of the time ahead, in the order of time. */
  get all(): readonly Plan[] {
    return this.plans;
  }

  /** What has been chosen, past and ahead, in the order of time. */
  get spans(): readonly Span[] {
    return this.chosen;
  }

  /** Whether the load is on at a moment, by the plans as they are. */
  isOn(now: number): boolean {
    return this.chosen.some(({ start, end }) => now >= start && now < end);
  }

  /** Plans anew what has not begun by `now`. */
  update(now: number): readonly Plan[] {
    // One that lies ahead and was planned with other prices counts for nothing.
    const seen = Math.min(this.seen, now);
    if (this.isRestored && !this.options.isKept) {
      // A slot that has come and gone while nobody switched the load has not run.
      this.chosen = this.chosen.filter(({ start, end }) => start <= seen || end > now);
    }
    this.isRestored = false;
    const isFree = ({ start }: Span): boolean => start > seen && start >= now;
    const begun = this.chosen.filter((one) => !isFree(one) && one.end > now - REMEMBERED);
    this.seen = now;
    this.plans = [];
    const chosen = [...begun];
    let window = this.windowAt(now);
    for (let i = 0; i < PLANS; i++) {
      const plan = this.planOf(window, begun, isFree);
      // What lies beyond the known prices is planned when they are known, but for hours of the table.
      if (i > 0 && plan.slots.length === 0) break;
      this.plans.push(plan);
      chosen.push(...plan.slots.filter((slot) => slot.on && isFree(slot)).map(spanOf));
      if (plan.fallback) break;
      window = this.windowAt(window.end);
    }
    this.chosen = chosen.sort((a, b) => a.start - b.start);
    return this.plans;
  }

  /** When something begins or ends after `now`, epoch ms. */
  nextChange(now: number): number {
    const times = this.plans.flatMap(({ start, end, slots }) => [
      start,
      end,
      ...slots.flatMap((slot) => [slot.start, slot.end]),
    ]);
    return Math.min(now + 60 * MINUTE, ...times.filter((one) => one > now));
  }

  /** The plan's window that holds an instant, or the next one. */
  private windowAt(instant: number): Span {
    const { zone, from, to } = this.options;
    if (from === to && from === 0) return zone.periodAt(instant, 'day');
    const end = zone.nextClock(instant, to);
    const { year, month, day } = zone.at(end - 1);
    // The window begins on the date of its last moment, or the day before; midnight is the end of a date, not its beginning.
    const start = zone.clock(year, month, from < to || to === 0 ? day : day - 1, from);
    return { start: Math.min(start, end), end };
  }

  private planOf(window: Span, begun: readonly Span[], isFree: (slot: Span) => boolean): Plan {
    const { need, block, longestPause, maxPrice } = this.options;
    const slots = this.slotsOf(window);
    const ran = begun.filter(({ start }) => start >= window.start && start < window.end);
    if (slots.length === 0) return this.fallbackPlan(window, ran, isFree);
    const unit = (slots[0]?.end ?? 0) - (slots[0]?.start ?? 0);
    const done = ran.reduce((sum, { start, end }) => sum + end - start, 0);
    const left = Math.max(0, Math.ceil((need - done) / unit - 1e-9));
    const free = slots.filter((slot) => isFree(slot) && (maxPrice === null || slot.price <= maxPrice));
    const after = ran.at(-1)?.end;
    const chosen = new Set(
      chooseSlots(free, { count: left, block, longestPause, after }).map(({ start }) => start),
    );
    const planned = slots.map((slot) => ({
      ...slot,
      on: isFree(slot) ? chosen.has(slot.start) : ran.some((one) => overlaps(one, slot)),
    }));
    return {
      ...window,
      slots: planned,
      missing: Math.max(0, left - chosen.size) * unit,
      fallback: false,
    };
  }

  /** What is known of a window's prices: slots of one length, wholly in it. */
  private slotsOf(window: Span): Candidate[] {
    const known = this.prices.between(window.start, window.end);
    const unit = Math.min(...known.map(({ start, end }) => end - start).filter((one) => one >= SHORTEST));
    if (!Number.isFinite(unit)) return [];
    return known.flatMap(({ start, end, price }) => {
      const parts = Math.floor((end - start) / unit + 1e-9);
      return Array.from({ length: parts }, (_, i) => ({
        start: start + i * unit,
        end: start + (i + 1) * unit,
        price,
      }));
    });
  }

  /** The hours of the table, from now on in the same manner: what has begun stays. */
  private fallbackPlan(window: Span, ran: readonly Span[], isFree: (slot: Span) => boolean): Plan {
    const { fallback, zone } = this.options;
    const slots: PlanSlot[] = [];
    const unit = 15 * MINUTE;
    for (let start = window.start; start < window.end && fallback.length > 0; start += unit) {
      const end = Math.min(start + unit, window.end);
      const on = isFree({ start, end })
        ? (rowAt(fallback, start, zone)?.on ?? 0) > 0
        : ran.some((one) => overlaps(one, { start, end }));
      slots.push({ start, end, price: null, on });
    }
    return { ...window, slots, missing: 0, fallback: true };
  }
}

const spanOf = ({ start, end }: Span): Span => ({ start, end });

function overlaps(one: Span, other: Span): boolean {
  return one.start < other.end && other.start < one.end;
}
