import { CountedEnergy } from './counted-energy';
import type { ClosedWindow, DemandReport, DemandResult, DemandSettings, DemandState } from './demand-report';
import { rowAt } from './hours';
import { Meter, type MeterReading } from './meter';
import { type MeterBooking } from './meter-result';
import { outlook, type RunningWindow, watts } from './outlook';
import { Peaks } from './peaks';
import { Smoothing } from './smoothing';
import type { Span } from '../core/zone';

export type { ClosedWindow, DemandReport, DemandState } from './demand-report';

/** Demand: the mean power of windows side by side, or of windows that overlap, as demand charges are made of. */

/** ms after a window's end until it is closed without a reading */
const GRACE = 2000;
/** ms of windows that one reading closes at the most */
const LONGEST_CATCH_UP = 40 * 86_400_000;
/** share of a window's budget that a counter's step may be */
const COARSE = 0.01;
const MS_PER_HOUR = 3_600_000;
const MAX_WEIGHTS = 200;

export class Demand {
  private readonly meter: Meter;
  private readonly energy: CountedEnergy;
  private readonly peaks: Peaks;
  private readonly smoothing: Smoothing;
  private last: ClosedWindow | null;
  private begun: number | null;
  private toldUntil: number | null;
  private told: DemandState['target'];
  /** by the windows' starts */
  private readonly weights = new Map<number, number>();

  constructor(
    private readonly settings: DemandSettings,
    state?: DemandState,
  ) {
    const { zone, step, counts, longestGap, smoothing, target } = settings;
    this.meter = new Meter({ longestGap }, state?.meter);
    this.energy = new CountedEnergy(zone, step, counts, this.meter, state?.buckets);
    this.peaks = new Peaks(settings, state?.peaks);
    this.smoothing = new Smoothing(smoothing);
    this.last = state?.last ?? null;
    this.begun = state?.begun ?? null;
    this.toldUntil = state?.toldUntil ?? null;
    // A target that somebody has set in the dialog since is the newer wish.
    this.told = state?.target?.setting === target ? state.target : null;
  }

  state(): DemandState {
    return {
      meter: this.meter.state(),
      buckets: this.energy.state(),
      peaks: this.peaks.state(),
      last: this.last,
      begun: this.begun,
      toldUntil: this.toldUntil,
      target: this.told,
    };
  }

  /** @param weighted W; 0: what is paid for anyway */
  setTarget(weighted: number): void {
    this.told = { watts: weighted, setting: this.settings.target };
  }

  newMeter(): void {
    this.meter.newMeter();
  }

  resetMonth(): void {
    this.peaks.reset();
  }

  /**
   * @param now epoch ms of arrival
   */
  take(reading: MeterReading, now: number): DemandResult {
    const { bookings, events, ignored } = this.meter.take(reading, now);
    if (ignored === 'older') return { reports: [], events, ignored };
    this.begun ??= this.toldUntil ??= this.startAt(reading.time);
    for (const event of events) if (event.kind === 'clockCorrected') this.goBack(event.to);
    if (ignored) {
      this.energy.book(bookings, this.toldUntil ?? reading.time);
      return { reports: [], events, ignored };
    }
    // Another register may have told a later moment already.
    const at = Math.max(reading.time, this.meter.latest ?? 0);
    const power = this.meter.presentAt(at);
    if (power !== null) this.smoothing.note(power, at, this.meter.holds);
    const closed = this.closeUpTo(bookings, at, at);
    const report = this.report(at);
    return { reports: [...ofWindows(closed, report), report], events, ignored };
  }

  /** The clock has jumped, or the host has slept. */
  interrupt(): void {
    this.meter.interrupt();
  }

  /**
   * @param now epoch ms; `null`: nobody knows
   * @returns the reports of windows that have ended by then
   */
  setAvailable(available: boolean, now: number | null): DemandReport[] {
    const bookings = this.meter.setAvailable(available, now);
    if (now === null) return [];
    const at = this.meter.timeAt(now);
    if (!available) this.smoothing.note(null, at);
    return this.toldUntil === null ? [] : this.reportsOf(this.closeUpTo(bookings, at, at), at);
  }

  /** When `tick` has something to do, epoch ms; `null`: only a reading ends the window. */
  get nextTick(): number | null {
    if (this.toldUntil === null || this.energy.isCounted) return null;
    return this.endFrom(this.toldUntil) + GRACE + this.meter.lag;
  }

  /** Closes a window that is fed by a power and has ended without a reading. */
  tick(now: number): DemandReport[] {
    const next = this.nextTick;
    if (next === null || now < next) return [];
    const end = this.meter.timeAt(now);
    return this.reportsOf(this.closeUpTo(this.meter.advance(end), end, now), end);
  }

  /** From when on a window's end has waited for its meter for twice the longest gap, epoch ms; `null`: it does not. */
  get waitsFrom(): number | null {
    if (this.toldUntil === null || !this.energy.isCounted) return null;
    return this.endFrom(this.toldUntil) + 2 * this.meter.longestGap + this.meter.lag;
  }

  /** The report of a window that has been closed, as things stand for the meter: its month may be over for the clock. */
  reportOf(window: ClosedWindow): DemandReport {
    const at = Math.max(window.end, this.toldUntil ?? window.end, this.meter.latest ?? window.end);
    return { ...this.report(at), last: window, closed: true };
  }

  private reportsOf(closed: readonly ClosedWindow[], at: number): DemandReport[] {
    return closed.length === 0 ? [] : ofWindows(closed, this.report(at));
  }

  /** The clock was wrong, and is right since an instant: what lies ahead has not been. */
  private goBack(to: number): void {
    const { zone, billingDay } = this.settings;
    this.smoothing.clear();
    const start = this.startAt(to);
    if (this.toldUntil !== null && this.toldUntil <= start) return;
    this.toldUntil = start;
    this.begun = Math.min(this.begun ?? start, start);
    this.energy.forgetFrom(start);
    this.peaks.goBack(zone.periodAt(to, 'month', billingDay).start);
  }

  private startAt(instant: number): number {
    return this.settings.zone.windowAt(instant, this.settings.step).start;
  }

  private endFrom(start: number): number {
    return this.settings.zone.windowFrom(start, this.settings.step).end;
  }

  /** Books, and closes each window that has ended and whose meters have spoken since. */
  private closeUpTo(bookings: readonly MeterBooking[], to: number, now: number): ClosedWindow[] {
    const closed: ClosedWindow[] = [];
    let from = this.toldUntil ?? to;
    if (to - from > LONGEST_CATCH_UP) from = this.toldUntil = this.startAt(to - LONGEST_CATCH_UP);
    for (;;) {
      const { end, piece } = this.settings.zone.windowFrom(from, this.settings.step);
      if (end > to || !this.energy.hasSpoken(end, now)) break;
      this.energy.book(bookings, from, end);
      closed.push(this.close(end, piece));
      from = this.toldUntil = end;
    }
    this.energy.book(bookings, from);
    return closed;
  }

  private close(end: number, piece: boolean): ClosedWindow {
    const { zone, window, step, completeFrom } = this.settings;
    const span = piece ? zone.windowAt(end - 1, step) : { start: end - window, end };
    const length = span.end - span.start;
    const share = this.energy.shareOf(span);
    const known = share.known / length;
    const average = share.known > 0 ? watts(share.energy, share.known) : null;
    // A rolling window that began before the node did is short of its first part.
    const whole = !piece && !this.energy.holdsPiece(span) && span.start >= (this.begun ?? end);
    const complete = whole && known >= completeFrom;
    this.last = {
      start: span.start,
      end: span.end,
      energy: share.energy / 1000,
      demand: complete ? average : null,
      average,
      coverage: known,
      complete,
      estimated: share.estimated,
    };
    const weight = this.weightAt(span.start);
    const running = this.enterMonth(span.start);
    // Time that does not count at all makes no peak, not even one of 0.
    if (running && complete && average !== null && weight > 0) {
      const day = zone.date(span.start);
      this.peaks.add({ demand: average * weight, start: span.start, day, estimated: share.estimated });
    }
    this.energy.forget(end - window);
    return this.last;
  }

  private enterMonth(instant: number): boolean {
    const { zone, billingDay } = this.settings;
    return this.peaks.enter(zone.periodAt(instant, 'month', billingDay).start);
  }

  private weightAt(start: number): number {
    const { hours, zone } = this.settings;
    if (hours.length === 0) return 1;
    let weight = this.weights.get(start);
    if (weight === undefined) {
      // Windows that overlap are asked for with each reading, and the calendar is dear.
      if (this.weights.size >= MAX_WEIGHTS) this.weights.clear();
      weight = rowAt(hours, start, zone)?.weight ?? 1;
      this.weights.set(start, weight);
    }
    return weight;
  }

  private report(now: number): DemandReport {
    const { zone, window, step, floor } = this.settings;
    const next = zone.windowAt(now, step);
    const first = { start: step === window ? next.start : next.end - window, end: next.end };
    this.enterMonth(first.start);
    const figures = this.peaks.figures(zone.date(first.start));
    const paid = Math.max(figures.toBeat, floor);
    const wanted = this.told?.watts ?? this.settings.target;
    const target = wanted > 0 ? wanted : paid > 0 ? paid : null;
    const share = this.energy.shareOf(first);
    const elapsed = now - first.start;
    const windows = this.running(now, first, target);
    const power = this.meter.presentAt(now);
    const smoothed = power === null ? null : this.energy.counted(this.smoothing.mean(now) ?? power);
    const { resolution } = this.energy;
    const budget = target === null ? null : (target * window) / MS_PER_HOUR;
    return {
      timestamp: now,
      windowStart: first.start,
      windowEnd: first.end,
      energy: share.energy / 1000,
      average: share.known > 0 ? watts(share.energy, share.known) : null,
      ...outlook(windows, smoothed, target !== null),
      target,
      limit: windows[0]?.limit ?? null,
      power,
      last: this.last,
      coverage: elapsed > 0 ? share.known / elapsed : null,
      estimated: share.estimated,
      coarse: resolution !== null && budget !== null && resolution > COARSE * budget,
      closed: false,
      ...figures,
    };
  }

  /** The windows that hold now: one of blocks, several that overlap. */
  private running(now: number, first: Span, target: number | null): RunningWindow[] {
    const { window, step } = this.settings;
    const power = this.energy.counted(this.meter.presentAt(now));
    const spans: Span[] = [];
    for (let end = first.end; end - window <= now; end += step) {
      spans.push({ start: end === first.end ? first.start : end - window, end });
    }
    const starts = spans.map(({ start }) => start);
    const energies = this.energy.estimatesFrom(starts, now, power);
    return spans.map(({ start, end }, i) => {
      const weight = this.weightAt(start);
      return {
        length: end - start,
        rest: end - now,
        energy: energies[i] ?? null,
        limit: target === null || weight === 0 ? null : target / weight,
      };
    });
  }
}

/** Windows that have ended, each with how things stand now. */
function ofWindows(closed: readonly ClosedWindow[], report: DemandReport): DemandReport[] {
  return closed.map((last) => ({ ...report, last, closed: true }));
}
