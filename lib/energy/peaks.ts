/** What a demand charge is paid for: the highest windows of a month, and of the months before. */

/** A window that counts as a peak. */
export interface Peak {
  /** weighted W */
  demand: number;
  /** epoch ms, the window's start */
  start: number;
  /** local date of the window's start */
  day: string;
  /** where its energy fell is estimated */
  estimated: boolean;
}

/** A billing month that is over. */
export interface PastMonth {
  /** epoch ms */
  start: number;
  /** weighted W, the mean of its peaks; `null`: no complete window */
  figure: number | null;
  /** weighted W, its highest window */
  peak: number | null;
}

export interface PeakState {
  /** epoch ms, start of the running month; `null`: none yet */
  month: number | null;
  peaks: Peak[];
  past: PastMonth[];
}

export interface PeakSettings {
  /** how many of the highest count */
  peaks: number;
  /** the highest of each day only */
  differentDays: boolean;
  /** W, the least that is paid for */
  floor: number;
  /** share of the highest figure of the eleven months before, 0 to 1 */
  ratchet: number;
}

/** What the peaks come to, in weighted W. */
export interface PeakFigures {
  monthPeak: Peak | null;
  /** those that count, highest first */
  peaks: Peak[];
  peakAverage: number | null;
  /** what a window today must exceed to change the average */
  toBeat: number;
  billed: number;
  yearAverage: number | null;
  /** months in the year's average */
  months: number;
  lastMonth: PastMonth | null;
}

const KEPT_MONTHS = 13;
const MONTHS_BEFORE = 11;
/** One for each day of a month. */
const MOST_DAYS = 31;

export class Peaks {
  private month: number | null;
  private list: Peak[];
  private past: PastMonth[];

  constructor(
    private settings: PeakSettings,
    state?: PeakState,
  ) {
    this.month = state?.month ?? null;
    this.list = state?.peaks.slice(0, MOST_DAYS) ?? [];
    this.past = state?.past.slice(-KEPT_MONTHS) ?? [];
  }

  /** Other settings count from now on; nothing is lost. */
  change(settings: PeakSettings): void {
    this.settings = settings;
  }

  state(): PeakState {
    return { month: this.month, peaks: [...this.list], past: [...this.past] };
  }

  /** Begins the month that starts at `start`, unless it runs already or is over. */
  enter(start: number): void {
    this.month ??= start;
    if (start <= this.month) return;
    this.past = [...this.past, this.summary(this.month)].slice(-KEPT_MONTHS);
    this.month = start;
    this.list = [];
  }

  /** A complete window of the running month. A negative net is none at all. */
  add(peak: Peak): void {
    const counted = { ...peak, demand: Math.max(0, peak.demand) };
    const sameDay = this.settings.differentDays ? this.list.find(({ day }) => day === peak.day) : undefined;
    if (sameDay && sameDay.demand >= counted.demand) return;
    const most = this.settings.differentDays ? MOST_DAYS : Math.max(this.settings.peaks, 1);
    this.list = [...this.list.filter((one) => one !== sameDay), counted]
      .sort((a, b) => b.demand - a.demand || a.start - b.start)
      .slice(0, most);
  }

  /** Forgets the running month's peaks. */
  reset(): void {
    this.list = [];
  }

  /** @param today local date */
  figures(today: string): PeakFigures {
    const { floor, ratchet } = this.settings;
    const counting = this.counting();
    const [monthPeak = null] = this.list;
    const average = mean(counting.map(({ demand }) => demand));
    const before = this.past.slice(-MONTHS_BEFORE);
    const highest = Math.max(0, ...before.map(({ figure }) => figure ?? 0));
    const months = [...before.map(({ peak }) => peak), monthPeak?.demand ?? null]
      .filter((peak) => peak !== null)
      .map((peak) => Math.max(floor, peak));
    return {
      monthPeak,
      peaks: counting,
      peakAverage: average,
      toBeat: this.toBeat(today),
      billed: Math.max(floor, average ?? 0, ratchet * highest),
      yearAverage: mean(months),
      months: months.length,
      lastMonth: this.past.at(-1) ?? null,
    };
  }

  private counting(): Peak[] {
    return this.list.slice(0, Math.max(this.settings.peaks, 1));
  }

  private toBeat(today: string): number {
    const last = this.list[Math.max(this.settings.peaks, 1) - 1]?.demand ?? 0;
    if (!this.settings.differentDays) return last;
    return Math.max(last, this.list.find(({ day }) => day === today)?.demand ?? 0);
  }

  private summary(start: number): PastMonth {
    return {
      start,
      figure: mean(this.counting().map(({ demand }) => demand)),
      peak: this.list[0]?.demand ?? null,
    };
  }
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
