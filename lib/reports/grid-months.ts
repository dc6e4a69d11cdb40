import type { LocalTime, Span } from '../core/zone';
import type { GridEvent } from './grid-event';

/** The events of the running month, and the months that are over. */

const MOST_EVENTS = 1000;
/** months that end at once at the most, after a long pause */
const MOST_MONTHS = 120;

/** As it is kept. */
export interface MonthState {
  /** epoch ms */
  start: number;
  events: GridEvent[];
  /** those that were too many to be kept one by one */
  more: number;
}

/** A month and its events, in the order of their starts. */
export type MonthOfEvents = Span & Omit<MonthState, 'start'>;

export class GridMonths {
  private month: MonthState | null;

  /** @param settle ms after a month's end until which its last events may still come */
  constructor(
    private readonly zone: LocalTime,
    private readonly settle: number,
    state: MonthState | null = null,
  ) {
    this.month = state;
  }

  /** With the first message. */
  beginAt(now: number): void {
    this.month ??= { start: this.zone.periodAt(now, 'month').start, events: [], more: 0 };
  }

  keep(event: GridEvent): void {
    if (!this.month) return;
    if (this.month.events.length < MOST_EVENTS) this.month.events.push(event);
    else this.month.more++;
  }

  /** The months that are over. */
  close(now: number): MonthOfEvents[] {
    const closed: MonthOfEvents[] = [];
    for (let i = 0; this.month && i < MOST_MONTHS; i++) {
      const span = this.spanAt(this.month.start);
      // Events that ended just before may still wait for their power.
      if (span.end + this.settle > now) break;
      const { events, more } = this.month;
      closed.push(monthOf(span, { events: events.filter(({ end }) => end < span.end), more }));
      this.month = { start: span.end, events: events.filter(({ end }) => end >= span.end), more: 0 };
    }
    return closed;
  }

  running(now: number): MonthOfEvents {
    return monthOf(this.spanAt(this.month?.start ?? now), this.month ?? { events: [], more: 0 });
  }

  /** When `close` has something to say; epoch ms. */
  get nextTick(): number | null {
    return this.month && this.spanAt(this.month.start).end + this.settle;
  }

  state(): MonthState | null {
    return this.month;
  }

  private spanAt(time: number): Span {
    return this.zone.periodAt(time, 'month');
  }
}

function monthOf(span: Span, { events, more }: Omit<MonthState, 'start'>): MonthOfEvents {
  return { ...span, events: [...events].sort((a, b) => a.start - b.start), more };
}
