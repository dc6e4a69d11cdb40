/** When a source of events could not be watched, and why. */

export interface AbsenceState {
  /** epoch ms since when it is watched, or since the month began */
  since: number;
  /** it is not watched since then; `null`: it is */
  away: { from: number; reason: string } | null;
  /** ms by reason, in this month */
  lost: [reason: string, ms: number][];
}

const MOST_REASONS = 20;
const OTHER = 'other';

export class Absence {
  private lost: Map<string, number>;

  constructor(private readonly state: Pick<AbsenceState, 'since' | 'away'> & Partial<AbsenceState>) {
    this.lost = new Map(state.lost ?? []);
  }

  get isAway(): boolean {
    return this.state.away !== null;
  }

  kept(): AbsenceState {
    const { since, away } = this.state;
    return { since, away, lost: [...this.lost] };
  }

  /** It cannot be watched from an instant on. @returns whether that is news */
  leave(from: number, reason: string): boolean {
    if (this.state.away) return false;
    this.state.away = { from: Math.max(from, this.state.since), reason };
    return true;
  }

  /** It is watched again. */
  comeBack(at: number): void {
    const { away } = this.state;
    if (!away) return;
    this.count(away.reason, at - away.from);
    this.state.away = null;
  }

  /** It is watched again, if nothing else keeps it away. */
  comeBackFrom(reason: string, at: number): void {
    if (this.state.away?.reason === reason) this.comeBack(at);
  }

  /** What a month that ends now comes to; the next one begins. @returns `null` share: it was not watched at all so far */
  endMonth(end: number): { availability: number | null; absent: Record<string, number> } {
    const { away, since } = this.state;
    if (away) {
      this.count(away.reason, end - away.from);
      this.state.away = { from: Math.max(away.from, end), reason: away.reason };
    }
    const told = this.told(end, since);
    this.lost = new Map();
    this.state.since = Math.max(since, end);
    return told;
  }

  /** What there is so far. */
  running(now: number): { availability: number | null; absent: Record<string, number> } {
    const { away, since } = this.state;
    const before = new Map(this.lost);
    if (away) this.count(away.reason, now - away.from);
    const told = this.told(now, since);
    this.lost = before;
    return told;
  }

  private told(end: number, since: number): { availability: number | null; absent: Record<string, number> } {
    const span = end - since;
    const absent = [...this.lost].map(([reason, ms]): [string, number] => [reason, Math.round(ms / 1000)]);
    const sum = [...this.lost.values()].reduce((all, ms) => all + ms, 0);
    return {
      availability: span > 0 ? Math.min(1, Math.max(0, 1 - sum / span)) : null,
      absent: Object.fromEntries(absent),
    };
  }

  private count(reason: string, ms: number): void {
    if (ms <= 0) return;
    const key = this.lost.has(reason) || this.lost.size < MOST_REASONS ? reason : OTHER;
    this.lost.set(key, (this.lost.get(key) ?? 0) + ms);
  }
}
