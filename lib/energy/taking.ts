import type { MeterBooking, MeterEvent, MeterResult } from './meter-result';

/** What comes of one reading, source by source. */
export class Taking {
  readonly bookings: MeterBooking[] = [];
  readonly events: MeterEvent[] = [];
  good = false;
  private held = false;
  private older = false;
  private same = false;

  note(how: 'good' | 'held'): void {
    this.good ||= how === 'good';
    this.held ||= how === 'held';
  }

  leave(why: 'older' | 'same'): void {
    this.older ||= why === 'older';
    this.same ||= why === 'same';
  }

  correct(to: number): void {
    if (!this.events.some(({ kind }) => kind === 'clockCorrected')) {
      this.events.push({ kind: 'clockCorrected', to });
    }
  }

  result(): MeterResult {
    const ignored = this.good ? undefined : this.held ? 'held' : this.older && !this.same ? 'older' : 'same';
    return { bookings: this.bookings, events: this.events, ignored };
  }
}
