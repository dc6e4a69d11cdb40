/** A power that is told now and then: what it holds for, and what of it has been booked. */

interface Told {
  watts: number;
  /** epoch ms */
  time: number;
  /** it is the mean of what was before `time`, and says nothing of what follows */
  mean: boolean;
}

/** What has to be kept over a restart. */
export interface PowerState {
  told: Told | null;
  /** up to where it has been booked, epoch ms; `null`: nothing has */
  booked: number | null;
}

/** A power over a span of time. */
export interface PowerSpan {
  start: number;
  end: number;
  watts: number;
}

export class HeldPower {
  private told: Told | null;
  private booked: number | null;
  /** availability messages come: a power then holds until the meter is lost */
  private watched = false;
  /** told before a time that nobody saw: it holds as long as without such messages */
  private before: Told | null;

  constructor(state?: PowerState) {
    this.told = state?.told ? { ...state.told } : null;
    this.booked = state?.booked ?? null;
    this.before = this.told;
  }

  state(): PowerState {
    return { told: this.told && { ...this.told }, booked: this.booked };
  }

  /** Whether `watts` was told at `time` already. */
  is(watts: number, time: number): boolean {
    return this.told?.time === time && this.told.watts === watts;
  }

  /**
   * W at an instant; `null` where it is not known any more.
   *
   * @param gap ms for which a power holds
   */
  at(now: number, gap: number): number | null {
    return this.told && now <= this.holdsUntil(this.told, gap) ? this.told.watts : null;
  }

  /** ms for which what is told now is believed. */
  holds(gap: number): number {
    return this.watched && (!this.told || this.holdsOn(this.told)) ? Infinity : gap;
  }

  /** What the last power tells up to `now` and has not been booked yet. */
  advance(now: number, gap: number): PowerSpan[] {
    const { told } = this;
    if (!told) return [];
    const holds = this.holdsUntil(told, gap);
    const spans = told.mean ? [] : this.book(told.watts, told.time, Math.min(now, holds));
    if (now > holds) this.told = null;
    return spans;
  }

  /** @param duration ms that the power is the mean of, up to `time`; `null`: it is the power at `time` */
  take(watts: number, time: number, duration: number | null, gap: number): PowerSpan[] {
    const mean = duration !== null && duration > 0;
    // Another value for the same moment replaces the first.
    const spans = this.told?.time === time ? [] : this.advance(time, gap);
    if (mean) spans.push(...this.book(watts, time - duration, time));
    this.told = { watts, time, mean };
    return spans;
  }

  setAvailable(available: boolean): void {
    this.watched = true;
    if (!available) this.told = null;
  }

  /** A time begins that nobody saw. */
  interrupt(): void {
    this.before = this.told;
  }

  /** Nothing of what was told holds any longer. */
  drop(): void {
    this.told = null;
  }

  /** The clock was wrong: what has been booked lies ahead. */
  restart(): void {
    this.told = null;
    this.booked = null;
  }

  private holdsUntil(told: Told, gap: number): number {
    return this.holdsOn(told) ? Infinity : told.time + gap;
  }

  /** Whether it holds until the meter is lost. */
  private holdsOn(told: Told): boolean {
    return this.watched && !told.mean && told !== this.before;
  }

  /** A reading may come late, after a timer has booked beyond its time: no moment is booked twice. */
  private book(watts: number, from: number, end: number): PowerSpan[] {
    const start = Math.max(from, this.booked ?? -Infinity);
    if (!(end > start)) return [];
    this.booked = end;
    return [{ start, end, watts }];
  }
}
