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
  /** the month before with its peaks, for a clock that has left it too early; missing: none */
  left?: LeftMonth | undefined;
}

interface LeftMonth {
  start: number;
  peaks: Peak[];
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
/** ms: longer than eleven months, and shorter than twelve */
const ELEVEN_MONTHS = 350 * 86_400_000;
/** Windows of a month that are kept: the best of each day, and the highest of all. */
const MOST = 31;

export class Peaks {
  private month: number | null;
  /** highest first */
  private list: Peak[];
  private past: PastMonth[];
  private left: LeftMonth | undefined;

  constructor(
    private readonly settings: PeakSettings,
    state?: PeakState,
  ) {
    this.month = state?.month ?? null;
    this.list = state?.peaks.slice(0, 2 * MOST) ?? [];
    this.past = state?.past.slice(-KEPT_MONTHS) ?? [];
    this.left = state?.left;
  }

  state(): PeakState {
    return { month: this.month, peaks: [...this.list], past: [...this.past], left: this.left };
  }

  /**
   * Begins the month that starts at `start`, unless it runs already or is over.
   *
   * @returns whether it runs now
   */
  enter(start: number): boolean {
    this.month ??= start;
    if (start <= this.month) return start === this.month;
    this.past = [...this.past, this.summary(this.month)].slice(-KEPT_MONTHS);
    this.left = { start: this.month, peaks: this.list };
    this.month = start;
    this.list = [];
    return true;
  }

  /** The clock was wrong: a month that has not come yet is none. */
  goBack(start: number): void {
    if (this.month === null || start >= this.month) return;
    this.past = this.past.filter((one) => one.start < start);
    this.month = start;
    this.list = this.left?.start === start ? this.left.peaks : [];
    this.left = undefined;
  }

  /** A complete window of the running month. A negative net is none at all. */
  add(peak: Peak): void {
    const counted = { ...peak, demand: Math.max(0, peak.demand) };
    const all = [...this.list.filter(({ start }) => start !== peak.start), counted].sort(
      (a, b) => b.demand - a.demand || a.start - b.start,
    );
    // How many count, and whether on different days, may be set otherwise tomorrow.
    const days = bestOfDays(all).slice(0, MOST);
    this.list = all.filter((one, i) => i < MOST || days.includes(one));
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
    const oldest = (this.month ?? 0) - ELEVEN_MONTHS;
    const before = this.past.filter(({ start }) => start >= oldest);
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

  /** Those of which the highest count. */
  private eligible(): Peak[] {
    return this.settings.differentDays ? bestOfDays(this.list) : this.list;
  }

  private counting(): Peak[] {
    return this.eligible().slice(0, Math.max(this.settings.peaks, 1));
  }

  private toBeat(today: string): number {
    const last = this.eligible()[Math.max(this.settings.peaks, 1) - 1]?.demand ?? 0;
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

/** The first of each day, of a list with the highest first. */
function bestOfDays(list: readonly Peak[]): Peak[] {
  const days = new Set<string>();
  return list.filter(({ day }) => !days.has(day) && days.add(day));
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
